package org.echoharness.maven;

import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;

/**
 * Stops every server that {@code start} started in this project; their ports are free when it ends. Where none runs, it
 * does nothing.
 *
 * @since 0.1.0
 */
@Mojo(name = "stop", defaultPhase = LifecyclePhase.POST_INTEGRATION_TEST, threadSafe = true)
public final class StopMojo extends AbstractMojo {

    /**
     * Whether to stop nothing here; what runs ends with the build.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skip", defaultValue = "false")
    boolean skip;

    /** Called by Maven. */
    public StopMojo() {}

    @Override
    public void execute() {
        ProjectServers servers = ProjectServers.in(getPluginContext());
        if (servers != null && !skip) {
            servers.stop("");
        }
    }
}
