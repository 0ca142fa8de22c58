package org.echoharness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoProcess;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line as a process: with unread output, a locale without UTF-8, or little disk space. */
@DisabledOnOs(OS.WINDOWS)
class CommandLineProcessTest {

    private static final List<String> RECORDED = List.of(
            "echo-PID/conversation.html",
            "echo-PID/conversation.pcapng",
            "echo-PID/conversation.script",
            "echo-PID/transcript.txt");

    @TempDir
    Path folder;

    /** Reads one line and nothing after it, so that the pipe fills up. */
    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
            line.append((char) c);
        }
        return line.toString();
    }

    private static Process started(boolean errorsToo, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(ForkedProcess.withDefaultSignals());
        command.addAll(EchoProcess.command(List.of(), args));
        ProcessBuilder builder = new ProcessBuilder(command);
        if (errorsToo) {
            builder.redirectErrorStream(true);
        } else {
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        }
        return builder.start();
    }

    private static int signalled(Process process, String signal) throws Exception {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private List<String> recorded() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString().replaceAll("\\d+", "PID"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"true, TERM, 143", "true, INT, 130", "false, TERM, 143"})
    void signalEndsServerIfOutputIsNotRead(boolean errorsToo, String signal, int code) throws Exception {
        Process server = started(errorsToo, "server", "127.0.0.1:0", "--record", folder.toString());
        try {
            int port = Integer.parseInt(line(server.getInputStream()).replaceFirst(".* port (\\d+).*", "$1"));
            String message = "x".repeat(1_000);
            try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                for (int i = 0; i < 800; i++) {
                    PlainSockets.echoes(socket, message);
                }
                assertThat(signalled(server, signal)).isEqualTo(code);
            }
            assertThat(recorded()).containsExactlyElementsOf(RECORDED);
        } finally {
            server.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void signalEndsClientIfOutputIsNotRead(String signal, int code) throws Exception {
        byte[] message = new byte[300_000];
        Path file = Files.write(folder.resolve("message"), message);
        try (EchoServer server =
                EchoServer.builder().recording().faults("stall after 200000").start()) {
            Process client = started(
                    true,
                    "client",
                    "127.0.0.1:" + server.port(),
                    "--buffer-size=16",
                    "--read-timeout=1h",
                    "--message-file=" + file,
                    "--record=" + folder);
            try {
                server.recording()
                        .awaitConnections(1, Duration.ofSeconds(60))
                        .get(0)
                        .awaitReceived(new byte[60_000], Duration.ofSeconds(60));
                long deadline = System.nanoTime() + 60_000_000_000L;
                while (client.getInputStream().available() < 50_000) { // of the 64 KiB that a pipe takes
                    assertThat(System.nanoTime() - deadline).isNegative();
                    Thread.onSpinWait();
                }
                assertThat(signalled(client, signal)).isEqualTo(code);
            } finally {
                client.destroyForcibly();
            }
        }
        assertThat(recorded()).containsAll(RECORDED).contains("message").hasSize(5);
    }

    @Test
    void clientExitsIfOutputIsNotRead() throws Exception {
        Path file = Files.write(folder.resolve("message"), new byte[300_000]);
        try (EchoServer server = EchoServer.builder().start()) {
            Process client =
                    started(true, "client", "127.0.0.1:" + server.port(), "--buffer-size=16", "--message-file=" + file);
            try {
                assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(client.exitValue()).isZero();
            } finally {
                client.destroyForcibly();
            }
        }
    }

    /** The first line has been read when the signal is sent. The process may do more at its start than print it. */
    @ParameterizedTest
    @ValueSource(strings = {"--quiet", "--times"})
    void signalPrintsFolderOfRecording(String lines) throws Exception {
        try (ForkedProcess server = new ForkedProcess(
                EchoProcess.command(List.of(), "server", "127.0.0.1:0", lines, "--record", folder.toString()))) {
            server.lines().await(".*starting up on .*");
            server.signal("TERM");
            assertThat(server.awaitExit()).isEqualTo(143);
            assertThat(server.lines().seen()).last().asString().matches("the recording is in .*echo-\\d+");
            String made = server.lines().text().strip().replaceFirst("(?s).*the recording is in ", "");
            Path page = Path.of(made, "conversation.html");
            assertThat(page).content().contains("<title>server of the command line</title>");
        }
    }

    /** Words that are not ASCII must not go through this JVM, which may have no encoding for them. */
    private static ForkedProcess withGruen(String locale, String before, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                "export LC_ALL=" + locale + "; exec \"$@\" \"$(printf '" + before + "gr\\303\\274n\"')\"",
                "sh"));
        command.addAll(EchoProcess.command(List.of(), args));
        return new ForkedProcess(command);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--message", "--message-file", "--record"})
    void refusesUndecodableText(String option) throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                ForkedProcess client = withGruen("C", "", "client", "127.0.0.1:" + server.port(), option)) {
            assertThat(client.awaitExit()).isEqualTo(2);
            assertThat(client.lines().seen())
                    .singleElement()
                    .asString()
                    .startsWith("echo: " + option + " gr")
                    .contains(
                            "must be text without U+FFFD; it was not decoded: set a UTF-8 locale, such as LC_ALL=C.UTF-8");
            assertThat(server.recording().total()).isZero();
        }
    }

    @Test
    void refusesUndecodableFaults() throws Exception {
        try (ForkedProcess server = withGruen("C", "greet \"", "server", "127.0.0.1:0", "--faults")) {
            assertThat(server.awaitExit()).isEqualTo(2);
            assertThat(server.lines().seen()).singleElement().asString().contains("LC_ALL=C.UTF-8");
        }
    }

    @Test
    void sendsTextInUtf8Locale() throws Exception {
        byte[] sent = "gr\u00fcn\"".getBytes(StandardCharsets.UTF_8);
        try (EchoServer server = EchoServer.builder().recording().start();
                ForkedProcess client = withGruen("C.UTF-8", "", "client", "127.0.0.1:" + server.port(), "--message")) {
            assertThat(client.awaitExit()).isZero();
            assertThat(server.recording().connection(1).received()).isEqualTo(sent);
        }
    }

    @Test
    void sendsFileLargerThanHeap() throws Exception {
        Path file = folder.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(100 << 20);
        }
        try (EchoServer server = EchoServer.builder().recording(0, 1).start();
                ForkedProcess client = new ForkedProcess(EchoProcess.command(
                        List.of("-Xmx24m"),
                        "client",
                        "127.0.0.1:" + server.port(),
                        "--quiet",
                        "--message-file=" + file))) {
            assertThat(client.awaitExit()).isZero();
            assertThat(client.lines().seen()).isEmpty();
            assertThat(server.recording().connection(1).bytesReceived()).isEqualTo(100 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/zero", "-"})
    @EnabledOnOs(OS.LINUX)
    void sendsDeviceUntilTimeout(String file) throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" < /dev/zero", "sh"));
        try (EchoServer server = EchoServer.builder().start()) {
            command.addAll(EchoProcess.command(
                    List.of("-Xmx24m", "-Djava.io.tmpdir=" + folder),
                    "client",
                    "127.0.0.1:" + server.port(),
                    "--quiet",
                    "--timeout=1s",
                    "--message-file=" + file));
            try (ForkedProcess client = new ForkedProcess(command)) {
                assertThat(client.awaitExit()).isEqualTo(1);
                assertThat(client.lines().seen())
                        .singleElement()
                        .asString()
                        .matches("echo: .* when timeout \\(1s\\) was over");
            }
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void timeoutEndsWaitForPipe() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (EchoServer server = EchoServer.builder().start();
                ForkedProcess client = new ForkedProcess(EchoProcess.command(
                        List.of(),
                        "client",
                        "127.0.0.1:" + server.port(),
                        "--quiet",
                        "--timeout=200ms",
                        "--message-file=" + pipe))) {
            assertThat(client.awaitExit()).isEqualTo(1);
            assertThat(client.lines().seen())
                    .containsExactly("echo: 0 of 0 bytes echoed by 127.0.0.1:" + server.port()
                            + ", and the message had not ended when timeout (200ms) was over");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesClosedStandardInput() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" <&-", "sh"));
        command.addAll(EchoProcess.command(List.of(), "client", "127.0.0.1:1", "--message-file=-"));
        try (ForkedProcess client = new ForkedProcess(command)) {
            assertThat(client.awaitExit()).isEqualTo(2);
            assertThat(client.lines().seen())
                    .containsExactly("echo: --message-file -: standard input is closed;"
                            + " leave it open, such as by < FILE, or name a file");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void sendsGrowingFileToItsFirstSize() throws Exception {
        Path file = folder.resolve("log");
        Files.write(file, new byte[3 << 20]);
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" >> " + file, "sh"));
        try (EchoServer server = EchoServer.builder().recording(0, 1).start()) {
            command.addAll(EchoProcess.command(
                    List.of(), "client", "127.0.0.1:" + server.port(), "--timeout=60s", "--message-file=" + file));
            try (ForkedProcess client = new ForkedProcess(command)) {
                assertThat(client.awaitExit()).isZero();
            }
            assertThat(Files.size(file)).isGreaterThan(3 << 20);
            assertThat(server.recording().connection(1).bytesReceived()).isLessThan(4 << 20);
        }
    }

    @Test
    void printsVersionOnModulePath() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-p",
                ForkedProcess.home(EchoServer.class).toString(),
                "-m",
                "org.echoharness/" + Main.class.getName()));
        command.add("--version");
        try (ForkedProcess version = new ForkedProcess(command)) {
            assertThat(version.awaitExit()).isZero();
            assertThat(version.lines().seen()).singleElement().asString().matches("echo \\d+\\.\\d+\\.\\d+.*");
        }
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:0, none", "*:0, none", "0.0.0.0:0, none", "127.0.0.1:0, for db.example"})
    void quietServerPrintsFirstLineOfConversation(String address, String tls) throws Exception {
        assertThat(firstLine("server", address, "--tls", tls, "--quiet"))
                .isEqualTo(firstLine("server", address, "--tls", tls));
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void quietServerReportsUnmetScript(String signal, int code) throws Exception {
        Path script = Files.writeString(folder.resolve("ping.echo"), "# a line\nexpect line 'PING'\nsend 'PONG\\n'\n");
        Process server = started(true, "server", "127.0.0.1:0", "--quiet", "--script-file", script.toString());
        try {
            InputStream lines = server.getInputStream();
            int port = Integer.parseInt(line(lines).replaceFirst(".* port (\\d+).*", "$1"));
            try (Socket wrong = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                wrong.getOutputStream().write("PNIG\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(line(lines))
                        .isEqualTo("echo: connection 1, step 1 of 2: expected line \"PING\", seen \"PNIG\\n\"");
            }
            try (Socket good = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                good.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(good.getInputStream().readNBytes(5)).asString().isEqualTo("PONG\n");
            }
            assertThat(signalled(server, signal)).isEqualTo(code);
        } finally {
            server.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({"reset", "close"})
    void serverRelays(String failure) throws Exception {
        EchoServer behind = EchoServer.builder().start();
        try (behind;
                ForkedProcess relay = EchoProcess.start(
                        "server",
                        "127.0.0.1:0",
                        "--upstream=127.0.0.1:" + behind.port(),
                        "--upstream-failure=" + failure,
                        "--connect-timeout=2s",
                        "--faults=corrupt byte 1 to server")) {
            String start = relay.lines().await("starting up on .*");
            int port = Integer.parseInt(start.replaceFirst(".* port ", ""));
            try (Socket client = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                PlainSockets.send(client, "hello");
                PlainSockets.receives(client, "\u0097ello");
            }
            behind.close();
            try (Socket client = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                PlainSockets.assertEnd(client);
                assertThat(failure).isEqualTo("close");
            } catch (SocketException reset) {
                assertThat(failure).isEqualTo("reset");
            }
            relay.lines()
                    .await("echo: connection 2: cannot connect to upstream 127.0.0.1:" + behind.port()
                            + "; tried .* \\(Connection refused\\); is a server listening there\\? .*");
        }
    }

    private static String firstLine(String... args) throws Exception {
        try (ForkedProcess server = EchoProcess.start(args)) {
            return server.lines().await("starting up on .*").replaceFirst(" port \\d+", " port PORT");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesFullDiskAtStart() throws Exception {
        Path records = folder.resolve("records");
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"));
        command.addAll(EchoProcess.command(
                List.of("-XX:-UsePerfData"), "server", "127.0.0.1:0", "--quiet", "--record=" + records));
        try (ForkedProcess server = new ForkedProcess(command)) {
            assertThat(server.awaitExit()).isEqualTo(2);
            assertThat(server.lines().seen())
                    .containsExactly("echo: --record " + records
                            + ": cannot be written (File too large); name a folder that can");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesNoPartOfRecordingOnFullDisk() throws Exception {
        Path records = folder.resolve("records");
        Path file = Files.write(folder.resolve("message"), new byte[60_000]);
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 24; exec \"$@\"", "sh"));
        try (EchoServer server = EchoServer.builder().start()) {
            command.addAll(EchoProcess.command(
                    List.of("-XX:-UsePerfData"),
                    "client",
                    "127.0.0.1:" + server.port(),
                    "--quiet",
                    "--message-file=" + file,
                    "--record=" + records));
            try (ForkedProcess client = new ForkedProcess(command)) {
                assertThat(client.awaitExit()).isEqualTo(1);
                assertThat(client.lines().seen())
                        .anyMatch(line -> line.matches("echo: the recording was not written to .*\\.pcapng"
                                + " \\(File too large\\); make room there, or name another folder for --record"));
            }
        }
        try (var files = Files.walk(records)) {
            assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".pcapng") || name.endsWith(".part"));
        }
    }
}
