package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.ServedConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What HANDLERS and TLS show of a connection that begins in clear text. */
@Timeout(60)
class StartTlsInJavaTest {

    /** A mailbox whose lines are answered; STLS starts TLS (RFC 2595). */
    static final class Mailbox implements ConnectionHandler {
        @Override
        public void received(ServedConnection connection, ByteBuffer bytes) {
            String line = UTF_8.decode(bytes).toString();
            if (line.equals("STLS\r\n")) {
                connection.send("+OK begin TLS\r\n".getBytes(UTF_8));
                connection.startTls();
            } else {
                connection.send("+OK\r\n".getBytes(UTF_8));
            }
        }
    }

    @Test
    void handlerStartsTls() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .tls("self-signed")
                .handler(Mailbox::new)
                .handlerStartsTls()
                .start()) {
            try (Socket clear = connect(server)) {
                exchange(clear, "STLS\r\n", "+OK begin TLS\r\n");
                exchange(upgrade(clear, server.sslContext()), "NOOP\r\n", "+OK\r\n");
            }
        }
    }

    @Test
    void scriptStartsTls() throws Exception {
        String script = """
                expect line "STARTTLS", send "220 go ahead\\r\\n", start tls
                expect line "QUIT", send "221 bye\\r\\n"
                """;
        try (EchoServer server = EchoServer.builder()
                .tls("self-signed")
                .script(script)
                .recording()
                .start()) {
            try (Socket clear = connect(server)) {
                exchange(clear, "STARTTLS\r\n", "220 go ahead\r\n");
                SSLSocket socket = upgrade(clear, server.sslContext());
                exchange(socket, "QUIT\r\n", "221 bye\r\n");
                socket.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            assertThat(server.recording().connection(1).awaitEnd().events())
                    .extracting(RecordedEvent::kind)
                    .contains(RecordedEvent.Kind.HANDSHAKE);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    @EchoTest(
            tls = "expired",
            checks = "leaks", // without script: the client leaves out the last step
            script = """
            expect line "STARTTLS", send "220 go ahead\\r\\n", start tls
            expect line "AUTH PLAIN {credentials}", send "235 you are in\\r\\n"
            """)
    void clientSendsNoPasswordToRogue(EchoServer server, @Echo SSLContext context) throws Exception {
        try (Socket clear = connect(server)) { // your own client
            exchange(clear, "STARTTLS\r\n", "220 go ahead\r\n");
            SSLSocket secure = upgrade(clear, context);
            assertThatThrownBy(secure::startHandshake).isInstanceOf(SSLHandshakeException.class);
        }
        RecordedConnection connection = server.recording().connection(1).awaitEnd();
        connection.assertReceived("STARTTLS\r\n".getBytes(UTF_8)); // and nothing else
    }

    private static Socket connect(EchoServer server) throws IOException {
        Socket socket = new Socket(server.address().getAddress(), server.port());
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static SSLSocket upgrade(Socket clear, SSLContext context) throws IOException {
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(clear, "localhost", clear.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        return socket;
    }

    private static void exchange(Socket socket, String sent, String received) throws IOException {
        socket.getOutputStream().write(sent.getBytes(UTF_8));
        assertThat(socket.getInputStream().readNBytes(received.length()))
                .asString()
                .isEqualTo(received);
    }
}
