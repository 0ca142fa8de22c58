package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Urgent bytes, which are the upper case letters here, stay in their place in the stream. */
@Timeout(60)
class UrgentDataTest {

    private static void send(Socket socket, String bytes) throws IOException {
        for (int i = 0; i < bytes.length(); i++) {
            char each = bytes.charAt(i);
            if (Character.isUpperCase(each)) {
                socket.sendUrgentData(each);
            } else {
                socket.getOutputStream().write(each);
            }
        }
    }

    private static String read(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none                            | aXbcYZd",
                "delay 20ms                      | aXbcYZd",
                "delay 5ms jitter 5ms seed 1     | aXbcYZd",
                "throttle 100/s                  | aXbcYZd",
                "fragment 1                      | aXbcYZd",
                "duplicate 2                     | aXaXbcYZd",
                "truncate 2                      | bcYZd",
                "corrupt bytes 3-4, slow-close 1ms | aX\u009d\u009cYZd",
                "discard                         | ''",
                "half-close after 6                   | aXbcYZ",
                "greet \"S\" after 2, fragment 2   | aXSbcYZd"
            })
    void faultsKeepPositionOfUrgentBytes(String faults, String echo) throws Exception {
        for (boolean isFrozen : new boolean[] {false, true}) {
            try (EchoServer server =
                            EchoServer.builder().faults(faults).recording().start();
                    Socket client = PlainSockets.connect(server.address())) {
                server.catchUp(Duration.ofSeconds(30)); // from now on the option of the accepted socket is set
                if (isFrozen) {
                    server.freeze();
                }
                send(client, "aXbcYZd");
                client.shutdownOutput();
                if (isFrozen) {
                    server.unfreeze();
                }

                assertThat(read(client)).isEqualTo(echo);
                RecordedConnection recorded =
                        server.recording().awaitConnections(1).get(0).awaitEnd();
                assertThat(recorded.received()).asString().isEqualTo("aXbcYZd");
                assertThat(new String(recorded.sent(), ISO_8859_1)).isEqualTo(echo);
                assertThat(recorded.ending()).map(Ending::how).contains(Ending.How.FIN);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X", "XY", "ABCDE", "abX", "aXYZ"})
    void echoesUrgentBytesBeforeFin(String bytes) throws Exception {
        try (EchoServer server = EchoServer.builder().faults(Fault.fragment(1)).start();
                Socket client = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(client, "x");
            send(client, bytes);
            client.shutdownOutput();

            assertThat(read(client)).isEqualTo(bytes);
        }
    }

    /** If another urgent byte follows one at the very beginning, the kernel drops the first one; no case has that. */
    @ParameterizedTest
    @ValueSource(strings = {"Xabc", "aXYZ", "aXbYc", "X"})
    void echoesUrgentBytesSentBeforeAccept(String bytes) throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        AwaitedLines lines = new AwaitedLines();
        try (EchoServer server = EchoServer.builder()
                        .conversation(line -> {
                            lines.accept(line);
                            if (line.startsWith("received ")) {
                                awaitQuietly(sent);
                            }
                        })
                        .start();
                Socket first = PlainSockets.connect(server.address())) {
            first.getOutputStream().write(1);
            lines.await("received .*");
            try (Socket client = PlainSockets.connect(server.address())) {
                send(client, bytes);
                client.shutdownOutput();
                sent.countDown();
                assertThat(read(client)).isEqualTo(bytes);
            } finally {
                sent.countDown();
            }
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void clientReadsUrgentBytes() throws Exception {
        try (ServerSocket listener = PlainSockets.listen(0);
                EchoClient client = EchoClient.connect("127.0.0.1:" + listener.getLocalPort());
                Socket accepted = listener.accept()) {
            send(accepted, "abXcYZ");
            accepted.shutdownOutput();

            assertThat(client.receive(6)).asString().isEqualTo("abXcYZ");
        }
    }
}
