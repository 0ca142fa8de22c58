package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The echo over TLS, with the JDK's blocking client. */
@Timeout(20)
class TlsServerTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    /** The alerts by which the JDK refuses a certificate, as of 17 and 25. */
    private static final String REFUSAL = "(certificate_unknown|certificate_expired|bad_certificate)";

    private static EchoServer.Builder tls() {
        return EchoServer.builder().tls("self-signed").recording();
    }

    private static SSLSocket connect(EchoServer server, SSLContext context, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        UpgradedSocket.checkHost(socket, protocols);
        return socket;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void echoesTextAndAnswersHalfClose(String protocol) throws Exception {
        try (EchoServer server = tls().start();
                SSLSocket socket = connect(server, server.sslContext(), protocol)) {
            socket.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            RecordedConnection recorded =
                    server.recording().awaitConnections(1, SOON).get(0).awaitEnd(SOON);
            assertThat(recorded.ending()).hasValueSatisfying(ending -> {
                assertThat(ending.how()).isEqualTo(Ending.How.FIN);
                assertThat(ending.why()).isEmpty();
            });
            assertThat(recorded.events())
                    .extracting(RecordedEvent::kind)
                    .containsExactly(
                            RecordedEvent.Kind.ACCEPTED,
                            RecordedEvent.Kind.HANDSHAKE,
                            RecordedEvent.Kind.RECEIVED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.CLIENT_FIN,
                            RecordedEvent.Kind.SERVER_FIN);
            assertThat(recorded.events().get(1).detail()).startsWith(protocol + " TLS_");
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, 1", "TLSv1.3, 1", "TLSv1.2, 100000", "TLSv1.3, 100000", "TLSv1.2, 3000000", "TLSv1.3, 3000000"
    })
    void echoesEveryByteAfterHalfClose(String protocol, int size) throws Exception {
        byte[] message = new byte[size];
        new Random(42).nextBytes(message);
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try (EchoServer server = EchoServer.builder().tls("self-signed").start();
                SSLSocket socket = connect(server, server.sslContext(), protocol)) {
            socket.startHandshake();
            InputStream in = socket.getInputStream();
            Future<byte[]> echoed = reader.submit(in::readAllBytes);
            OutputStream out = socket.getOutputStream();
            out.write(message);
            socket.shutdownOutput();
            assertThat(Arrays.equals(echoed.get(15, TimeUnit.SECONDS), message)).isTrue();
        } finally {
            reader.shutdownNow();
        }
    }

    @Test
    void recordsServerNameAndApplicationProtocol() throws Exception {
        SSLParameters offered = new SSLParameters();
        offered.setApplicationProtocols(new String[] {"h2", "echo/1"});
        try (EchoServer server = tls().tlsParameters(offered).start();
                SSLSocket socket = connect(server, server.sslContext())) {
            SSLParameters asked = socket.getSSLParameters();
            asked.setServerNames(List.of(new SNIHostName("localhost")));
            asked.setApplicationProtocols(new String[] {"echo/1"});
            socket.setSSLParameters(asked);
            socket.startHandshake();
            assertThat(socket.getApplicationProtocol()).isEqualTo("echo/1");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThat(server.recording()
                            .awaitConnections(1, SOON)
                            .get(0)
                            .awaitEnd(SOON)
                            .events()
                            .get(1)
                            .detail())
                    .endsWith(", SNI localhost, ALPN echo/1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "not-yet-valid", "for db.example.com"})
    void wrongCertificateIsRefusedAndAlertRecorded(String kind) throws Exception {
        try (EchoServer server = EchoServer.builder().tls(kind).recording().start();
                SSLSocket socket = connect(server, server.sslContext())) {
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLHandshakeException.class);
            RecordedConnection recorded =
                    server.recording().awaitConnections(1, SOON).get(0).awaitEnd(SOON);
            assertThat(recorded.events()).anySatisfy(event -> {
                assertThat(event.kind()).isEqualTo(RecordedEvent.Kind.ALERT);
                assertThat(event.detail()).matches(REFUSAL + " by the client");
            });
            assertThat(recorded.ending().orElseThrow().why())
                    .matches("the TLS handshake failed: the client sent the alert " + REFUSAL);
        }
    }

    @Test
    void plainClientGetsAlertAndFin() throws Exception {
        try (EchoServer server = tls().start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            byte[] answer = socket.getInputStream().readAllBytes();
            assertThat(answer)
                    .hasSize(7)
                    .startsWith(21, 3, 3, 0, 2, 2); // a fatal alert; which one is the choice of the JDK
            socket.shutdownOutput();
            RecordedConnection recorded =
                    server.recording().awaitConnections(1, SOON).get(0).awaitEnd(SOON);
            assertThat(recorded.ending().orElseThrow().why())
                    .isEqualTo("the client does not speak TLS: it sent \"GET / HTTP/1.1\\r\\n\\r\\n\"");
        }
    }

    @Test
    void clientWithoutTlsIsToldSo() throws Exception {
        String cure = "; the server has answered with an alert of TLS: set tls, so that the client speaks TLS";
        try (EchoServer server = tls().start();
                EchoClient brief = EchoClient.connect(server.address());
                EchoClient longer = EchoClient.connect(server.address())) {
            assertThatThrownBy(() -> brief.expectEcho("hello".getBytes(StandardCharsets.UTF_8)))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageStartingWith("the echo differs at offset 0: expected \"hello\", received ")
                    .hasMessageEndingWith(cure);
            assertThatThrownBy(() -> longer.expectEcho(new byte[42]))
                    .isInstanceOf(EOFException.class)
                    .hasMessageStartingWith("7 of 42 bytes echoed, then the end of the stream from ")
                    .hasMessageEndingWith(cure);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void finWithoutCloseNotifyIsTruncation(String protocol) throws Exception {
        try (EchoServer server = tls().start();
                Socket below = PlainSockets.connect(server.address())) {
            SSLSocket socket = (SSLSocket)
                    server.sslContext().getSocketFactory().createSocket(below, "127.0.0.1", server.port(), false);
            socket.setEnabledProtocols(new String[] {protocol});
            socket.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            below.shutdownOutput();
            RecordedConnection recorded =
                    server.recording().awaitConnections(1, SOON).get(0).awaitEnd(SOON);
            assertThat(recorded.ending().orElseThrow().toString())
                    .isEqualTo(
                            "CLIENT RST (the client ended the connection without a close_notify, so that the text may be"
                                    + " truncated)");
        }
    }
}
