package org.echoharness.maven;

import java.util.Properties;
import org.apache.maven.artifact.versioning.ComparableVersion;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.Plugin;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether the integration tests of a build are skipped, so that no server is needed. It reads the properties
 * that Failsafe reads. They are no parameters of the goals, because they control the tests and not a goal.
 */
final class SkippedTests {

    /** The reason if a goal's own parameter skips the goal. */
    static final String ECHO_SKIP = "echo.skip is set";

    private static final String FAILSAFE = "org.apache.maven.plugins:maven-failsafe-plugin";

    /** From this version on, Failsafe runs tests under {@code skipTests}; Surefire does not. */
    private static final ComparableVersion RUNS_ALL_THE_SAME = new ComparableVersion("3.6.0-alpha");

    private SkippedTests() {}

    /** Returns why the tests are skipped; null if they run. */
    static @Nullable String reason(MavenSession session, MavenProject project) {
        for (String property : new String[] {"skipITs", "maven.test.skip", "maven.test.skip.exec"}) {
            if (isSet(property, session, project)) {
                return property + " is set";
            }
        }
        if (isSet("skipTests", session, project) && !failsafeIgnoresSkipTests(project)) {
            return "skipTests is set";
        }
        return null;
    }

    /** Looks in Maven's order for {@code ${property}}: the command line, the system, the POM. */
    private static boolean isSet(String property, MavenSession session, MavenProject project) {
        String value = null;
        for (Properties from :
                new Properties[] {session.getUserProperties(), session.getSystemProperties(), project.getProperties()
                }) {
            value = value == null ? from.getProperty(property) : value;
        }
        return Boolean.parseBoolean(value);
    }

    private static boolean failsafeIgnoresSkipTests(MavenProject project) {
        Plugin failsafe = project.getPlugin(FAILSAFE);
        if (failsafe == null) {
            return false;
        }
        String version = failsafe.getVersion(); // null: the newest, which Maven looks up later
        return version == null || new ComparableVersion(version).compareTo(RUNS_ALL_THE_SAME) >= 0;
    }
}
