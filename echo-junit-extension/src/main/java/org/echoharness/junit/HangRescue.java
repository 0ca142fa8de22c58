package org.echoharness.junit;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Frees a test whose time is up. The caller, a thread of JUnit or of {@code TimeLimit}, then interrupts the test. A
 * blocked read of a plain socket ignores the interrupt, but not the end of its connection.
 */
final class HangRescue {

    private static final String KEY = "hang";

    private static final int MOST_FRAMES = 60;

    /** A test that reacts to the interrupt may clear it before this class sees it. */
    private static final long INTERRUPT_NANOS = 1_000_000_000;

    private HangRescue() {}

    /** Collects now what the failure reports later: after the interrupt, the test may go on to its end. */
    static void free(Thread blocked, ExtensionContext context) {
        StackTraceElement[] stack = blocked.getStackTrace();
        Map<TargetServer, Long> seen = ServerLookup.seenBefore(context);
        if (seen.isEmpty()) {
            return;
        }
        List<RecordedConnection> open = new ArrayList<>();
        seen.forEach((target, before) -> open.addAll(open(target, before)));
        List<String> lines = new ArrayList<>();
        lines.add("the time of thread \"" + blocked.getName() + "\" was up" + aborted(open.size()) + ":");
        Complaints connections = new Complaints();
        open.forEach(each -> connections.add(each::toString));
        connections.summarize("connection", "connections");
        lines.addAll(connections.lines());
        for (StackTraceElement frame : List.of(stack).subList(0, Math.min(stack.length, MOST_FRAMES))) {
            lines.add("\tat " + frame);
        }
        if (stack.length > MOST_FRAMES) {
            lines.add("\t... " + (stack.length - MOST_FRAMES) + " more");
        }
        ExtensionStore.of(context).put(KEY, new EchoTranscript(String.join("\n", lines)));
        List<TargetServer> own = OpenedServers.of(context).targets();
        Thread freeing = new Thread(() -> abort(blocked, seen, own), "echo-hang");
        freeing.setDaemon(true);
        freeing.start();
    }

    /** Waits for the interrupt. If the test went on before it, the interrupt would reach what runs after the test. */
    private static void abort(Thread blocked, Map<TargetServer, Long> seen, List<TargetServer> own) {
        long deadline = System.nanoTime() + INTERRUPT_NANOS;
        while (blocked.isAlive() && !blocked.isInterrupted() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(100_000);
        }
        seen.forEach((target, before) -> abort(target, before, own.contains(target)));
    }

    private static String aborted(int connections) {
        return connections == 0
                ? ""
                : ", and " + connections + (connections == 1 ? " connection is" : " connections are") + " aborted";
    }

    /** Adds the collected report to the failure of the test or class. */
    static void explain(Throwable failure, ExtensionContext context) {
        EchoTranscript hang = ExtensionStore.of(context).remove(KEY, EchoTranscript.class);
        if (hang != null) {
            failure.addSuppressed(hang);
        }
    }

    /** Closes a server of the test's own, or lets it refuse connects, so that a client that connects again does not hang again. */
    private static void abort(TargetServer target, long before, boolean isOwn) {
        EchoServer server = target.known();
        if (server == null) {
            return;
        }
        if (isOwn && !target.isExternal()) {
            server.close();
        } else if (isOwn) { // a closed session would leave the client to the server of the other process
            unlessClosed(server::refuse);
            unlessClosed(server::resetConnections);
        } else {
            for (RecordedConnection connection : open(target, before)) {
                unlessClosed(() -> server.resetConnection(connection.number()));
            }
        }
    }

    private static void unlessClosed(Runnable control) {
        try {
            control.run();
        } catch (UncheckedIOException | IllegalStateException closed) {
            // then it has ended
        }
    }

    /**
     * Returns the open connections since then. If there are none, it returns the older ones, because the thread can only
     * hang on one of these.
     */
    private static List<RecordedConnection> open(TargetServer target, @Nullable Long before) {
        if (!target.records()) {
            return List.of();
        }
        List<RecordedConnection> open = target.server().recording().openConnections();
        List<RecordedConnection> since = open.stream()
                .filter(each -> before == null || each.number() > before)
                .toList();
        return since.isEmpty() ? open : since;
    }
}
