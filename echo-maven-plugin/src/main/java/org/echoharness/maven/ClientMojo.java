package org.echoharness.maven;

import java.io.File;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.EchoClient;
import org.echoharness.HostAndPort;
import org.echoharness.OptionText;
import org.echoharness.ServerAddress;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * Sends a message to a server, prints the conversation, and fails the build if the echo is wrong, short, late or
 * refused. With several round trips it also prints how many there were a second, and how long they took. It needs no
 * project. If the integration tests are skipped, it does nothing, as {@code start} does.
 *
 * @since 0.1.0
 */
@Mojo(name = "client", defaultPhase = LifecyclePhase.INTEGRATION_TEST, requiresProject = false, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class ClientMojo extends EchoMojo {

    private static final int MOST_CONNECTIONS = 1_000;
    private static final Duration PROGRESS = Duration.ofSeconds(5);

    /**
     * Where to connect to: {@code host}, {@code host:port}, {@code [v6]:port} or {@code unix:PATH}. The default port is 10000.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.address", defaultValue = ServerMojo.DEFAULT_TARGET)
    String address;

    /**
     * The text to send, in UTF-8. The default is a line of 42 bytes:
     * {@code This is the message.  It will be repeated.}
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.message")
    @Nullable
    String message;

    /**
     * A regular file whose bytes are sent, in place of {@code message}. The default is none.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.messageFile")
    @Nullable
    File messageFile;

    /**
     * The text that must come back, in UTF-8. The default is the text or file that is sent.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.expected")
    @Nullable
    String expected;

    /**
     * How many times each connection sends the message and reads the answer, one round trip after the other. Only the first
     * round trip of the first connection is printed; the figures cover the rest.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.repeat", defaultValue = "1")
    String repeat;

    /**
     * How many connections send at the same time, 1 to 1,000. All are open before the first sends.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.connections", defaultValue = "1")
    String connections;

    /**
     * The most bytes that are read at once, such as {@code 16}, {@code 16KiB} or {@code 1MiB}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.bufferSize", defaultValue = "64KiB")
    String bufferSize;

    /**
     * How long to resolve the name, to try all its addresses, and to complete the handshake of TLS, together, such as {@code
     * 50ms}, {@code 2s} or {@code 1m}.
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
     * The limit for the connect, and for each whole round trip, even if bytes keep moving, such as {@code 50ms}, {@code
     * 2s} or {@code 1m}, or {@code none} for no limit.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.timeout", defaultValue = NONE)
    String timeout;

    /**
     * Connects with TLS, and says which certificates the client trusts: those of a PEM file, whose relative path begins at the
     * directory of the project; {@code system}: those that the JDK trusts; or {@code insecure}: any, with a warning. Unless
     * it is {@code insecure}, the certificate must be for the host of the {@code address}. {@code none} is no TLS.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.client.tls", defaultValue = NONE)
    String tls;

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
    public ClientMojo() {
        super("nothing sent");
    }

    @Override
    @Nullable
    String skipped(GoalConfiguration configuration) {
        return skipped(configuration, skipWithTests);
    }

    @Override
    void perform() throws MojoExecutionException, MojoFailureException {
        String target = address;
        try {
            converse(address(target, HostAndPort.DEFAULT_PORT));
        } catch (IllegalArgumentException refused) {
            throw new MojoExecutionException("no client for " + text(target, refused), refused);
        } catch (IOException failed) {
            // Maven prints the message of an unknown host once more
            boolean unknown =
                    failed instanceof UnknownHostException || failed.getCause() instanceof UnknownHostException;
            throw new MojoFailureException("no echo from " + text(target, failed), unknown ? null : failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new MojoExecutionException("no client for " + text(target, interrupted), interrupted);
        }
    }

    private void converse(ServerAddress target) throws IOException, InterruptedException {
        int trips = OptionText.count("repeat", repeat, Integer.MAX_VALUE);
        int clients = OptionText.count("connections", connections, MOST_CONNECTIONS);
        Message sent = message();
        if (sent.length() == 0) {
            throw new IllegalArgumentException((messageFile == null ? "message" : "messageFile (" + messageFile + ")")
                    + " is empty, so that no echo would be checked; give it text, or leave it out");
        }
        Message awaited = expected == null ? sent : Message.of(OptionText.decoded("expected", expected));
        String warning = OptionText.warning("tls", tls);
        if (!warning.isEmpty()) {
            getLog().warn(warning);
        }
        RoundTrips all = new RoundTrips(sent, awaited, trips, clients, getLog()::info);
        all.run(() -> options(target), isWatched() ? PROGRESS : Duration.ofDays(365));
    }

    /** Returns whether the goal runs in a terminal. */
    @SuppressWarnings("SystemConsoleNull") // a JDK that wrongly reports one only costs a line now and then
    private boolean isWatched() {
        return session.getRequest().isInteractiveMode() && System.console() != null;
    }

    private EchoClient.Builder options(ServerAddress target) {
        return EchoClient.builder()
                .address(target)
                .set("bufferSize", bufferSize)
                .set("connectTimeout", connectTimeout)
                .set("readTimeout", readTimeout)
                .set("timeout", timeout)
                .set("tls", trust(tls));
    }

    private Message message() {
        if (messageFile == null) {
            return Message.of(message == null ? EchoClient.DEFAULT_MESSAGE : OptionText.decoded("message", message));
        }
        OptionText.decoded("messageFile", messageFile.getPath());
        if (message != null) {
            throw new IllegalArgumentException(
                    "messageFile (" + messageFile + ") and message are both given; leave one out");
        }
        try {
            return Message.of(messageFile.toPath());
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "messageFile (" + messageFile + ") cannot be read (" + FileErrorText.reason(unreadable)
                            + "); name a file that can",
                    unreadable);
        }
    }

    private String text(String target, Exception cause) {
        String why =
                cause instanceof InterruptedException ? "the build was interrupted" : FileErrorText.describe(cause);
        return target + " (execution " + execution.getExecutionId() + "): " + why;
    }
}
