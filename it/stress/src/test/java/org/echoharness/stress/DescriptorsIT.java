package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;

/** The command line's server, in a process that may open 60 files. */
class DescriptorsIT {

    private static final List<String> LIMITED = List.of("prlimit", "--nofile=60");

    @Stress(row = "EMFILE for 5 s, cold JVM", pass = "≤ 10 log lines, CPU < 10 %, echo within 1 s of release")
    void survivesFullDescriptorTableWhenCold(Row row) throws Exception {
        exhaust(row, 0);
    }

    @Stress(row = "EMFILE for 5 s, warm JVM", pass = "≤ 10 log lines, CPU < 10 %, echo within 1 s of release")
    void survivesFullDescriptorTableWhenWarm(Row row) throws Exception {
        exhaust(row, 5_000);
    }

    private static void exhaust(Row row, int before) throws Exception {
        assumeTrue(ForkedProcess.works(ForkedProcess.by(LIMITED, List.of("true"))), "no prlimit here");
        List<String> command = EchoProcess.command(List.of(), "server", PlainSockets.LOOPBACK + ":0", "--quiet");
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(ForkedProcess.by(LIMITED, command))) {
            InetSocketAddress address = EchoProcess.address(server);
            for (int i = 0; i < before; i++) {
                PlainSockets.secondsToEcho(address);
            }
            for (int i = 0; i < 200; i++) {
                clients.add(PlainSockets.connect(address));
            }
            server.lines().await("echo: cannot accept.*", 1);
            Duration cpu = Usage.cpu(server.handle());
            long start = System.nanoTime();
            Waiting.span(Duration.ofSeconds(5));
            double percent =
                    100 * (Usage.cpu(server.handle()).minus(cpu).toNanos() / 1e9) / Background.secondsSince(start);
            PlainSockets.echoes(clients.get(0), "an old connection goes on");
            close(clients);
            double recovery = PlainSockets.secondsToEcho(address);

            List<String> lines = server.lines().seen().stream()
                    .filter(line -> !line.startsWith("starting up"))
                    .toList();
            row.figure("%d connects, %d log lines, CPU %.1f %%", clients.size(), lines.size(), percent);
            row.figure("echo %.3f s after the release", recovery);
            assertThat(lines).hasSizeBetween(2, 10);
            assertThat(percent).isLessThan(10);
            assertThat(recovery).isLessThan(1);
        } finally {
            close(clients);
        }
    }

    private static void close(List<Socket> clients) throws IOException {
        for (Socket client : clients) {
            client.close();
        }
    }
}
