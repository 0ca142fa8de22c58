package org.echoharness.maven;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.project.MavenProject;

/**
 * The addresses of servers, and of their HTTP interface, as properties of one project, or of its copy in a forked lifecycle. This class asks the
 * project for its properties each time, because Maven 4 returns a different object for them each time.
 */
final class PublishedProperties {

    private final List<Properties> stronger;
    private final MavenProject project;
    private final Consumer<String> warnings;
    private final Properties hidden = new Properties();
    private final Set<String> warned = new HashSet<>();
    private SortedMap<String, String> current = new TreeMap<>();

    PublishedProperties(MavenSession session, MavenProject project, Consumer<String> warnings) {
        stronger = List.of(session.getUserProperties(), session.getSystemProperties());
        this.project = project;
        this.warnings = warnings;
    }

    /** Creates the properties of a copy of the project, which was made with what was published at that time. */
    PublishedProperties of(MavenSession session, MavenProject copy) {
        PublishedProperties properties = new PublishedProperties(session, copy, warnings);
        properties.warned.addAll(warned);
        properties.hidden.putAll(hidden);
        properties.current = new TreeMap<>(current);
        return properties;
    }

    @SuppressWarnings("ReferenceEquality") // a copy equals its project
    boolean isOf(MavenProject other) {
        return project == other;
    }

    /**
     * Checks the names of the properties.
     *
     * @throws IllegalStateException if a property that is stronger than the project's would hide one of these
     */
    void check(Map<String, String> next) {
        for (String name : next.keySet()) {
            for (Properties properties : stronger) {
                if (properties.containsKey(name)) {
                    throw new IllegalStateException(name + " (" + properties.getProperty(name)
                            + ") is a property of the command line already and would hide the server's; leave it out"
                            + " there, or set echo.skip where another server is meant");
                }
            }
        }
    }

    /** Sets these in place of the earlier ones. */
    void set(SortedMap<String, String> next) {
        takeBack();
        next.keySet().forEach(this::keepWhatThePomSays);
        project.getProperties().putAll(next);
        current = next;
    }

    private void keepWhatThePomSays(String name) {
        String value = project.getProperties().getProperty(name);
        if (value != null) {
            hidden.setProperty(name, value);
            if (warned.add(name)) {
                warnings.accept("the POM defines " + name + " (" + value
                        + "): Maven inserts that value into the POM before the server has a port; remove the property");
            }
        }
    }

    /** Leaves properties that something else has set since then. */
    private void takeBack() {
        Properties properties = project.getProperties();
        current.forEach((name, value) -> {
            if (value.equals(properties.getProperty(name))) {
                properties.remove(name);
                if (hidden.containsKey(name)) {
                    properties.setProperty(name, hidden.getProperty(name));
                }
            }
        });
        hidden.clear();
    }
}
