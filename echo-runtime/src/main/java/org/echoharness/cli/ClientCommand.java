package org.echoharness.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.echoharness.EchoClient;
import org.echoharness.HostAndPort;
import org.echoharness.OptionText;
import org.echoharness.ServerAddress;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** The command {@code client}: sends a message, and checks that it comes back and that nothing follows it. */
final class ClientCommand {

    private static final List<String> OPTIONS =
            CommandArguments.options(EchoClient.Builder.words(), "address", "recording");
    private static final String MESSAGE = "--message";
    private static final String TLS = "--tls";
    private static final String QUIET = "--quiet";
    private static final String VERBOSE = "--verbose";
    private static final List<String> FLAGS = List.of(QUIET, VERBOSE, CommandHelp.HELP, CommandHelp.VERSION);

    /** How long the client waits for the end of the stream, or for bytes after the echo. */
    private static final Duration END = Duration.ofSeconds(2);

    private final Console console;
    private final InputStream in;

    ClientCommand(Console console, InputStream in) {
        this.console = console;
        this.in = in;
    }

    static CommandArguments arguments(List<String> args) {
        return new CommandArguments(
                "client", args, OPTIONS, List.of(MESSAGE, MessageFile.OPTION, RecordingFolder.OPTION), FLAGS);
    }

    /** Returns how to send bytes that are not text, for an error about the option; empty if there is no such way. */
    static String otherWay(String option) {
        return option.equals(MESSAGE) ? "take " + MessageFile.OPTION : "";
    }

    int run(CommandArguments given) throws IOException {
        if (given.rest().size() > 1) {
            throw new CommandArguments.UsageException(
                    Escaping.quote(given.rest().get(1)) + ": the client takes one address; leave out the others");
        }
        EchoClient.Builder builder = EchoClient.builder();
        given.hand(OPTIONS, builder::set);
        String address = given.rest().isEmpty()
                ? CommandHelp.DEFAULT_ADDRESS
                : given.rest().get(0);
        CommandArguments.reading(
                "client", address, () -> builder.address(ServerAddress.parse(address, HostAndPort.DEFAULT_PORT)));
        if (!given.has(QUIET)) {
            builder.conversation(console::out);
        }
        MessageFile message = message(given);
        String warning = OptionText.warning(TLS, given.get(TLS, ""));
        if (!warning.isEmpty()) {
            console.error(warning);
        }
        RecordingFolder folder = RecordingFolder.of(given);
        if (folder != null) {
            builder.recording();
        }
        EchoClient client = builder.connect();
        if (folder != null) {
            client.recording().title("client of the command line");
        }
        return converse(client, message, folder, given.has(VERBOSE));
    }

    private int converse(EchoClient client, MessageFile message, @Nullable RecordingFolder folder, boolean isVerbose)
            throws IOException {
        End end = new End(client, folder);
        Thread hook = new Thread(() -> endBySignal(end), "echo-client closing");
        Runtime.getRuntime().addShutdownHook(hook); // a signal may end the process during a wait
        try {
            if (isVerbose) {
                describe(client);
            }
            message.expectEcho(client);
            client.expectEnd(END);
        } finally {
            end.run();
            forget(hook);
        }
        return end.isComplete ? 0 : 1;
    }

    private MessageFile message(CommandArguments given) {
        if (!given.has(MessageFile.OPTION)) {
            String text = given.get(MESSAGE, EchoClient.DEFAULT_MESSAGE);
            if (text.isEmpty()) {
                throw new CommandArguments.UsageException(
                        MESSAGE + ": is empty, so that no echo would be checked; give it text, or leave it out");
            }
            return MessageFile.of(text.getBytes(StandardCharsets.UTF_8));
        }
        String file = given.get(MessageFile.OPTION, "");
        if (given.has(MESSAGE)) {
            throw new CommandArguments.UsageException(
                    MessageFile.OPTION + " " + Escaping.escape(file) + ": " + MESSAGE + " is given too; leave one out");
        }
        return MessageFile.open(file, in);
    }

    private void endBySignal(End end) {
        end.run();
        console.closeAtSignal();
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException itRuns) {
            ServerCommand.stall();
        }
    }

    private void describe(EchoClient client) {
        client.failedCandidates()
                .forEach((candidate, cause) ->
                        console.out("candidate " + HostAndPort.of(candidate) + " failed: " + cause.getMessage()));
        boolean isUnix = client.family() == StandardProtocolFamily.UNIX;
        console.out(
                isUnix
                        ? "connected to " + ServerAddress.of(client.remoteSocketAddress())
                        : "connected to " + HostAndPort.of(client.remoteAddress()) + " from "
                                + HostAndPort.of(client.localAddress()));
        console.out("family:   AF_" + client.family().name());
        console.out("type:     SOCK_STREAM");
        console.out("protocol: " + (isUnix ? "none" : "IPPROTO_TCP"));
    }

    /** Closes a client and writes its recording, if it has one. Runs once; a second caller waits for the first. */
    private final class End implements Runnable {
        private final EchoClient client;
        private final @Nullable RecordingFolder folder;
        private boolean done;
        private boolean isComplete = true;

        End(EchoClient client, @Nullable RecordingFolder folder) {
            this.client = client;
            this.folder = folder;
        }

        @Override
        public synchronized void run() {
            if (done) {
                return;
            }
            done = true;
            try {
                client.close();
            } catch (IOException failed) {
                isComplete = false;
                console.error(String.valueOf(failed.getMessage()));
            }
            if (folder != null) {
                isComplete &= folder.write(client.recording(), console);
            }
        }
    }
}
