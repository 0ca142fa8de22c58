package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What TESTS.md shows of a server that restarts. */
@EchoTest
@Timeout(60)
class OnePortTest {

    @Test
    void clientReconnectsAfterRestart(EchoServer server, EchoClient client) throws Exception {
        client.expectEcho("before".getBytes(UTF_8));

        server.restart(Duration.ofMillis(200)); // returns at once, while the server is down

        assertThatThrownBy(() -> client.echo("lost".getBytes(UTF_8))).isInstanceOf(SocketException.class);
        try (EchoClient again = reconnect(server.address())) {
            again.expectEcho("after".getBytes(UTF_8));
        }
        server.recording().assertConnections(2);
    }

    @Test
    void otherServerTakesPort() throws Exception {
        int port;
        try (EchoServer first = EchoServer.builder().start()) {
            port = first.port();
        } // the port is free when close() has returned
        try (EchoServer second = EchoServer.builder()
                .addresses("127.0.0.1:" + port)
                .bufferSize(16)
                .start()) {
            assertThat(second.port()).isEqualTo(port);
        }
    }

    /** What your client would do. */
    private static EchoClient reconnect(InetSocketAddress address) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try {
                return EchoClient.connect(address);
            } catch (ConnectException refused) {
                if (System.nanoTime() - deadline > 0) {
                    throw refused;
                }
                Thread.onSpinWait();
            }
        }
    }
}
