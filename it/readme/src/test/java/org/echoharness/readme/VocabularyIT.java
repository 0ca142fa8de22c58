package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One vocabulary: each option of the builders is in each front end and on the page, with the same default. */
@Timeout(60)
class VocabularyIT {

    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern ROW = Pattern.compile("^\\| `(\\w+)` \\|.*$", Pattern.MULTILINE);
    private static final Pattern FLAG = Pattern.compile("--([a-z-]+)([^-]*)");

    /**
     * What one front end offers.
     *
     * @param words those of the builders that it should offer
     * @param offers what it does offer, with the text of the default where it shows one
     * @param lacks the words that it does without, each with the reason
     * @param own what it offers beside the words
     */
    record FrontEnd(
            String name,
            Collection<String> words,
            Map<String, String> offers,
            Map<String, String> lacks,
            Collection<String> own) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<FrontEnd> frontEnds() throws Exception {
        List<String> server = EchoServer.Builder.words();
        List<String> client = EchoClient.Builder.words();
        List<String> all = union(server, client);
        List<String> skips = List.of("skip", "skipWithTests");
        return Stream.of(
                new FrontEnd(
                        "EchoServer.Builder",
                        server,
                        methods(EchoServer.Builder.class, EchoServer.Builder.class),
                        Map.of(),
                        List.of(
                                "everyAddressOfNames",
                                "conversation",
                                "conversationTimes",
                                "warnings",
                                "set",
                                "scriptDirectory",
                                "respond",
                                "handler",
                                "handlerStartsTls",
                                "tlsParameters")),
                new FrontEnd(
                        "EchoClient.Builder",
                        client,
                        methods(EchoClient.Builder.class, EchoClient.Builder.class),
                        Map.of(),
                        List.of("conversation", "set", "tlsParameters")),
                new FrontEnd(
                        "@EchoTest",
                        all,
                        methods(EchoTest.class, Object.class),
                        Map.of("address", "clients of a test are connected to its server"),
                        List.of("name", "source", "external", "scope", "attachments", "checks", "systemProperty")),
                new FrontEnd(
                        "goal start",
                        server,
                        goal("start"),
                        Map.of(),
                        union(List.of("id", "servers", "record", "portsFile"), skips)),
                new FrontEnd("goal run", server, goal("run"), Map.of(), List.of("record", "times", "timeout", "skip")),
                new FrontEnd(
                        "goal client",
                        client,
                        goal("client"),
                        Map.of("recording", "the goal checks an echo; its failure shows both texts"),
                        union(List.of("connections", "expected", "message", "messageFile", "repeat"), skips)),
                new FrontEnd(
                        "command line",
                        all,
                        help(),
                        Map.of(
                                "addresses", "they are arguments without a name",
                                "address", "it is an argument without a name",
                                "recording", "--record names the folder too"),
                        List.of("record", "times", "quiet", "help", "version", "message", "messageFile", "verbose")),
                new FrontEnd(
                        "OPTIONS.md",
                        all,
                        rows(Files.readString(ROOT.resolve("echo-runtime/OPTIONS.md"))),
                        Map.of("address", "the row of addresses says what both are"),
                        List.of()));
    }

    @ParameterizedTest
    @MethodSource("frontEnds")
    void frontEndOffersEveryOption(FrontEnd frontEnd) {
        List<String> expected = union(frontEnd.words(), frontEnd.own());
        expected.removeAll(frontEnd.lacks().keySet());

        assertThat(new TreeSet<>(frontEnd.offers().keySet()))
                .as(frontEnd.name())
                .isEqualTo(new TreeSet<>(expected));
    }

    /**
     * Compares the defaults with those of the page. Addresses differ by front end, as the page says. After the default of
     * all, it names that of a goal.
     */
    @ParameterizedTest
    @MethodSource("frontEnds")
    void frontEndShowsDefaultsOfPage(FrontEnd frontEnd) throws Exception {
        String name = frontEnd.name().replace("goal ", "");
        Map<String, String> page = rows(Files.readString(ROOT.resolve("echo-runtime/OPTIONS.md"))
                .replaceAll("\\| \\S+; goal `" + name + "`: (\\S+) \\|", "| $1 |"));
        List<String> others = new ArrayList<>();
        frontEnd.offers().forEach((word, shown) -> {
            boolean isOption = frontEnd.words().contains(word) && page.containsKey(word) && !word.equals("addresses");
            if (isOption && !shown.isEmpty() && !shown.equals(page.get(word))) {
                others.add(word + ": " + shown + ", on the page: " + page.get(word));
            }
        });

        assertThat(others).as(frontEnd.name()).isEmpty();
    }

    @Test
    void pageHasOrderOfBuilders() throws Exception {
        List<String> words = union(EchoServer.Builder.words(), EchoClient.Builder.words());
        words.remove("address");

        assertThat(rows(Files.readString(ROOT.resolve("echo-runtime/OPTIONS.md")))
                        .keySet())
                .containsExactlyElementsOf(words);
    }

    private static Map<String, String> methods(Class<?> type, Class<?> result) {
        Map<String, String> methods = new LinkedHashMap<>();
        for (Method method : type.getDeclaredMethods()) {
            boolean isOption = result.isAssignableFrom(method.getReturnType())
                    || method.getReturnType().isPrimitive();
            if (isOption && Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
                methods.put(method.getName(), "");
            }
        }
        return methods;
    }

    private static Map<String, String> goal(String name) throws IOException {
        String page = Files.readString(ROOT.resolve("echo-maven-plugin/GOALS.md"));
        return rows(page.replaceFirst("(?s).*\n## " + name + "\n", "").replaceFirst("(?s)\n## .*", ""));
    }

    /** The last cell but one of GOALS and the last of OPTIONS is the default. */
    private static Map<String, String> rows(String page) {
        Map<String, String> rows = new LinkedHashMap<>();
        for (MatchResult row : ROW.matcher(page).results().toList()) {
            List<String> cells = List.of(row.group().split(" \\| ", -1));
            String last = cells.size() > 3 ? cells.get(2) : cells.get(2).replaceFirst(" \\|$", "");
            rows.put(
                    row.group(1),
                    last.replaceFirst("[;,].*", "").replace("`", "").strip());
        }
        return rows;
    }

    /** The flags, as words, each with the text in the parentheses that follow it. */
    private static Map<String, String> help() throws IOException, InterruptedException {
        String jar = "echo-runtime/target/echo-runtime-" + System.getProperty("project.version") + ".jar";
        String help;
        try (ForkedProcess process = new ForkedProcess(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                ROOT.resolve(jar).toString(),
                "--help"))) {
            assertThat(process.awaitExit()).isZero();
            help = process.lines().text();
        }
        Map<String, String> flags = new LinkedHashMap<>();
        for (MatchResult flag : FLAG.matcher(help).results().toList()) {
            String text = flag.group(2).replaceAll("\\s+", " ");
            flags.put(
                    camelCase(flag.group(1)),
                    text.matches(".*\\(\\w+\\).*") ? text.replaceFirst(".*\\((\\w+)\\).*", "$1") : "");
        }
        return flags;
    }

    private static String camelCase(String flag) {
        return Pattern.compile("-(.)")
                .matcher(flag)
                .replaceAll(found -> found.group(1).toUpperCase(Locale.ROOT));
    }

    private static List<String> union(Collection<String> first, Collection<String> second) {
        List<String> union = new ArrayList<>(first);
        second.stream().filter(word -> !first.contains(word)).forEach(union::add);
        return union;
    }
}
