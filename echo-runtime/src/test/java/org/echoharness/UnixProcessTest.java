package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What processes leave at the paths of their Unix sockets, and what they do with what others have left. */
@Timeout(120)
@DisabledOnOs(OS.WINDOWS)
class UnixProcessTest {

    private static final String LISTENS = "listens";

    @TempDir
    private Path folder;

    /** Waits for the server to listen; returns the path of its Unix socket. */
    private static Path path(ForkedProcess server) throws InterruptedException {
        return Path.of(server.lines().await("starting up on unix:.*").replaceFirst("starting up on unix:", ""));
    }

    private static ForkedProcess start(List<String> command) throws Exception {
        return new ForkedProcess(ForkedProcess.by(ForkedProcess.withDefaultSignals(), command));
    }

    /** The temporary folder of a process is the one of the test. */
    private List<String> options() {
        return List.of("-Djava.io.tmpdir=" + folder, "-XX:-UsePerfData");
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143, ''", "INT, 130, ''", "HUP, 129, ''", "TERM, 143, s", "INT, 130, s", "HUP, 129, s"})
    void signalRemovesFile(String signal, int code, String name) throws Exception {
        String address = "unix:" + (name.isEmpty() ? "" : folder.resolve(name));
        try (ForkedProcess server = start(EchoProcess.command(options(), "server", address, "--quiet"))) {
            Path file = path(server);
            assertThat(file).startsWith(folder);
            try (EchoClient client = EchoClient.connect("unix:" + file)) {
                client.expectEcho(new byte[] {1});
                server.signal(signal);
                assertThat(server.awaitExit()).isEqualTo(code);
            }
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
    }

    @Test
    void nextServerReplacesFileOfKilledOne() throws Exception {
        String address = "unix:" + folder.resolve("s");
        try (ForkedProcess killed = EchoProcess.start("server", address)) {
            assertThat(path(killed)).isEqualTo(folder.resolve("s"));
            killed.signal("KILL");
            assertThat(killed.awaitExit()).isEqualTo(137);
        }
        assertThat(UnixSockets.files(folder)).containsExactly("s");
        try (ForkedProcess server = EchoProcess.start("server", address)) {
            path(server);
            try (ForkedProcess client = EchoProcess.start("client", address, "--verbose")) {
                assertThat(client.awaitExit()).isZero();
                assertThat(client.lines().seen())
                        .startsWith(
                                "connecting to " + address,
                                "connected to " + address,
                                "family:   AF_UNIX",
                                "type:     SOCK_STREAM",
                                "protocol: none",
                                "sending 42 bytes \"" + EchoClient.DEFAULT_MESSAGE + "\"");
            }
            server.lines().await("connection from client 1 of " + address);
            server.lines()
                    .await("received 42 bytes \"" + EchoClient.DEFAULT_MESSAGE + "\" from client 1 of " + address);
            server.lines().await("sending 42 bytes back to client 1 of " + address);
            try (ForkedProcess other = EchoProcess.start("server", address)) {
                assertThat(other.awaitExit()).isEqualTo(1);
                assertThat(other.lines().seen()).containsExactly("echo: " + UnixSockets.inUse(folder.resolve("s")));
            }
        }
    }

    /** A program that forgets to close its servers, of which one refuses connects. */
    static final class LeakingProgram {
        private LeakingProgram() {}

        public static void main(String[] args) throws Exception {
            EchoServer.builder().addresses("unix:").start();
            EchoServer.builder().addresses("unix:" + args[0]).start().refuse();
            System.exit(0);
        }
    }

    @Test
    void exitRemovesFiles() throws Exception {
        List<String> program = EchoProcess.program(
                options(), LeakingProgram.class, folder.resolve("s").toString());
        try (ForkedProcess leaking = start(program)) {
            assertThat(leaking.awaitExit()).as(leaking.lines().text()).isZero();
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
    }

    /** A program that starts and closes servers until a signal ends it. */
    static final class StartingProgram {
        private StartingProgram() {}

        @SuppressWarnings({"SystemOut", "InfiniteLoopStatement"})
        public static void main(String[] args) throws Exception {
            for (int i = 0; true; i++) {
                try (EchoServer server =
                        EchoServer.builder().addresses("unix:", args[0]).start()) {
                    if (i == 20) {
                        System.out.println(
                                "started " + server.configuredAddresses().size());
                    }
                } catch (IOException atExit) {
                    System.out.println(atExit.getMessage());
                    return;
                }
            }
        }
    }

    /** The signal comes at any moment: before the file has its name, or between the file and its folder. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void signalDuringStartLeavesNothing(int attempt) throws Exception {
        List<String> program =
                EchoProcess.program(options(), StartingProgram.class, "unix:" + folder.resolve("s" + attempt));
        try (ForkedProcess starting = start(program)) {
            starting.lines().await("started 2");
            starting.signal("TERM");
            assertThat(starting.awaitExit()).isEqualTo(143);
            assertThat(UnixSockets.files(folder)).as(starting.lines().text()).isEmpty();
        }
    }

    /** A program that starts a server, and controls it, as the lines of its input say. */
    static final class ObedientProgram {
        private ObedientProgram() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            EchoServer server = null;
            System.out.println("ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                try {
                    if (line.equals("start")) {
                        server = null;
                        server = EchoServer.builder()
                                .addresses("unix:" + args[0])
                                .start();
                    } else if (server != null) {
                        switch (line) {
                            case "refuse" -> server.refuse();
                            case "resume" -> server.resume();
                            default -> server.close();
                        }
                    }
                    System.out.println(line.equals("start") ? LISTENS : "done");
                } catch (IOException | RuntimeException refused) {
                    System.out.println(refused.getMessage());
                }
            }
        }
    }

    private ForkedProcess obedient() throws Exception {
        List<String> program = EchoProcess.program(
                options(), ObedientProgram.class, folder.resolve("s").toString());
        ForkedProcess process = new ForkedProcess(program);
        process.lines().await("ready");
        return process;
    }

    /** Says a line, and returns what the program has answered to it. */
    private static String answer(ForkedProcess obedient, String line) throws Exception {
        int before = obedient.lines().seen().size();
        obedient.send(line);
        return obedient.lines().await("(?s).*", before + 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void onlyOneProcessGetsPath(boolean hasLeftOver) throws Exception {
        Path file = folder.resolve("s");
        List<ForkedProcess> processes = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                processes.add(obedient());
            }
            for (int i = 0; i < 10; i++) {
                if (hasLeftOver) {
                    UnixSockets.leftOver(file);
                }
                int lines = 1 + 2 * i;
                for (ForkedProcess each : processes) {
                    each.send("start");
                }
                List<String> answers = new ArrayList<>();
                for (ForkedProcess each : processes) {
                    answers.add(each.lines().await(".*", lines + 1));
                }
                assertThat(answers)
                        .containsOnlyOnce(LISTENS)
                        .hasSize(3)
                        .allMatch(answer -> answer.equals(LISTENS) || answer.equals(UnixSockets.inUse(file)));
                try (EchoClient client = EchoClient.connect("unix:" + file)) {
                    client.expectEcho(new byte[] {1});
                }
                for (ForkedProcess each : processes) {
                    each.send("close");
                    each.lines().await(".*", lines + 2);
                }
                assertThat(UnixSockets.files(folder)).isEmpty();
            }
        } finally {
            processes.forEach(ForkedProcess::close);
        }
    }

    @Test
    void pathOfRefusingServerMayBeTakenByAnotherProcess() throws Exception {
        Path file = folder.resolve("s");
        try (ForkedProcess refusing = obedient();
                ForkedProcess other = obedient()) {
            assertThat(answer(refusing, "start")).isEqualTo(LISTENS);
            assertThat(answer(refusing, "refuse")).isEqualTo("done");
            assertThat(answer(other, "start")).isEqualTo(LISTENS);
            assertThat(answer(refusing, "resume")).contains(UnixSockets.inUse(file));
            assertThat(answer(refusing, "close")).isEqualTo("done");
            try (EchoClient client = EchoClient.connect("unix:" + file)) {
                client.expectEcho(new byte[] {1});
            }
            assertThat(answer(other, "close")).isEqualTo("done");
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
    }
}
