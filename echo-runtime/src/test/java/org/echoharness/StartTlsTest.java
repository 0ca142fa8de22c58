package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scripts that start TLS, with clients that upgrade their sockets. */
@Timeout(60)
class StartTlsTest {

    private static final String SMTP = """
            send "220 echo\\r\\n", expect line "EHLO {host}", send "250 STARTTLS\\r\\n"
            expect line "STARTTLS", send "220 go ahead\\r\\n", start tls
            expect line "EHLO {host}", send "250 hello {host}\\r\\n", expect line "QUIT", send "221 bye\\r\\n", close
            """;
    private static final String GO = "220 go ahead\r\n";

    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder server(String script) {
        return EchoServer.builder()
                .tls("self-signed")
                .script(script)
                .warnings(warnings)
                .recording();
    }

    private static Socket greeted(EchoServer server) throws Exception {
        Socket socket = PlainSockets.connect(server.address());
        receives(socket, "220 echo\r\n");
        send(socket, "EHLO me\r\n");
        receives(socket, "250 STARTTLS\r\n");
        return socket;
    }

    private static RecordedConnection ended(EchoServer server) throws Exception {
        return Recordings.ended(server, 1);
    }

    private static String problem(EchoServer server) throws Exception {
        ended(server);
        assertThat(server.scriptProblems()).hasSize(1);
        return server.scriptProblems().get(0).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void upgradesSmtp(String protocol) throws Exception {
        try (EchoServer server = server(SMTP).start();
                Socket clear = greeted(server)) {
            assertThat(server.speaksTls()).isFalse();
            send(clear, "STARTTLS\r\n");
            receives(clear, GO);
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext(), protocol);
            send(socket, "EHLO again\r\n");
            receives(socket, "250 hello again\r\n");
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            send(socket, "QUIT\r\n");
            receives(socket, "221 bye\r\n");
            assertEnd(socket);
            socket.close();

            RecordedConnection recorded = ended(server);
            List<RecordedEvent.Kind> kinds = recorded.events().stream()
                    .map(RecordedEvent::kind)
                    .filter(kind -> kind != RecordedEvent.Kind.STEP)
                    .toList();
            assertThat(kinds)
                    .startsWith(
                            RecordedEvent.Kind.ACCEPTED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.RECEIVED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.RECEIVED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.HANDSHAKE,
                            RecordedEvent.Kind.RECEIVED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.RECEIVED,
                            RecordedEvent.Kind.SENT,
                            RecordedEvent.Kind.SERVER_FIN);
            assertThat(recorded.received()).asString().isEqualTo("EHLO me\r\nSTARTTLS\r\nEHLO again\r\nQUIT\r\n");
            assertThat(Recordings.events(recorded)).contains("STEP step 6 of 11: start tls");
            assertThat(server.scriptProblems()).isEmpty();
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void upgradesLdap() throws Exception {
        String script = """
                expect "\\x30" frame u8 "\\x02\\x01{id:1}\\x77\\x18\\x80\\x161.3.6.1.4.1.1466.20037"
                send hex "30 0c 02 01" "{id}" hex "78 07 0a 01 00 04 00 04 00", start tls
                expect "\\x30" frame u8 "\\x02\\x01{bind:1}\\x60*"
                send hex "30 0c 02 01" "{bind}" hex "61 07 0a 01 00 04 00 04 00"
                """;
        try (EchoServer server = server(script).start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "0\35\2\1\1w\30\200\0261.3.6.1.4.1.1466.20037");
            receives(clear, "0\14\2\1\1x\7\12\1\0\4\0\4\0");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "0\14\2\1\2`\7\2\1\3\4\0\200\0");
            receives(socket, "0\14\2\1\2a\7\12\1\0\4\0\4\0");
            socket.shutdownOutput();
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void upgradesPostgresql() throws Exception {
        String script =
                "expect hex '00000008 04d2162f', send 'S', start tls within 30s, expect frame u32 minus 4 '*', send 'E'";
        try (EchoServer server = server(script).start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "\0\0\0\10\4\322\26\57");
            receives(clear, "S");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "\0\0\0\10\0\3\0\0");
            receives(socket, "E");
        }
    }

    /** The bytes of the handshake are no text, also if they come in the same read as the last clear text. */
    @ParameterizedTest
    @CsvSource({"TLSv1.2, 65536", "TLSv1.3, 65536", "TLSv1.3, 32"})
    void helloMayComeWithTheCommand(String protocol, int bufferSize) throws Exception {
        try (EchoServer server = server(SMTP).bufferSize(bufferSize).start();
                Socket clear = greeted(server)) {
            Socket pipelining = UpgradedSocket.pipelining(clear, "STARTTLS\r\n", GO.length());
            SSLSocket socket = UpgradedSocket.over(pipelining, server.sslContext(), protocol);
            send(socket, "EHLO again\r\n");
            receives(socket, "250 hello again\r\n");
            send(socket, "QUIT\r\n");
            receives(socket, "221 bye\r\n");
            assertEnd(socket);
            socket.close();
            assertThat(ended(server).received()).asString().isEqualTo("EHLO me\r\nSTARTTLS\r\nEHLO again\r\nQUIT\r\n");
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, expired", "TLSv1.3, expired", "TLSv1.2, for db.example.com", "TLSv1.3, for db.example.com"})
    void refusedCertificateIsMismatch(String protocol, String certificate) throws Exception {
        try (EchoServer server = server(SMTP).tls(certificate).start();
                Socket clear = greeted(server)) {
            send(clear, "STARTTLS\r\n");
            receives(clear, GO);
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext(), protocol);
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLHandshakeException.class);
            assertThat(problem(server))
                    .matches("connection 1, step 6 of 11: expected a TLS handshake, seen alert"
                            + " certificate_(unknown|expired) by the client");
            assertThat(ended(server).received()).asString().isEqualTo("EHLO me\r\nSTARTTLS\r\n");
            assertThat(Recordings.events(ended(server)))
                    .anyMatch(event -> event.matches("ALERT certificate_(unknown|expired) by the client"))
                    .anyMatch(event -> event.startsWith("MISMATCH step 6 of 11: expected a TLS handshake"));
        }
        assertThat(warnings.seen()).hasSize(1);
    }

    @Test
    void clientThatNeverStartsIsLate() throws Exception {
        try (EchoServer server = server("expect line 'STARTTLS', send 'go\n', start tls within 50ms")
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "STARTTLS\r\n");
            receives(clear, "go\n");
            assertReset(clear);
            assertThat(problem(server))
                    .isEqualTo("connection 1, step 3 of 3: expected a TLS handshake within 50ms, seen nothing");
        }
    }

    @Test
    void clientThatStopsWithinTheHandshakeIsLate() throws Exception {
        try (EchoServer server =
                        server("expect line 'STARTTLS', start tls within 50ms").start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "STARTTLS\r\n\26\3\1");
            assertReset(clear);
            assertThat(problem(server))
                    .isEqualTo("connection 1, step 2 of 2: expected a TLS handshake within 50ms, seen an incomplete"
                            + " handshake");
            assertThat(ended(server).received()).asString().isEqualTo("STARTTLS\r\n");
        }
    }

    /** CVE-2011-0411: the command is in the same segment, or comes later. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void injectedCommandIsMismatch(boolean atOnce) throws Exception {
        try (EchoServer server = server(SMTP).start();
                Socket clear = greeted(server)) {
            send(clear, atOnce ? "STARTTLS\r\nRSET\r\n" : "STARTTLS\r\n");
            if (!atOnce) {
                receives(clear, GO);
                send(clear, "RSET\r\n");
            }
            assertThat(problem(server))
                    .isEqualTo(
                            "connection 1, step 6 of 11: expected a TLS handshake, seen \"RSET\\r\\n\" in clear text (a"
                                    + " server that keeps this for after the handshake has the flaw of CVE-2011-0411)");
            assertThat(ended(server).received()).asString().isEqualTo("EHLO me\r\nSTARTTLS\r\nRSET\r\n");
        }
    }

    @Test
    void garbageOfTheRightTypeIsMismatch() throws Exception {
        try (EchoServer server = server("start tls, expect fin").start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "\26garbage that is no record");
            assertThat(problem(server))
                    .isEqualTo(
                            "connection 1, step 1 of 2: expected a TLS handshake, seen bytes that begin no TLS record");
            assertThat(ended(server).bytesReceived()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"false, a reset by the client", "true, the client's FIN"})
    void endWithinTheHandshakeIsMismatch(boolean clean, String seen) throws Exception {
        try (EchoServer server = server("start tls, expect fin").start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "\26\3\1");
            server.catchUp(Duration.ofSeconds(10));
            if (clean) {
                clear.shutdownOutput();
            } else {
                PlainSockets.reset(clear);
            }
            assertThat(problem(server)).isEqualTo("connection 1, step 1 of 2: expected a TLS handshake, seen " + seen);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void halfCloseIsAnsweredAfterTheHandshake(String protocol) throws Exception {
        try (EchoServer server = server("expect 'A', start tls, expect 'B', expect fin, send 'late'")
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "A");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext(), protocol);
            send(socket, "B");
            socket.shutdownOutput();
            receives(socket, "late");
            assertEnd(socket);
            assertThat(ended(server).ending().orElseThrow().how()).isEqualTo(Ending.How.FIN);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void truncatedTextIsSeenByTheScript() throws Exception {
        try (EchoServer server = server("expect 'A', start tls, expect 'B', send 'b', expect 'C'")
                        .start();
                Socket clear = PlainSockets.connect(server.address())) {
            send(clear, "A");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "B");
            receives(socket, "b");
            clear.shutdownOutput();
            assertThat(problem(server))
                    .isEqualTo(
                            "connection 1, step 5 of 5: expected \"C\", seen the client's FIN without a close_notify");
        }
    }

    @Test
    void connectionsWithoutTheStepStayInClearText() throws Exception {
        try (EchoServer server = server("connection 1: start tls; connection 2: send 'no TLS\n', close")
                        .start();
                Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address());
                Socket third = PlainSockets.connect(server.address())) {
            receives(second, "no TLS\n");
            assertEnd(second);
            PlainSockets.echoes(third, "\26\3\1 an echo in clear text");
            SSLSocket socket = UpgradedSocket.over(first, server.sslContext());
            socket.startHandshake();
            socket.close();
            ended(server);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void recordingIsPlayedAgain() throws Exception {
        String script =
                "send 'ready\n', expect line 'STARTTLS', send 'go\n', start tls, expect line 'A', send 'a\n', close";
        Script replayed;
        try (EchoServer server = server(script).start()) {
            upgradesOnce(server);
            replayed = Recordings.ended(server, 1).toScript();
            assertThat(replayed).isEqualTo(Script.parse(script));
        }
        try (EchoServer server = server(replayed.formatted()).start()) {
            upgradesOnce(server);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    private static void upgradesOnce(EchoServer server) throws Exception {
        try (Socket clear = PlainSockets.connect(server.address())) {
            receives(clear, "ready\n");
            send(clear, "STARTTLS\n");
            receives(clear, "go\n");
            SSLSocket socket = UpgradedSocket.over(clear, server.sslContext());
            send(socket, "A\n");
            receives(socket, "a\n");
            assertEnd(socket);
            socket.close();
            Recordings.ended(server, 1);
        }
    }

    @Test
    void recordingOfTlsFromTheStartSaysSo(@TempDir Path folder) throws Exception {
        try (EchoServer server = server("expect 'A', send 'a', close").start();
                SSLSocket socket = UpgradedSocket.over(PlainSockets.connect(server.address()), server.sslContext())) {
            send(socket, "A");
            receives(socket, "a");
            assertEnd(socket);
            assertThat(ended(server).toScript()).isEqualTo(Script.parse("expect 'A', send 'a', close"));
            assertThat(server.recording().writeFiles(folder).script())
                    .content()
                    .contains(
                            "\n# It began with a TLS handshake. Play it on a server with the option tls.\nconnection 1:\n");
        }
    }

    @Test
    void refusesStartWithoutTls() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().script("start tls").build())
                .withMessage("script (start tls) is given without tls; set tls, such as self-signed, or leave it out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder()
                        .handler(ConnectionHandler::silent)
                        .handlerStartsTls()
                        .build())
                .withMessage("handlerStartsTls is given without tls; set tls, such as self-signed, or leave it out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder()
                        .tls("self-signed")
                        .handlerStartsTls()
                        .build())
                .withMessage(
                        "handlerStartsTls is given without handler, respond or script; set one of them, or leave it"
                                + " out");
    }
}
