package org.echoharness.maven;

import java.io.File;
import java.util.List;
import java.util.Objects;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.echoharness.OptionText;
import org.echoharness.ServerAddress;
import org.eclipse.aether.SessionData;
import org.jspecify.annotations.Nullable;

/**
 * The part that all goals share. Before a goal does its work, it checks whether it is skipped, and checks its
 * parameters. It is a superclass because Maven reads parameters only from superclasses.
 */
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
abstract class EchoMojo extends AbstractMojo {

    /** The value of an option without a limit. */
    static final String NONE = "none";

    /**
     * Whether to do nothing: {@code true} or {@code false}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skip", defaultValue = "false")
    String skip;

    /** The project; without a POM it is one of Maven's. */
    @Parameter(defaultValue = "${project}", readonly = true, required = true)
    MavenProject project;

    /** The build. */
    @Parameter(defaultValue = "${session}", readonly = true, required = true)
    MavenSession session;

    /** The execution, which errors name. */
    @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
    MojoExecution execution;

    /** The beginning of errors: what did not happen, such as {@code no server started}. */
    private final String refusal;

    EchoMojo(String refusal) {
        this.refusal = refusal;
    }

    @Override
    public final void execute() throws MojoExecutionException, MojoFailureException {
        GoalConfiguration configuration = configuration();
        String skipped;
        try {
            skipped = skipped(configuration);
            if (skipped == null) {
                new ParameterNames(configuration, this::warnOnce).check();
                configuration.refuseUnsetProperties();
                configuration.refuseEmptyProperties();
            }
        } catch (IllegalArgumentException refused) {
            throw refused(refusal, refused);
        }
        if (skipped == null) {
            perform();
        } else {
            getLog().info(execution.getGoal() + " skipped: " + skipped);
        }
    }

    /** Does the work of the goal, with parameters whose properties are all set. */
    abstract void perform() throws MojoExecutionException, MojoFailureException;

    /**
     * Returns why the goal has nothing to do; null if it has work.
     *
     * @throws IllegalArgumentException if a parameter that decides it has a wrong value
     */
    @Nullable
    String skipped(GoalConfiguration configuration) {
        return isOn(configuration, "skip", skip) ? SkippedTests.ECHO_SKIP : null;
    }

    /**
     * Like {@link #skipped(GoalConfiguration)}, for a goal that is skipped with the integration tests if its parameter
     * says so.
     */
    @Nullable
    final String skipped(GoalConfiguration configuration, String skipWithTests) {
        boolean followsTests = isOn(configuration, "skipWithTests", skipWithTests);
        if (isOn(configuration, "skip", skip)) {
            return SkippedTests.ECHO_SKIP;
        }
        return followsTests ? SkippedTests.reason(session, project) : null;
    }

    private static boolean isOn(GoalConfiguration configuration, String parameter, String text) {
        configuration.refuseUnsetProperties(parameter);
        return isOn(parameter, text);
    }

    /** Warns once in a session, because many executions and modules may have the same cause. */
    private void warnOnce(String warning) {
        SessionData kept = session.getRepositorySession().getData();
        if (kept.set(EchoMojo.class.getName() + ": " + warning, null, "warned")) {
            getLog().warn(warning);
        }
    }

    final GoalConfiguration configuration() {
        return new GoalConfiguration(execution, session, project);
    }

    final MojoExecutionException refused(String what, Exception cause) {
        return new MojoExecutionException(
                what + " (execution " + execution.getExecutionId() + "): " + FileErrors.text(cause), cause);
    }

    /**
     * Reads an address. The relative path of a Unix socket begins at the directory of the project, as the paths of Maven's
     * own goals do.
     *
     * @param defaultPort the port if the text has none; if this is negative, the text must have one
     */
    final ServerAddress address(String text, int defaultPort) {
        ServerAddress parsed = ServerAddress.parse(text, defaultPort);
        File basedir = project.getBasedir();
        return parsed instanceof ServerAddress.Unix unix && !unix.isPrivate() && basedir != null
                ? new ServerAddress.Unix(basedir.toPath().resolve(unix.path()))
                : parsed;
    }

    /** Refuses an empty list, and a list with an empty element. */
    static void refuseEmpty(String parameter, List<String> list) {
        List<String> texts =
                list.stream().map(text -> Objects.requireNonNullElse(text, "")).toList();
        if (texts.isEmpty() || texts.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(parameter + " (" + String.join(",", texts)
                    + ") has an empty element; give each a value, or leave " + parameter + " out");
        }
    }

    /**
     * Returns whether a parameter is true. Maven itself would read any other text as false.
     *
     * @throws IllegalArgumentException if it is neither {@code true} nor {@code false}
     */
    static boolean isOn(String parameter, String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(parameter + " (" + text + ") must be true or false");
        }
        return text.equals("true");
    }

    /** Returns the path of a file. A relative one begins at the directory of the project. */
    final String file(String text) {
        File basedir = project.getBasedir();
        return basedir == null || text.isBlank()
                ? text
                : basedir.toPath().resolve(text.strip()).toString();
    }

    /** Returns which certificates to trust. The relative path of a PEM file begins at the directory of the project. */
    final String trust(String text) {
        return OptionText.isPemFile(text) ? file(text) : text;
    }
}
