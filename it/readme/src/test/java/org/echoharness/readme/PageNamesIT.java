package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.readme.PagesIT.Page;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The names on the pages for users: each flag is in the help, each property is one of a goal, of a server or of the
 * extension, each method is in the public API, and each command of a shell could run.
 */
@Timeout(60)
class PageNamesIT {

    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern CODE = Pattern.compile("```\\w*\\R.*?```|`[^`\n]+`", Pattern.DOTALL);
    private static final Pattern SHELL =
            Pattern.compile("^( *)```sh\\R(.*?)^ *```$", Pattern.DOTALL | Pattern.MULTILINE);

    /** Of curl and openssl. */
    private static final Set<String> FOREIGN_FLAGS = Set.of("--cacert", "--data-binary");

    /** Of the JDK, JUnit, Spring, AssertJ and other libraries, and of the examples themselves. */
    private static final Set<String> FOREIGN_METHODS = new TreeSet<>(Arrays.asList(
            ("build clientAuthentication createDefaultSSLContext create_default_context encode execute forClient get"
                            + " getBytes getSslContext newBuilder read remaining reads setEndpointIdentificationAlgorithm"
                            + " ofMillis ofSeconds setSoTimeout shutdownOutput sendUrgentData sslContext sslProvider systemProperty"
                            + " trustManager shutdownInput shutdown write")
                    .split(" ")));

    private static final Set<String> FLAGS = new TreeSet<>();
    private static final Set<String> PROPERTIES = new TreeSet<>();
    private static final Set<String> METHODS = new TreeSet<>();
    private static final Set<String> GOALS = new TreeSet<>();

    @BeforeAll
    static void readNames() throws Exception {
        try (ForkedProcess help = new ForkedProcess(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                ROOT.resolve(jar()).toString(),
                "--help"))) {
            assertThat(help.awaitExit()).isZero();
            add(FLAGS, "--[a-z][a-z-]*", help.lines().text());
        }
        String goals = Files.readString(ROOT.resolve("echo-maven-plugin/GOALS.md"));
        add(PROPERTIES, "(?<=`)echo\\.[\\w.]+(?=`)", goals);
        add(GOALS, "(?m)(?<=^## )\\w+", goals);
        for (String module : List.of("echo-maven-plugin", "echo-junit-extension")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                for (Path file :
                        files.filter(each -> each.toString().endsWith(".java")).toList()) {
                    add(PROPERTIES, "(?<=\")echo\\.[\\w.]*(?=\")", Files.readString(file));
                }
            }
        }
        for (String module : List.of("echo-runtime", "echo-junit-extension")) {
            add(METHODS, "\\w+(?=\\()", Files.readString(ROOT.resolve(module).resolve("api.txt")));
        }
    }

    private static String jar() {
        return "echo-runtime/target/echo-runtime-" + System.getProperty("project.version") + ".jar";
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static void add(Set<String> names, String pattern, String text) {
        Pattern.compile(pattern).matcher(text).results().forEach(found -> names.add(found.group()));
    }

    static Stream<Page> pages() throws IOException {
        return PagesIT.pages().stream().filter(page -> page.name().matches("README\\.md|echo-.*"));
    }

    private static Set<String> inCode(Page page, String pattern) {
        Set<String> names = new TreeSet<>();
        CODE.matcher(page.text()).results().forEach(code -> add(names, pattern, code.group()));
        return names;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyFlagIsInHelp(Page page) {
        Set<String> flags = inCode(page, "(?<![\\w-])--[a-z][a-z-]+");
        flags.removeAll(FOREIGN_FLAGS);
        flags.removeAll(FLAGS);

        assertThat(flags).as("neither in --help nor of another program").isEmpty();
    }

    /** A name may begin as a text of the code that ends with a dot, such as {@code echo.server.}. */
    @ParameterizedTest
    @MethodSource("pages")
    void everyPropertyExists(Page page) {
        assertThat(inCode(
                                page,
                                "(?<![\\w./-]|org\\.)echo\\.(?!pem|sock|pcapng|html|server\\(|restart)[A-Za-z][\\w.]*\\w")
                        .stream()
                        .filter(name -> !name.equals("echo.timeot")) // the example of a misspelling
                        .filter(name -> PROPERTIES.stream()
                                .noneMatch(known -> known.equals(name)
                                        || (known.endsWith(".") && !known.equals("echo.") && name.startsWith(known)))))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyMethodIsInApi(Page page) {
        Set<String> methods = new TreeSet<>();
        page.text().replaceAll("(?ms)^ *```.*?^ *```$", "").lines().forEach(line -> {
            Pattern.compile("`([^`]+)`")
                    .matcher(line)
                    .results()
                    .forEach(code ->
                            add(methods, "\\b[a-z]\\w+(?=\\()", code.group(1).replaceAll("\"[^\"]*\"", "\"\"")));
        });
        methods.removeAll(FOREIGN_METHODS);
        methods.removeAll(METHODS);

        assertThat(methods).as("neither in an api.txt nor of another library").isEmpty();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyShellCommandCouldRun(Page page) {
        List<String> problems = new ArrayList<>();
        SHELL.matcher(page.text())
                .results()
                .flatMap(block -> block.group(2).lines())
                .forEach(line -> {
                    String command = line.strip().replaceFirst(" +#.*", "");
                    if (command.startsWith("mvn ")) {
                        Pattern.compile("echo-maven-plugin:[^:\\s]+:(\\w+)")
                                .matcher(command)
                                .results()
                                .forEach(goal -> {
                                    if (!GOALS.contains(goal.group(1))) {
                                        problems.add("no goal: " + command);
                                    }
                                });
                        Pattern.compile("-pl (\\S+)").matcher(command).results().forEach(modules -> {
                            for (String module : modules.group(1).split(",", -1)) {
                                if (!Files.exists(ROOT.resolve(module).resolve("pom.xml"))) {
                                    problems.add("no module " + module + ": " + command);
                                }
                            }
                        });
                        if (!command.matches(
                                "mvn (verify|install|test|org\\.echoharness:echo-maven-plugin:\\S+)( .*)?")) {
                            problems.add("no phase or goal that a test knows: " + command);
                        }
                    } else if (!command.matches("java -jar (echo-runtime/target/)?" + Pattern.quote(name(jar()))
                                    + " (server|client)( .*)?")
                            && !command.startsWith(
                                    "(echo hello; sleep 1) | openssl s_client ")) { // TlsClientsIT runs it
                        problems.add("no test knows such a command: " + command);
                    }
                });
        assertThat(problems).isEmpty();
    }
}
