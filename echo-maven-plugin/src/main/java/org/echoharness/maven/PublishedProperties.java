package org.echoharness.maven;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.maven.execution.MavenSession;

/** What one project, or the copy of it that a forked lifecycle has, knows of the servers: properties of the project. */
final class PublishedProperties {

    private final List<Properties> stronger;
    private final Properties project;
    private final Consumer<String> warnings;
    private final Properties hidden = new Properties();
    private SortedMap<String, String> current;

    /** A copy of a project has the properties that are published at that time. */
    PublishedProperties(
            MavenSession session, Properties project, SortedMap<String, String> copied, Consumer<String> warnings) {
        stronger = List.of(session.getUserProperties(), session.getSystemProperties());
        this.project = project;
        this.warnings = warnings;
        current = new TreeMap<>(copied);
        current.entrySet().removeIf(entry -> !entry.getValue().equals(project.getProperty(entry.getKey())));
    }

    @SuppressWarnings("ReferenceEquality") // a copy equals those of its project
    boolean isOf(Properties other) {
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

    /** Sets these in place of those before. */
    void set(SortedMap<String, String> next) {
        next.forEach(this::keepWhatThePomSays);
        takeBack();
        project.putAll(next);
        current = next;
    }

    /** Maven 4 gives another object for the same properties each time: what was published through one is not the POM's. */
    private void keepWhatThePomSays(String name, String value) {
        boolean isDefined = project.containsKey(name) && !value.equals(project.getProperty(name));
        if (isDefined && !current.containsKey(name) && !hidden.containsKey(name)) {
            hidden.setProperty(name, project.getProperty(name));
            warnings.accept(
                    "the POM defines " + name + " (" + project.getProperty(name)
                            + "): where the POM uses it, that value is put in before the server has its port; remove the property");
        }
    }

    private void takeBack() {
        current.forEach((name, value) -> {
            if (value.equals(project.getProperty(name))) {
                project.remove(name);
            }
        });
        project.putAll(hidden);
    }
}
