package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Quantities;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waits for events of a recording, with and without success. */
@Timeout(120)
class RecordingAwaitsTest {

    @Test
    void endsWaitForImpossibleEvent() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "hello");
            }
            RecordedConnection first = Recordings.ended(server, 1);
            assertThat(first.awaitReceived("hello".getBytes(ISO_8859_1), Duration.ofDays(1_000_000)))
                    .isNotNull();
            assertThatThrownBy(() -> first.awaitReceived("hullo".getBytes(ISO_8859_1), Duration.ofDays(1_000_000)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith(
                            "awaited \"hullo\" of connection 1 until it ended, saw:\n    0.000  connection");
        }
    }

    @Test
    void acceptsAnyDuration() throws Exception {
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
        Duration shortest = Duration.ofSeconds(Long.MIN_VALUE);
        recording.awaitQuiet(SHORT, longest);
        recording.awaitQuiet(shortest, longest);
        assertThat(recording.awaitConnections(0, longest)).isEmpty();
        assertFails(() -> recording.awaitQuiet(longest, SHORT))
                .hasMessage("awaited PT2562047788015215H30M7.999999999S without an event for 20ms: saw 0");
        assertFails(() -> recording.awaitConnections(1, shortest))
                .hasMessage("awaited 1 connection for PT-2562047788015215H-30M-8S: saw 0");
        assertThat(server.awaitClose(shortest)).isFalse();
        server.close();
        assertThat(server.awaitClose(longest)).isTrue();
        assertThat(Quantities.millis(longest)).isEqualTo("31536000000.000");
    }

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(20);

    private EchoServer server;
    private Recording recording;

    @BeforeEach
    void start() throws Exception {
        server = EchoServer.builder().recording().start();
        recording = server.recording();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    /** Runs it on a thread of its own, and returns when that waits. */
    private static <T> FutureTask<T> waiting(Callable<T> wait) {
        FutureTask<T> task = new FutureTask<>(wait);
        Thread thread = new Thread(task, "waits");
        thread.setDaemon(true);
        thread.start();
        long deadline = System.nanoTime() + LONG.toNanos();
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            assertThat(task.isDone()).as("returned before anything happened").isFalse();
            assertThat(deadline - System.nanoTime()).isPositive();
            Thread.onSpinWait();
        }
        return task;
    }

    private static <T> T result(FutureTask<T> task) throws Exception {
        return task.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    /** Times differ from run to run: "0.000" stands for each. */
    private static AbstractThrowableAssert<?, ?> assertFails(ThrowingCallable what) {
        return assertThatThrownBy(() -> {
                    try {
                        what.call();
                    } catch (AssertionError failed) {
                        throw new AssertionError(
                                String.valueOf(failed.getMessage()).replaceAll("(?m)^ *\\d+\\.\\d{3}  ", "0.000  "));
                    }
                })
                .isInstanceOf(AssertionError.class);
    }

    private String peer(Socket socket) {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    @Test
    void awaitsFutureAndPastConnections() throws Exception {
        FutureTask<Integer> two =
                waiting(() -> recording.awaitConnections(2, LONG).size());
        try (Socket first = PlainSockets.connect(server.address())) {
            assertThat(recording.awaitConnections(1)).hasSize(1);
            assertThat(two.isDone()).isFalse();
            try (Socket second = PlainSockets.connect(server.address())) {
                assertThat(result(two)).isEqualTo(2);
                assertThat(recording.awaitConnections(2, Duration.ZERO)).hasSize(2);
                assertThat(first.getLocalPort()).isNotEqualTo(second.getLocalPort());
            }
        }
    }

    @Test
    void errorListsConnections() throws Exception {
        assertFails(() -> recording.awaitConnections(1, SHORT)).hasMessage("awaited 1 connection for 20ms: saw 0");
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            assertFails(() -> recording.awaitConnections(2, SHORT))
                    .hasMessage("awaited 2 connections for 20ms: saw 1\n  connection 1 from " + peer(socket)
                            + ", 0 bytes in, 0 out, open");
            assertFails(() -> recording.assertConnections(2))
                    .hasMessage("expected 2 connections: saw 1\n  connection 1 from " + peer(socket)
                            + ", 0 bytes in, 0 out, open");
            recording.assertConnections(1);
        }
    }

    @Test
    void errorShowsAtMostTwentyConnections() throws Exception {
        for (int i = 1; i <= 23; i++) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                assertThat(recording.awaitConnections(i)).hasSize(i);
                assertThat(socket.isConnected()).isTrue();
            }
        }
        assertFails(() -> recording.connection(24))
                .hasMessageStartingWith("there is no connection 24: saw 23\n  connection 1 from ")
                .hasMessageContaining("\n  connection 20 from ")
                .hasMessageEndingWith("\n  and 3 more");
        assertFails(() -> recording.connection(0)).hasMessageStartingWith("there is no connection 0: saw 23");
    }

    @Test
    void awaitsFutureAndPastEnd() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            FutureTask<RecordedConnection> end = waiting(() -> open.awaitEnd(LONG));
            PlainSockets.echoes(socket, "hello");
            assertThat(end.isDone()).isFalse();
            Recordings.finish(socket);

            result(end).assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
            assertThat(open.ending()).isEmpty();
            open.awaitEnd(Duration.ZERO).assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
        }
    }

    @Test
    void missingEndErrorShowsConversation() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            String seen = ":\n0.000  connection from " + peer(socket) + "\n(still open)\n";
            RecordedConnection open = recording.connection(1);
            assertFails(() -> open.awaitEnd(SHORT)).hasMessage("awaited the end of connection 1 for 20ms, saw" + seen);
            assertFails(() -> open.assertEndedBy(Ending.Side.SERVER, Ending.How.RST))
                    .hasMessage("connection 1 should have been ended by SERVER with RST, but is open" + seen);
        }
    }

    @Test
    void errorNamesActualEnd() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            server.resetConnections();
            RecordedConnection ended = recording.connection(1);
            String rest = ", but was ended by SERVER RST (resetConnections()):\n0.000  connection from " + peer(socket)
                    + "\n0.000  resetting " + peer(socket) + ": resetConnections()\n";
            assertFails(() -> ended.assertEndedBy(Ending.Side.SERVER, Ending.How.FIN))
                    .hasMessage("connection 1 should have been ended by SERVER with FIN" + rest);
            assertFails(() -> ended.assertEndedBy(Ending.Side.CLIENT, Ending.How.RST))
                    .hasMessage("connection 1 should have been ended by CLIENT with RST" + rest);
            ended.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
        }
    }

    @Test
    void awaitsBytesAcrossChunks() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            FutureTask<RecordedConnection> end = waiting(() -> open.awaitReceived(bytes("one two"), LONG));
            PlainSockets.echoes(socket, "one, one ");
            PlainSockets.echoes(socket, "t");
            assertThat(end.isDone()).isFalse();
            PlainSockets.echoes(socket, "wo.");

            assertThat(result(end).received()).asString(ISO_8859_1).isEqualTo("one, one two.");
            assertThat(open.awaitReceived(bytes("two."), Duration.ZERO).bytesReceived())
                    .isEqualTo(13);
            assertThat(open.awaitReceived(new byte[0]).bytesReceived()).isEqualTo(13);
        }
    }

    @Test
    void errorShowsReceivedBytes() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(bytes("one"));
            socket.shutdownOutput();
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1).awaitEnd();
            String seen = " of connection 1 until it ended, saw:\n0.000  connection from " + peer(socket)
                    + "\n0.000  received 3 bytes \"one\" from " + peer(socket)
                    + "\n0.000  sending 3 bytes \"one\" to " + peer(socket)
                    + "\n0.000  no data from " + peer(socket)
                    + "\n0.000  closing " + peer(socket) + "\n";
            assertFails(() -> open.awaitReceived(bytes("ones\n"), SHORT))
                    .hasMessage("awaited \"ones\\n\"" + seen
                            + "of the 5 bytes awaited the first 3 came at offset 0; then, at offset 3, expected"
                            + " \"s\\n\", seen nothing more");
            assertFails(() -> open.awaitReceived(all -> all.length == 4, SHORT))
                    .hasMessage("awaited bytes that match the predicate" + seen);
        }
    }

    @Test
    void refusesToAwaitMoreBytesThanKept() throws Exception {
        try (EchoServer small = EchoServer.builder().recording(8, 2).start();
                Socket socket = PlainSockets.connect(small.address())) {
            small.recording().awaitConnections(1);
            RecordedConnection open = small.recording().connection(1);
            PlainSockets.echoes(socket, "one");
            assertFails(() -> open.awaitReceived(new byte[9], LONG))
                    .hasMessageContaining("9 bytes")
                    .hasMessageEndingWith(
                            "which can never be seen: the first 8 bytes of each direction are kept; raise recording");
        }
    }

    @Test
    void doesNotAwaitConnectionOfClosedServer() throws Exception {
        Socket first = PlainSockets.connect(server.address());
        server.recording().awaitConnections(1, LONG);
        FutureTask<List<RecordedConnection>> second =
                waiting(() -> server.recording().awaitConnections(2, LONG));
        server.close();
        first.close();

        assertThatThrownBy(() -> second.get(60, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith(
                        "awaited 2 connections, but no more can come, since the server is not running: it"
                                + " was closed: saw 1\n  connection 1 ");
        assertThat(server.recording().awaitConnections(1, LONG)).hasSize(1);
        server.recording().awaitQuiet(Duration.ofDays(1), LONG);
    }

    @Test
    void doesNotAwaitSecondClientConnection() throws Exception {
        try (EchoClient client =
                EchoClient.builder().address(server.address()).recording().connect()) {
            client.recording().awaitConnections(1, LONG);
            assertFails(() -> client.recording().awaitConnections(2, LONG))
                    .hasMessageStartingWith("awaited 2 connections of a client, which has one; ");
        }
    }

    @Test
    void doesNotAwaitBytesBeyondLimit() throws Exception {
        try (EchoServer small = EchoServer.builder().recording(8, 2).start();
                Socket socket = PlainSockets.connect(small.address())) {
            small.recording().awaitConnections(1);
            RecordedConnection open = small.recording().connection(1);
            FutureTask<RecordedConnection> bytes = waiting(() -> open.awaitReceived(bytes("9"), LONG));
            FutureTask<RecordedConnection> any = waiting(() -> open.awaitReceived(all -> all.length == 9, LONG));
            PlainSockets.echoes(socket, "123456789");

            for (FutureTask<RecordedConnection> each : List.of(bytes, any)) {
                assertThatThrownBy(() -> result(each))
                        .rootCause()
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining(
                                "of connection 1 among the first 8 bytes, no more of which are kept (raise recording)");
            }
            assertThat(open.awaitReceived(bytes("12345678"), LONG).bytesReceived())
                    .isEqualTo(9);
        }
    }

    @Test
    void doesNotAwaitEvictedConnection() throws Exception {
        try (EchoServer small = EchoServer.builder().recording(8, 1).start();
                Socket first = PlainSockets.connect(small.address())) {
            PlainSockets.echoes(first, "1");
            RecordedConnection open = small.recording().connection(1);
            try (Socket second = PlainSockets.connect(small.address())) {
                PlainSockets.echoes(second, "1");
                assertFails(() -> open.awaitReceived(bytes("1"), LONG)).hasMessageContaining("(raise recording)");
            }
        }
    }

    @Test
    void comparesReceivedAndSentBytes() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "good morning, \u0007all");
        }
        RecordedConnection one = Recordings.ended(server, 1);
        one.assertReceived(bytes("good morning, \u0007all"));
        one.assertSent(bytes("good morning, \u0007all"));
        assertFails(() -> one.assertReceived(bytes("good evening")))
                .hasMessageStartingWith(
                        "connection 1 should have received exactly 12 bytes \"good evening\", but received 18 bytes"
                                + " \"good morning, \\x07all\"; the first difference is at offset 5: expected \"evening\","
                                + " received \"morning, \\x07all\":\n0.000  connection from ");
        assertFails(() -> one.assertSent(bytes("good morning, \u0007all, again")))
                .hasMessageContaining(
                        "the first difference is at offset 18: expected \", again\", sent" + " nothing more:");
        assertFails(() -> one.assertReceived(new byte[1_000_000]))
                .satisfies(error -> assertThat(error.getMessage()).hasSizeLessThan(10_000));
    }

    @Test
    void doesNotCompareBytesNotKept() throws Exception {
        try (EchoServer small = EchoServer.builder().recording(4, 2).start()) {
            try (Socket socket = PlainSockets.connect(small.address())) {
                PlainSockets.echoes(socket, "123456");
            }
            RecordedConnection cut = Recordings.ended(small, 1);
            assertFails(() -> cut.assertReceived(bytes("123456")))
                    .hasMessageContaining(
                            "of which the first 4 are the same and the others are not kept; raise recording");
            assertFails(() -> cut.assertSent(bytes("1234")))
                    .hasMessageContaining("at offset 4: expected nothing more, sent 2 bytes more, not kept");
            assertFails(() -> cut.assertSent(bytes("1x3456"))).hasMessageContaining("at offset 1: ");
        }
    }

    @Test
    void awaitsPredicate() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            FutureTask<RecordedConnection> four = waiting(() -> open.awaitReceived(all -> all.length >= 4, LONG));
            PlainSockets.echoes(socket, "abc");
            assertThat(four.isDone()).isFalse();
            PlainSockets.echoes(socket, "d");
            assertThat(result(four).received()).asString(ISO_8859_1).isEqualTo("abcd");
        }
    }

    @Test
    void rethrowsErrorOfPredicate() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            FutureTask<RecordedConnection> throwing = waiting(() -> open.awaitReceived(
                    all -> {
                        if (all.length > 0) {
                            throw new IllegalStateException("boom");
                        }
                        return false;
                    },
                    LONG));
            PlainSockets.echoes(socket, "x");
            assertThatThrownBy(() -> result(throwing)).cause().hasMessage("boom");
            PlainSockets.echoes(socket, "still served");
        }
    }

    @Test
    void slowPredicateDelaysNoConnection() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            FutureTask<RecordedConnection> slow = waiting(() -> open.awaitReceived(
                    all -> {
                        if (all.length == 0) {
                            return false;
                        }
                        asked.countDown();
                        try {
                            return free.await(60, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    LONG));
            PlainSockets.echoes(socket, "x");
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            PlainSockets.echoes(socket, "served meanwhile");
            assertThat(recording.connections()).hasSize(1);
            free.countDown();
            assertThat(result(slow).received()).hasSize(1);
        }
    }

    @Test
    void awaitsQuietAfterLastEvent() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            long start = System.nanoTime();
            PlainSockets.echoes(socket, "x");
            recording.awaitQuiet(Duration.ofMillis(50));
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000L);
            recording.awaitQuiet(Duration.ofMillis(50), Duration.ZERO); // it is quiet already
        }
    }

    @Test
    void missingQuietErrorShowsEvents() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            assertFails(() -> recording.awaitQuiet(Duration.ofMinutes(1), SHORT))
                    .hasMessage("awaited 1m without an event for 20ms: saw 1\n  connection 1 from " + peer(socket)
                            + ", 0 bytes in, 0 out, open");
        }
    }

    @Test
    void everyEventRestartsQuiet() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            FutureTask<Long> quiet = waiting(() -> {
                recording.awaitQuiet(Duration.ofMillis(500), LONG);
                return System.nanoTime();
            });
            long longest = 0;
            long before = System.nanoTime();
            for (long end = before + 700_000_000L; before < end; ) {
                PlainSockets.echoes(socket, "x");
                long now = System.nanoTime();
                longest = Math.max(longest, now - before);
                before = now;
            }
            long last = before - longest; // the last event is not before this
            Assumptions.assumeTrue(longest < 200_000_000L, "this machine is too busy for it");
            assertThat(result(quiet) - last).isGreaterThanOrEqualTo(500_000_000L);
        }
    }

    @Test
    void interruptEndsEachWait() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            recording.awaitConnections(1);
            RecordedConnection open = recording.connection(1);
            for (ThrowingCallable wait : java.util.List.<ThrowingCallable>of(
                    () -> recording.awaitConnections(2, LONG),
                    () -> recording.awaitQuiet(Duration.ofHours(1), LONG),
                    () -> open.awaitEnd(LONG),
                    () -> open.awaitReceived(bytes("x"), LONG))) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(wait).isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
            PlainSockets.echoes(socket, "still served");
        }
    }

    @Test
    void findsDifferenceBeyondKeptBytes() throws Exception {
        try (EchoServer server = EchoServer.builder().recording(64, 8).start()) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.expectEcho(new byte[300]);
            }
            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            assertThatThrownBy(() -> connection.assertReceived(new byte[200]))
                    .hasMessageContaining(
                            "; the first difference is at offset 200 at the latest (those from offset 64 on"
                                    + " are not kept; raise recording): expected nothing more, received 100 bytes more, not"
                                    + " kept:\n");
            assertThatThrownBy(() -> connection.assertReceived(new byte[64]))
                    .hasMessageContaining("; the first difference is at offset 64: expected nothing more, received 236"
                            + " bytes more, not kept:\n");
            assertThatThrownBy(() -> connection.assertReceived(new byte[0]))
                    .hasMessageContaining("; the first difference is at offset 0: expected nothing more, received \"");
        }
    }
}
