package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a process of its own. */
class ProcessIT {

    private static final int TIMES = 5;

    @Stress(row = "SIGTERM in the foreground", pass = "143; < 2 s; port free")
    void sigtermEndsServer(Row row) throws Exception {
        ends(row, "TERM", 143, List.of());
    }

    @Stress(row = "SIGINT in the foreground", pass = "130; < 2 s; port free")
    void sigintEndsServer(Row row) throws Exception {
        ends(row, "INT", 130, ForkedProcess.withDefaultSignals());
    }

    private static void ends(Row row, String signal, int code, List<String> runner) throws Exception {
        assumeTrue(ForkedProcess.works(List.of("kill", "-l")), "no kill here");
        List<String> command = EchoProcess.command(List.of(), "server", PlainSockets.LOOPBACK + ":0");
        double longest = 0;
        for (int i = 0; i < TIMES; i++) {
            try (ForkedProcess server = new ForkedProcess(ForkedProcess.by(runner, command));
                    Socket socket = PlainSockets.connect(EchoProcess.address(server))) {
                PlainSockets.echoes(socket, "x");
                long start = System.nanoTime();
                server.signal(signal);
                assertThat(PlainSockets.nextRead(socket)).isEqualTo("reset");
                assertThat(server.awaitExit()).as("exit code").isEqualTo(code);
                longest = Math.max(longest, Background.secondsSince(start));
                PlainSockets.listen(EchoProcess.address(server).getPort()).close();
            }
        }
        row.figure("%d times %d, longest %.2f s, port free", TIMES, code, longest);
        assertThat(longest).isLessThan(2);
    }

    @Stress(row = "localhost is ::1 first and only 127.0.0.1 listens", pass = "connects")
    void clientTriesSecondAddressOfName(Row row, @TempDir Path folder) throws Exception {
        Path hosts = Files.writeString(folder.resolve("hosts"), "::1 localhost\n127.0.0.1 localhost\n");
        List<String> options = List.of("-Djdk.net.hosts.file=" + hosts, "-Djava.net.preferIPv6Addresses=true");
        try (EchoServer server = EchoServer.builder().start();
                ForkedProcess client = new ForkedProcess(
                        EchoProcess.command(options, "client", "localhost:" + server.port(), "--verbose"))) {
            int code = client.awaitExit();
            row.figure("exit %d, %s", code, client.lines().matching("candidate .*|connected to .*"));
            assertThat(code).isZero();
            assertThat(client.lines().matching("candidate \\[::1]:.* failed: .*"))
                    .hasSize(1);
            assertThat(client.lines().matching(".*" + EchoClient.DEFAULT_MESSAGE + ".*"))
                    .isNotEmpty();
        }
    }
}
