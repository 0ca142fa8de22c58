package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The README against the tree: each snippet stands in a file that is run, each console shows what is printed. */
@Timeout(120)
class ReadmeIT {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- from (\\S+) -->\\R```\\w+\\R(.*?)\\R```", Pattern.DOTALL);
    private static final Pattern CONSOLE =
            Pattern.compile("```console\\R\\$ java -jar (\\S+) (.*?)\\R(.*?)```", Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("^```(java|xml)$", Pattern.MULTILINE);

    record Snippet(String file, List<String> lines) {
        @Override
        public String toString() {
            return file + ": " + lines.get(0);
        }
    }

    static Stream<Snippet> snippets() throws IOException {
        return SNIPPET.matcher(readme()).results().map(found -> new Snippet(found.group(1), stripped(found.group(2))));
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void aSnippetStandsInAFileThatIsRun(Snippet snippet) throws IOException {
        List<String> file = stripped(Files.readString(ROOT.resolve(snippet.file()))
                .replace("${project.version}", System.getProperty("project.version")));

        assertThat(file).containsSequence(snippet.lines());
    }

    @Test
    void noSnippetIsLeftOut() throws IOException {
        assertThat(CODE.matcher(readme()).results().count())
                .isPositive()
                .isEqualTo(snippets().count());
    }

    @Test
    void theConsolesShowWhatServerAndClientPrint(@TempDir Path folder) throws Exception {
        List<Matcher> consoles = new ArrayList<>();
        Matcher matcher = CONSOLE.matcher(readme());
        while (matcher.find()) {
            consoles.add(CONSOLE.matcher(matcher.group()));
            assertThat(consoles.get(consoles.size() - 1).find()).isTrue();
        }
        assertThat(consoles)
                .extracting(console -> console.group(2).split(" ", -1)[0])
                .containsExactly("server", "client");
        Path serverSays = folder.resolve("server");
        Process server = start(consoles.get(0), "127.0.0.1:0", serverSays);
        try {
            String port = awaitLine(serverSays, "starting up on .* port (\\d+)");
            Path clientSays = folder.resolve("client");
            Process client = start(consoles.get(1), "127.0.0.1:" + port, clientSays);
            assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(client.exitValue()).isZero();
            awaitLine(serverSays, "(no data) from .*\\Rwaiting for a connection");
            assertThat(withoutPorts(Files.readString(clientSays)))
                    .isEqualTo(withoutPorts(consoles.get(1).group(3)));
            assertThat(withoutPorts(Files.readString(serverSays)))
                    .isEqualTo(withoutPorts(consoles.get(0).group(3)));
        } finally {
            server.destroyForcibly();
        }
    }

    /** Runs the console's command, at another address: its own may be taken on this machine. */
    private static Process start(Matcher console, String address, Path output) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-jar", console.group(1)));
        command.addAll(List.of(console.group(2).split(" ", -1)));
        command.add(address);
        return new ProcessBuilder(command)
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    private static String awaitLine(Path file, String regex) throws IOException {
        Pattern pattern = Pattern.compile(regex);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            String text = Files.readString(file);
            Matcher found = pattern.matcher(text);
            if (found.find()) {
                return found.group(1);
            }
            assertThat(System.nanoTime()).as("awaiting %s in %s", regex, text).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** With one name for each host that may stand there, and one port. */
    private static String withoutPorts(String output) {
        return output.replaceAll("(localhost|127\\.0\\.0\\.1)( port |:)\\d+", "HOST$2PORT")
                .strip();
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    private static List<String> stripped(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }
}
