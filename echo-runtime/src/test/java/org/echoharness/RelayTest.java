package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.reset;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.echoharness.memory.HeldMemory;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A relay before a server whose sockets the test has in its hands. */
@Timeout(120)
class RelayTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    @Test
    void passesOnBytesAndFins() throws Exception {
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
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
        assertThat(behind.warnings().seen()).isEmpty();
    }

    @Test
    void passesOnFinOfServerFirst() throws Exception {
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
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
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "abc");
            receives(client, "abc");
            reset(server);
            assertReset(client);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            String name = "upstream 127.0.0.1:" + behind.port() + ": Connection reset";
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER RST (" + name + ")");
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("SERVER RST (Connection reset)");
        }
    }

    @Test
    void passesOnResetOfClient() throws Exception {
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "abc");
            receives(server, "abc");
            reset(client);
            assertReset(server);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("CLIENT RST (Connection reset)");
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("CLIENT RST (Connection reset)");
        }
    }

    /** The server may have accepted before the relay has noticed that it is connected. */
    private static void passes(Socket client, Socket server) throws IOException {
        send(client, "x");
        receives(server, "x");
    }

    @Test
    void controlsEndBothLegs() throws Exception {
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            passes(client, server);
            relay.resetConnections();
            assertReset(client);
            assertReset(server);
            RecordedConnection first = relay.recording().connection(1).awaitEnd();
            assertThat(first.ending().orElseThrow()).hasToString("SERVER RST (resetConnections())");
            assertThat(first.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("CLIENT RST (resetConnections())");
            try (Socket next = PlainSockets.connect(relay.address());
                    Socket nextServer = behind.accept()) {
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
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            relay.refuse();
            relay.resetConnections();
            assertReset(client);
            assertReset(server);
            assertThatThrownBy(() -> PlainSockets.connect(relay.address())).hasMessageContaining("refused");
            relay.resume();
            try (Socket next = PlainSockets.connect(relay.address());
                    Socket nextServer = behind.accept()) {
                send(next, "again");
                receives(nextServer, "again");
            }
        }
    }

    @Test
    void frozenRelayPassesNothing() throws Exception {
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
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
        try (EchoServer relay = behind.relay()
                        .idleTimeout(Duration.ofMillis(500))
                        .maxConnections(1)
                        .start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            ServerBehind.assertConnectIsReset(relay);
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
        try (EchoServer relay = behind.relay().bufferSize(16 << 10).start();
                Socket client = PlainSockets.connect(relay.address(), 4 << 10, 4 << 10);
                Socket server = behind.accept()) {
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
            assertThat(relay.recording()
                            .connection(1)
                            .awaitEnd()
                            .ending()
                            .orElseThrow()
                            .how())
                    .isEqualTo(Ending.How.FIN);
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void closingServerResetsBothLegs() throws Exception {
        EchoServer relay = behind.relay().start();
        try (Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
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
        try (EchoServer relay = behind.relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "request");
            receives(server, "request");
            relay.freeze();
            send(server, "413");
            send(client, "more");
            reset(server);
            relay.unfreeze();
            receives(client, "413");
            assertReset(client);
        }
    }
}
