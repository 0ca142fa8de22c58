package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.launcher.Launcher;

/**
 * Checks the pages: each snippet is part of a file that a test runs, each console shows what is printed, each link
 * leads to a file and a heading, contents are complete, and versions are those of the build.
 */
@Timeout(120)
class PagesIT {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
    private static final int MOST_LINES_OF_README = 250;
    private static final Pattern FENCE = Pattern.compile("^```(\\w*)\\R(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern SNIPPET =
            Pattern.compile("<!-- from (\\S+) -->\\R```\\w+\\R(.*?)\\R```", Pattern.DOTALL);
    private static final Pattern CONSOLE =
            Pattern.compile("```console\\R\\$ java -jar (\\S+) (.*?)\\R(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\[([^]]*)]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("^(#{1,6}) (.+)$", Pattern.MULTILINE);
    private static final Pattern ENTRY = Pattern.compile("^( *)- \\[([^]]*)]\\(#(\\S+)\\)$", Pattern.MULTILINE);
    private static final Pattern CONTENTS =
            Pattern.compile("^## Contents\\R(.*?)^## ", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern COORDINATES =
            Pattern.compile("\\b(org\\.echoharness|org\\.junit[.\\w]*):([\\w-]+):(\\d[\\w.]*(?:-SNAPSHOT)?)");

    private static final Pattern MAVEN_PROFILE = Pattern.compile("\\bmvn [^`\n]*-P(\\w+)");

    /** One of this project; those of others stand after the project's name. */
    private static final Pattern TEST =
            Pattern.compile("(?<!Netty |Jetty |Envoy )`([A-Z]\\w*(?:Test|IT))(?:\\.(\\w+))?`");

    /** The plugin's build generates it, without contents. */
    private static final String GOALS = "echo-maven-plugin/GOALS.md";

    /** A list by date. */
    private static final String CHANGELOG = "CHANGELOG.md";

    /** One page, by its path from the root. */
    record Page(String name, String text) {

        String withoutCode() {
            return FENCE.matcher(text).replaceAll("").replaceAll("`[^`\n]*`", "");
        }

        List<MatchResult> headings() {
            return found(HEADING, FENCE.matcher(text).replaceAll(""));
        }

        /** The names of headings as GitHub makes them. */
        List<String> anchors() {
            Map<String, Integer> before = new HashMap<>();
            return headings().stream()
                    .map(heading -> anchor(heading.group(2)))
                    .map(anchor -> {
                        int same = before.merge(anchor, 1, Integer::sum) - 1;
                        return same == 0 ? anchor : anchor + "-" + same;
                    })
                    .toList();
        }

        private static String anchor(String heading) {
            return heading.toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-');
        }

        @Override
        public String toString() {
            return name;
        }
    }

    record Snippet(String page, String file, List<String> lines) {
        @Override
        public String toString() {
            return page + ", " + file + ": " + lines.get(0);
        }
    }

    static List<Page> pages() throws IOException {
        List<Page> pages = new ArrayList<>();
        for (Path file : files(".md")) {
            String name = ROOT.relativize(file).toString().replace('\\', '/');
            pages.add(new Page(name, Files.readString(file)));
        }
        return pages;
    }

    /** The pages of the project, without files that builds and tools write. */
    private static List<Path> files(String ending) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.getFileName().toString();
                boolean hidden = name.startsWith(".") && !folder.equals(ROOT);
                return hidden || name.equals("target") ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(ending)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    static Stream<Page> pagesWithContents() throws IOException {
        return pages().stream()
                .filter(page -> !page.name().equals(GOALS) && !page.name().equals(CHANGELOG));
    }

    static Stream<Snippet> snippets() throws IOException {
        return pages().stream()
                .flatMap(page -> found(SNIPPET, page.text()).stream()
                        .map(found -> new Snippet(page.name(), found.group(1), stripped(found.group(2)))));
    }

    @Test
    void findsEveryPage() throws IOException {
        assertThat(pages())
                .extracting(Page::name)
                .contains(
                        "README.md",
                        "CONTRIBUTING.md",
                        CHANGELOG,
                        "echo-junit-extension/TESTS.md",
                        "echo-maven-plugin/BUILDS.md",
                        GOALS,
                        "echo-runtime/CONTROL.md",
                        "echo-runtime/FAULTS.md",
                        "echo-runtime/HANDLERS.md",
                        "echo-runtime/OPTIONS.md",
                        "echo-runtime/RECORDINGS.md",
                        "echo-runtime/RELAY.md",
                        "echo-runtime/SCRIPTS.md",
                        "echo-runtime/TLS.md",
                        "it/benchmarks/README.md");
    }

    @Test
    void readmeIsShort() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(MOST_LINES_OF_README);
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void snippetStandsInTestedFile(Snippet snippet) throws IOException {
        String version = System.getProperty("project.version");
        List<String> file = stripped(Files.readString(ROOT.resolve(snippet.file()))
                .replace("${project.version}", version)
                .replace("@project.version@", version));

        assertThat(file).containsSequence(snippet.lines());
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyJavaAndXmlBlockIsSnippet(Page page) {
        List<List<String>> blocks = found(FENCE, page.text()).stream()
                .filter(block -> block.group(1).equals("java") || block.group(1).equals("xml"))
                .map(block -> stripped(block.group(2)))
                .toList();

        assertThat(blocks)
                .containsExactlyElementsOf(found(SNIPPET, page.text()).stream()
                        .map(snippet -> stripped(snippet.group(2)))
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyLinkHasTarget(Page page) throws IOException {
        List<String> dead = new ArrayList<>();
        for (MatchResult link : found(LINK, page.withoutCode())) {
            String target = link.group(2);
            if (target.contains("://")) {
                continue;
            }
            String[] parts = target.split("#", 2);
            Path file = parts[0].isEmpty()
                    ? ROOT.resolve(page.name())
                    : ROOT.resolve(page.name()).resolveSibling(parts[0]).normalize();
            boolean leads = file.startsWith(ROOT)
                    && Files.exists(file)
                    && (parts.length == 1
                            || new Page(target, Files.readString(file))
                                    .anchors()
                                    .contains(parts[1]));
            if (!leads) {
                dead.add(target);
            }
        }
        assertThat(dead).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("pagesWithContents")
    void contentsMatchHeadings(Page page) {
        List<String> headings = new ArrayList<>();
        List<String> anchors = page.anchors();
        for (int i = 0; i < anchors.size(); i++) {
            MatchResult heading = page.headings().get(i);
            int level = heading.group(1).length();
            if (level > 1 && !heading.group(2).equals("Contents")) {
                headings.add("  ".repeat(level - 2) + heading.group(2).replace("`", "") + " #" + anchors.get(i));
            }
        }
        Matcher contents = CONTENTS.matcher(page.text());
        assertThat(contents.find()).as("a section called Contents").isTrue();

        assertThat(found(ENTRY, contents.group(1)).stream()
                        .map(entry -> entry.group(1) + entry.group(2).replace("`", "") + " #" + entry.group(3)))
                .containsExactlyElementsOf(headings);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void versionsMatchBuild(Page page) {
        Map<String, String> versions = Map.of(
                "org.echoharness", System.getProperty("project.version"),
                "org.junit.jupiter", Test.class.getPackage().getImplementationVersion(),
                "org.junit.platform", Launcher.class.getPackage().getImplementationVersion());

        assertThat(found(COORDINATES, page.text()).stream()
                        .filter(named -> !named.group(3).equals(versions.get(named.group(1))))
                        .map(MatchResult::group))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyNamedProfileExists(Page page) throws IOException {
        List<String> missing = new ArrayList<>(found(MAVEN_PROFILE, page.text()).stream()
                .map(named -> "<id>" + named.group(1) + "</id>")
                .toList());
        for (Path pom : files("pom.xml")) {
            missing.removeIf(Files.readString(pom)::contains);
        }
        assertThat(missing).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyNamedTestExists(Page page) throws IOException {
        List<String> missing = new ArrayList<>();
        for (MatchResult test : found(TEST, page.text())) {
            List<Path> sources = files(File.separator + test.group(1) + ".java");
            String method = test.group(2) == null ? "" : " void " + test.group(2) + "(";
            if (sources.size() != 1 || !Files.readString(sources.get(0)).contains(method)) {
                missing.add(test.group());
            }
        }
        assertThat(missing).isEmpty();
    }

    /** Those with a console for a server and one for its client. */
    static Stream<Page> pagesWithConsoles() throws IOException {
        return pages().stream()
                .filter(page -> !page.name().equals("echo-runtime/CONTROL.md")) // ControlPageTest runs its commands
                .filter(page -> !found(CONSOLE, page.text()).isEmpty());
    }

    /** ControlPageTest runs those of CONTROL. */
    @Test
    void findsEveryConsole() throws IOException {
        for (Page page : pages()) {
            long fences = found(FENCE, page.text()).stream()
                    .filter(block -> block.group(1).equals("console"))
                    .count();
            assertThat(found(CONSOLE, page.text()).size())
                    .as("consoles on %s that a test runs", page)
                    .isEqualTo(page.name().equals("echo-runtime/CONTROL.md") ? 1 : (int) fences);
        }
        assertThat(pagesWithConsoles())
                .extracting(Page::name)
                .contains("echo-runtime/OPTIONS.md", "echo-runtime/TLS.md");
    }

    @ParameterizedTest
    @MethodSource("pagesWithConsoles")
    void consolesShowRealOutput(Page page, @TempDir Path folder) throws Exception {
        List<MatchResult> consoles = found(CONSOLE, page.text());
        assertThat(consoles)
                .extracting(console -> console.group(2).split(" ", -1)[0])
                .containsExactly("server", "client");
        try (ForkedProcess server = start(consoles.get(0), folder, "127.0.0.1:0")) {
            String started = server.lines().awaitText("starting up on .* port \\d+.*\n");
            String port = started.replaceFirst("(?s).* port (\\d+).*", "$1");
            try (ForkedProcess client = start(consoles.get(1), folder, "localhost:" + port)) {
                assertThat(client.awaitExit()).isZero();
                server.lines().awaitText("no data from .*\nwaiting for a connection\n");
                assertThat(withoutPorts(client.lines().text()))
                        .isEqualTo(withoutPorts(consoles.get(1).group(3)));
                assertThat(withoutPorts(server.lines().text()))
                        .isEqualTo(withoutPorts(consoles.get(0).group(3)));
            }
        }
    }

    /** Runs the console's command with its file in this folder, at another address: its own may be taken on this machine. */
    private static ForkedProcess start(MatchResult console, Path folder, String address) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-jar", console.group(1)));
        for (String argument : console.group(2).split(" ", -1)) {
            command.add(argument.equals("echo.pem") ? folder.resolve(argument).toString() : argument);
        }
        command.add(address);
        return new ForkedProcess(ROOT, Map.of(), Background.LONGEST, command);
    }

    /** With one name for each host that may stand there, and one port. */
    private static String withoutPorts(String output) {
        return output.replaceAll("(localhost|127\\.0\\.0\\.1)( port |:)\\d+", "HOST$2PORT")
                .strip();
    }

    private static List<MatchResult> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    private static List<String> stripped(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }
}
