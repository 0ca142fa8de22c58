package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.OptionText;

/**
 * Runs an echo server in the foreground until Ctrl-C, or until a time-out, and prints the conversation. It needs no
 * project, and runs once in a build of several modules.
 *
 * @since 0.1.0
 */
@Mojo(name = "run", requiresProject = false, aggregator = true, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class RunMojo extends ServerMojo {

    private static final Duration FOREVER = Duration.ofDays(100 * 365);
    private static final String ID = "default";
    private static final String REFUSAL = "the server did not start";

    /**
     * Where to listen: one or several of {@code host}, {@code host:port}, {@code [v6]:port} and {@code *:port} (every
     * interface, both families), on the command line with commas between them. A name means all of its addresses that
     * this machine has. The default port is 10000; port 0 lets the kernel pick a free one. {@code unix:PATH} is a Unix
     * socket; {@code unix:} alone is a file in a private temporary folder.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.addresses", defaultValue = DEFAULT_TARGET)
    List<String> addresses;

    /**
     * How long to run, such as {@code 50ms}, {@code 2s} or {@code 1m}, or {@code none} for no limit.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.run.timeout", defaultValue = NONE)
    String timeout;

    /**
     * Whether each line of the conversation begins with the time, in UTC, and a line about a connection also has its
     * number, {@code true} or {@code false}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.run.times", defaultValue = "false")
    String times;

    /**
     * The address at which other processes look at a server and control it by HTTP, {@code host:port}, {@code [v6]:port} or
     * {@code *:port}, or {@code none}. With port 0 the kernel picks a port. A server with this option records, unless
     * {@code recording} is set to {@code none}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.control", defaultValue = NONE)
    String control;

    /** Called by Maven. */
    public RunMojo() {
        super(REFUSAL);
    }

    @Override
    void perform() throws MojoExecutionException, MojoFailureException {
        try {
            Duration limit = timeout.equals(NONE) ? FOREVER : OptionText.duration("timeout", timeout);
            run(limit);
        } catch (IllegalArgumentException | IOException refused) {
            throw refused(REFUSAL, refused);
        }
    }

    private void run(Duration limit) throws IOException, MojoExecutionException, MojoFailureException {
        Map<String, String> options = server(ID, withPorts(), control).options(Map.of());
        ServerRecording files = records(options) ? new ServerRecording(buildDirectory(), ID) : null;
        if (files != null) {
            files.prepare();
        }
        EchoServer.Builder server = builder(options).everyAddressOfNames().conversationTimes(isOn("times", times));
        serve(ForegroundServer.start(server, isRecorded(options) ? title() : null, files, getLog()), limit);
    }

    /**
     * Serves until the time is up, the build is interrupted, or the server closes by itself. Fails if its script was not
     * met.
     */
    void serve(ForegroundServer running, Duration limit) throws MojoExecutionException, MojoFailureException {
        try (running) {
            if (!running.awaitClose(limit)) {
                running.report("stopped after " + timeout);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            getLog().info("stopped: the build was interrupted");
        }
        Throwable failure = running.failure();
        if (failure != null) {
            throw new MojoExecutionException(
                    "the server closed by itself (execution " + execution.getExecutionId() + "): " + failure
                            + "; if it is for want of memory, raise -Xmx in MAVEN_OPTS",
                    failure);
        }
        String unwritten = running.unwritten();
        if (unwritten != null) {
            throw new MojoExecutionException(unwritten + " (execution " + execution.getExecutionId() + ")");
        }
        String unmet = UnmetScript.describe(running.server());
        if (unmet != null) {
            throw new MojoFailureException(unmet + " (execution " + execution.getExecutionId() + ")");
        }
    }

    private List<String> withPorts() {
        refuseEmpty("addresses", addresses);
        return addresses.stream()
                .map(text -> address(text, HostAndPort.DEFAULT_PORT).toString())
                .toList();
    }

    private String title() {
        return "server of the goal run"
                + (project.getFile() == null ? "" : " in " + project.getGroupId() + ":" + project.getArtifactId());
    }

    private Path buildDirectory() {
        return project.getFile() == null
                ? Path.of(session.getExecutionRootDirectory(), "target")
                : Path.of(project.getBuild().getDirectory());
    }
}
