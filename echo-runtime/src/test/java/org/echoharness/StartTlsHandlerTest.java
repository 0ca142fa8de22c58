package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLSocket;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers and tests that start TLS on a connection. */
@Timeout(60)
class StartTlsHandlerTest {

    private final AwaitedLines warnings = new AwaitedLines();
    private final ExecutorService executor = Executors.newCachedThreadPool();

    @AfterEach
    void shutDown() throws InterruptedException {
        executor.shutdown();
        assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }

    private EchoServer.Builder quiet() {
        return EchoServer.builder().tls("self-signed").warnings(warnings).recording();
    }

    private EchoServer.Builder handler(boolean byExecutor, Supplier<ConnectionHandler> handlers) {
        EchoServer.Builder builder = quiet().handlerStartsTls();
        return byExecutor ? builder.handler(handlers, executor) : builder.handler(handlers);
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(ISO_8859_1);
    }

    /** Answers each line. After STLS it starts TLS, and greets again within it. */
    private static final class Mailbox implements ConnectionHandler {
        private boolean isTls;

        @Override
        public void received(ServedConnection connection, ByteBuffer bytes) {
            String text = ISO_8859_1.decode(bytes.duplicate()).toString();
            int end = text.indexOf('\n');
            if (end < 0) {
                return;
            }
            bytes.position(bytes.position() + end + 1);
            if (text.startsWith("STLS")) {
                connection.send(bytes("+OK begin\n"));
                connection.startTls();
                connection.send(bytes("+OK within\n"));
                isTls = true;
            } else {
                connection.send(bytes((isTls ? "tls " : "clear ") + text.substring(0, end + 1)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void startsTls(boolean byExecutor) throws Exception {
        try (EchoServer server = handler(byExecutor, Mailbox::new).start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "CAPA\n");
            receives(clear, "clear CAPA\n");
            send(clear, "STLS\n");
            receives(clear, "+OK begin\n");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            receives(socket, "+OK within\n");
            send(socket, "USER me\n");
            receives(socket, "tls USER me\n");
            socket.shutdownOutput();
            assertEnd(socket);
            RecordedConnection recorded = Recordings.ended(server, 1);
            assertThat(recorded.received()).asString(ISO_8859_1).isEqualTo("CAPA\nSTLS\nUSER me\n");
            assertThat(Recordings.events(recorded)).contains("STEP startTls()");
            assertThat(server.scriptProblems()).isEmpty();
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void handshakeMayComeWithTheCommand(boolean byExecutor) throws Exception {
        try (EchoServer server = handler(byExecutor, Mailbox::new).start();
                Socket clear = PlainSockets.connect(server.address())) {
            Socket pipelining = UpgradedSocket.pipelining(clear, "STLS\n", "+OK begin\n".length());
            SSLSocket socket = UpgradedSocket.over(pipelining, server.sslContext());
            receives(socket, "+OK within\n");
            send(socket, "USER me\n");
            receives(socket, "tls USER me\n");
            socket.shutdownOutput();
            assertEnd(socket);
            assertThat(Recordings.ended(server, 1).received())
                    .asString(ISO_8859_1)
                    .isEqualTo("STLS\nUSER me\n");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void injectedCommandIsAProblem(boolean byExecutor) throws Exception {
        try (EchoServer server = handler(byExecutor, Mailbox::new).start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "STLS\nDELE 1\n");
            Recordings.ended(server, 1);
            assertThat(server.scriptProblems()).hasSize(1);
            assertThat(server.scriptProblems().get(0).toString())
                    .startsWith("connection 1, startTls(): expected a TLS handshake, seen \"DELE 1\\n\" in clear text");
        }
    }

    @Test
    void testStartsTls() throws Exception {
        try (EchoServer server = handler(false, ConnectionHandler::silent).start();
                Socket clear = PlainSockets.connect(server.address())) {
            ServedConnection connection = server.connection(1);
            connection.send(bytes("clear"));
            connection.startTls();
            assertThatIllegalStateException()
                    .isThrownBy(connection::startTls)
                    .withMessage("connection 1 cannot start TLS: it was started before");
            receives(clear, "clear");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            socket.startHandshake();
            connection.send(bytes("text"));
            receives(socket, "text");
            connection.close();
            assertEnd(socket);
        }
    }

    /** A close after the start of TLS is one within it. A reset does not wait for the handshake. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endsAfterTheStart(boolean clean) throws Exception {
        try (EchoServer server = handler(false, ConnectionHandler::silent).start();
                Socket clear = PlainSockets.connect(server.address())) {
            ServedConnection connection = server.connection(1);
            connection.startTls();
            if (clean) {
                connection.close();
                SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
                assertEnd(socket);
            } else {
                connection.reset();
                PlainSockets.assertReset(clear);
            }
        }
    }

    @Test
    void testStartsTlsOfRespond() throws Exception {
        try (EchoServer server = quiet().handlerStartsTls()
                        .respond(Framings.lines(), line -> "got " + line)
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "one\n");
            receives(clear, "got one\r\n");
            server.connection(1).startTls();
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "two\n");
            receives(socket, "got two\r\n");
            socket.shutdownOutput();
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void testStartsTlsOfAScript() throws Exception {
        try (EchoServer server = quiet().handlerStartsTls()
                        .script("send 'hello', expect 'A', send 'a'")
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            receives(clear, "hello");
            server.connection(1).startTls();
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "A");
            receives(socket, "a");
            socket.shutdownOutput();
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void anotherProcessStartsTls() throws Exception {
        try (EchoServer server = handler(false, ConnectionHandler::silent)
                        .control("127.0.0.1:0")
                        .start();
                EchoServer remote = EchoServer.connect(
                        server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
                Socket clear = PlainSockets.connect(server.address())) {
            remote.connection(1).startTls();
            assertThatIllegalStateException()
                    .isThrownBy(() -> remote.connection(1).startTls());
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            socket.startHandshake();
            socket.close();
            Recordings.ended(server, 1);
        }
    }

    @Test
    void refusesStartWhereConnectionsDoNotBeginInClearText() throws Exception {
        String cure = "connection 1 cannot start TLS: its server does not begin in clear text; set tls, and call"
                + " handlerStartsTls() on the builder";
        try (EchoServer server = EchoServer.builder()
                        .handler(ConnectionHandler::silent)
                        .warnings(warnings)
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> server.connection(1).startTls())
                    .withMessage(cure);
            assertThat(clear.isConnected()).isTrue();
        }
        try (EchoServer server = quiet().handler(ConnectionHandler::silent).start();
                SSLSocket socket = UpgradedSocket.over(PlainSockets.connect(server.address()), server.sslContext())) {
            socket.startHandshake();
            assertThatIllegalStateException()
                    .isThrownBy(() -> server.connection(1).startTls())
                    .withMessage(cure);
        }
    }

    @Test
    void lostHandshakeIsReportedToTheHandler() throws Exception {
        AwaitedLines calls = new AwaitedLines();
        ConnectionHandler handler = new ConnectionHandler() {
            @Override
            public void opened(ServedConnection connection) {
                connection.startTls();
            }

            @Override
            public void received(ServedConnection connection, ByteBuffer bytes) {}

            @Override
            public void lost(ServedConnection connection, String why) {
                calls.accept("lost " + why);
            }
        };
        try (EchoServer server = handler(false, () -> handler).start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "\26\3\1");
            PlainSockets.reset(clear);
            calls.await("lost .*");
            assertThat(server.scriptProblems().get(0).toString())
                    .isEqualTo("connection 1, startTls(): expected a TLS handshake, seen a reset by the client");
        }
    }
}
