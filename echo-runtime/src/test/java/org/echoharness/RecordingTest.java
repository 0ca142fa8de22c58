package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a recording contains about each connection. */
@SuppressWarnings("try") // what close() does is what is tested
@Timeout(120)
class RecordingTest {

    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder recording() {
        return EchoServer.builder().warnings(warnings).recording();
    }

    @Test
    void recordsConnectionEndedByClient() throws Exception {
        Instant before = Instant.now();
        try (EchoServer server = recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello");
            PlainSockets.echoes(socket, "again!");
            Recordings.finish(socket);

            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(seen.number()).isEqualTo(1);
            assertThat(seen.local()).isEqualTo(server.address());
            assertThat(seen.remote()).isEqualTo(socket.getLocalSocketAddress());
            assertThat(seen.accepted()).isBetween(before, Instant.now());
            assertThat(seen.bytesReceived()).isEqualTo(11);
            assertThat(seen.bytesSent()).isEqualTo(11);
            assertThat(seen.received()).asString(ISO_8859_1).isEqualTo("helloagain!");
            assertThat(seen.sent()).asString(ISO_8859_1).isEqualTo("helloagain!");
            assertThat(Recordings.events(seen))
                    .containsExactly(
                            "ACCEPTED",
                            "RECEIVED 0+5",
                            "SENT 0+5",
                            "RECEIVED 5+6",
                            "SENT 5+6",
                            "CLIENT_FIN",
                            "SERVER_FIN");
            assertThat(seen.events()).isSortedAccordingTo(java.util.Comparator.comparing(RecordedEvent::after));
            assertThat(seen.events().get(0).after()).isZero();
            assertThat(seen.ending()).contains(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
            assertThat(seen.isCut()).isFalse();
            assertThat(seen.eventsLeftOut()).isZero();
            assertThat(seen)
                    .hasToString("connection 1 from 127.0.0.1:" + socket.getLocalPort()
                            + ", 11 bytes in, 11 out, ended by CLIENT FIN");
        }
    }

    @Test
    void recordsResetByClient() throws Exception {
        try (EchoServer server = recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello");
            PlainSockets.reset(socket);

            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(Recordings.events(seen))
                    .containsExactly("ACCEPTED", "RECEIVED 0+5", "SENT 0+5", "CLIENT_RST Connection reset");
            assertThat(seen.ending()).contains(new Ending(Ending.Side.CLIENT, Ending.How.RST, "Connection reset"));
        }
    }

    /** The client sends {@code hello}, then a FIN if the fault does not end the connection, and reads to the end. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            reset after 3      | hel        | SERVER RST (reset after 3) | RECEIVED 0+5, SENT 0+3, FAULT reset after 3, SERVER_RST reset after 3
            close after 3      | hel        | SERVER FIN (close after 3) | RECEIVED 0+5, SENT 0+3, FAULT close after 3, SERVER_FIN close after 3
            half-close after 3 | hel        | SERVER FIN                 | RECEIVED 0+5, SENT 0+3, FAULT half-close after 3, SERVER_FIN half-close after 3, CLIENT_FIN
            discard after 3    | hel        | CLIENT FIN                 | RECEIVED 0+5, SENT 0+3, FAULT discard after 3, CLIENT_FIN, SERVER_FIN
            fragment 2         | hello      | CLIENT FIN                 | FAULT fragment 2, RECEIVED 0+5, SENT 0+2, SENT 2+2, SENT 4+1, CLIENT_FIN, SERVER_FIN
            duplicate 5        | hellohello | CLIENT FIN                 | FAULT duplicate 5, RECEIVED 0+5, SENT 0+5, SENT 5+5, CLIENT_FIN, SERVER_FIN
            corrupt byte 2     | h\u009Allo | CLIENT FIN                 | FAULT corrupt byte 2, RECEIVED 0+5, SENT 0+5, CLIENT_FIN, SERVER_FIN
            greet "hi "        | hi hello   | CLIENT FIN                 | FAULT greet "hi ", SENT 0+3, RECEIVED 0+5, SENT 3+5, CLIENT_FIN, SERVER_FIN
            """)
    void recordsBytesAndEndUnderFault(String fault, String sent, String ending, String expected) throws Exception {
        boolean endsByItself = fault.startsWith("reset") || fault.startsWith("close");
        try (EchoServer server = recording().faults(fault).start();
                Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            String got = fault.startsWith("greet") ? client.receive(3) : "";
            client.send("hello");
            got += client.receive(sent.length() - got.length());
            if (!endsByItself) {
                client.shutdownOutput();
                got += client.receiveAll();
            }
            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(got).isEqualTo(sent);
            assertThat(seen.sent()).asString(ISO_8859_1).isEqualTo(sent);
            assertThat(seen.bytesSent()).isEqualTo(sent.length());
            assertThat(seen.received()).asString(ISO_8859_1).isEqualTo("hello");
            assertThat(seen.ending().orElseThrow()).hasToString(ending);
            assertThat(Recordings.events(seen)).first().isEqualTo("ACCEPTED");
            assertThat(Recordings.events(seen)
                            .subList(1, Recordings.events(seen).size()))
                    .containsExactly(expected.split(", ", -1));
        }
    }

    @Test
    void countsBytesReadDuringEarlyClose() throws Exception {
        try (EchoServer server = recording().start();
                Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            client.echoes("hello");
            server.freeze();
            client.send("unread");
            client.shutdownOutput();
            server.closeConnections();

            assertThat(client.receiveAll()).isEmpty();
            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(seen.received()).asString(ISO_8859_1).isEqualTo("hellounread");
            assertThat(seen.sent()).asString(ISO_8859_1).isEqualTo("hello");
            assertThat(Recordings.events(seen))
                    .endsWith("SENT 0+5", "SERVER_FIN closeConnections()", "RECEIVED 5+6", "CLIENT_FIN");
            seen.assertEndedBy(Ending.Side.SERVER, Ending.How.FIN);
        }
    }

    enum Closing {
        IDLE,
        CLOSE,
        RESET_CONNECTIONS,
        CLOSE_CONNECTIONS
    }

    @ParameterizedTest
    @CsvSource({
        "IDLE, RST, idle for 50ms",
        "CLOSE, RST, the server closes",
        "RESET_CONNECTIONS, RST, resetConnections()",
        "CLOSE_CONNECTIONS, FIN, closeConnections()"
    })
    void recordsWhyServerEndedConnection(Closing closing, Ending.How how, String why) throws Exception {
        EchoServer.Builder builder = recording();
        if (closing == Closing.IDLE) {
            builder.idleTimeout(Duration.ofMillis(50));
        }
        try (EchoServer server = builder.start();
                Socket socket = PlainSockets.connect(server.address())) {
            server.recording().awaitConnections(1);
            switch (closing) {
                case IDLE -> {}
                case CLOSE -> server.close();
                case RESET_CONNECTIONS -> server.resetConnections();
                case CLOSE_CONNECTIONS -> server.closeConnections();
            }
            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(Recordings.events(seen)).containsExactly("ACCEPTED", "SERVER_" + how + " " + why);
            assertThat(seen.ending()).contains(new Ending(Ending.Side.SERVER, how, why));
            assertThat(seen.bytesReceived() + seen.bytesSent()).isZero();
            assertThat(socket.isConnected()).isTrue();
        }
    }

    @Test
    void rejectedConnectionHasNoNumber() throws Exception {
        try (EchoServer server = recording().maxConnections(1).start();
                Socket only = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(only, "x");
            assertThatThrownBy(() -> {
                        try (Socket second = PlainSockets.connect(server.address())) {
                            second.getInputStream().read();
                        }
                    })
                    .hasMessageContaining("Connection reset");

            RecordedConnection rejected =
                    server.recording().awaitConnections(2).get(1).awaitEnd();
            assertThat(rejected.number()).isZero();
            assertThat(Recordings.events(rejected)).containsExactly("ACCEPTED", "REJECTED maxConnections");
            rejected.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(rejected.ending().orElseThrow().why()).isEqualTo("maxConnections");
            assertThat(server.recording().total()).isEqualTo(2);
            assertThat(Recordings.numbers(server)).containsExactly(1L, 0L);
        }
    }

    /** A callback blocks the second of the three loops, so its events come late. */
    @Test
    void keepsOrderOfAcceptOverEventLoops() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        List<Socket> clients = new ArrayList<>();
        FutureTask<Void> closing;
        try (EchoServer server = recording()
                .eventLoops(3)
                .conversation(line -> {
                    if (Thread.currentThread().getName().endsWith("loop 2")) {
                        awaitLatch(free);
                    }
                })
                .start()) {
            try {
                for (int i = 0; i < 6; i++) {
                    clients.add(PlainSockets.connect(server.address()));
                }
                List<RecordedConnection> seen = server.recording().awaitConnections(6, Duration.ofSeconds(30));
                assertThat(seen).extracting(RecordedConnection::number).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
                assertThat(seen)
                        .extracting(connection -> connection.remote().getPort())
                        .containsExactlyElementsOf(
                                clients.stream().map(Socket::getLocalPort).toList());
                closing = new FutureTask<>(server::close, null);
                new Thread(closing, "closes").start();
                Recordings.ended(server, 6); // its loop has ended: the second loop must end too
            } finally {
                free.countDown();
            }
            closing.get(30, TimeUnit.SECONDS);
            for (RecordedConnection connection : server.recording().connections()) {
                assertThat(connection.ending())
                        .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "the server closes"));
            }
        }
        for (Socket client : clients) {
            client.close();
        }
    }

    private static void awaitLatch(CountDownLatch free) {
        try {
            assertThat(free.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void snapshotNeverChanges() throws Exception {
        try (EchoServer server = recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write("hello".getBytes(ISO_8859_1));
            server.recording().awaitConnections(1);
            RecordedConnection before = server.recording().connection(1).awaitReceived("hello".getBytes(ISO_8859_1));
            List<RecordedConnection> all = server.recording().connections();
            List<String> events = Recordings.events(before);
            socket.getOutputStream().write("more".getBytes(ISO_8859_1));
            Recordings.finishReading(socket);
            RecordedConnection after = before.awaitEnd();

            assertThat(before.received()).asString(ISO_8859_1).isEqualTo("hello");
            assertThat(before.bytesReceived()).isEqualTo(5);
            assertThat(Recordings.events(before))
                    .isEqualTo(events)
                    .hasSizeLessThan(Recordings.events(after).size());
            assertThat(before.ending()).isEmpty();
            assertThat(before.toString()).endsWith("open");
            assertThat(all).hasSize(1);
            Arrays.fill(after.received(), (byte) 0);
            Arrays.fill(after.sent(), (byte) 0);
            assertThat(after.received()).asString(ISO_8859_1).isEqualTo("hellomore");
            assertThat(after.sent()).asString(ISO_8859_1).isEqualTo("hellomore");
            assertThatThrownBy(() -> after.events().clear()).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void recordsOnlyBytesAcceptedBySocket() throws Exception {
        byte[] bytes = PlainSockets.random(16 * PlainSockets.MIB, 1);
        try (EchoServer server = recording().recording(bytes.length, 1).start();
                Socket slow = PlainSockets.connect(server.address(), 4096)) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                slow.getOutputStream().write(bytes);
                slow.shutdownOutput();
                return null;
            });
            new Thread(writing, "writes").start();
            Recording recording = server.recording();
            recording.awaitConnections(1);
            recording.connection(1).awaitReceived(got -> got.length > 0, Duration.ofSeconds(30));
            recording.awaitQuiet(Duration.ofMillis(200), Duration.ofSeconds(30));
            RecordedConnection stalled = recording.connection(1);
            assertThat(stalled.bytesSent()).isLessThan(stalled.bytesReceived());

            assertThat(slow.getInputStream().readAllBytes()).isEqualTo(bytes);
            writing.get(30, TimeUnit.SECONDS);
            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(seen.bytesSent()).isEqualTo(bytes.length);
            assertThat(seen.sent()).isEqualTo(bytes);
            assertThat(seen.received()).isEqualTo(bytes);
        }
    }

    @Test
    void reportsWhetherServingFailed() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .recording()
                .warnings(line -> {})
                .conversation(line -> {
                    if (line.contains("received")) {
                        throw new IllegalStateException("the callback fails");
                    }
                })
                .start()) {
            try (Socket client = PlainSockets.connect(server.address())) {
                client.getOutputStream().write(1);
                RecordedConnection failed =
                        server.recording().awaitConnections(1).get(0).awaitEnd();
                assertThat(failed.hasFailed()).isTrue();
                assertThat(failed.ending().orElseThrow()).hasToString("SERVER RST (an exception in the server)");
            }
            try (Socket client = PlainSockets.connect(server.address())) {
                RecordedConnection open = server.recording().awaitConnections(2).get(1);
                assertThat(open.hasFailed()).isFalse();
                server.resetConnection(2);
                assertThat(open.awaitEnd().hasFailed()).isFalse();
            }
        }
    }

    @Test
    void isReadableAfterClose() throws Exception {
        Recording recording;
        try (EchoServer server = recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello");
            Recordings.finish(socket);
            recording = server.recording();
            server.close();
            assertThat(server.recording().total()).isEqualTo(1);
        }
        assertThat(recording.connection(1).sent()).asString(ISO_8859_1).isEqualTo("hello");
        assertThat(recording.connections()).hasSize(1);
        recording.assertConnections(1);
        assertThat(warnings.seen()).isEmpty();
    }
}
