package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What RECORDINGS.md shows of replay. */
class ReplayInJavaTest {

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
        try (EchoServer real = EchoServer.builder().script(SERVER).recording().start()) {
            yourClient(real.address());
            real.recording().awaitConnections(1).get(0).awaitEnd();

            Script script = real.recording().toScript();
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

    @Test
    @Timeout(60)
    void marksValuesAsOnPages() throws Exception {
        EchoServer first = recorded("LOGIN ann 3f2a\n");
        EchoServer second = recorded("LOGIN bob 99\n");

        Script script = first.recording().toScript(second.recording());
        assertThat(script.formatted()).contains("expect line \"LOGIN * {value1}\"", "send \"ok {value1}\\n\"");
    }
}
