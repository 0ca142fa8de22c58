package org.echoharness.maven;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.Options;

/**
 * Runs an echo server in the foreground until Ctrl-C, or until a time-out, and prints the conversation. It needs no
 * project.
 *
 * @since 0.1.0
 */
@Mojo(name = "run", requiresProject = false, aggregator = true, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class RunMojo extends AbstractMojo {

    private static final Duration FOREVER = Duration.ofDays(100 * 365);

    /**
     * Where to listen: one or several of {@code host}, {@code host:port}, {@code [v6]:port} and {@code *:port} (every
     * interface, both families), on the command line with commas between them. The port is 10000 where none is given;
     * port 0 lets the kernel pick a free one.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.addresses", defaultValue = "localhost:10000")
    List<String> addresses;

    /**
     * How long to run, such as {@code 50ms}, {@code 2s} or {@code 1m}, or {@code none} for no limit.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.run.timeout", defaultValue = "none")
    String timeout;

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
     * Whether to run nothing.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skip", defaultValue = "false")
    boolean skip;

    /** The execution, which errors name. */
    @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
    MojoExecution execution;

    /** Called by Maven. */
    public RunMojo() {}

    @Override
    public void execute() throws MojoExecutionException {
        if (skip) {
            getLog().info("run skipped: echo.skip is set");
            return;
        }
        try {
            Duration limit = timeout.equals("none") ? FOREVER : Options.duration("timeout", timeout);
            try (EchoServer server = options().start()) {
                if (!server.awaitClose(limit)) {
                    getLog().info("stopped after " + timeout);
                }
            }
        } catch (IllegalArgumentException | IOException refused) {
            throw new MojoExecutionException(
                    "the server did not start (execution " + execution.getExecutionId() + "): " + refused.getMessage(),
                    refused);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            getLog().info("stopped: the build was interrupted");
        }
    }

    private EchoServer.Builder options() {
        return EchoServer.builder()
                .set("addresses", withPorts())
                .set("backlog", backlog)
                .set("bufferSize", bufferSize)
                .set("maxConnections", maxConnections)
                .set("idleTimeout", idleTimeout)
                .set("eventLoops", eventLoops)
                .set("faults", faults)
                .conversation(getLog()::info)
                .warnings(getLog()::warn);
    }

    private String withPorts() {
        return addresses.stream()
                .map(text -> HostAndPort.parse(text, HostAndPort.DEFAULT_PORT).toString())
                .collect(Collectors.joining(","));
    }
}
