package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.echoharness.support.PlainSockets;
import org.echoharness.tls.CertificateKind;
import org.echoharness.tls.TlsPeers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay that passes TLS through, or ends it on either side. The server behind it has the JDK's own sockets. */
@Timeout(60)
@SuppressWarnings("try") // resets sockets
class RelayTlsTest {

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    private EchoServer.Builder relay() {
        return behind.relay().upstreamTls(TlsPeers.trusting());
    }

    private SSLSocket accept(String protocol) throws IOException {
        return accept(protocol, CertificateKind.SELF_SIGNED);
    }

    private SSLSocket accept(String protocol, CertificateKind kind) throws IOException {
        Socket socket = behind.accept();
        SSLSocket tls = TlsPeers.layered(TlsPeers.context(kind), protocol, socket);
        tls.setSoTimeout(30_000);
        return tls;
    }

    private static RecordedConnection ended(EchoServer relay) throws InterruptedException {
        return relay.recording().connection(1).awaitEnd();
    }

    private static String endOf(RecordedConnection leg) {
        return leg.ending().orElseThrow().toString();
    }

    private static String handshakes(RecordedConnection leg) {
        return leg.events().stream()
                .filter(event -> event.kind() == RecordedEvent.Kind.HANDSHAKE)
                .map(RecordedEvent::detail)
                .toList()
                .toString();
    }

    @Test
    void passesTlsThroughUntouched() throws Exception {
        try (EchoServer server = EchoServer.builder().tls("self-signed").start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + server.port())
                        .recording()
                        .start();
                EchoClient client = EchoClient.builder()
                        .address("localhost:" + relay.port())
                        .tls(server.sslContext())
                        .connect()) {
            client.expectEcho("a secret of both".getBytes(ISO_8859_1));
            client.expectEnd();

            RecordedConnection connection = ended(relay);
            assertThat(new String(connection.received(), ISO_8859_1)).doesNotContain("secret");
            connection.upstream().orElseThrow().assertSent(connection.received());
            // the server may end at the close_notify, before the FIN of the client
            assertThat(endOf(connection)).endsWith(" FIN");
            assertThat(handshakes(connection)).isEqualTo("[]");
        }
    }

    @ParameterizedTest
    @CsvSource({"self-signed, false", "none, true", "self-signed, true"})
    void endsTlsOnEitherLegOrBoth(String tls, boolean isUpstreamTls) throws Exception {
        byte[] message = PlainSockets.random(300_000, 9);
        try (EchoServer server = EchoServer.builder()
                        .tls(isUpstreamTls ? "self-signed" : "none")
                        .start();
                EchoServer relay = (isUpstreamTls
                                ? EchoServer.builder().upstreamTls(server.sslContext())
                                : EchoServer.builder())
                        .tls(tls)
                        .upstream("localhost:" + server.port())
                        .recording(message.length, 1)
                        .start();
                EchoClient client = (tls.equals("none")
                                ? EchoClient.builder()
                                : EchoClient.builder().tls(relay.sslContext()))
                        .address("localhost:" + relay.port())
                        .connect()) {
            client.expectEcho(message);
            client.expectEnd();

            RecordedConnection connection = ended(relay);
            RecordedConnection upstream = connection.upstream().orElseThrow();
            connection.assertReceived(message);
            connection.assertSent(message);
            upstream.assertReceived(message);
            assertThat(endOf(connection)).isEqualTo("CLIENT FIN");
            assertThat(endOf(upstream)).isEqualTo("CLIENT FIN");
            assertThat(handshakes(connection))
                    .isEqualTo(tls.equals("none") ? "[]" : "[TLSv1.3 TLS_AES_256_GCM_SHA384, SNI localhost]");
            assertThat(handshakes(upstream))
                    .isEqualTo(isUpstreamTls ? "[TLSv1.3 TLS_AES_256_GCM_SHA384, SNI localhost]" : "[]");
        }
    }

    @Test
    void trustsPemFileOfServer(@TempDir Path folder) throws Exception {
        Path pem = folder.resolve("server.pem");
        try (EchoServer server = EchoServer.builder()
                        .tls("self-signed")
                        .certificateFile(pem)
                        .start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + server.port())
                        .set("upstreamTls", pem.toString())
                        .start();
                EchoClient client = EchoClient.connect(relay.address())) {
            assertThat(pem).isNotEmptyFile();
            client.expectEcho("hello".getBytes(ISO_8859_1));
        }
        assertThat(Files.exists(pem)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void finIsCloseNotifyAndFin(String protocol) throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                SSLSocket server = accept(protocol)) {
            send(client, "hello");
            assertThat(server.getInputStream().readNBytes(5)).isEqualTo("hello".getBytes(ISO_8859_1));
            server.getOutputStream().write("welcome".getBytes(ISO_8859_1));
            receives(client, "welcome");
            client.shutdownOutput();
            assertThat(server.getInputStream().read()).isEqualTo(-1); // with a FIN alone, this throws
            server.close();
            assertEnd(client);
            assertThat(endOf(ended(relay))).isEqualTo("CLIENT FIN");
            assertThat(endOf(ended(relay).upstream().orElseThrow())).isEqualTo("CLIENT FIN");
        }
        assertThat(behind.warnings().seen()).isEmpty();
    }

    /** In TLS 1.3, each direction ends by itself (RFC 8446, section 6.1). */
    @Test
    void halfCloseIsKeptBothWays() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                SSLSocket server = accept(TlsPeers.V13)) {
            send(client, "1");
            assertThat(server.getInputStream().read()).isEqualTo('1');
            server.shutdownOutput();
            assertEnd(client);
            send(client, "late");
            assertThat(server.getInputStream().readNBytes(4)).isEqualTo("late".getBytes(ISO_8859_1));
            client.shutdownOutput();
            assertThat(server.getInputStream().read()).isEqualTo(-1);
            assertThat(endOf(ended(relay))).isEqualTo("SERVER FIN");
        }
    }

    @Test
    void relaysMoreThanSocketsHoldBothWays() throws Exception {
        byte[] message = PlainSockets.random(2 * PlainSockets.MIB, 4);
        try (EchoServer relay = relay().tls("self-signed").start();
                EchoClient client = EchoClient.builder()
                        .address(relay.address())
                        .tls(relay.sslContext())
                        .readTimeout(Duration.ofSeconds(30))
                        .connect();
                SSLSocket server = accept(TlsPeers.V13)) {
            FutureTask<byte[]> echoing = new FutureTask<>(() -> client.echo(message));
            new Thread(echoing, "client").start();
            byte[] came = server.getInputStream().readNBytes(message.length); // all of it, before anything goes back
            assertThat(Arrays.mismatch(message, came)).isEqualTo(-1);
            server.getOutputStream().write(came);
            assertThat(Arrays.mismatch(message, echoing.get(30, TimeUnit.SECONDS)))
                    .isEqualTo(-1);
            FutureTask<Void> ending = new FutureTask<>(() -> {
                client.expectEnd();
                return null;
            });
            new Thread(ending, "client").start();
            assertThat(server.getInputStream().read()).isEqualTo(-1);
            server.shutdownOutput();
            ending.get(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({TlsPeers.V12 + ", false", TlsPeers.V13 + ", false", TlsPeers.V13 + ", true"})
    void truncationIsPassedOnAsReset(String protocol, boolean isClientTls) throws Exception {
        String why = "the server ended the connection without a close_notify, so that the text may be truncated";
        try (EchoServer relay =
                        relay().tls(isClientTls ? "self-signed" : "none").start();
                EchoClient client = (isClientTls ? EchoClient.builder().tls(relay.sslContext()) : EchoClient.builder())
                        .address(relay.address())
                        .connect()) {
            Socket socket = behind.accept();
            SSLSocket server = TlsPeers.layered(TlsPeers.context(CertificateKind.SELF_SIGNED), protocol, socket);
            server.getOutputStream().write("half of".getBytes(ISO_8859_1));
            assertThat(client.receive(7)).isEqualTo("half of".getBytes(ISO_8859_1));
            socket.close();

            assertThatThrownBy(client::receive).hasMessageContaining("Connection reset");
            RecordedConnection connection = ended(relay);
            assertThat(endOf(connection))
                    .isEqualTo("SERVER RST (upstream 127.0.0.1:" + behind.port() + ": " + why + ")");
            assertThat(endOf(connection.upstream().orElseThrow())).isEqualTo("SERVER RST (" + why + ")");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passesOnResets(boolean isOfServer) throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket below = behind.accept()) {
            SSLSocket server = TlsPeers.layered(TlsPeers.context(CertificateKind.SELF_SIGNED), TlsPeers.V13, below);
            send(client, "abc");
            assertThat(server.getInputStream().readNBytes(3)).isEqualTo("abc".getBytes(ISO_8859_1));
            PlainSockets.reset(isOfServer ? below : client);
            if (isOfServer) {
                assertReset(client);
                assertThat(endOf(ended(relay))).startsWith("SERVER RST (upstream 127.0.0.1:");
            } else {
                assertThatThrownBy(() -> server.getInputStream().read()).hasMessageContaining("Connection reset");
                assertThat(endOf(ended(relay))).startsWith("CLIENT RST (");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "expired | the certificate of the server has expired \\(NotAfter: .*\\)",
                "for example.org | the certificate of the server is for another host \\(.*127.0.0.1.*\\)"
            })
    void wrongCertificateIsFailureOfUpstream(String kind, String reason) throws Exception {
        SSLContext context = TlsPeers.context(CertificateKind.parse("tls", kind));
        try (Peer server = TlsPeers.peer(context, TlsPeers.V13, TlsPeers::echo)) {
            refusedWith(server, ": " + reason);
        }
    }

    @Test
    void serverWithoutTlsIsFailureOfUpstream() throws Exception {
        try (Peer server = new Peer(socket -> {
            TlsPeers.record(socket);
            send(socket, "HTTP/1.1 400 Bad Request\r\n");
            while (socket.getInputStream().read() >= 0) {}
        })) {
            refusedWith(
                    server, ": the server does not speak TLS: it answered \"HTTP/1\\.1 400 Bad Request\\\\r\\\\n\"");
        }
        try (Peer server = new Peer(TlsPeers::record)) {
            refusedWith(
                    server,
                    ": the server ended the connection; waited for the ServerHello of the server, which has sent nothing");
        }
        try (Peer server = new Peer(socket -> {
            while (socket.getInputStream().read() >= 0) {}
        })) {
            refusedWith(server, " within 300ms: waited for the ServerHello of the server, which has sent nothing");
        }
    }

    /** An RST would make its kernel discard the alert. */
    @Test
    void serverThatStillSendsReadsAlert() throws Exception {
        CompletableFuture<byte[]> came = new CompletableFuture<>();
        try (Peer server = new Peer(socket -> {
                    try {
                        TlsPeers.record(socket);
                        socket.getOutputStream().write(new byte[1 << 20]);
                        came.complete(socket.getInputStream().readAllBytes());
                    } catch (IOException lost) {
                        came.completeExceptionally(lost);
                    }
                });
                EchoServer relay = relay().upstream(
                                "127.0.0.1:" + server.address().getPort())
                        .start()) {
            ServerBehind.assertConnectIsReset(relay);
            assertThat(came.get(30, TimeUnit.SECONDS)).hasSize(7).startsWith(21, 3);
        }
    }

    private void refusedWith(Peer server, String regex) throws Exception {
        String expected = "cannot connect to upstream 127\\.0\\.0\\.1:\\d+ with TLS" + regex;
        try (EchoServer relay = relay().upstream("127.0.0.1:" + server.address().getPort())
                .connectTimeout(Duration.ofMillis(regex.contains("300ms") ? 300 : 20_000))
                .start()) {
            ServerBehind.assertConnectIsReset(relay);
            assertThat(endOf(ended(relay))).matches("SERVER RST \\(" + expected + "\\)");
            assertThat(behind.warnings().matching("connection 1: " + expected + " \\(further.*"))
                    .isNotEmpty();
        }
    }

    /** The text of both legs is what faults count and change. */
    @Test
    void faultsActOnText() throws Exception {
        try (EchoServer relay = relay().faults("reset after 4 to server").start();
                Socket client = PlainSockets.connect(relay.address());
                SSLSocket server = accept(TlsPeers.V13)) {
            send(client, "123456");
            assertThat(server.getInputStream().readNBytes(4)).isEqualTo("1234".getBytes(ISO_8859_1));
            assertThatThrownBy(() -> server.getInputStream().read()).hasMessageContaining("Connection reset");
            assertReset(client);
        }
    }

    @Test
    void clientThatRefusesTheRelayEndsBothConnections() throws Exception {
        try (EchoServer relay = relay().tls("expired").start()) {
            assertThatThrownBy(EchoClient.builder().address(relay.address()).tls(relay.sslContext())::connect)
                    .hasMessageContaining("the certificate of the server has expired");
            assertThat(endOf(ended(relay))).contains("the client sent the alert certificate_");
        }
    }
}
