package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Recording;
import org.echoharness.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What RECORDINGS.md shows of replay. */
class ReplayInJavaTest {

    private static final Pattern ROW = Pattern.compile("^\\| `(.+)` \\| `(.+)` \\| `(.+)` \\|$", Pattern.MULTILINE);

    private static final String SERVER =
            "expect line 'HELLO 1.2', send '+OK ready\\r\\n', expect line 'PING', send '+PONG\\r\\n'";

    private static void yourClient(InetSocketAddress address) throws IOException {
        try (EchoClient client = EchoClient.connect(address)) {
            client.send("HELLO 1.2\r\n".getBytes(UTF_8));
            assertThat(new String(client.receive(11), UTF_8)).isEqualTo("+OK ready\r\n");
            client.send("PING\n".getBytes(UTF_8));
            assertThat(new String(client.receive(7), UTF_8)).isEqualTo("+PONG\r\n");
            client.expectEnd();
        }
    }

    @Test
    @Timeout(60)
    void runsSnippetsOfPages() throws Exception {
        try (EchoServer real = EchoServer.builder().script(SERVER).start()) {
            String realServer = "localhost:" + real.port();

            Script script; // org.echoharness.Script
            try (EchoServer relay =
                    EchoServer.builder().upstream(realServer).recording().start()) {
                yourClient(relay.address());
                relay.recording().awaitConnections(1).get(0).awaitEnd(); // the connection has ended
                script = relay.recording().toScript();
            }
            try (EchoServer played = EchoServer.builder().script(script).start()) {
                yourClient(played.address()); // completes the same session without the real server
            }

            assertThat(script.formatted()).isEqualTo("""
                    connection 1:
                      expect line "HELLO 1.2"
                      send "+OK ready\\r\\n"
                      expect line "PING"
                      send "+PONG\\r\\n"
                      expect fin
                    """);
        }
    }

    @Test
    @Timeout(60)
    void ruleWithoutPrefixPlaysForEveryClient() throws Exception {
        String text = "connection 1: " + SERVER;
        try (EchoServer played =
                EchoServer.builder().script(text.replace("connection 1:", "")).start()) {
            yourClient(played.address());
            yourClient(played.address());
        }
    }

    private static EchoServer recorded(String login) throws Exception {
        try (EchoServer server = EchoServer.builder()
                .script("expect line 'LOGIN {name} {id}', send 'ok {id}\\n'")
                .recording()
                .start()) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.send(login.getBytes(UTF_8));
                client.receive("ok ".length() + login.length() - login.lastIndexOf(' ') - 1);
                client.expectEnd();
            }
            server.recording().awaitConnections(1).get(0).awaitEnd();
            return server;
        }
    }

    /** The rows of the table in RECORDINGS.md: what the client sent twice, and what the script expects. */
    static Stream<Arguments> rows() throws IOException {
        String page = Files.readString(Path.of("..", "..", "echo-runtime", "RECORDINGS.md"));
        return ROW.matcher(page.substring(page.indexOf("### Values that differ each time")))
                .results()
                .map(row -> Arguments.of(row.group(1), row.group(2), row.group(3)));
    }

    @Test
    void pageHasRows() throws IOException {
        assertThat(rows()).hasSize(5);
    }

    @ParameterizedTest
    @MethodSource("rows")
    @Timeout(60)
    void expectsWhatRowSays(String first, String next, String expected) throws Exception {
        Recording one = sent(first);
        Recording other = sent(next);

        assertThat(one.toScript(other).formatted())
                .isEqualTo("connection 1:\n  expect " + expected + "\n  expect fin\n");
    }

    private static Recording sent(String escaped) throws Exception {
        String text = Pattern.compile("\\\\x(..)")
                .matcher(escaped.replace("\\n", "\n"))
                .replaceAll(hex -> String.valueOf((char) Integer.parseInt(hex.group(1), 16)));
        try (EchoServer server =
                EchoServer.builder().faults("discard").recording().start()) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.send(text.getBytes(UTF_8));
                client.expectEnd();
            }
            server.recording().awaitConnections(1).get(0).awaitEnd();
            return server.recording();
        }
    }

    @Test
    @Timeout(60)
    void marksValuesAsOnPages() throws Exception {
        EchoServer first = recorded("LOGIN ann 3f2a\n");
        EchoServer second = recorded("LOGIN bob 99\n");

        Script script = first.recording().toScript(second.recording());
        assertThat(script.formatted()).contains("expect line \"LOGIN * {value1}\"", "send \"ok {value1}\\n\"");
    }
}
