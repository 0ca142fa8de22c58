package org.echoharness.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.echoharness.EchoClient;
import org.echoharness.EchoMismatchException;
import org.echoharness.Peer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client with TLS, whose servers are the JDK's blocking sockets. */
@Timeout(30)
@SuppressWarnings("try") // what close() does is what is tested
class TlsClientTest {

    private static final byte[] MESSAGE = EchoClient.DEFAULT_MESSAGE.getBytes(US_ASCII);

    private static EchoClient.Builder client(InetSocketAddress server) {
        return EchoClient.builder().address(server).tls(TlsPeers.trusting());
    }

    private static Peer peer(String protocol, TlsPeers.Manner manner) throws IOException {
        return TlsPeers.peer(TlsPeers.context(CertificateKind.SELF_SIGNED), protocol, manner);
    }

    private static String within(String text) {
        return ".*" + text + ".*";
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void echoesAndEndsCleanly(String protocol) throws Exception {
        try (Peer peer = peer(protocol, TlsPeers::echo);
                EchoClient client = EchoClient.builder()
                        .address("localhost:" + peer.address().getPort())
                        .tls(TlsPeers.trusting())
                        .recording()
                        .connect()) {
            client.expectEcho(MESSAGE);
            assertThat(client.echo("again".getBytes(US_ASCII))).isEqualTo("again".getBytes(US_ASCII));
            client.expectEnd();

            RecordedConnection recorded = client.recording().connection(1);
            assertThat(recorded.sent()).asString(US_ASCII).isEqualTo(EchoClient.DEFAULT_MESSAGE + "again");
            assertThat(recorded.received()).isEqualTo(recorded.sent());
            assertThat(recorded.events().get(1).toString()).contains("HANDSHAKE", protocol, "SNI localhost");
            assertThat(recorded.events().stream().map(RecordedEvent::kind))
                    .endsWith(RecordedEvent.Kind.CLIENT_FIN, RecordedEvent.Kind.SERVER_FIN);
        }
    }

    @ParameterizedTest
    @CsvSource({
        TlsPeers.V12 + ", 65536, 1000000",
        TlsPeers.V13 + ", 65536, 1000000",
        TlsPeers.V13 + ", 7, 40000",
        TlsPeers.V13 + ", 1048576, 100000"
    })
    void readsWhileItWrites(String protocol, int bufferSize, int size) throws Exception {
        byte[] message = PlainSockets.random(size, 5);
        try (Peer peer = peer(protocol, TlsPeers::echo);
                EchoClient client =
                        client(peer.address()).bufferSize(bufferSize).connect()) {
            assertThat(Arrays.mismatch(message, client.echo(message))).isEqualTo(-1);
            client.expectEcho(new java.io.ByteArrayInputStream(message), new java.io.ByteArrayInputStream(message));
            client.expectEcho(new java.io.ByteArrayInputStream(message));
            client.expectEnd();
        }
    }

    @Test
    void sendsAndReceivesConcurrently() throws Exception {
        byte[] message = PlainSockets.random(2 * PlainSockets.MIB, 3);
        try (Peer peer = peer(TlsPeers.V13, TlsPeers::echo);
                EchoClient client = client(peer.address()).recording().connect()) {
            FutureTask<Void> sending = new FutureTask<>(() -> {
                client.send(message);
                client.shutdownOutput();
                return null;
            });
            new Thread(sending, "sends").start();

            assertThat(Arrays.mismatch(message, client.receiveToEnd())).isEqualTo(-1);
            sending.get(30, TimeUnit.SECONDS);
            assertThat(client.receive()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void readsRestAfterHalfClose(String protocol) throws Exception {
        try (Peer peer = peer(protocol, (tls, socket) -> {
                    assertThat(tls.getInputStream().readAllBytes()).isEqualTo(MESSAGE); // up to the close_notify
                    tls.getOutputStream().write(MESSAGE);
                    tls.close();
                });
                EchoClient client = client(peer.address()).connect()) {
            client.send(MESSAGE);
            client.shutdownOutput();

            // the JDK's own socket of TLS 1.2 answers the close_notify at once, and then sends no more
            assertThat(client.receiveToEnd()).isEqualTo(protocol.equals(TlsPeers.V12) ? new byte[0] : MESSAGE);
            assertThatThrownBy(() -> client.send(MESSAGE))
                    .hasMessageStartingWith("0 of 42 bytes sent, then: the output of this client was shut down");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "expired | TLSv1.2 | the certificate of the server has expired \\(NotAfter: .*\\)",
                "expired | TLSv1.3 | the certificate of the server has expired \\(NotAfter: .*\\)",
                "not-yet-valid | TLSv1.3 | the certificate of the server is not yet valid \\(NotBefore: .*\\)",
                "for example.org | TLSv1.2 | the certificate of the server is for another host \\(.* 127.0.0.1.*\\)",
                "for example.org | TLSv1.3 | the certificate of the server is for another host \\(.* 127.0.0.1.*\\)"
            })
    void refusesWrongCertificate(String kind, String protocol, String reason) throws Exception {
        SSLContext context = TlsPeers.context(CertificateKind.parse("tls", kind));
        CompletableFuture<String> seen = new CompletableFuture<>();
        try (Peer peer = TlsPeers.peer(context, protocol, (tls, socket) -> {
            try {
                tls.getInputStream().read();
                seen.complete("no error");
            } catch (IOException refused) {
                seen.complete(refused.toString());
            }
        })) {
            assertThatThrownBy(client(peer.address())::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .message()
                    .matches("cannot connect to 127\\.0\\.0\\.1:\\d+ with TLS: " + reason);
            assertThat(seen.get(30, TimeUnit.SECONDS))
                    .containsPattern("Received fatal alert: (certificate_|bad_certificate)");
        }
    }

    @Test
    void refusesUntrustedCertificate() throws Exception {
        try (Peer peer = peer(TlsPeers.V13, TlsPeers::echo)) {
            assertThatThrownBy(EchoClient.builder().address(peer.address()).tls("system")::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining(
                            " with TLS: the certificate of the server is not trusted (unable to find valid"
                                    + " certification path to requested target); trust it, or the root that signed it");
        }
    }

    @Test
    void checksAndSendsNameThatItConnectsTo() throws Exception {
        CompletableFuture<String> name = new CompletableFuture<>();
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
            tls.startHandshake();
            SSLSession session = tls.getSession();
            name.complete(
                    ((ExtendedSSLSession) session).getRequestedServerNames().toString());
            TlsPeers.echo(tls, socket);
        })) {
            try (EchoClient client = EchoClient.builder()
                    .address("localhost:" + peer.address().getPort())
                    .tls(TlsPeers.trusting())
                    .connect()) {
                client.expectEcho(MESSAGE);
            }
            assertThat(name.get(30, TimeUnit.SECONDS)).contains("value=localhost");
        }
    }

    @Test
    void trustsByText(@TempDir Path folder) throws Exception {
        Path pem = folder.resolve("root.pem");
        PemFile.write("certificateFile", pem, CertificateAuthority.ofThisRun().root());
        try (Peer peer = peer(TlsPeers.V13, TlsPeers::echo)) {
            for (String trusted : List.of(pem.toString(), "insecure")) {
                try (EchoClient client = EchoClient.builder()
                        .address(peer.address())
                        .set("tls", trusted)
                        .connect()) {
                    client.expectEcho(MESSAGE);
                }
            }
        }
        try (Peer another = TlsPeers.peer(
                        TlsPeers.context(CertificateKind.parse("tls", "for example.org")),
                        TlsPeers.V12,
                        TlsPeers::echo);
                EchoClient client = EchoClient.builder()
                        .address(another.address())
                        .tls("insecure")
                        .connect()) {
            client.expectEcho(MESSAGE);
        }
        try (Peer plain = new Peer(socket -> PlainSockets.echoes(socket, MESSAGE))) {
            EchoClient.builder()
                    .tls("insecure")
                    .tls("none")
                    .address(plain.address())
                    .connect()
                    .close();
        }
        assertThatThrownBy(() ->
                        EchoClient.builder().tls(folder.resolve("none.pem").toString()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tls (");
        Files.writeString(pem, "nothing");
        assertThatThrownBy(() -> EchoClient.builder().set("tls", pem.toString()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tls (");
    }

    @Test
    void offersWhatParametersSay() throws Exception {
        SSLParameters offered = new SSLParameters(null, new String[] {TlsPeers.V12});
        offered.setApplicationProtocols(new String[] {"echo/1"});
        offered.setEndpointIdentificationAlgorithm("");
        SSLContext context = TlsPeers.context(CertificateKind.parse("tls", "for example.org"));
        CompletableFuture<String> agreed = new CompletableFuture<>();
        try (Peer peer = TlsPeers.peer(context, TlsPeers.V12, (tls, socket) -> {
                    SSLParameters of = tls.getSSLParameters();
                    of.setApplicationProtocols(new String[] {"h2", "echo/1"});
                    tls.setSSLParameters(of);
                    tls.startHandshake();
                    agreed.complete(tls.getApplicationProtocol());
                    TlsPeers.echo(tls, socket);
                });
                EchoClient client =
                        client(peer.address()).tlsParameters(offered).connect()) {
            client.expectEcho(MESSAGE);
            assertThat(agreed.get(30, TimeUnit.SECONDS)).isEqualTo("echo/1");
        }
        assertThatThrownBy(EchoClient.builder().address("127.0.0.1:1").tlsParameters(offered)::connect)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("tlsParameters are given without tls");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 400 Bad Request\\r\\n | HTTP/1.1 400 Bad Request\\r\\n",
                "OK\\n | OK\\n",
                "220 mail.example ESMTP ready\\r\\n | 220 mail.example ESMTP ready\\r\\n"
            })
    void saysWhatServerWithoutTlsAnswers(String answer, String shown) throws Exception {
        try (Peer peer = new Peer(socket -> {
            TlsPeers.record(socket);
            PlainSockets.send(socket, answer.translateEscapes());
            readsOn(socket);
        })) {
            assertThatThrownBy(client(peer.address())::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .message()
                    .endsWith(" with TLS: the server does not speak TLS: it answered \"" + shown + "\"");
        }
    }

    @Test
    void saysThatServerSendsItsHelloBack() throws Exception {
        try (Peer peer = new Peer(socket -> {
            socket.getOutputStream().write(TlsPeers.record(socket));
            readsOn(socket);
        })) {
            assertThatThrownBy(client(peer.address())::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .hasMessageEndingWith(
                            " with TLS: the server does not speak TLS: it sent the ClientHello back; set its tls");
        }
    }

    @Test
    void namesAlertWithoutNameByItsCode() throws Exception {
        try (Peer peer = new Peer(socket -> {
            TlsPeers.record(socket);
            socket.getOutputStream().write(new byte[] {21, 3, 3, 0, 2, 2, (byte) 200});
            readsOn(socket);
        })) {
            assertThatThrownBy(client(peer.address())::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .hasMessageEndingWith(" with TLS: the server refused the handshake with the alert 200");
        }
    }

    @Test
    void namesAlert() throws Exception {
        SSLParameters only13 = new SSLParameters(null, new String[] {TlsPeers.V13});
        try (Peer peer = peer(TlsPeers.V12, TlsPeers::echo)) {
            assertThatThrownBy(client(peer.address()).tlsParameters(only13)::connect)
                    .isInstanceOf(SSLHandshakeException.class)
                    .hasMessageEndingWith(
                            " with TLS: the server refused the handshake with the alert protocol_version");
        }
    }

    /** In TLS 1.3, a client has completed the handshake when the server refuses its certificate. */
    @ParameterizedTest
    @CsvSource({TlsPeers.V12 + ", with TLS: the server", TlsPeers.V13 + ", 'received, then: TLS failed: the server'"})
    void namesAlertOfServerThatNeedsCertificate(String protocol, String phase) throws Exception {
        try (Peer peer = peer(protocol, (tls, socket) -> {
            tls.setNeedClientAuth(true);
            TlsPeers.echo(tls, socket);
        })) {
            assertThatThrownBy(() -> {
                        try (EchoClient client = client(peer.address()).connect()) {
                            client.receive();
                        }
                    })
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining(phase)
                    .message()
                    .matches(within("alert (bad_certificate|certificate_required|handshake_failure)"));
        }
    }

    @ParameterizedTest
    @CsvSource({"reset, true", "close, true", "reset, false", "close, false"})
    void saysInWhatPhaseServerLeft(String how, boolean isAfterServerHello) throws Exception {
        for (String protocol : List.of(TlsPeers.V12, TlsPeers.V13)) {
            try (Peer peer = new Peer(socket -> {
                if (isAfterServerHello) {
                    answersServerHello(socket, protocol);
                } else {
                    TlsPeers.record(socket);
                }
                if (how.equals("reset")) {
                    PlainSockets.reset(socket);
                }
            })) {
                String seen = isAfterServerHello
                        ? "waited for the Finished of the server, which has sent \\d+ bytes \\(ServerHello.*\\)"
                        : "waited for the ServerHello of the server, which has sent nothing";
                boolean isReset = how.equals("reset");
                assertThatThrownBy(client(peer.address())::connect)
                        .isInstanceOf(isReset ? SocketException.class : SSLHandshakeException.class)
                        .message()
                        .matches(within("with TLS: "
                                + (isReset ? "(Connection reset.*|Broken pipe)" : "the server ended the connection")
                                + "; " + seen));
            }
        }
    }

    private static void readsOn(java.net.Socket socket) throws IOException {
        socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
    }

    private static void answersServerHello(java.net.Socket socket, String protocol) throws IOException {
        byte[] hello = TlsPeers.record(socket);
        socket.getOutputStream()
                .write(TlsPeers.serverHello(TlsPeers.context(CertificateKind.SELF_SIGNED), protocol, hello));
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void saysInWhatPhaseServerStalled(String protocol) throws Exception {
        try (Peer silent = new Peer(TlsClientTest::readsOn)) {
            assertThatThrownBy(client(silent.address()).connectTimeout(Duration.ofMillis(100))::connect)
                    .isInstanceOf(SocketTimeoutException.class)
                    .message()
                    .matches("cannot connect to \\S+ with TLS within 100ms: waited for the ServerHello of the server,"
                            + " which has sent nothing");
        }
        try (Peer stalling = new Peer(socket -> {
            answersServerHello(socket, protocol);
            readsOn(socket);
        })) {
            assertThat(lateMessage(stalling, 300))
                    .matches("cannot connect to \\S+ with TLS within \\S+ \\(timeout\\): waited for the Finished of the"
                            + " server, which has sent \\d+ bytes \\(ServerHello.*\\)");
        }
    }

    /** Returns the error of a time-out, of at least this many milliseconds, within which the server has sent something. */
    private static String lateMessage(Peer peer, int millis) {
        Throwable late = catchThrowable(client(peer.address()).timeout(Duration.ofMillis(millis))::connect);
        assertThat(late).isInstanceOf(SocketTimeoutException.class);
        boolean isEarly = late.getMessage().endsWith("nothing") && millis < 3_000;
        return isEarly ? lateMessage(peer, 3 * millis) : String.valueOf(late.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void endWithoutCloseNotifyIsNoCleanEnd(String protocol) throws Exception {
        TlsPeers.Manner truncates = (tls, socket) -> {
            tls.getOutputStream().write(tls.getInputStream().readNBytes(42), 0, 12);
            socket.close();
        };
        try (Peer peer = peer(protocol, truncates);
                EchoClient client = client(peer.address()).recording().connect()) {
            assertThatThrownBy(() -> client.echo(MESSAGE))
                    .isInstanceOf(SSLException.class)
                    .hasMessageStartingWith("12 of 42 bytes echoed, then: the server ended the connection without a"
                            + " close_notify, so that the text may be truncated (127.0.0.1:");
            RecordedConnection recorded = client.recording().connection(1);
            assertThat(recorded.ending().orElseThrow().toString())
                    .startsWith("SERVER RST (")
                    .contains("without a close_notify");
        }
        try (Peer peer = peer(protocol, truncates);
                EchoClient client = client(peer.address()).connect()) {
            client.send(MESSAGE);
            assertThatThrownBy(client::receiveToEnd).hasMessageContaining("without a close_notify");
            assertThatThrownBy(client::receive).hasMessageContaining("without a close_notify");
        }
    }

    @Test
    void shortEchoIsAnError() throws Exception {
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
                    tls.getOutputStream().write(tls.getInputStream().readNBytes(42), 0, 12);
                    tls.close();
                });
                EchoClient client = client(peer.address()).connect()) {
            assertThatThrownBy(() -> client.echo(MESSAGE))
                    .hasMessageStartingWith("12 of 42 bytes echoed, then the end of the stream from 127.0.0.1:");
        }
    }

    @Test
    void waitsForTextHaveDeadlines() throws Exception {
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
                    tls.getOutputStream().write(tls.getInputStream().readNBytes(42), 0, 12);
                    assertThat(tls.getInputStream().read()).isEqualTo(-1);
                });
                EchoClient client = client(peer.address())
                        .readTimeout(Duration.ofMillis(200))
                        .connect()) {
            assertThatThrownBy(() -> client.echo(MESSAGE))
                    .isInstanceOf(SocketTimeoutException.class)
                    .message()
                    .matches("12 of 42 bytes echoed by \\S+, then nothing for 200ms");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TlsPeers.V12, TlsPeers.V13})
    void closeEndsWithCloseNotifyAndNoReset(String protocol) throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        try (Peer peer = peer(protocol, (tls, socket) -> {
            try {
                int text = tls.getInputStream().readAllBytes().length; // with a FIN alone, this throws
                tls.close();
                end.complete(text + " bytes, then " + PlainSockets.nextRead(socket));
            } catch (IOException failed) {
                end.complete(failed.toString());
            }
        })) {
            EchoClient client = client(peer.address()).recording().connect();
            client.close();
            client.close();

            assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo("0 bytes, then end of stream");
            assertThat(client.recording().connection(1).ending().orElseThrow()).hasToString("CLIENT FIN");
        }
    }

    @Test
    void closeWithTextUnreadResets() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        CompletableFuture<String> end = new CompletableFuture<>();
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
            tls.getOutputStream().write(tls.getInputStream().readNBytes(42));
            sent.countDown();
            end.complete(PlainSockets.nextRead(socket));
        })) {
            EchoClient client = client(peer.address()).recording().connect();
            client.send(MESSAGE);
            client.receive(2);
            assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
            client.close();

            assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo("reset");
            assertThat(client.recording().connection(1).ending().orElseThrow())
                    .hasToString("CLIENT RST (closed with bytes unread)");
        }
    }

    @Test
    void closeDoesNotWaitLongForServerThatStays() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
            tls.getOutputStream().write(tls.getInputStream().readNBytes(42));
            try {
                assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException nobodyDoesThat) {
                throw new AssertionError(nobodyDoesThat);
            }
        })) {
            EchoClient client =
                    client(peer.address()).readTimeout(Duration.ofMinutes(1)).connect();
            client.expectEcho(MESSAGE);
            client.close();
            closed.countDown();
        }
    }

    @Test
    void moreThanTheEchoIsFound() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        try (Peer peer = peer(TlsPeers.V13, (tls, socket) -> {
                    tls.getOutputStream().write(tls.getInputStream().readNBytes(42));
                    tls.getOutputStream().write('!');
                    sent.countDown();
                    tls.getInputStream().read();
                });
                EchoClient client = client(peer.address()).connect()) {
            assertThatThrownBy(() -> {
                        client.expectEcho(MESSAGE);
                        assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
                        client.expectEnd();
                    })
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageContaining("\"!\"");
        }
    }

    @Test
    void closeEndsWaitOfAnotherThread() throws Exception {
        try (Peer peer =
                peer(TlsPeers.V13, (tls, socket) -> tls.getInputStream().read())) {
            EchoClient client =
                    client(peer.address()).readTimeout(Duration.ofMinutes(1)).connect();
            CountDownLatch waiting = new CountDownLatch(1);
            FutureTask<String> reading = new FutureTask<>(() -> {
                waiting.countDown(); // whether it waits before the close or after: the error is the same
                try {
                    return "read " + client.receive().length;
                } catch (IOException failed) {
                    return String.valueOf(failed.getMessage());
                }
            });
            new Thread(reading, "reads").start();
            assertThat(waiting.await(30, TimeUnit.SECONDS)).isTrue();
            client.close();

            assertThat(reading.get(30, TimeUnit.SECONDS))
                    .startsWith("0 bytes received, then: this client was closed (127.0.0.1:");
        }
    }
}
