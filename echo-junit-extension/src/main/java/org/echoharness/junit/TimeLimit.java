package org.echoharness.junit;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.OptionText;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor.Invocation;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Limits the time of one test or lifecycle method that has no {@link Timeout}. The configuration parameter {@code
 * echo.timeout} sets the limit. When the time is up, another thread frees and interrupts the test.
 */
final class TimeLimit {

    static final String PARAMETER = "echo.timeout";

    private enum State {
        RUNNING,
        DONE,
        UP
    }

    private final Duration limit;
    private final Thread running = Thread.currentThread();
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private final CountDownLatch done = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    private TimeLimit(Duration limit) {
        this.limit = limit;
    }

    /** Returns null if no limit is configured. Refuses a malformed text. */
    static @Nullable Duration configured(ExtensionContext context) {
        String text = context.getConfigurationParameter(PARAMETER).orElse("").strip();
        try {
            return text.isEmpty() || text.equals("none")
                    ? null
                    : OptionText.duration("the configuration parameter " + PARAMETER, text);
        } catch (IllegalArgumentException refused) {
            throw new ExtensionConfigurationException(refused.getMessage(), refused);
        }
    }

    /** Runs a method within its time. If the time is up, the failure suppresses what the method threw. */
    static <T extends @Nullable Object> T run(
            Invocation<T> method, String name, @Nullable Method on, ExtensionContext context) throws Throwable {
        Duration limit = configured(context);
        return limit == null || hasTimeout(on, context)
                ? method.proceed()
                : new TimeLimit(limit).run(method, name, context);
    }

    /** A method's own annotation counts; for tests, those of the classes around them count too. */
    private static boolean hasTimeout(@Nullable Method on, ExtensionContext context) {
        if (on != null && AnnotationSupport.isAnnotated(on, Timeout.class)) {
            return true;
        }
        boolean has = false;
        if (on == null || AnnotationSupport.isAnnotated(on, Testable.class)) {
            for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
                has |= AnnotationSupport.isAnnotated(at.getElement(), Timeout.class);
            }
        }
        return has;
    }

    private <T extends @Nullable Object> T run(Invocation<T> method, String name, ExtensionContext context)
            throws Throwable {
        Thread watch = new Thread(() -> watch(context), "echo-timeout");
        watch.setDaemon(true);
        watch.start();
        Throwable thrown = null;
        try {
            T result = method.proceed();
            if (state.compareAndSet(State.RUNNING, State.DONE)) {
                return result;
            }
        } catch (Throwable failure) {
            if (state.compareAndSet(State.RUNNING, State.DONE)) {
                throw failure;
            }
            thrown = failure;
        } finally {
            done.countDown();
        }
        awaitInterrupt();
        TimeoutException up = new TimeoutException(name + " timed out after " + text() + " (" + PARAMETER + ")");
        if (thrown != null) {
            up.addSuppressed(thrown);
        }
        throw up;
    }

    private String text() {
        return limit.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private void watch(ExtensionContext context) {
        try {
            if (!done.await(limit.toNanos(), TimeUnit.NANOSECONDS) && state.compareAndSet(State.RUNNING, State.UP)) {
                free(context);
            }
        } catch (InterruptedException impossible) {
            Thread.currentThread().interrupt();
        }
    }

    private void free(ExtensionContext context) {
        try {
            HangRescue.free(running, context);
        } finally {
            running.interrupt();
            interrupted.countDown();
        }
    }

    /** Waits for the interrupt and clears it, so that it does not reach the code that runs next. */
    private void awaitInterrupt() {
        while (interrupted.getCount() > 0) {
            try {
                interrupted.await();
            } catch (InterruptedException itsOwn) {
                // it has come, or is about to be counted
            }
        }
        Thread.interrupted();
    }
}
