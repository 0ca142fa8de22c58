package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Script;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A session that tshark captures on the loopback interface is played again from its file. */
@Timeout(value = 700, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapturedSessionIT {

    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final byte[] LARGE = new byte[200_000];

    static {
        new Random(7).nextBytes(LARGE);
    }

    @TempDir
    Path folder;

    /** What the client does on two connections; it checks all that it receives. */
    private static void session(EchoServer server) throws IOException {
        for (int i = 1; i <= 2; i++) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.expectEcho(("Grüße " + i + "\r\n").getBytes(StandardCharsets.UTF_8));
                client.expectEcho(LARGE);
                client.expectEnd();
            }
        }
    }

    @Test
    void playsCaptureOfTshark() throws Exception {
        Path file = folder.resolve("captured.pcapng");
        try (EchoServer real = EchoServer.builder().start();
                Capturing capturing = new Capturing(real.port(), file)) {
            capturing.awaitMark(5);
            session(real);
            capturing.awaitMark(7);
        }

        try (EchoServer played =
                EchoServer.builder().scriptFile(file.toString()).recording().start()) {
            session(played);

            played.recording().awaitConnections(2);
            played.recording().connection(2).awaitEnd();
            assertThat(played.scriptProblems()).isEmpty();
            Script script = Script.ofCapture(file);
            assertThat(script.rules()).hasSize(2);
            assertThat(script.formatted())
                    .startsWith("connection 1:\n  expect line \"Grüße 1\"\n  send \"Grüße 1\\r\\n\"\n");
            assertThat(Script.parse(script.formatted())).isEqualTo(script);
        }
    }

    /** A tshark that captures one port, and marks that tell when it does. */
    private static final class Capturing implements AutoCloseable {
        private final DatagramSocket marks = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        private final ForkedProcess tshark;

        Capturing(int port, Path file) throws IOException, InterruptedException {
            marks.setSoTimeout(100);
            String filter = "tcp port " + port + " or udp port " + marks.getLocalPort();
            List<String> command = List.of(
                    Program.orSkip("tshark", "tshark").file(),
                    "-n",
                    "-i",
                    "lo",
                    "-f",
                    filter,
                    "-w",
                    file.toString(),
                    "-B",
                    "64",
                    "-P",
                    "-l",
                    "-T",
                    "fields",
                    "-e",
                    "udp.length");
            Map<String, String> home = Map.of("HOME", String.valueOf(file.getParent()));
            tshark = new ForkedProcess(file.getParent(), home, LONGEST, command);
        }

        /** Sends datagrams until the program has captured one of this size. */
        void awaitMark(int bytes) throws IOException {
            long deadline = System.nanoTime() + LONGEST.toNanos();
            String line = Integer.toString(8 + bytes);
            while (tshark.lines().matching(line).isEmpty()) {
                if (!tshark.lines()
                        .matching("(?i).*(permission|not permitted|no such device).*")
                        .isEmpty()) {
                    String message = "Skipped: tshark cannot capture here: "
                            + tshark.lines().text();
                    System.out.println(message);
                    Assumptions.abort(message);
                }
                assertThat(System.nanoTime() - deadline)
                        .as("%s", tshark.lines().seen())
                        .isNegative();
                marks.send(new DatagramPacket(new byte[bytes], bytes, marks.getLocalSocketAddress()));
                try {
                    while (true) {
                        marks.receive(new DatagramPacket(new byte[bytes], bytes));
                    }
                } catch (SocketTimeoutException paced) {
                    // the next one
                }
            }
        }

        @Override
        public void close() throws IOException {
            marks.close();
            try (ForkedProcess ending = tshark) {
                ending.signal("INT");
                ending.awaitExit(); // the file is complete then
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
