package org.echoharness.maven;

import java.io.File;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.echoharness.EchoClient;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;

/**
 * Sends a message to a server, prints the conversation, and fails the build if the echo is wrong, short, late or refused.
 * It needs no project.
 *
 * @since 0.1.0
 */
@Mojo(name = "client", defaultPhase = LifecyclePhase.INTEGRATION_TEST, requiresProject = false, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class ClientMojo extends AbstractMojo {

    private static final String ADDRESS_PROPERTY = "echo.client.address";
    private static final String DEFAULT_ADDRESS = "localhost:" + HostAndPort.DEFAULT_PORT;

    /**
     * Where to connect to: {@code host}, {@code host:port} or {@code [v6]:port}. The port is 10000 where none is given, and
     * the default {@code localhost:10000}.
     *
     * @since 0.1.0
     */
    @Parameter(property = ADDRESS_PROPERTY)
    @Nullable
    String address;

    /**
     * The text to send, in UTF-8. The default is the tutorial's, a line of 42 bytes:
     * {@code This is the message.  It will be repeated.}
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.message")
    @Nullable
    String message;

    /**
     * A file whose bytes are sent, in place of {@code message}. The default is none.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.messageFile")
    @Nullable
    File messageFile;

    /**
     * The text that must come back, in UTF-8. The default is what is sent.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.expected")
    @Nullable
    String expected;

    /**
     * The most bytes that are read at once, such as {@code 16}, {@code 16KiB} or {@code 1MiB}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.bufferSize", defaultValue = "64KiB")
    String bufferSize;

    /**
     * How long to resolve the name and to try all its addresses, together, such as {@code 50ms}, {@code 2s} or {@code 1m}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.connectTimeout", defaultValue = "5s")
    String connectTimeout;

    /**
     * How long to wait for bytes to move, such as {@code 50ms}, {@code 2s} or {@code 1m}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.readTimeout", defaultValue = "5s")
    String readTimeout;

    /**
     * Whether to send nothing.
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
    public ClientMojo() {}

    @Override
    public void execute() throws MojoExecutionException, MojoFailureException {
        String skipped = skip ? SkippedTests.ECHO_SKIP : SkippedTests.reason(session, project);
        if (skipped != null) { // the same as start: its server is not there
            getLog().info("client skipped: " + skipped);
            return;
        }
        String target = address == null ? configuredAddress() : address;
        try {
            converse(target);
        } catch (IllegalArgumentException refused) {
            throw new MojoExecutionException("no client for " + told(target, refused), refused);
        } catch (IOException failed) {
            // Maven prints the message of an unknown host once more
            Throwable cause = failed instanceof UnknownHostException ? null : failed;
            throw new MojoFailureException("no echo from " + told(target, failed), cause);
        }
    }

    private void converse(String target) throws IOException {
        EchoClient.Builder options = options(target);
        byte[] sent = message();
        byte[] awaited = expected == null ? sent : expected.getBytes(StandardCharsets.UTF_8);
        try (EchoClient client = options.connect()) {
            client.expectEcho(sent, awaited);
        }
    }

    /** Maven hands out null, as if nothing were configured, where the POM names a property that is not set. */
    private String configuredAddress() {
        Xpp3Dom configuration = execution.getConfiguration();
        Xpp3Dom configured = configuration == null ? null : configuration.getChild("address");
        String text = configured == null ? null : configured.getValue();
        return text == null || text.equals("${" + ADDRESS_PROPERTY + "}") ? DEFAULT_ADDRESS : text;
    }

    private EchoClient.Builder options(String target) {
        if (target.contains("${")) {
            throw new IllegalArgumentException(
                    "address (" + target + ") names a property that is not set; if it is that of"
                            + " a server, put its start before this execution");
        }
        return EchoClient.builder()
                .address(HostAndPort.parse(target, HostAndPort.DEFAULT_PORT))
                .set("bufferSize", bufferSize)
                .set("connectTimeout", connectTimeout)
                .set("readTimeout", readTimeout)
                .conversation(getLog()::info);
    }

    private byte[] message() {
        if (messageFile == null) {
            return (message == null ? EchoClient.DEFAULT_MESSAGE : message).getBytes(StandardCharsets.UTF_8);
        }
        if (message != null) {
            throw new IllegalArgumentException(
                    "messageFile (" + messageFile + ") and message are both given; leave one out");
        }
        try {
            return Files.readAllBytes(messageFile.toPath());
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "messageFile (" + messageFile + ") cannot be read ("
                            + unreadable.getClass().getSimpleName() + "); name a file that can",
                    unreadable);
        }
    }

    private String told(String target, Exception cause) {
        return target + " (execution " + execution.getExecutionId() + "): " + cause.getMessage();
    }
}
