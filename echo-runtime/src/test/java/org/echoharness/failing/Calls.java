package org.echoharness.failing;

import java.io.IOException;
import java.nio.channels.Channel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The one point that the calls of the runtime pass, of every channel and selector in this JVM. It belongs to the JVM, as the
 * JDK makes the provider itself. Calls of tests pass unhindered.
 */
final class Calls {

    private static final String OURS = "org.echoharness.";
    private static final StackWalker STACK = StackWalker.getInstance();

    private static final Map<Channel, Throwable> OPEN = new ConcurrentHashMap<>();

    private static final AtomicInteger PASSING = new AtomicInteger();

    private static volatile @Nullable Failure failure;
    private static volatile boolean isPaused;
    private static volatile Platform platform = Platform.USUAL;

    private Calls() {}

    /** Sets what fails from now on. */
    static void fail(@Nullable Failure next) {
        failure = next;
    }

    /** Lets all calls pass from now on, without counting them, or no more. */
    static void pause(boolean now) {
        isPaused = now;
        while (now && PASSING.get() > 0) {
            Thread.onSpinWait(); // for those that have begun before
        }
    }

    static Platform platform() {
        return platform;
    }

    static void platform(Platform next) {
        platform = next;
    }

    /** Returns whether this call fails in a way that throws nothing. */
    static boolean pass(Operation call, @Nullable Object on) throws IOException {
        PASSING.incrementAndGet();
        try {
            Failure current = failure;
            return current != null && !isPaused && isOfRuntime() && current.happensIn(call, on);
        } finally {
            PASSING.decrementAndGet();
        }
    }

    /** Like {@link #pass}, for a call that throws no {@link IOException}. */
    static boolean passUndeclared(Operation call, @Nullable Object on) {
        try {
            return pass(call, on);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Returns whether the failure is that a socket is not ready. */
    static boolean wouldBlock() {
        return kind() == Failure.Kind.WOULD_BLOCK;
    }

    /** Returns whether the failure is that a selector reports channels that are not ready. */
    static boolean claimsReadiness() {
        return kind() == Failure.Kind.FALSE_READINESS;
    }

    private static Failure.@Nullable Kind kind() {
        Failure current = failure;
        return current == null ? null : current.kind();
    }

    /** Returns whether the runtime makes this call, and neither a test nor the JDK. */
    static boolean isOfRuntime() {
        return STACK.walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                .filter(name -> !name.startsWith("java.nio.") && !name.startsWith(OURS + "failing."))
                .findFirst()
                .filter(name -> name.startsWith(OURS))
                .isPresent());
    }

    static <T extends Channel> T opened(T channel) {
        OPEN.put(channel, new Throwable("opened here: " + channel.getClass().getSimpleName()));
        return channel;
    }

    static void closed(Channel channel) {
        OPEN.remove(channel);
    }

    /** Forgets what an earlier run has left open. */
    static void forgetOpen() {
        OPEN.clear();
    }

    /** Returns where those were opened that are open. */
    static List<Throwable> open() {
        return List.copyOf(OPEN.values());
    }
}
