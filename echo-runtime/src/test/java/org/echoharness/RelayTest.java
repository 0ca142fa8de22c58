package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.echoharness.memory.HeldMemory;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay before a server whose sockets the test has in its hands. */
@Timeout(120)
@SuppressWarnings("try") // resets sockets
class RelayTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final AwaitedLines warnings = new AwaitedLines();
    private ServerSocket behind;

    @BeforeEach
    void listen() throws Exception {
        behind = PlainSockets.listen(0);
        behind.setSoTimeout(60_000);
    }

    @AfterEach
    void close() throws Exception {
        behind.close();
    }

    private EchoServer.Builder relay() {
        return EchoServer.builder()
                .warnings(warnings)
                .upstream("127.0.0.1:" + behind.getLocalPort())
                .recording();
    }

    private Socket accept() throws Exception {
        Socket accepted = behind.accept();
        accepted.setSoTimeout(60_000);
        return accepted;
    }

    @Test
    void passesOnBytesAndFins() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "hello");
            receives(server, "hello");
            send(server, "welcome");
            receives(client, "welcome");
            client.shutdownOutput();
            assertEnd(server);
            send(server, "more");
            receives(client, "more");
            server.shutdownOutput();
            assertEnd(client);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("CLIENT FIN");
            RecordedConnection upstream = connection.upstream().orElseThrow();
            upstream.assertSent("hello".getBytes(ISO_8859_1));
            upstream.assertReceived("welcomemore".getBytes(ISO_8859_1));
            assertThat(upstream.ending().orElseThrow()).hasToString("CLIENT FIN");
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void passesOnFinOfServerFirst() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            server.shutdownOutput();
            assertEnd(client);
            send(client, "late");
            receives(server, "late");
            client.shutdownOutput();
            assertEnd(server);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER FIN");
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("SERVER FIN");
        }
    }

    @Test
    void passesOnResetOfServer() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(server, "abc");
            receives(client, "abc");
            server.setSoLinger(true, 0);
            server.close();
            assertReset(client);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            String name = "upstream 127.0.0.1:" + behind.getLocalPort() + ": Connection reset";
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER RST (" + name + ")");
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("SERVER RST (Connection reset)");
        }
    }

    @Test
    void passesOnResetOfClient() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "abc");
            receives(server, "abc");
            client.setSoLinger(true, 0);
            client.close();
            assertReset(server);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("CLIENT RST (Connection reset)");
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("CLIENT RST (Connection reset)");
        }
    }

    @Test
    void refusedConnectResetsClient() throws Exception {
        behind.close();
        try (EchoServer relay = relay().start()) {
            assertConnectIsReset(relay);
            String address = "127.0.0.1:" + behind.getLocalPort();
            assertThat(relay.recording().connection(1).awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER RST (cannot connect to upstream " + address + " within 5s; tried " + address
                            + " (Connection refused); is a server listening there?)");
        }
    }

    @Test
    void warnsOfFirstFailureAfterASuccess() throws Exception {
        int port = behind.getLocalPort();
        try (EchoServer relay = relay().start()) {
            behind.close();
            for (int i = 0; i < 3; i++) {
                assertConnectIsReset(relay);
            }
            behind = PlainSockets.listen(port);
            behind.setSoTimeout(60_000);
            try (Socket client = PlainSockets.connect(relay.address());
                    Socket server = accept()) {
                passes(client, server);
            }
            behind.close();
            assertConnectIsReset(relay);
            String failure = ": cannot connect to upstream 127.0.0.1:" + port + " within 5s; tried 127.0.0.1:" + port
                    + " (Connection refused); is a server listening there? (further failures are not reported until a"
                    + " connect succeeds)";
            assertThat(warnings.seen()).containsExactly("connection 1" + failure, "connection 5" + failure);
        }
    }

    /** Whether the RST comes before the connect returns is up to the kernel. */
    private static void assertConnectIsReset(EchoServer relay) {
        assertThatThrownBy(() -> {
                    try (Socket client = PlainSockets.connect(relay.address())) {
                        while (client.getInputStream().read() >= 0) {}
                    }
                })
                .hasMessageMatching("Connection reset( by peer)?");
    }

    /** The server may have accepted before the relay has noticed that it is connected. */
    private static void passes(Socket client, Socket server) throws IOException {
        send(client, "x");
        receives(server, "x");
    }

    private static String ending(EchoServer relay) throws InterruptedException {
        return relay.recording().connection(1).awaitEnd().ending().orElseThrow().toString();
    }

    private EchoServer.Builder relayTo(Supplier<String> upstream) {
        return EchoServer.builder().warnings(warnings).upstream(upstream).recording();
    }

    @Test
    void failureIsResetCloseOrStall() throws Exception {
        int port = behind.getLocalPort();
        behind.close();
        String address = "127.0.0.1:" + port;
        String reason = "cannot connect to upstream " + address + " within 5s; tried " + address
                + " (Connection refused); is a server listening there?";
        try (EchoServer relay = relay().upstreamFailure(Fault.close()).start();
                Socket client = PlainSockets.connect(relay.address())) {
            assertEnd(client);
            assertThat(ending(relay)).isEqualTo("SERVER FIN (" + reason + ")");
        }
        try (EchoServer relay = relay().upstreamFailure(Fault.stall()).start();
                Socket client = PlainSockets.connect(relay.address())) {
            client.setSoTimeout(50);
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            assertThat(relay.catchUp(LONG)).isTrue();
            assertThat(relay.recording().connection(1).events())
                    .filteredOn(event -> event.kind() == RecordedEvent.Kind.NOTE)
                    .extracting(RecordedEvent::detail)
                    .containsExactly(reason);
            relay.resetConnections();
            assertReset(client);
        }
    }

    @Test
    void supplierNamesServerOfEachConnection() throws Exception {
        try (ServerSocket other = PlainSockets.listen(0)) {
            Iterator<ServerSocket> next = List.of(behind, other).iterator();
            try (EchoServer relay = relayTo(() -> "127.0.0.1:" + next.next().getLocalPort())
                            .start();
                    Socket first = PlainSockets.connect(relay.address());
                    Socket server = accept();
                    Socket second = PlainSockets.connect(relay.address());
                    Socket otherServer = other.accept()) {
                send(first, "1");
                receives(server, "1");
                send(second, "2");
                receives(otherServer, "2");
            }
        }
    }

    @Test
    void supplierThatFailsResetsClient() throws Exception {
        Iterator<String> addresses = Arrays.asList("nonsense", null).iterator();
        try (EchoServer relay = relayTo(() -> {
                    if (!addresses.hasNext()) {
                        throw new IllegalStateException("not started");
                    }
                    return addresses.next();
                })
                .start()) {
            for (int i = 1; i <= 3; i++) {
                assertConnectIsReset(relay);
            }
            assertThat(relay.recording().connections())
                    .extracting(each -> each.awaitEnd().ending().orElseThrow().toString())
                    .satisfiesExactly(
                            malformed -> assertThat(malformed)
                                    .startsWith("SERVER RST (the upstream is not known: "
                                            + "java.lang.IllegalArgumentException: upstream")
                                    .contains("nonsense"),
                            missing -> assertThat(missing)
                                    .isEqualTo(
                                            "SERVER RST (the upstream is not known: java.lang.NullPointerException: the supplier returned null)"),
                            failed -> assertThat(failed)
                                    .isEqualTo("SERVER RST (the upstream is not known:"
                                            + " java.lang.IllegalStateException: not started)"));
        }
    }

    /** A lookup that takes long delays no other connection, and is interrupted at the time-out. */
    @Test
    void slowSupplierDelaysNoOtherConnection() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (EchoServer relay = relayTo(() -> {
                            if (calls.incrementAndGet() == 1) {
                                asked.countDown();
                                awaitInterrupt(interrupted);
                            }
                            return "localhost:" + behind.getLocalPort();
                        })
                        .connectTimeout(Duration.ofSeconds(3))
                        .start();
                Socket slow = PlainSockets.connect(relay.address())) {
            Background.await(asked);
            try (Socket quick = PlainSockets.connect(relay.address());
                    Socket server = accept()) {
                send(quick, "a");
                receives(server, "a");
            }
            assertReset(slow);
            assertThat(ending(relay)).isEqualTo("SERVER RST (the upstream is not known within 3s)");
            Background.await(interrupted);
        }
    }

    private static void awaitInterrupt(CountDownLatch interrupted) {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException atTimeout) {
            interrupted.countDown();
            throw new IllegalStateException(atTimeout);
        }
    }

    @Test
    void nameThatDoesNotResolveResetsClient() throws Exception {
        try (EchoServer relay = EchoServer.builder()
                .warnings(warnings)
                .upstream("no-such-host.invalid:5432")
                .recording()
                .start()) {
            assertConnectIsReset(relay);
            assertThat(ending(relay))
                    .isEqualTo("SERVER RST (cannot connect to upstream no-such-host.invalid:5432: the name does not"
                            + " resolve; check its spelling, or write an address)");
        }
    }

    @Test
    void upstreamWithoutAnswerResetsClientAtTimeout() throws Exception {
        try (EchoServer silent = EchoServer.builder().backlog(1).start();
                EchoServer relay = EchoServer.builder()
                        .warnings(warnings)
                        .upstream("127.0.0.1:" + silent.port())
                        .connectTimeout(Duration.ofMillis(300))
                        .recording()
                        .start()) {
            silent.unanswered();
            assertConnectIsReset(relay);
            String address = "127.0.0.1:" + silent.port();
            assertThat(ending(relay))
                    .isEqualTo("SERVER RST (cannot connect to upstream " + address + " within 300ms; tried " + address
                            + " (no answer); is a server listening there?)");
        }
    }

    @Test
    void controlsEndBothLegs() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            passes(client, server);
            relay.resetConnections();
            assertReset(client);
            assertReset(server);
            RecordedConnection first = relay.recording().connection(1).awaitEnd();
            assertThat(first.ending().orElseThrow()).hasToString("SERVER RST (resetConnections())");
            assertThat(first.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("CLIENT RST (resetConnections())");
            try (Socket next = PlainSockets.connect(relay.address());
                    Socket nextServer = accept()) {
                passes(next, nextServer);
                relay.closeConnections();
                assertEnd(next);
                assertEnd(nextServer);
                assertThat(relay.recording()
                                .connection(2)
                                .awaitEnd()
                                .upstream()
                                .orElseThrow()
                                .ending()
                                .orElseThrow())
                        .hasToString("CLIENT FIN (closeConnections())");
            }
        }
    }

    /** What happens to a client when its database restarts. */
    @Test
    void refusesResetsAndResumes() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            relay.refuse();
            relay.resetConnections();
            assertReset(client);
            assertReset(server);
            assertThatThrownBy(() -> PlainSockets.connect(relay.address())).hasMessageContaining("refused");
            relay.resume();
            try (Socket next = PlainSockets.connect(relay.address());
                    Socket nextServer = accept()) {
                send(next, "again");
                receives(nextServer, "again");
            }
        }
    }

    @Test
    void frozenRelayPassesNothing() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "a");
            receives(server, "a");
            relay.freeze();
            send(client, "b");
            send(server, "c");
            assertThat(relay.catchUp(LONG)).isTrue();
            RecordedConnection frozen = relay.recording().connection(1);
            assertThat(frozen.bytesReceived()).isEqualTo(1);
            assertThat(frozen.upstream().orElseThrow().bytesReceived()).isZero();
            relay.unfreeze();
            receives(server, "b");
            receives(client, "c");
        }
    }

    @Test
    void bytesOfServerAlsoCountAgainstIdleTimeout() throws Exception {
        try (EchoServer relay = relay().idleTimeout(Duration.ofMillis(500))
                        .maxConnections(1)
                        .start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            assertConnectIsReset(relay);
            long start = System.nanoTime();
            while (System.nanoTime() - start < 1_000_000_000L) {
                send(server, "x");
                receives(client, "x");
            }
            assertReset(client);
            assertReset(server);
            RecordedConnection ended = relay.recording().connection(1).awaitEnd();
            assertThat(ended.ending().orElseThrow()).hasToString("SERVER RST (idle for 500ms)");
            List<RecordedEvent> events = ended.events();
            Duration end = events.get(events.size() - 1).after();
            Duration last = events.get(events.size() - 2).after();
            assertThat(end.minus(last)).isGreaterThanOrEqualTo(Duration.ofMillis(490));
        }
    }

    /** Both ends write without reading: the relay stops reading when its buffers and the kernel's are full. */
    @Test
    void endThatDoesNotReadStopsTheOther() throws Exception {
        long held = HeldMemory.used();
        try (EchoServer relay = relay().bufferSize(16 << 10).start();
                Socket client = PlainSockets.connect(relay.address(), 4 << 10, 4 << 10);
                Socket server = accept()) {
            byte[] all = PlainSockets.random(16 << 20, 1);
            FutureTask<Void> ofClient = Background.inThread("client", () -> {
                client.getOutputStream().write(all);
                client.shutdownOutput();
                return null;
            });
            FutureTask<Void> ofServer = Background.inThread("server", () -> {
                server.getOutputStream().write(all);
                server.shutdownOutput();
                return null;
            });
            relay.recording().awaitQuiet(Duration.ofMillis(300), LONG);
            RecordedConnection stopped = relay.recording().connection(1);
            RecordedConnection behindIt = stopped.upstream().orElseThrow();
            assertThat(stopped.bytesReceived() - behindIt.bytesSent()).isLessThanOrEqualTo(16L << 10);
            assertThat(behindIt.bytesReceived() - stopped.bytesSent()).isLessThanOrEqualTo(16L << 10);
            assertThat(ofClient.isDone() || ofServer.isDone()).isFalse();
            assertThat(HeldMemory.used() - held).isLessThanOrEqualTo(2L * (16 << 10));
            FutureTask<byte[]> read =
                    Background.inThread("read", () -> server.getInputStream().readAllBytes());
            assertThat(client.getInputStream().readAllBytes()).isEqualTo(all);
            assertThat(Background.result(read)).isEqualTo(all);
            Background.result(ofClient);
            Background.result(ofServer);
            assertThat(ending(relay)).endsWith("FIN");
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void closingServerResetsBothLegs() throws Exception {
        EchoServer relay = relay().start();
        try (Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "abc");
            receives(server, "abc");
            relay.close();
            assertReset(client);
            assertReset(server);
        } finally {
            relay.close();
        }
    }

    /** The server has answered and reset its connection while the relay still writes to it. */
    @Test
    void answerBeforeResetReachesClient() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "request");
            receives(server, "request");
            relay.freeze();
            send(server, "413");
            send(client, "more");
            server.setSoLinger(true, 0);
            server.close();
            relay.unfreeze();
            receives(client, "413");
            assertReset(client);
        }
    }
}
