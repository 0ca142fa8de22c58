package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.junit.jupiter.api.Named.named;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.maven.project.MavenProject;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The properties of projects of Maven 3 and of Maven 4 while servers run, and after. */
class PublishedPropertiesTest {

    private static final String PORT = "echo.server.one.port";
    private static final String WARNING = "the POM defines " + PORT + " (4711): Maven inserts that value into the POM"
            + " before the server has a port; remove the property";

    @TempDir
    private Path directory;

    private final List<String> warnings = new ArrayList<>();

    static Stream<Named<MavenProject>> projects() {
        return Stream.of(
                named("Maven 3", Build.project("project")),
                named("Maven 4", new Maven4Project(Build.model("project"))));
    }

    @ParameterizedTest
    @MethodSource("projects")
    void hidesAndRestoresPomProperty(MavenProject project) {
        project.getProperties().setProperty(PORT, "4711");
        PublishedProperties properties = properties(project);
        properties.set(published(PORT, "1", "other", "2"));
        assertThat(project.getProperties()).containsOnly(entry(PORT, "1"), entry("other", "2"));
        properties.set(published(PORT, "1"));
        assertThat(project.getProperties()).containsOnly(entry(PORT, "1"));
        properties.set(published("other", "2"));
        assertThat(project.getProperties()).containsOnly(entry(PORT, "4711"), entry("other", "2"));
        properties.set(published());
        assertThat(project.getProperties()).containsOnly(entry(PORT, "4711"));
        assertThat(warnings).containsExactly(WARNING);
    }

    @ParameterizedTest
    @MethodSource("projects")
    void keepsPortOfPom(MavenProject project) {
        project.getProperties().setProperty(PORT, "4711");
        PublishedProperties properties = properties(project);
        properties.set(published(PORT, "4711"));
        properties.set(published());
        assertThat(project.getProperties()).containsOnly(entry(PORT, "4711"));
        assertThat(warnings).containsExactly(WARNING);
    }

    @ParameterizedTest
    @MethodSource("projects")
    void withdrawsPropertiesFromCopiedProject(MavenProject project) {
        project.getProperties().setProperty(PORT, "4711");
        PublishedProperties properties = properties(project);
        properties.set(published(PORT, "1", "other", "2"));
        MavenProject copy = project.clone();
        PublishedProperties copied = properties.of(new Build(directory).session(), copy);
        assertThat(copied.isOf(copy)).isTrue();
        assertThat(copied.isOf(project)).isFalse();
        copied.set(published(PORT, "1", "third", "3"));
        assertThat(copy.getProperties()).containsOnly(entry(PORT, "1"), entry("third", "3"));
        copied.set(published());
        assertThat(copy.getProperties()).containsOnly(entry(PORT, "4711"));
        assertThat(warnings).containsExactly(WARNING);
    }

    @ParameterizedTest
    @MethodSource("projects")
    void keepsPropertySetByOtherPlugin(MavenProject project) {
        project.getProperties().setProperty(PORT, "4711");
        PublishedProperties properties = properties(project);
        properties.set(published(PORT, "1"));
        project.getProperties().setProperty(PORT, "2");
        properties.set(published());
        assertThat(project.getProperties()).containsOnly(entry(PORT, "2"));
    }

    /** Later goals see the same project, whose properties may then be another object. */
    @ParameterizedTest
    @MethodSource("projects")
    void hidesPomPropertyOncePerProject(MavenProject project) throws Exception {
        project.getProperties().setProperty("echo.server.default.host", "127.0.0.1");
        Build build = new Build(directory, project);
        build.start().execute();
        StartMojo second = build.start();
        second.id = "second";
        second.execute();
        assertThat(build.log.seen()).filteredOn(line -> line.startsWith("WARN")).hasSize(1);
        build.stop().execute();
        assertThat(project.getProperties()).containsOnly(entry("echo.server.default.host", "127.0.0.1"));
    }

    private PublishedProperties properties(MavenProject project) {
        return new PublishedProperties(new Build(directory).session(), project, warnings::add);
    }

    private static SortedMap<String, String> published(String... namesAndValues) {
        SortedMap<String, String> published = new TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            published.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return published;
    }
}
