package org.echoharness.maven;

import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.echoharness.Options;
import org.jspecify.annotations.Nullable;

/**
 * Waits until something listens at each of some addresses, and fails the build if it does not in time. It is for servers that
 * something else started; {@code start} has no need of it. Each try is a connection, which the server sees. It needs no
 * project. Nothing is awaited where {@code start} starts nothing.
 *
 * @since 0.1.0
 */
@Mojo(name = "await", defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST, requiresProject = false, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class AwaitMojo extends AbstractMojo {

    private static final String ADDRESSES_PROPERTY = "echo.await.addresses";

    /**
     * Where something is to listen: one or several of {@code host}, {@code host:port} and {@code [v6]:port}, on the command
     * line with commas between them. The port is 10000 where none is given, and the default {@code localhost:10000}.
     *
     * @since 0.1.0
     */
    @Parameter(property = ADDRESSES_PROPERTY)
    @Nullable
    List<@Nullable String> addresses;

    /**
     * How long to wait for all of them together, such as {@code 50ms}, {@code 2s} or {@code 1m}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.await.timeout", defaultValue = "30s")
    String timeout;

    /**
     * Whether to wait for nothing.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skip", defaultValue = "false")
    boolean skip;

    /** The project, whose tests may be skipped; without a POM it is one of Maven's. */
    @Parameter(defaultValue = "${project}", readonly = true, required = true)
    MavenProject project;

    /** The build, whose properties tell whether tests are skipped. */
    @Parameter(defaultValue = "${session}", readonly = true, required = true)
    MavenSession session;

    /** The execution, which errors name. */
    @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
    MojoExecution execution;

    /** Called by Maven. */
    public AwaitMojo() {}

    @Override
    public void execute() throws MojoExecutionException, MojoFailureException {
        String skipped = skip ? SkippedTests.ECHO_SKIP : SkippedTests.reason(session, project);
        if (skipped != null) { // the same as start: what it awaits may not be there
            getLog().info("await skipped: " + skipped);
            return;
        }
        Configured configured = new Configured(execution, "addresses", ADDRESSES_PROPERTY);
        List<String> targets = configured.addresses(addresses);
        try {
            Listening listening = new Listening(Options.duration("timeout", timeout), getLog()::info);
            listening.await(targets.stream().map(configured::parse).collect(Collectors.toList()));
        } catch (IllegalArgumentException refused) {
            throw new MojoExecutionException(told("cannot wait for ", targets, refused.getMessage()), refused);
        } catch (TimeoutException late) {
            throw new MojoFailureException(
                    told("no server at ", targets, "after " + timeout + " " + late.getMessage()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new MojoExecutionException(
                    told("cannot wait for ", targets, "the build was interrupted"), interrupted);
        }
    }

    private String told(String what, List<String> targets, @Nullable String why) {
        return what + String.join(", ", targets) + " (execution " + execution.getExecutionId() + "): " + why;
    }
}
