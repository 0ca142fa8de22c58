package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the commands of the page CONTROL, and compares what they print with what the page shows. */
@Timeout(120)
class ControlPageTest {

    private static final String ONE_SECOND = " -m 1";
    private static final Path PAGE = Path.of("CONTROL.md");

    /** A command of the page, and the lines that it prints there; the character … stands for any text. */
    record Example(String command, List<String> output) {

        static List<Example> of(String page) {
            List<Example> examples = new ArrayList<>();
            boolean isConsole = false;
            for (String line : page.lines().toList()) {
                if (line.startsWith("```")) {
                    isConsole = line.equals("```console");
                } else if (isConsole && line.startsWith("$ ")) {
                    examples.add(new Example(line.substring(2), new ArrayList<>()));
                } else if (isConsole) {
                    examples.get(examples.size() - 1).output().add(line);
                }
            }
            return examples;
        }

        String pattern() {
            return output.stream()
                    .map(line ->
                            Stream.of(line.split("…", -1)).map(Pattern::quote).collect(Collectors.joining("(?s:.*)")))
                    .collect(Collectors.joining("\n"));
        }
    }

    @Test
    void commandsPrintWhatThePageShows(@TempDir Path folder) throws Exception {
        Assumptions.assumeTrue(hasCurl(), "there is no curl, which the page's commands need");
        List<Example> examples = Example.of(Files.readString(PAGE));
        String shown = String.join("\n", examples.get(0).output());
        assertThat(shown).contains("#token=");
        String shownPort = shown.replaceFirst("(?s).* port (\\d+).*", "$1");
        String command = examples.get(0).command();
        List<String> args = List.of(command.replaceFirst(".*\\.jar ", "").split(" "));

        try (ForkedProcess server = EchoProcess.start(args.toArray(String[]::new))) {
            String port = server.lines()
                    .await("starting up on 127\\.0\\.0\\.1 port \\d+")
                    .replaceFirst(".* ", "");
            String line = server.lines().await("control at http://127\\.0\\.0\\.1:\\d+/#token=[0-9a-f]{32}");
            assertThat(server.lines().matching("control at .*")).hasSize(1);
            String url = line.substring("control at ".length(), line.indexOf("/#"));
            String token = "Authorization: Bearer " + line.substring(line.indexOf('=') + 1);
            int run = 0;
            for (Example each : examples) {
                if (each.command().startsWith("curl ")) {
                    String pattern = each.pattern().replace("127.0.0.1:" + shownPort, "127.0.0.1:" + port);
                    String output = output(folder, Map.of("url", url, "token", token), each.command(), pattern);
                    assertThat(output.strip()).as(each.command()).matches(pattern);
                    run++;
                }
            }
            assertThat(run).isGreaterThan(9).isEqualTo(examples.size() - 3); // the server, and two variables
            assertThat(examples.subList(1, 3))
                    .extracting(Example::command)
                    .allMatch(assignment -> assignment.matches("(url=http://|token='Authorization: Bearer ).*"));
        }
        assertThat(Files.size(folder.resolve("echo.pcapng"))).isPositive();
    }

    private static boolean hasCurl() throws InterruptedException {
        return ForkedProcess.works(List.of("curl", "--version"));
    }

    /** Gives a stream, which {@code -m} ends on the page, more time than a second, and ends it when all has come. */
    private static String output(Path folder, Map<String, String> variables, String command, String pattern)
            throws IOException, InterruptedException {
        boolean isStream = command.contains(ONE_SECOND);
        String run = isStream ? "exec " + command.replace(ONE_SECOND, "") : command;
        try (ForkedProcess shell = new ForkedProcess(folder, variables, Background.LONGEST, List.of("sh", "-c", run))) {
            if (isStream) {
                return shell.lines().awaitText(pattern);
            }
            assertThat(shell.awaitExit()).isZero();
            return shell.lines().text();
        }
    }

    @Test
    void pageNamesEveryPath() throws IOException {
        String page = Files.readString(PAGE);

        try (EchoServer server = EchoServer.builder().control("127.0.0.1:0").start()) {
            String error = new HttpPeer(server).get("/nothing").error();
            String all = error.replaceFirst(".*below that, ", "").replace(" and ", ", ");
            for (String path : List.of(all.split(", "))) {
                assertThat(page).contains("/servers/ID/" + path);
            }
            Map<?, ?> described = new HttpPeer(server).get("/servers/default").json();
            for (Object member : described.keySet()) {
                assertThat(page).contains(member.equals("id") ? "`ID`" : "`" + member + "`");
            }
        }
    }
}
