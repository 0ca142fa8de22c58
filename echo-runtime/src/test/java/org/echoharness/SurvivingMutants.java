package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Compares the report of the mutation tests with the list of the mutants that no test can kill, {@code
 * src/test/mutation/survivors.txt}. Only the profile {@code mutation} runs it. It also prints how many mutants each package has.
 *
 * <p>A row of the list has three lines: the method and what was changed; the line of the source, indented; and the reason,
 * indented, which may have several lines. A row stays valid if lines are inserted before its line, and no longer if its line
 * itself is changed.
 */
class SurvivingMutants {

    private static final Path LIST = Path.of("src", "test", "mutation", "survivors.txt");
    private static final Path REPORT = Path.of("target", "pit-reports", "mutations.xml");
    private static final Path SOURCES = Path.of("src", "main", "java");

    @Test
    void everySurvivorIsListedWithItsReason() throws Exception {
        Set<String> listed = listed();
        Set<String> survivors = new LinkedHashSet<>();
        Map<String, int[]> packages = new TreeMap<>();
        NodeList mutants = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(REPORT.toFile())
                .getElementsByTagName("mutation");
        for (int i = 0; i < mutants.getLength(); i++) {
            Element mutant = (Element) mutants.item(i);
            String type = text(mutant, "mutatedClass");
            int[] counts = packages.computeIfAbsent(type.substring(0, type.lastIndexOf('.')), name -> new int[2]);
            counts[0]++;
            if (mutant.getAttribute("detected").equals("true")) {
                counts[1]++;
            } else {
                survivors.add(row(mutant, type));
            }
        }
        packages.forEach(
                (name, counts) -> System.out.println(name + ": " + counts[0] + " mutants, " + counts[1] + " killed"));
        List<String> killed = new ArrayList<>(listed);
        killed.removeAll(survivors);
        if (!killed.isEmpty()) {
            System.out.println("Listed, but killed this time:\n" + String.join("\n", killed));
        }
        survivors.removeAll(listed);
        assertThat(survivors)
                .as("mutants that survive; write a test for each, or a row of " + LIST + " with the reason")
                .isEmpty();
    }

    private static Set<String> listed() throws IOException {
        Set<String> rows = new LinkedHashSet<>();
        for (String row : Files.readString(LIST).split("\n\n", -1)) {
            String[] lines = row.strip().split("\n", -1);
            if (!lines[0].startsWith("#")) {
                assertThat(lines.length)
                        .as("a mutant, its line and the reason: " + row)
                        .isGreaterThan(2);
                rows.add(lines[0] + "\n    " + lines[1].strip());
            }
        }
        return rows;
    }

    private static String row(Element mutant, String type) throws IOException {
        String simple = type.substring(type.lastIndexOf('.') + 1).replace('$', '.');
        String method = text(mutant, "mutatedMethod").replaceFirst("lambda\\$(.*)\\$\\d+", "$1");
        String change = text(mutant, "description")
                .replaceFirst(" for org/echoharness/.*", "")
                .replaceFirst("(removed call to |with receiver |with argument |to )\\S*/", "$1");
        Path source = SOURCES.resolve(type.substring(0, type.lastIndexOf('.')).replace('.', '/'))
                .resolve(text(mutant, "sourceFile"));
        int line = Integer.parseInt(text(mutant, "lineNumber"));
        return simple + "." + method + ": " + change + "\n    "
                + Files.readAllLines(source).get(line - 1).strip();
    }

    private static String text(Element mutant, String name) {
        return mutant.getElementsByTagName(name).item(0).getTextContent();
    }
}
