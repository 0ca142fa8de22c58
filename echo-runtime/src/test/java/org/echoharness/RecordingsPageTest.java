package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the page RECORDINGS shows of transcripts and scripts, against recordings. */
@Timeout(60)
class RecordingsPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("RECORDINGS.md"));

    private static String block(String language) {
        return Pattern.compile("(?m)^ *```" + language + "\\R((?s:.*?))^ *```$")
                .matcher(PAGE.text())
                .results()
                .map(found -> found.group(1).stripIndent())
                .findFirst()
                .orElseThrow();
    }

    /** Ports and times differ in each run. */
    private static String masked(String text) {
        return text.replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:PORT").replaceAll("(?m)^ *\\d+\\.\\d{3}  ", "TIME  ");
    }

    @Test
    void transcriptOfRelayIsAsShown() throws Exception {
        try (EchoServer real = EchoServer.builder().faults("discard").start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + real.port())
                        .faults("corrupt byte 1 to server")
                        .recording()
                        .start()) {
            try (Socket client = PlainSockets.connect(relay.address())) {
                send(client, "hello");
                client.shutdownOutput();
                assertEnd(client);
            }
            relay.recording().awaitConnections(1).get(0).awaitEnd();
            String transcript = masked(relay.recording().transcript());
            for (String line : masked(block("text")).lines().map(String::strip).toList()) {
                assertThat(transcript).contains(line);
            }
        }
    }

    @Test
    void scriptFileIsAsShown(@TempDir Path folder) throws Exception {
        try (EchoServer server = EchoServer.builder()
                .script("answer { line 'HELLO 1.2' -> send '+OK ready\\r\\n', line 'PING' -> send '+PONG\\r\\n' }")
                .recording()
                .start()) {
            try (Socket client = PlainSockets.connect(server.address())) {
                for (String each : List.of("HELLO 1.2\r\n+OK ready\r\n", "PING\r\n+PONG\r\n")) {
                    send(client, each.substring(0, each.indexOf('+')).replace("\r\n", "\n"));
                    receives(client, each.substring(each.indexOf('+')));
                }
                PlainSockets.finish(client);
            }
            server.recording().awaitConnections(1).get(0).awaitEnd();
            Path file = folder.resolve("conversation.script");
            server.recording().writeScript(file);

            assertThat(withoutSizes(Files.readString(file).strip()))
                    .isEqualTo(withoutSizes(block("echo").strip()));
        }
    }

    /** The file shows the line ends that the client sent; that of the page leaves them open. */
    private static String withoutSizes(String text) {
        return masked(text).replaceAll("\\d+ bytes in, \\d+ out", "SIZE bytes in, SIZE out");
    }

    static Stream<List<String>> rows() {
        return PAGE.rows("in the recording").stream();
    }

    /** Records what the first cell says, and looks for the steps of the second cell in the script. */
    @ParameterizedTest
    @MethodSource("rows")
    void scriptHasStepsOfRow(List<String> row) throws Exception {
        String script = switch (row.get(0)) {
            case "a line of text from the client" -> script("echo", "PING\n", "PING\n", true);
            case "other bytes from the client" ->
                script("echo", "no line", "no line", true) + script("echo", "\u0000\u0001", "\u0000\u0001", true);
            case "bytes from the server" ->
                script("send \"hello\", expect fin", "", "hello", true)
                        + script("send hex \"00 01\", expect fin", "", "\u0000\u0001", true);
            case "a FIN from the client" -> script("expect fin, send \"bye\"", "", "", true);
            case "a FIN from the server" ->
                script("expect \"x\", close", "x", "", false)
                        + script("expect \"x\", half-close, expect \"y\"", "xy", "", true);
            case "an RST from the server" -> script("expect \"x\", reset", "x", "", false);
            case "an RST from the client" -> reset();
            case "a TLS handshake" -> null;
            case "a pause" -> paused();
            default -> throw new AssertionError("no test knows the row \"" + row.get(0) + "\"");
        };
        if (script == null) {
            assertThat(row.get(1)).contains("`start tls`"); // StartTlsTest records such a session and plays it
            return;
        }
        if (row.get(1).startsWith("no step;") || row.get(1).equals("no step")) {
            assertThat(script).doesNotContain("reset");
        }
        PageTables.codesIn(row.get(1)).stream()
                .filter(code -> !code.contains("("))
                .forEach(code -> assertThat(script).contains(code.replaceFirst("…\"$", "")));
    }

    /** Plays a script to a client that sends and expects these bytes, and returns the script of the recording. */
    private static String script(String served, String sent, String expected, boolean finishes) throws Exception {
        try (EchoServer server = EchoServer.builder().script(served).recording().start()) {
            try (Socket client = PlainSockets.connect(server.address())) {
                if (sent.length() == 2 && sent.equals("xy")) {
                    send(client, "x");
                    assertEnd(client);
                    send(client, "y");
                } else {
                    send(client, sent);
                }
                receives(client, expected);
                if (finishes) {
                    client.shutdownOutput();
                }
                readToTheEnd(client);
            }
            return of(server);
        }
    }

    private static void readToTheEnd(Socket client) {
        try {
            client.getInputStream().readAllBytes();
        } catch (IOException reset) {
            assertThat(reset).hasMessage("Connection reset");
        }
    }

    private static String reset() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            Socket client = PlainSockets.connect(server.address());
            PlainSockets.echoes(client, "x");
            PlainSockets.reset(client);
            return of(server);
        }
    }

    private static String paused() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .script("expect \"x\", wait 50ms, send \"y\"")
                .recording()
                .start()) {
            try (Socket client = PlainSockets.connect(server.address())) {
                send(client, "x");
                receives(client, "y");
                PlainSockets.finish(client);
            }
            assertThat(of(server)).doesNotContain("wait");
            return server.recording().toScriptWithWaits(Duration.ofMillis(10)).toString();
        }
    }

    private static String of(EchoServer server) throws Exception {
        server.recording().awaitConnections(1).get(0).awaitEnd();
        return server.recording().toScript().toString();
    }
}
