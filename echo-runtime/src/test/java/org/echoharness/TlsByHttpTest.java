package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with TLS that is controlled through its HTTP interface, by requests and from Java. */
@Timeout(60)
class TlsByHttpTest extends ControlledServerTest {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String SERVER = "/servers/default";

    private EchoServer remote;

    @BeforeEach
    void startTls() throws IOException {
        startRemote(EchoServer.builder().tls("self-signed"));
    }

    private void startRemote(EchoServer.Builder builder) throws IOException {
        closeRemote();
        start(builder);
        remote = EchoServer.connect(
                server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
    }

    @AfterEach
    void closeRemote() {
        if (remote != null) {
            remote.close();
        }
    }

    private SSLSocket connect(SSLContext context) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(PlainSockets.connect(server.address()), "localhost", server.port(), true);
        socket.setEnabledProtocols(new String[] {"TLSv1.3"});
        return socket;
    }

    private RecordedConnection ended(long number) throws InterruptedException {
        return remote.recording().connection(number).awaitEnd(SOON);
    }

    @Test
    void setsFaultsOfHandshake() throws Exception {
        HttpPeer.Answer answer =
                peer.send("PUT", SERVER + "/faults", "first 1: reset after server-hello; others: none");
        assertThat(answer.json()).containsEntry("faults", "first 1: reset after server-hello; others: none");
        assertResets();
        remote.setFaults(FaultPlan.parse("first 1: reset after client-hello; others: none"));
        assertResets();
        try (SSLSocket socket = connect(remote.sslContext())) {
            PlainSockets.echoes(socket, "no fault any more");
        }
        assertThat(remote.recording().appliedFaults())
                .extracting(Fault::toString)
                .containsExactly("reset after server-hello", "reset after client-hello");
    }

    private void assertResets() throws IOException {
        try (SSLSocket socket = connect(remote.sslContext())) {
            assertThatThrownBy(socket::startHandshake).isInstanceOfAny(SocketException.class, SSLException.class);
        }
    }

    @Test
    void refusesFaultsOfHandshakeWithoutTls() throws IOException {
        startRemote(EchoServer.builder());
        for (String plan : List.of("reset after client-hello", "plain", "fragment 1 on the wire")) {
            HttpPeer.Answer answer = peer.send("PUT", SERVER + "/faults", plan);
            assertThat(answer.status()).as(plan).isEqualTo(400);
            assertThat(answer.error()).contains("set tls");
            assertThatThrownBy(() -> remote.setFaults(FaultPlan.parse(plan)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(answer.error());
        }
    }

    @Test
    void recordsHandshakesAndAlerts() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, SERVER + "/events")) {
            assertThat(events.await("state")).isNotNull();
            try (SSLSocket socket = connect(remote.sslContext())) {
                PlainSockets.echoes(socket, "hello");
            }
            assertThat(detail(events.await("handshake"))).startsWith("TLSv1.3 TLS_");
            try (SSLSocket socket = connect(SSLContext.getDefault())) {
                assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLHandshakeException.class);
            }
            assertThat(detail(events.await("alert"))).isEqualTo("certificate_unknown by the client");
        }
        assertThat(ended(1).events()).extracting(RecordedEvent::kind).contains(RecordedEvent.Kind.HANDSHAKE);
        assertThat(ended(2).events())
                .filteredOn(event -> event.kind() == RecordedEvent.Kind.ALERT)
                .extracting(RecordedEvent::detail)
                .containsExactly("certificate_unknown by the client");
        assertThat(ended(2).ending().orElseThrow().why())
                .isEqualTo("the TLS handshake failed: the client sent the alert certificate_unknown");
        assertThat(peer.get(SERVER + "/connections/1.html").text()).contains("handshake: TLSv1.3 TLS_");
        assertThat(peer.get(SERVER + "/connections/2.html").text())
                .contains("alert: certificate_unknown by the client");
        assertThat(peer.get(SERVER + "/connections?text=certificate_unknown").json())
                .containsEntry("connections", List.of(2L));
        assertThat(peer.get(SERVER + "/recording.html").text())
                .contains("handshake: TLSv1.3 TLS_", "alert: certificate_unknown by the client", "alert of TLS</li>");
        assertThat(peer.get(SERVER + "/recording.txt").text())
                .contains(": TLSv1.3 TLS_", "TLS alert certificate_unknown by the client");
    }

    private static String detail(HttpPeer.Events.Message message) throws IOException {
        return (String) ((Map<?, ?>) message.json().get("event")).get("detail");
    }

    @Test
    void saysWhetherConnectionsBeginInClearText() throws IOException {
        assertBeginsInClear(false);
        startRemote(EchoServer.builder().tls("self-signed").script("expect line 'STARTTLS', start tls"));
        assertBeginsInClear(true);
        startRemote(EchoServer.builder()
                .tls("self-signed")
                .handler(ConnectionHandler::silent)
                .handlerStartsTls());
        assertBeginsInClear(true);
    }

    private void assertBeginsInClear(boolean isClear) throws IOException {
        assertThat(peer.get(SERVER).json()).containsEntry("startsInClear", isClear);
        assertThat(remote.speaksTls()).isEqualTo(!isClear).isEqualTo(server.speaksTls());
        assertThat(remote.certificate()).isPresent().isEqualTo(server.certificate());
    }

    @Test
    void contextHasNoCertificateOfClient() throws Exception {
        SSLParameters needing = new SSLParameters();
        needing.setNeedClientAuth(true);
        startRemote(EchoServer.builder().tls("self-signed").tlsParameters(needing));
        try (SSLSocket socket = connect(server.sslContext())) {
            PlainSockets.echoes(socket, "with a certificate");
        }
        try (SSLSocket socket = connect(remote.sslContext())) {
            assertThatThrownBy(() -> PlainSockets.echoes(socket, "without")).isInstanceOf(IOException.class);
        }
        assertThat(ended(2).ending().orElseThrow().why()).contains("certificate");
    }

    @Test
    void restartsAndClosesConnectionsWithTls() throws Exception {
        try (SSLSocket socket = connect(remote.sslContext())) {
            PlainSockets.echoes(socket, "before");
            remote.closeConnections();
            assertThat(socket.getInputStream().read()).isEqualTo(-1); // a close_notify
        }
        try (SSLSocket socket = connect(remote.sslContext())) {
            PlainSockets.echoes(socket, "again");
            remote.restart(Duration.ofMillis(50));
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(IOException.class);
        }
        assertThat(ended(1).ending().orElseThrow().how()).isEqualTo(Ending.How.FIN);
        assertThat(ended(2).ending().orElseThrow().how()).isEqualTo(Ending.How.RST);
    }
}
