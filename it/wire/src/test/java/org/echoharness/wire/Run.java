package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;

/**
 * A recorded run with three connections, one after the other: a plain echo that the client ends first, a reset, and one
 * that is late and in pieces, over IPv6 where there is any.
 */
final class Run {

    private static final String PLAN = "connection 2: reset after 4; connection 3: delay 20ms, fragment 16";

    private Run() {}

    static Recording threeConnections(byte[] plain, byte[] late) throws IOException, InterruptedException {
        String[] addresses = hasIpv6() ? new String[] {"127.0.0.1:0", "[::1]:0"} : new String[] {"127.0.0.1:0"};
        try (EchoServer server = EchoServer.builder()
                .addresses(addresses)
                .recording(1 << 20, 10)
                .faults(PLAN)
                .start()) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                echo(client, plain);
            }
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.send("reset me".getBytes(StandardCharsets.US_ASCII));
                assertThatThrownBy(client::receiveToEnd).isInstanceOf(SocketException.class);
            }
            try (EchoClient client = EchoClient.connect(server.addresses().get(addresses.length - 1))) {
                echo(client, late);
            }
            for (RecordedConnection connection : server.recording().awaitConnections(3)) {
                connection.awaitEnd();
            }
            return server.recording();
        }
    }

    private static void echo(EchoClient client, byte[] message) throws IOException {
        client.expectEcho(message);
        client.shutdownOutput();
        assertThat(client.receiveToEnd()).isEmpty();
    }

    private static boolean hasIpv6() {
        try (EchoServer probe = EchoServer.builder().addresses("[::1]:0").start()) {
            return probe.isRunning();
        } catch (IOException none) {
            return false;
        }
    }
}
