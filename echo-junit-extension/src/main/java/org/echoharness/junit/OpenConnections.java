package org.echoharness.junit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent.Kind;
import org.echoharness.junit.UnclosedSockets.Unclosed;

/**
 * Waits for the ends of connections, and finds those that the test has left open. A connection of a relay may be open
 * although the client has closed it: while the server behind the relay does not answer its FIN, or cannot be reached, or
 * reads nothing. Such a connection is not the test's. It runs on the thread of the test.
 */
final class OpenConnections {

    private static final long LOOK_NANOS = 2_000_000;

    private OpenConnections() {}

    /**
     * Returns those of these connections that the test has left open.
     *
     * @param deadline the end of the wait, as {@link System#nanoTime()} gives it
     */
    static List<RecordedConnection> leftBy(EchoServer server, Set<Long> numbers, long deadline)
            throws InterruptedException {
        return server.relays() ? leftAtRelay(server, numbers, deadline) : left(server, numbers, deadline);
    }

    private static List<RecordedConnection> left(EchoServer server, Set<Long> numbers, long deadline)
            throws InterruptedException {
        try {
            for (RecordedConnection connection : open(server, numbers)) {
                connection.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
            }
            return List.of();
        } catch (AssertionError deadlineReached) {
            return open(server, numbers);
        }
    }

    private static List<RecordedConnection> leftAtRelay(EchoServer server, Set<Long> numbers, long deadline)
            throws InterruptedException {
        while (true) {
            List<RecordedConnection> left = notClosed(open(server, numbers));
            if (left.isEmpty() || System.nanoTime() - deadline >= 0) {
                return left;
            }
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private static List<RecordedConnection> open(EchoServer server, Set<Long> numbers) {
        return server.recording().openConnections().stream()
                .filter(connection -> numbers.contains(connection.number()))
                .toList();
    }

    private static List<RecordedConnection> notClosed(List<RecordedConnection> open) {
        Map<RecordedConnection, Unclosed> sockets = new HashMap<>();
        for (RecordedConnection connection : open) {
            if (connection.remoteSocketAddress() instanceof InetSocketAddress client
                    && connection.localSocketAddress() instanceof InetSocketAddress server) {
                sockets.put(connection, new Unclosed(client, server)); // the list has no Unix sockets
            }
        }
        try {
            if (UnclosedSockets.areListed()) {
                Set<Unclosed> unclosed = UnclosedSockets.among(Set.copyOf(sockets.values()));
                return open.stream()
                        .filter(each -> sockets.containsKey(each) ? unclosed.contains(sockets.get(each)) : isRead(each))
                        .toList();
            }
        } catch (IOException unreadable) {
            // then the recording says what can be known
        }
        return open.stream().filter(OpenConnections::isRead).toList();
    }

    /** Returns whether the relay reads from the client, and has read no FIN. */
    private static boolean isRead(RecordedConnection connection) {
        return connection.upstream().isPresent()
                && connection.events().stream().noneMatch(event -> event.kind() == Kind.CLIENT_FIN);
    }
}
