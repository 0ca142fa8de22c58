package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.echoharness.EchoClient;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/** Connects to an ephemeral port without a listener: the kernel may give the socket the same port. */
class DeadPortIT {

    @Stress(row = "dead-port probe, 100,000 connects to an even ephemeral port", pass = "never \"connected\"")
    void connectFailsWithoutListener(Row row) throws Exception {
        int count = row.scaled(100_000);
        InetSocketAddress dead = PlainSockets.loopback(evenPort());
        int connected = 0;
        int others = 0;
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            try (EchoClient client = EchoClient.connect(dead)) {
                connected += client.remoteAddress().equals(dead) ? 1 : 0;
            } catch (ConnectException refused) {
                others += refused.getMessage().contains(":" + dead.getPort()) ? 0 : 1;
            }
        }
        row.figure("%d probes, %.0f a second", count, count / Background.secondsSince(start));
        int plain = 0;
        for (int i = 0; i < count; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(dead, 1_000);
                plain++;
            } catch (ConnectException refused) {
                assertThat(refused).hasMessageContaining("refused");
            }
        }
        row.figure("%d connected (%d of as many plain sockets: to themselves)", connected, plain);
        assertThat(connected).isZero();
        assertThat(others).as("errors that do not name the port").isZero();
    }

    /** Linux gives even ephemeral ports to connects, and odd ones to binds. */
    private static int evenPort() throws IOException {
        int port;
        do {
            try (ServerSocket ephemeral = PlainSockets.listen(0)) {
                port = ephemeral.getLocalPort() & ~1;
            }
        } while (!isFree(port));
        return port;
    }

    private static boolean isFree(int port) {
        try (ServerSocket free = PlainSockets.listen(port)) {
            return free.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}
