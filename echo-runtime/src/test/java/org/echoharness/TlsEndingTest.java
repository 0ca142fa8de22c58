package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLSocket;
import org.echoharness.support.PlainSockets;
import org.echoharness.tls.TlsPeers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is recorded of clients that end a connection with TLS, but not its text. */
@Timeout(20)
class TlsEndingTest {

    private static EchoServer.Builder tls() {
        return EchoServer.builder().tls("self-signed").recording();
    }

    private static RecordedConnection ended(EchoServer server) throws InterruptedException {
        Duration soon = Duration.ofSeconds(10);
        return server.recording().awaitConnections(1, soon).get(0).awaitEnd(soon);
    }

    /** Which call of the server reports an RST depends on when it comes, and so does the message. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void resetByClientHasReason(String protocol) throws Exception {
        for (String phase : List.of("first byte", "ServerHello", "handshake", "echo")) {
            try (EchoServer server = tls().start();
                    Socket socket = PlainSockets.connect(server.address())) {
                byte[] hello = TlsClient.hello(server.sslContext(), protocol);
                if (phase.equals("first byte")) {
                    socket.getOutputStream().write(hello, 0, 1);
                } else if (phase.equals("ServerHello")) {
                    socket.getOutputStream().write(hello);
                    assertThat(socket.getInputStream().read()).isEqualTo(22);
                } else {
                    SSLSocket tls = (SSLSocket)
                            server.sslContext().getSocketFactory().createSocket(socket, "localhost", 1, false);
                    tls.setEnabledProtocols(new String[] {protocol});
                    tls.startHandshake();
                    if (phase.equals("echo")) {
                        PlainSockets.echoes(tls, "hello");
                    }
                }
                PlainSockets.reset(socket);
                RecordedConnection recorded = ended(server);
                Ending ending = recorded.ending().orElseThrow();
                assertThat(ending.by() + " " + ending.how()).as(phase).isEqualTo("CLIENT RST");
                assertThat(ending.why()).as(phase).isIn("Connection reset", "Connection reset by peer", "Broken pipe");
                assertThat(recorded.transcript()).contains(ending.why()).doesNotContain("null");
            }
        }
    }

    /** The engine answers what comes after the FIN, which fails, but is no reset of the client. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void answerAfterFinIsDropped(String protocol) throws Exception {
        try (EchoServer server = tls().faults("half-close").start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.assertEnd(socket);
            socket.getOutputStream().write(TlsClient.hello(server.sslContext(), protocol));
            socket.shutdownOutput();
            assertThat(ended(server).ending().orElseThrow().why())
                    .isEqualTo("the client ended the connection during the TLS handshake");
        }
    }

    /** A client that gives up when it has sent its Finished warns, and then sends its close_notify, which is left out here. */
    @Test
    void warningOfClientIsNoEndOfText() throws Exception {
        try (EchoServer server = tls().start();
                Socket socket = PlainSockets.connect(server.address())) {
            SSLEngine engine = server.sslContext().createSSLEngine("localhost", 1);
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {"TLSv1.2"});
            assertThat(send(engine, socket)).isEqualTo(22); // the ClientHello
            ByteBuffer flight = ByteBuffer.allocate(32 << 10);
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
                byte[] record = TlsPeers.record(socket);
                for (ByteBuffer in = ByteBuffer.wrap(record); in.hasRemaining(); ) {
                    engine.unwrap(in, flight);
                    runTasks(engine);
                }
            }
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                send(engine, socket); // the Finished comes last
            }
            engine.closeOutbound();
            assertThat(send(engine, socket)).isEqualTo(21);
            RecordedConnection recorded = ended(server);
            assertThat(recorded.events()).extracting(RecordedEvent::kind).contains(RecordedEvent.Kind.HANDSHAKE);
            assertThat(recorded.ending().orElseThrow())
                    .hasToString(
                            "CLIENT RST (the client sent a warning alert, which is no close_notify, so that the end of"
                                    + " its text is not known)");
        }
    }

    /** The conversation has a line for the handshake, and one for an alert before the line about the end. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void conversationShowsHandshakeAndAlert(String protocol) throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        String peer;
        try (EchoServer server = tls().conversation(lines::add).start();
                Socket socket = PlainSockets.connect(server.address())) {
            peer = "127.0.0.1:" + socket.getLocalPort();
            SSLSocket tls =
                    (SSLSocket) server.sslContext().getSocketFactory().createSocket(socket, "localhost", 1, false);
            tls.setEnabledProtocols(new String[] {protocol});
            PlainSockets.echoes(tls, "hello");
            socket.getOutputStream().write(new byte[] {23, 3, 3, 0, 1, 1}); // too short
            ended(server);
        }
        String cipher =
                protocol.equals("TLSv1.3") ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        assertThat(lines).element(3).isEqualTo("TLS handshake with " + peer + ": " + protocol + " " + cipher);
        assertThat(lines).element(4).isEqualTo("received 5 bytes \"hello\" from " + peer);
        assertThat(lines).element(6).asString().matches("TLS alert with " + peer + ": \\w+ by the server");
        assertThat(lines).element(7).asString().startsWith("lost " + peer + ": TLS failed: ");
    }

    /** It runs when the engine is not at work: otherwise, its exception would be a failure of TLS. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void callbackThatThrowsAtHandshakeIsNoFailureOfTls(String protocol) throws Exception {
        Consumer<String> callback = line -> {
            if (line.startsWith("TLS handshake")) {
                throw new IllegalStateException("no lines today");
            }
        };
        List<String> warnings = new CopyOnWriteArrayList<>();
        try (EchoServer server =
                        tls().conversation(callback).warnings(warnings::add).start();
                Socket socket = PlainSockets.connect(server.address())) {
            SSLSocket tls =
                    (SSLSocket) server.sslContext().getSocketFactory().createSocket(socket, "localhost", 1, false);
            tls.setEnabledProtocols(new String[] {protocol});
            assertThatThrownBy(() -> PlainSockets.echoes(tls, "hello")).isInstanceOf(IOException.class);
            assertThat(ended(server).ending().orElseThrow()).hasToString("SERVER RST (an exception in the server)");
        }
        assertThat(warnings).singleElement().asString().contains("no lines today");
    }

    @Test
    void conversationOfClientShowsHandshake() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        try (EchoServer server = tls().start()) {
            EchoClient.builder()
                    .address("localhost:" + server.port())
                    .tls(server.sslContext())
                    .conversation(lines::add)
                    .connect()
                    .close();
            assertThat(lines)
                    .containsExactly(
                            "connecting to localhost port " + server.port(),
                            "TLS handshake: TLSv1.3 TLS_AES_256_GCM_SHA384, SNI localhost",
                            "closing socket");
        }
    }

    private static void runTasks(SSLEngine engine) {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** Sends the next record of the engine. Returns its type. */
    private static int send(SSLEngine engine, Socket socket) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(32 << 10);
        engine.wrap(ByteBuffer.allocate(0), record);
        runTasks(engine);
        socket.getOutputStream().write(record.array(), 0, record.position());
        return record.get(0);
    }
}
