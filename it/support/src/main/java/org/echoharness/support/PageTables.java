package org.echoharness.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The tables of a page in Markdown, for tests that compare them with the code.
 *
 * @param text of the page
 * @param tables each with its titles as first row; a row is a list of cells
 */
public record PageTables(String text, List<List<List<String>>> tables) {

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** Reads a page. */
    public static PageTables of(Path page) {
        try {
            return of(Files.readString(page));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static PageTables of(String text) {
        List<List<List<String>>> tables = new ArrayList<>();
        boolean isInTable = false;
        for (String line : text.lines().toList()) {
            boolean isRow = line.startsWith("|");
            if (isRow && !isInTable) {
                tables.add(new ArrayList<>());
            }
            if (isRow && !line.startsWith("|---")) {
                tables.get(tables.size() - 1).add(cells(line));
            }
            isInTable = isRow;
        }
        return new PageTables(text, tables);
    }

    private static List<String> cells(String line) {
        return Arrays.stream(line.substring(1, line.lastIndexOf('|')).split("(?<!\\\\)\\|", -1))
                .map(String::strip)
                .toList();
    }

    /**
     * The rows of the only table whose first title is this one.
     *
     * @throws IllegalArgumentException if there is no such table, or more than one
     */
    public List<List<String>> rows(String title) {
        List<List<List<String>>> found = tables.stream()
                .filter(table -> table.get(0).get(0).equals(title))
                .toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException(found.size() + " tables begin with \"" + title + "\"");
        }
        return found.get(0).subList(1, found.get(0).size());
    }

    /** The cells of one column of that table. */
    public List<String> column(String title, int column) {
        return rows(title).stream().map(row -> row.get(column)).toList();
    }

    /** The texts between backquotes in one column of the table with this title, and with this text in its first row. */
    public List<String> codes(String title, int column, String first) {
        return tables.stream()
                .filter(table -> table.get(0).get(0).equals(title)
                        && table.size() > 1
                        && codesIn(table.get(1).get(column)).contains(first))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no table \"" + title + "\" begins with " + first))
                .stream()
                .skip(1)
                .flatMap(row -> codesIn(row.get(column)).stream())
                .toList();
    }

    /** The texts between backquotes. */
    public static List<String> codesIn(String markdown) {
        return CODE.matcher(markdown).results().map(found -> found.group(1)).toList();
    }
}
