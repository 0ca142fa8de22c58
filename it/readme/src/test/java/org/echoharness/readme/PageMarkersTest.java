package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.readme.PagesIT.Page;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * No block of code and no table is on a page of users without a test. A comment before it says what holds it: {@code <!--
 * from FILE -->} for a part of a file, {@code <!-- tested by Class.method -->}, or {@code <!-- not tested: reason -->}.
 * Consoles, commands of a shell and the scripts of SCRIPTS need no comment: tests look for all of them.
 */
@Timeout(60)
class PageMarkersTest {

    private static final Path ROOT = Path.of("..", "..");
    private static final String FROM = "<!-- from (\\S+) -->";
    private static final String TESTED = "<!-- tested by (\\w+)\\.(\\w+) -->";
    private static final String NOT_TESTED = "<!-- not tested: .{10,} -->";
    private static final String SCRIPTS = "echo-runtime/SCRIPTS.md";

    /** Two have tests that find each block: PagesIT, ControlPageTest and PageNamesIT. The third is a picture. */
    private static final List<String> FOUND = List.of("console", "sh", "mermaid");

    /** The sources of all tests, by the names of their classes. */
    private static final Map<String, List<Path>> TESTS = new TreeMap<>();

    @BeforeAll
    static void findTests() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.filter(file -> file.toString().endsWith(".java")
                            && !file.toString().contains("target"))
                    .forEach(file -> TESTS.computeIfAbsent(
                                    file.getFileName().toString().replace(".java", ""), name -> new ArrayList<>())
                            .add(file));
        }
    }

    /** The pages for users, but for the one that GoalsPageTest compares as a whole. */
    static Stream<Page> pages() throws IOException {
        return PagesIT.pages().stream()
                .filter(page -> page.name().matches("README\\.md|echo-.*")
                        && !page.name().endsWith("GOALS.md"));
    }

    /** A block or a table: its first line, and the lines with comments before it. */
    record Part(int line, String first, List<String> markers, String before) {

        boolean isTable() {
            return first.startsWith("|");
        }

        boolean isFoundByTests(Page page) {
            String language = first.replace("`", "");
            boolean isScript = page.name().equals(SCRIPTS)
                    && (language.equals("echo") || (language.equals("text") && before.equals("```")));
            return !isTable() && (FOUND.contains(language) || isScript);
        }

        @Override
        public String toString() {
            return "line " + line + ": " + first;
        }
    }

    private static List<Part> parts(String text) {
        List<Part> parts = new ArrayList<>();
        List<String> markers = new ArrayList<>();
        String before = "";
        boolean isInBlock = false;
        boolean isInTable = false;
        int number = 0;
        for (String each : text.lines().toList()) {
            String line = each.strip();
            number++;
            boolean isFence = line.startsWith("```");
            boolean isRow = !isInBlock && line.startsWith("|");
            if ((isFence && !isInBlock) || (isRow && !isInTable)) {
                parts.add(new Part(number, line, List.copyOf(markers), before));
            }
            isInBlock ^= isFence;
            isInTable = isRow;
            if (line.startsWith("<!--")) {
                markers.add(line);
            } else if (!line.isEmpty()) {
                markers.clear();
                before = line;
            }
        }
        return parts;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyBlockAndTableHasTest(Page page) {
        assertThat(parts(page.text()))
                .allSatisfy(part -> assertThat(part.isFoundByTests(page)
                                || part.markers().stream().anyMatch(PageMarkersTest::isMarker))
                        .as(
                                "%s, %s has a comment that says which test holds it, such as <!-- tested by Class.method -->",
                                page, part)
                        .isTrue());
    }

    private static boolean isMarker(String line) {
        return line.matches(FROM + "|" + TESTED + "|" + NOT_TESTED);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyNamedTestReadsPage(Page page) throws IOException {
        String file = Path.of(page.name()).getFileName().toString();
        for (Part part : parts(page.text())) {
            for (String marker : part.markers()) {
                assertThat(isMarker(marker))
                        .as("%s, %s: %s", page, part, marker)
                        .isTrue();
                Matcher tested = Pattern.compile(TESTED).matcher(marker);
                if (tested.matches()) {
                    assertThat(problem(tested.group(1), tested.group(2), file))
                            .as("%s, %s: %s", page, part, marker)
                            .isEmpty();
                }
            }
        }
    }

    private static Optional<String> problem(String type, String method, String page) throws IOException {
        List<Path> sources = TESTS.getOrDefault(type, List.of());
        if (sources.size() != 1) {
            return Optional.of(sources.size() + " classes " + type);
        }
        String source = Files.readString(sources.get(0));
        if (!Pattern.compile(" void " + method + "\\(").matcher(source).find()) {
            return Optional.of("no method " + method);
        }
        for (MatchResult used :
                Pattern.compile("\\b[A-Z]\\w+").matcher(source).results().toList()) {
            Path helper = sources.get(0).resolveSibling(used.group() + ".java");
            if (Files.exists(helper) && Files.readString(helper).contains(page)) {
                return Optional.empty();
            }
        }
        return source.contains(page) ? Optional.empty() : Optional.of("its source does not name " + page);
    }

    /** ScriptsPageTest plays the pairs of a script and a conversation below a heading with a number. */
    @Test
    void everyScriptStandsBelowItsNumber() throws IOException {
        String text = Files.readString(ROOT.resolve(SCRIPTS));

        assertThat(parts(text).stream().filter(part -> part.first().equals("```echo")))
                .hasSameSizeAs(text.lines()
                        .filter(line -> line.matches("### \\d+\\. .*"))
                        .toList());
    }

    @Test
    void findsPartsAndComments() {
        List<Part> parts = parts("""
                text
                <!-- tested by A.b -->

                | a |
                |---|
                | ``` |

                  ```text
                  | no table |
                  ```
                """);

        assertThat(parts)
                .containsExactly(
                        new Part(4, "| a |", List.of("<!-- tested by A.b -->"), "text"),
                        new Part(8, "```text", List.of(), "| ``` |"));
    }
}
