package org.echoharness.maven;

import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.echoharness.EchoServer;

/**
 * Starts an echo server in Maven's own JVM and tells the build where it listens: in the project properties
 * {@code echo.server.ID.host}, {@code echo.server.ID.port} and {@code echo.server.ID.address}, and in
 * {@code target/echo/servers.properties}. {@code stop} ends it; so does a failure of the project, and the end of the build.
 *
 * @since 0.1.0
 */
@Mojo(name = "start", defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class StartMojo extends AbstractMojo {

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]+");

    /**
     * The name of the server within its project: letters, digits, {@code -} and {@code _}. It is part of the names of the
     * properties.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.id", defaultValue = "default")
    String id;

    /**
     * Where to listen: one or several of {@code host:port}, {@code [v6]:port} and {@code *:port} (every interface, both
     * families), on the command line with commas between them. Port 0 lets the kernel pick a free one.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.addresses", defaultValue = "127.0.0.1:0")
    List<String> addresses;

    /**
     * How many connections the kernel queues before they are accepted, 1 to 65,535; the kernel may take fewer.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.backlog", defaultValue = "1024")
    String backlog;

    /**
     * The most bytes that one connection holds, and the most that are read at once, such as {@code 16}, {@code 16KiB} or
     * {@code 1MiB}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.bufferSize", defaultValue = "64KiB")
    String bufferSize;

    /**
     * How many connections are served at a time, or {@code none} for no limit; one more is accepted and reset.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.maxConnections", defaultValue = "none")
    String maxConnections;

    /**
     * How long a connection may move no byte before it is reset, such as {@code 50ms}, {@code 2s} or {@code 1m}, or
     * {@code none} for no limit.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.idleTimeout", defaultValue = "none")
    String idleTimeout;

    /**
     * How many threads serve connections, 1 to 256.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.eventLoops", defaultValue = "1")
    String eventLoops;

    /**
     * What goes wrong, on which connections and when, such as {@code first 2: reset after 4; others: delay 50ms}, or
     * {@code none} for a good echo.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.faults", defaultValue = "none")
    String faults;

    /**
     * Whether to start nothing.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skip", defaultValue = "false")
    boolean skip;

    /**
     * Whether integration tests are not run: then nothing is started. {@code skipTests} does not count here: Failsafe from
     * 3.6.0 on runs integration tests under it.
     *
     * @since 0.1.0
     */
    @Parameter(property = "skipITs", defaultValue = "false")
    boolean skipITs;

    /**
     * Whether tests are neither compiled nor run: then nothing is started.
     *
     * @since 0.1.0
     */
    @Parameter(property = "maven.test.skip", defaultValue = "false")
    boolean mavenTestSkip;

    /** Where the list of servers is written, in {@code echo/servers.properties}. */
    @Parameter(defaultValue = "${project.build.directory}", readonly = true, required = true)
    File buildDirectory;

    /** The project whose properties tell where the servers listen. */
    @Parameter(defaultValue = "${project}", readonly = true, required = true)
    MavenProject project;

    /** The build, whose end closes what still runs. */
    @Parameter(defaultValue = "${session}", readonly = true, required = true)
    MavenSession session;

    /** The execution, which errors name. */
    @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
    MojoExecution execution;

    /** Called by Maven. */
    public StartMojo() {}

    @Override
    public void execute() throws MojoExecutionException {
        if (skip || skipITs || mavenTestSkip) {
            getLog().info("server " + id + " skipped: echo.skip, skipITs or maven.test.skip is set");
            return;
        }
        try {
            if (!ID.matcher(id).matches()) {
                throw new IllegalArgumentException("id (" + id + ") must be of letters, digits, - and _ alone");
            }
            ProjectServers servers = ProjectServers.in(getPluginContext(), project, buildDirectory.toPath(), getLog());
            CloseAtEnd.watch(session.getRequest(), servers);
            servers.start(id, options());
        } catch (IllegalArgumentException | IllegalStateException | IOException refused) {
            throw new MojoExecutionException(
                    "server " + id + " did not start (execution " + execution.getExecutionId() + "): "
                            + refused.getMessage(),
                    refused);
        }
    }

    private EchoServer.Builder options() {
        return EchoServer.builder()
                .set("addresses", String.join(",", addresses))
                .set("backlog", backlog)
                .set("bufferSize", bufferSize)
                .set("maxConnections", maxConnections)
                .set("idleTimeout", idleTimeout)
                .set("eventLoops", eventLoops)
                .set("faults", faults)
                .warnings(line -> getLog().warn("server " + id + ": " + line));
    }
}
