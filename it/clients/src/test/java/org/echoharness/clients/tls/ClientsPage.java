package org.echoharness.clients.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of the page TLS. */
final class ClientsPage {

    private static final Path PAGE = Path.of("..", "..", "echo-runtime", "TLS.md");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** In a text of the page: anything, as what is different in each run. */
    private static final String ANYTHING = "…";

    private ClientsPage() {}

    /** The only table below a heading: its rows, without the row of titles, each a list of cells. */
    static List<List<String>> rows(String heading) {
        List<String> table =
                section(heading).filter(line -> line.startsWith("|")).toList();
        assertThat(table).as("the table below \"%s\"", heading).hasSizeGreaterThan(2);
        return table.stream().skip(2).map(ClientsPage::cells).toList();
    }

    /** The cells of the row that begins with this one. */
    static List<String> row(String heading, String first) {
        List<List<String>> found =
                rows(heading).stream().filter(row -> row.get(0).equals(first)).toList();
        assertThat(found).as("rows \"%s\" below \"%s\"", first, heading).hasSize(1);
        return found.get(0);
    }

    static List<String> firstCells(String heading) {
        return rows(heading).stream().map(row -> row.get(0)).toList();
    }

    /** The titles of the columns of the table below a heading. */
    static List<String> titles(String heading) {
        return cells(section(heading)
                .filter(line -> line.startsWith("|"))
                .findFirst()
                .orElseThrow());
    }

    /** The only line of the block of shell commands below a heading. */
    static String shell(String heading) {
        return section(heading)
                .dropWhile(line -> !line.equals("```sh"))
                .skip(1)
                .findFirst()
                .orElseThrow();
    }

    private static Stream<String> section(String heading) {
        try {
            return Files.readString(PAGE)
                    .lines()
                    .dropWhile(line -> !line.equals(heading))
                    .skip(1)
                    .takeWhile(line -> !line.startsWith("#"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> cells(String line) {
        return Arrays.stream(line.substring(1, line.length() - 1).split("\\|", -1))
                .map(String::strip)
                .toList();
    }

    /** The texts in a cell that stand between backquotes. */
    static List<String> codes(String cell) {
        List<String> codes =
                CODE.matcher(cell).results().map(found -> found.group(1)).toList();
        assertThat(codes).as("texts in backquotes in \"%s\"", cell).isNotEmpty();
        return codes;
    }

    /** The only text in a cell that stands between backquotes. */
    static String code(String cell) {
        assertThat(codes(cell)).hasSize(1);
        return codes(cell).get(0);
    }

    /** Asserts that each text in the cell is one of the lines, in the order of the cell. */
    static void assertShown(String cell, List<String> lines) {
        Iterator<String> left = lines.iterator();
        for (String code : codes(cell)) {
            Pattern pattern = Pattern.compile(
                    Arrays.stream(code.split(ANYTHING, -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
            boolean found = false;
            while (!found && left.hasNext()) {
                found = pattern.matcher(left.next()).matches();
            }
            assertThat(found)
                    .as(
                            "TLS.md says that the client reports, in this order,%n%s%nand it reports%n%s",
                            String.join("\n", codes(cell)), String.join("\n", lines))
                    .isTrue();
        }
    }
}
