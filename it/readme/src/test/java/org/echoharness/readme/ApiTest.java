package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Compares the public API of each module with its file {@code api.txt}, so that no change of the API goes unseen. A change
 * that is meant is a line in that file.
 */
@Timeout(60)
class ApiTest {

    private static final Path ROOT = Path.of("..", "..");

    @ParameterizedTest
    @ValueSource(strings = {"echo-runtime", "echo-junit-extension"})
    void exportedPackagesAreAsListed(String module) throws IOException {
        Path classes = ROOT.resolve(module).resolve("target/classes");
        ModuleDescriptor descriptor =
                ModuleFinder.of(classes).findAll().iterator().next().descriptor();
        List<String> exported = descriptor.exports().stream()
                .filter(export -> !export.isQualified())
                .map(ModuleDescriptor.Exports::source)
                .toList();

        assertListed(module, ApiListing.of(classes, exported));
    }

    /** Its API is its goals and their parameters, and the public classes that Maven fills in. */
    @Test
    void goalsAreAsListed() throws Exception {
        Path classes = ROOT.resolve("echo-maven-plugin/target/classes");
        String goals = elements(
                        DocumentBuilderFactory.newInstance()
                                .newDocumentBuilder()
                                .parse(classes.resolve("META-INF/maven/plugin.xml")
                                        .toFile())
                                .getDocumentElement(),
                        "mojo")
                .map(ApiTest::goal)
                .collect(Collectors.joining("\n"));

        String server = Stream.of(Class.forName("org.echoharness.maven.Server").getDeclaredFields())
                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                .map(field -> "  " + field.getName() + ": " + field.getType().getSimpleName() + "\n")
                .sorted()
                .collect(Collectors.joining("", "element server of servers\n", "\n"));

        assertListed(
                "echo-maven-plugin", goals + "\n" + server + ApiListing.of(classes, List.of("org.echoharness.maven")));
    }

    private static void assertListed(String module, String actual) throws IOException {
        Path listed = ROOT.resolve(module).resolve("api.txt");
        Path written = Files.createDirectories(Path.of("target", "api")).resolve(module + ".txt");
        Files.writeString(written, actual);

        assertThat(Files.exists(listed) ? Files.readString(listed) : "")
                .as("the API of %s; if the change is meant: cp it/readme/%s %s/api.txt", module, written, module)
                .isEqualTo(actual);
    }

    private static String goal(Element mojo) {
        Element values =
                elements(mojo, "configuration").reduce((first, last) -> last).orElse(mojo);
        List<String> parameters = new ArrayList<>();
        elements(mojo, "parameter").forEach(parameter -> {
            String name = text(parameter, "name");
            String property = elements(values, name)
                    .map(value -> (value.getTextContent().isEmpty() ? "" : ", property " + value.getTextContent())
                            + (value.getAttribute("default-value").isEmpty()
                                    ? ""
                                    : ", default " + value.getAttribute("default-value")))
                    .findFirst()
                    .orElse("");
            if (text(parameter, "editable").equals("true")) {
                parameters.add("  " + name + ": " + text(parameter, "type").replace("java.lang.", "")
                        + (text(parameter, "required").equals("true") ? ", required" : "")
                        + (text(parameter, "deprecated").isEmpty() ? "" : ", deprecated") + property + "\n");
            }
        });
        Collections.sort(parameters);
        return "goal " + text(mojo, "goal")
                + (text(mojo, "phase").isEmpty() ? "" : ", phase " + text(mojo, "phase"))
                + (text(mojo, "requiresProject").equals("true") ? ", requires a project" : "")
                + (text(mojo, "requiresDependencyResolution").isEmpty() ? "" : ", resolves dependencies")
                + (text(mojo, "aggregator").equals("true") ? ", aggregator" : "")
                + (text(mojo, "threadSafe").equals("true") ? ", thread-safe" : "")
                + (text(mojo, "deprecated").isEmpty() ? "" : ", deprecated") + "\n"
                + String.join("", parameters);
    }

    private static Stream<Element> elements(Element parent, String name) {
        var found = parent.getElementsByTagName(name);
        return Stream.iterate(0, i -> i < found.getLength(), i -> i + 1).map(i -> (Element) found.item(i));
    }

    private static String text(Element parent, String name) {
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child.getNodeName().equals(name)) {
                return child.getTextContent().strip();
            }
        }
        return "";
    }

    /** That a change of each kind changes the text. */
    @Test
    void listingShowsWhatUsersSee() throws IOException {
        Path classes = Path.of("target", "test-classes");

        assertThat(ApiListing.of(classes, List.of("org.echoharness.readme.listed")))
                .isEqualTo("""
                package org.echoharness.readme.listed

                  @Deprecated class Listed<T extends Comparable<? super T>> implements java.io.Closeable
                    static final String CONSTANT = "a \\"constant\\""
                    @Deprecated(forRemoval = true) final Number old
                    Listed(T, int...) throws java.io.IOException
                    protected <E extends Exception> void close(Class<? extends E>) throws E, java.io.IOException
                    void close()
                    void ofHiddenSuperclass(String[])

                    enum Kind
                      constant ONE

                    @Target[METHOD, TYPE] @interface Marker
                      int[] value() default {1, 2}

                    record Pair(int left, java.util.List<?> right) implements Listed.Shape
                      Pair(int, java.util.List<?>)
                      int left()
                      java.util.List<?> right()

                    sealed interface Shape permits Pair
                      default int area()
                      static int none()
                """);
    }
}
