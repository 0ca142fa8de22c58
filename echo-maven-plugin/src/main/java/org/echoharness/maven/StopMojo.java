package org.echoharness.maven;

import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Stops the servers that {@code start} started in this project, all or some; their ports are free when it ends. If none
 * runs, it does nothing.
 *
 * @since 0.1.0
 */
@Mojo(name = "stop", defaultPhase = LifecyclePhase.POST_INTEGRATION_TEST, threadSafe = true)
public final class StopMojo extends EchoMojo {

    /**
     * The ids of the servers to stop, on the command line with commas between them. The default is all of this project.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.ids")
    @Nullable
    List<String> ids;

    /** Called by Maven. */
    public StopMojo() {
        super("no server stopped");
    }

    @Override
    void perform() throws MojoExecutionException {
        ProjectServers servers = ProjectServers.in(getPluginContext());
        if (servers == null) {
            return;
        }
        if (servers.areOutside(project)) {
            getLog().info("the servers go on: the build around this lifecycle started them");
            return;
        }
        if (ids == null || ids.isEmpty()) {
            servers.stop("");
            return;
        }
        try {
            refuseEmpty("ids", ids);
        } catch (IllegalArgumentException refused) {
            throw refused("no server stopped", refused);
        }
        servers.stop(ids);
    }
}
