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
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class StopMojo extends EchoMojo {

    /**
     * The ids of the servers to stop, on the command line with commas between them. The default is all of this project.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.ids")
    @Nullable
    List<String> ids;

    /**
     * Whether the build fails if clients did not do what the script of a server expects, or did not send the header that
     * {@code proxyProtocol} requires, {@code true} or {@code false}. It fails after its other goals, so that Failsafe can
     * check the results of the tests. The property also counts if the build ends without this goal.
     *
     * @since 0.1.0
     */
    @Parameter(property = ProjectServers.CHECK_SCRIPT, defaultValue = "true")
    String checkScript;

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
        boolean checksScript;
        try {
            checksScript = isOn("checkScript", checkScript);
            if (ids != null && !ids.isEmpty()) {
                refuseEmpty("ids", ids);
            }
        } catch (IllegalArgumentException refused) {
            throw refused("no server stopped", refused);
        }
        if (ids == null || ids.isEmpty()) {
            servers.stop("", checksScript);
        } else {
            servers.stop(ids, checksScript);
        }
    }
}
