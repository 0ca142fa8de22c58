package org.echoharness.maven;

import java.util.List;
import java.util.Objects;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.SessionData;
import org.jspecify.annotations.Nullable;

/**
 * What all goals have in common: before one does its work, it is skipped, or what it was given is checked. A superclass,
 * because Maven looks for parameters nowhere else.
 */
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
abstract class EchoMojo extends AbstractMojo {

    /** What an option without a limit is set to. */
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

    /** What an error says did not happen, such as {@code no server started}. */
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
     * Why there is nothing to do; null if there is.
     *
     * @throws IllegalArgumentException if a parameter that decides it has a wrong value
     */
    @Nullable
    String skipped(GoalConfiguration configuration) {
        return isOn(configuration, "skip", skip) ? SkippedTests.ECHO_SKIP : null;
    }

    /** As {@link #skipped(GoalConfiguration)} of a goal that follows the integration tests if its parameter says so. */
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

    /** Warns of what may hold for many executions and modules of the build, which share what the session keeps. */
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

    /** Refuses a list without elements, over which every check would pass. */
    static void refuseEmpty(String parameter, List<String> list) {
        List<String> texts =
                list.stream().map(text -> Objects.requireNonNullElse(text, "")).toList();
        if (texts.isEmpty() || texts.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(parameter + " (" + String.join(",", texts)
                    + ") has an empty element; give each a value, or leave " + parameter + " out");
        }
    }

    /**
     * Whether a parameter is true. Maven itself would read any other text as false.
     *
     * @throws IllegalArgumentException if it is neither {@code true} nor {@code false}
     */
    static boolean isOn(String parameter, String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(parameter + " (" + text + ") must be true or false");
        }
        return text.equals("true");
    }
}
