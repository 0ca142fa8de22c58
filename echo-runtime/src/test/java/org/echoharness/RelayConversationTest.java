package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.util.List;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The lines that a relay prints: one conversation for both legs. */
@Timeout(60)
class RelayConversationTest {

    private final AwaitedLines lines = new AwaitedLines();

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    private EchoServer.Builder relay() {
        return behind.relay().conversation(lines).upstream("localhost:" + behind.port());
    }

    private List<String> seen(Socket client) {
        return lines.seen().stream()
                .map(line -> line.replace("127.0.0.1:" + client.getLocalPort(), "CLIENT")
                        .replace("127.0.0.1:" + behind.port(), "SERVER")
                        .replaceAll("from 127\\.0\\.0\\.1:\\d+ for", "from RELAY for"))
                .filter(line -> !line.startsWith("starting up"))
                .toList();
    }

    @Test
    void linesShowWhatIsSentOnBothLegs() throws Exception {
        try (EchoServer relay = relay().faults("corrupt byte 1 to server").start();
                Socket client = PlainSockets.connect(relay.address())) {
            try (Socket server = behind.accept()) {
                PlainSockets.send(client, "hello");
                PlainSockets.receives(server, "\u0097ello");
                PlainSockets.send(server, "welcome");
                PlainSockets.receives(client, "welcome");
                client.shutdownOutput();
                PlainSockets.assertEnd(server);
            }
            PlainSockets.assertEnd(client);
            lines.await("waiting for a connection", 2);
            assertThat(seen(client))
                    .containsExactlyInAnyOrder(
                            "waiting for a connection",
                            "connection from CLIENT",
                            "connected to upstream SERVER from RELAY for CLIENT",
                            "received 5 bytes \"hello\" from CLIENT",
                            "applying corrupt byte 1 to server (upstream SERVER)",
                            "sending 5 bytes \"\\x97ello\" to upstream SERVER",
                            "received 7 bytes \"welcome\" from upstream SERVER",
                            "sending 7 bytes \"welcome\" to CLIENT",
                            "no data from CLIENT",
                            "no data from upstream SERVER",
                            "waiting for a connection");
        }
    }

    @Test
    void longLineSaysWhatIsCut() throws Exception {
        try (EchoServer relay = relay().recording(10, 1).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            PlainSockets.send(client, "x".repeat(1_100));
            PlainSockets.receives(server, "x".repeat(1_100));
            assertThat(lines.await("sending .*"))
                    .contains("x\" (the first 1024 shown) to upstream 127.0.0.1:" + behind.port());
        }
    }

    @Test
    void endOfBothLegsIsOneLine() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            lines.await("connected to upstream .*");
            relay.resetConnections();
            PlainSockets.assertReset(client);
            PlainSockets.assertReset(server);
            lines.await("waiting for a connection", 2);
            assertThat(seen(client))
                    .containsExactly(
                            "waiting for a connection",
                            "connection from CLIENT",
                            "connected to upstream SERVER from RELAY for CLIENT",
                            "lost CLIENT: resetConnections()",
                            "waiting for a connection");
            assertThat(relay.recording().connection(1).transcript().lines())
                    .filteredOn(line -> line.contains("connected to"))
                    .singleElement()
                    .asString()
                    .matches(line -> lines.seen().stream().anyMatch(seen -> seen.startsWith(line.substring(11))));
            assertThat(relay.recording()
                            .connection(1)
                            .awaitEnd()
                            .transcript()
                            .lines()
                            .map(line -> line.substring(11)))
                    .filteredOn(line -> line.contains("resetConnections()"))
                    .containsExactly(
                            "resetting upstream 127.0.0.1:" + behind.port() + ": resetConnections()",
                            "resetting 127.0.0.1:" + client.getLocalPort() + ": resetConnections()");
        }
    }
}
