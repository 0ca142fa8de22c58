package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.ServerSocket;
import java.net.Socket;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay before a server whose sockets the test has in its hands. */
@Timeout(120)
@SuppressWarnings("try") // resets sockets
class RelayTest {

    private final AwaitedLines warnings = new AwaitedLines();
    private ServerSocket behind;

    @BeforeEach
    void listen() throws Exception {
        behind = PlainSockets.listen(0);
        behind.setSoTimeout(60_000);
    }

    @AfterEach
    void close() throws Exception {
        behind.close();
    }

    private EchoServer.Builder relay() {
        return EchoServer.builder()
                .warnings(warnings)
                .upstream("127.0.0.1:" + behind.getLocalPort())
                .recording();
    }

    private Socket accept() throws Exception {
        Socket accepted = behind.accept();
        accepted.setSoTimeout(60_000);
        return accepted;
    }

    @Test
    void passesOnBytesAndFins() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "hello");
            receives(server, "hello");
            send(server, "welcome");
            receives(client, "welcome");
            client.shutdownOutput();
            assertEnd(server);
            send(server, "more");
            receives(client, "more");
            server.shutdownOutput();
            assertEnd(client);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("CLIENT FIN");
            RecordedConnection upstream = connection.upstream().orElseThrow();
            upstream.assertSent("hello".getBytes(ISO_8859_1));
            upstream.assertReceived("welcomemore".getBytes(ISO_8859_1));
            assertThat(upstream.awaitEnd().ending().orElseThrow()).hasToString("CLIENT FIN");
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void passesOnFinOfServerFirst() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            server.shutdownOutput();
            assertEnd(client);
            send(client, "late");
            receives(server, "late");
            client.shutdownOutput();
            assertEnd(server);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER FIN");
            assertThat(connection.upstream().orElseThrow().awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER FIN");
        }
    }

    @Test
    void passesOnResetOfServer() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(server, "abc");
            receives(client, "abc");
            server.setSoLinger(true, 0);
            server.close();
            assertReset(client);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            String name = "upstream 127.0.0.1:" + behind.getLocalPort() + ": Connection reset";
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER RST (" + name + ")");
            assertThat(connection.upstream().orElseThrow().awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER RST (" + name + ")");
        }
    }

    @Test
    void passesOnResetOfClient() throws Exception {
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = accept()) {
            send(client, "abc");
            receives(server, "abc");
            client.setSoLinger(true, 0);
            client.close();
            assertReset(server);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("CLIENT RST (Connection reset)");
            assertThat(connection.upstream().orElseThrow().awaitEnd().ending().orElseThrow())
                    .hasToString("CLIENT RST (Connection reset)");
        }
    }

    @Test
    void refusedConnectResetsClient() throws Exception {
        behind.close();
        try (EchoServer relay = relay().start();
                Socket client = PlainSockets.connect(relay.address())) {
            assertReset(client);
            String address = "127.0.0.1:" + behind.getLocalPort();
            assertThat(relay.recording().connection(1).awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER RST (cannot connect to upstream " + address + " within 5s; tried " + address
                            + " (Connection refused); is a server listening there?)");
        }
    }
}
