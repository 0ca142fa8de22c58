package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares the table of types in {@code package-info} with the code: the table has each type once, and a type uses only
 * those before it, except in the circles that the table names. A nested type is part of the type of its file.
 */
@Timeout(60)
class RoomsTest {

    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern ROW = Pattern.compile("<tr><th>([^<]+)<td>[^<]*<td>([^<]+)");
    private static final Pattern TYPE = Pattern.compile("\\{@(?:code|link)\\s(?:\\*|\\s)*(?:[\\w.]+\\.)?(\\w+)}");
    private static final Pattern ARROW = Pattern.compile("^ +([\\w.]+)\\S* +-> ([\\w.]+)", Pattern.MULTILINE);

    /** The table: the types in order, and the circles in which they use one another. */
    record Rooms(List<String> types, List<Set<String>> circles) {

        static Rooms of(String packageInfo) {
            List<String> types = new ArrayList<>();
            List<Set<String>> circles = new ArrayList<>();
            for (MatchResult row : ROW.matcher(packageInfo).results().toList()) {
                if (row.group(1).equals("circles")) {
                    Stream.of(row.group(2).split(";", -1))
                            .map(RoomsTest::typesIn)
                            .map(Set::copyOf)
                            .forEach(circles::add);
                } else {
                    types.addAll(typesIn(row.group(2)));
                }
            }
            return new Rooms(types, circles);
        }

        /** The broken rules, one sentence for each. */
        List<String> problems(Map<String, Set<String>> arrows) {
            List<String> problems = new ArrayList<>();
            Set<String> seen = new HashSet<>();
            types.stream().filter(type -> !seen.add(type)).forEach(type -> problems.add(type + " stands twice"));
            seen.stream().filter(type -> !arrows.containsKey(type)).forEach(type -> problems.add("no type " + type));
            arrows.keySet().stream()
                    .filter(type -> !seen.contains(type))
                    .forEach(type -> problems.add(type + " is missing"));
            arrows.forEach((type, used) -> used.stream()
                    .filter(other -> types.indexOf(other) > types.indexOf(type))
                    .filter(other -> circles.stream().noneMatch(circle -> circle.containsAll(Set.of(type, other))))
                    .forEach(other -> problems.add(type + " uses " + other + ", which stands after it")));
            circles.stream()
                    .filter(circle -> !circle.stream()
                            .allMatch(type -> reached(type, circle, arrows).equals(circle)))
                    .forEach(circle -> problems.add("no circle: " + new TreeSet<>(circle)));
            return problems;
        }

        /** The types that this one uses, directly or through others, within the circle. */
        private static Set<String> reached(String type, Set<String> circle, Map<String, Set<String>> arrows) {
            Set<String> reached = new HashSet<>();
            List<String> next = List.of(type);
            while (!next.isEmpty()) {
                next = next.stream()
                        .flatMap(from -> arrows.getOrDefault(from, Set.of()).stream())
                        .filter(circle::contains)
                        .filter(reached::add)
                        .toList();
            }
            return reached;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "echo-runtime, org/echoharness",
        "echo-junit-extension, org/echoharness/junit",
        "echo-maven-plugin, org/echoharness/maven"
    })
    void typesUseOnlyEarlierTypes(String module, String folder) throws IOException {
        Path sources = ROOT.resolve(module).resolve("src/main/java");
        Rooms rooms = Rooms.of(Files.readString(sources.resolve(folder).resolve("package-info.java")));

        assertThat(rooms.problems(arrows(sources, ROOT.resolve(module).resolve("target/classes/org"))))
                .isEmpty();
    }

    @Test
    void reportsEveryBrokenRule() {
        Rooms rooms = Rooms.of("<tr><th>low<td>first<td>{@code A} {@link org.B} {@code C} {@code C} {@code D}"
                + "<tr><th>circles<td>those<td>{@code B} {@code C}; {@code A} {@code D}");

        assertThat(rooms.problems(new TreeMap<>(
                        Map.of("A", Set.of("B"), "B", Set.of("C"), "C", Set.of("A", "B"), "E", Set.of()))))
                .containsExactly(
                        "C stands twice",
                        "no type D",
                        "E is missing",
                        "A uses B, which stands after it",
                        "no circle: [A, D]");
    }

    private static List<String> typesIn(String row) {
        return TYPE.matcher(row).results().map(type -> type.group(1)).toList();
    }

    /** Which types of the sources each of them uses, from the class files. */
    private static Map<String, Set<String>> arrows(Path sources, Path classes) throws IOException {
        Map<String, String> names = new HashMap<>();
        try (Stream<Path> files = Files.walk(sources)) {
            files.filter(file -> file.toString().endsWith(".java")
                            && !file.toString().endsWith("-info.java"))
                    .forEach(file -> names.put(qualifiedName(sources.relativize(file)), simpleName(file)));
        }
        Map<String, Set<String>> arrows = new TreeMap<>();
        names.values().forEach(name -> arrows.put(name, new TreeSet<>()));
        StringWriter out = new StringWriter();
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        int code = jdeps.run(
                new PrintWriter(out), new PrintWriter(out), "-verbose:class", "-filter:none", classes.toString());
        assertThat(code).as(out.toString()).isZero();
        for (MatchResult arrow : ARROW.matcher(out.toString()).results().toList()) {
            String type = names.get(arrow.group(1));
            String used = names.get(arrow.group(2));
            if (type != null && used != null && !type.equals(used)) {
                arrows.get(type).add(used);
            }
        }
        return arrows;
    }

    private static String qualifiedName(Path source) {
        return source.toString().replace(".java", "").replace('/', '.').replace('\\', '.');
    }

    private static String simpleName(Path source) {
        return source.getFileName().toString().replace(".java", "");
    }
}
