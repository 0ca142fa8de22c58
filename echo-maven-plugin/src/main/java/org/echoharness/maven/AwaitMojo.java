package org.echoharness.maven;

import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.HostAndPort;
import org.echoharness.OptionText;
import org.jspecify.annotations.Nullable;

/**
 * Waits until something listens at each of some addresses, and fails the build if it does not in time. It is for
 * servers that something else started; a server of {@code start} listens when the goal ends. Each try is a connection,
 * which the server sees. It needs no project. If the integration tests are skipped, it does nothing, as {@code start}
 * does.
 *
 * @since 0.1.0
 */
@Mojo(name = "await", defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST, requiresProject = false, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class AwaitMojo extends EchoMojo {

    /**
     * The addresses to wait for: one or several of {@code host}, {@code host:port}, {@code [v6]:port} and {@code
     * unix:PATH}, on the command line with commas between them. The default port is 10000.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.await.addresses", defaultValue = ServerMojo.DEFAULT_TARGET)
    List<String> addresses;

    /**
     * How long to wait for all of them together, such as {@code 50ms}, {@code 2s} or {@code 1m}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.await.timeout", defaultValue = "30s")
    String timeout;

    /**
     * Whether to do nothing if the integration tests are skipped, {@code true} or {@code false}. Set it to {@code
     * false} if something other than Failsafe needs this goal, such as tests that Surefire runs in the phase {@code
     * integration-test}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skipWithTests", defaultValue = "true")
    String skipWithTests;

    /** Called by Maven. */
    public AwaitMojo() {
        super("nothing awaited");
    }

    @Override
    @Nullable
    String skipped(GoalConfiguration configuration) {
        return skipped(configuration, skipWithTests);
    }

    @Override
    void perform() throws MojoExecutionException, MojoFailureException {
        List<String> targets = addresses;
        try {
            refuseEmpty("addresses", targets);
            AddressAwaiter listening = new AddressAwaiter(OptionText.duration("timeout", timeout), getLog()::info);
            listening.await(targets.stream()
                    .map(each -> address(each, HostAndPort.DEFAULT_PORT))
                    .collect(Collectors.toList()));
        } catch (IllegalArgumentException refused) {
            throw new MojoExecutionException(text("cannot wait for ", targets, refused.getMessage()), refused);
        } catch (TimeoutException late) {
            throw new MojoFailureException(
                    text("no server at ", targets, "after " + timeout + " " + late.getMessage()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new MojoExecutionException(
                    text("cannot wait for ", targets, "the build was interrupted"), interrupted);
        }
    }

    private String text(String what, List<String> targets, @Nullable String why) {
        return what + String.join(", ", targets) + " (execution " + execution.getExecutionId() + "): " + why;
    }
}
