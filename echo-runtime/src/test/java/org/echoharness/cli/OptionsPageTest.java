package org.echoharness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoProcess;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page OPTIONS against the command line: its arguments, exit codes and errors. */
@Timeout(60)
class OptionsPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("OPTIONS.md"));

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return new Main(InputStream.nullInputStream(), new PrintStream(out, true), new PrintStream(err, true))
                .run(List.of(args));
    }

    @Test
    void frontEndsSetSameOption() {
        List<String> examples = PAGE.rows("front end").stream()
                .flatMap(row -> PageTables.codesIn(row.get(1)).stream())
                .filter(code -> !code.matches("start|run|client"))
                .toList();
        assertThat(examples)
                .containsExactly(
                        "bufferSize(16)",
                        "set(\"bufferSize\", \"16\")",
                        "--buffer-size 16",
                        "<bufferSize>16</bufferSize>",
                        "-Decho.bufferSize=16",
                        "-Decho.client.bufferSize=16",
                        "@EchoTest(bufferSize = \"16\")"); // VocabularyIT compares the words of all front ends
        assertThat(EchoServer.builder().set("bufferSize", "16").build()).isNotNull();
        assertThat(run("server", "--buffer-size", "0")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("bufferSize (0) must be at least 1 byte");
        assertThat(PAGE.text()).contains("`bufferSize (0) must be at least 1 byte`");
    }

    static Stream<List<String>> arguments() {
        return PAGE.rows("to").stream();
    }

    /** With a free port in place of 10000, which may be taken on this machine. */
    @ParameterizedTest
    @MethodSource("arguments")
    @DisabledOnOs(OS.WINDOWS)
    void argumentsOfRowSucceed(List<String> row, @TempDir Path folder) throws Exception {
        List<String> commands = PageTables.codesIn(row.get(1));
        String command = commands.get(0);
        if (commands.size() > 1) {
            assertThat(commands)
                    .containsExactly(
                            command, command.replace("server ", "client ").replace("...", ""));
        }
        List<String> server = new ArrayList<>(List.of("server"));
        String client = "localhost:PORT";
        switch (command) {
            case "server '*'" -> {
                server.add("*:0");
                client = "*:PORT";
            }
            case "server unix:PATH" -> {
                server.add("unix:" + folder.resolve("echo.sock"));
                client = server.get(1);
            }
            case "server HOST[:PORT]..." -> server.addAll(List.of("127.0.0.1:0", "localhost:0"));
            default -> {
                assertThat(CommandHelp.DEFAULT_ADDRESS).isEqualTo("localhost:10000");
                assertThat(List.of("server", "client", "client --verbose")).contains(command);
                server.add("localhost:0");
            }
        }
        try (ForkedProcess process = EchoProcess.start(server.toArray(String[]::new))) {
            String line = process.lines().await("starting up on .*");
            List<String> args = new ArrayList<>(
                    List.of("client", client.replace("PORT", line.replaceFirst(".* port (\\d+).*", "$1"))));
            if (command.contains("--verbose")) {
                args.add("--verbose");
            }
            assertThat(run(args.toArray(String[]::new)))
                    .as(err.toString(StandardCharsets.UTF_8))
                    .isZero();
        }
        assertThat(out.toString(StandardCharsets.UTF_8)).contains(EchoClient.DEFAULT_MESSAGE);
        if (command.contains("--verbose")) {
            assertThat(out.toString(StandardCharsets.UTF_8)).contains("family:   AF_INET", "connected to ");
        }
    }

    @Test
    void exitCodesAreThoseOfHelpAndOfCommands() throws Exception {
        String help = String.join(" ", CommandHelp.lines());
        Set<String> ofHelp = codesIn(help.substring(help.indexOf("Exit codes:")));
        Set<String> ofPage = codesIn(PAGE.column("code", 0).stream().collect(Collectors.joining(" ")));

        assertThat(ofPage).isEqualTo(ofHelp).isEqualTo(Set.of("0", "1", "2", "130", "143"));
        assertThat(run("--help")).isZero();
        int free;
        try (ServerSocket socket = PlainSockets.listen(0)) {
            free = socket.getLocalPort();
        }
        assertThat(run("client", "127.0.0.1:" + free)).isOne();
        assertThat(run("client", "--no-such-option")).isEqualTo(2);
        try (ForkedProcess server = EchoProcess.start("server", "127.0.0.1:0")) {
            server.lines().await("starting up on .*");
            server.signal("TERM"); // CommandLineProcessTest sends SIGINT too
            assertThat(server.awaitExit()).isEqualTo(143);
        }
    }

    private static Set<String> codesIn(String text) {
        return Pattern.compile("\\b\\d{1,3}\\b")
                .matcher(text)
                .results()
                .map(code -> code.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
