package org.echoharness.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.echoharness.text.StartLine;
import org.jspecify.annotations.Nullable;

/** The command {@code server}: serves until a signal ends the process. */
final class ServerCommand {

    private static final List<String> OPTIONS =
            CommandArguments.options(EchoServer.Builder.words(), "addresses", "recording");
    private static final String QUIET = "--quiet";
    private static final String TIMES = "--times";
    private static final String CONTROL = "--control";
    private static final String TLS = "--tls";
    private static final String SCRIPT = "--script";
    private static final String SCRIPT_FILE = "--script-file";
    private static final List<String> FLAGS = List.of(QUIET, TIMES, CommandHelp.HELP, CommandHelp.VERSION);

    private final Console console;
    private volatile boolean ending; // a signal ends the process

    ServerCommand(Console console) {
        this.console = console;
    }

    static CommandArguments arguments(List<String> args) {
        return new CommandArguments("server", args, OPTIONS, List.of(RecordingFolder.OPTION), FLAGS);
    }

    int run(CommandArguments given) throws IOException {
        EchoServer.Builder builder = EchoServer.builder().warnings(console::error);
        given.hand(OPTIONS, builder::set);
        List<String> addresses = given.rest().isEmpty() ? List.of(CommandHelp.DEFAULT_ADDRESS) : given.rest();
        String[] parsed = addresses.stream().map(ServerCommand::address).toArray(String[]::new);
        CommandArguments.reading("server", String.join(" ", addresses), () -> builder.addresses(parsed));
        builder.everyAddressOfNames();
        if (!given.has(QUIET)) {
            builder.conversation(console::out).conversationTimes(given.has(TIMES));
        }
        RecordingFolder folder = RecordingFolder.of(given);
        if (folder != null) {
            builder.recording();
        }
        try (EchoServer server = built(builder, given)) {
            if (folder != null || given.has(CONTROL)) {
                server.recording().title("server of the command line");
            }
            End end = new End(server, folder); // loads its class while there are file descriptors
            // The kernel resets open connections when the process ends; this also reports them. It comes before the
            // start: a signal may follow its first line.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> endBySignal(end), "echo-server closing"));
            start(server, end);
            if (given.has(QUIET)) {
                String tls = StartLine.tls(given.get(TLS, "none").strip(), server.speaksTls());
                server.socketAddresses().forEach(address -> printStart(address, tls));
            }
            printControl(server);
            boolean closed;
            do {
                closed = server.awaitClose(Duration.ofDays(1));
            } while (!closed);
            if (ending) {
                stall();
            }
            end.run();
            return 1; // the server closes by itself only after a failure
        } catch (InterruptedException interrupted) {
            return 1;
        }
    }

    private void start(EchoServer server, End end) throws IOException {
        try {
            server.start();
            end.started = true;
        } catch (IllegalStateException closed) {
            if (ending) {
                stall();
            }
            throw closed;
        }
    }

    /** Refuses options that do not go together, and a script whose files cannot be read. */
    private static EchoServer built(EchoServer.Builder builder, CommandArguments given) {
        if (given.has(SCRIPT) && given.has(SCRIPT_FILE)) {
            throw new CommandArguments.UsageException(SCRIPT_FILE + ": " + SCRIPT + " is given too; leave one out");
        }
        try {
            return builder.build();
        } catch (IllegalArgumentException refused) {
            throw new CommandArguments.UsageException(String.valueOf(refused.getMessage()));
        }
    }

    /** Prints the line that a conversation begins with. */
    private void printStart(SocketAddress address, String tls) {
        String line = address instanceof InetSocketAddress inet
                ? StartLine.of(HostAndPort.of(inet).host(), inet)
                : StartLine.of(ServerAddress.of(address).toString());
        console.out(line + tls);
    }

    /** Prints what a person can open in a browser. */
    private void printControl(EchoServer server) {
        server.controlUri()
                .ifPresent(uri -> console.out(
                        "control at " + uri + "#token=" + server.controlToken().orElseThrow()));
    }

    private void endBySignal(End end) {
        ending = true;
        end.run();
        console.closeAtSignal();
    }

    /** Waits for a signal to end the process with the signal's exit code. On JDK 17 another exit code could replace it. */
    static void stall() {
        while (true) {
            LockSupport.park();
        }
    }

    private static String address(String text) {
        StringBuilder address = new StringBuilder();
        CommandArguments.reading(
                "server", text, () -> address.append(ServerAddress.parse(text, HostAndPort.DEFAULT_PORT)));
        return address.toString();
    }

    /** Closes the server and writes its recording, if it has one and has started. Runs once; a second caller waits for the first. */
    private final class End implements Runnable {
        private final EchoServer server;
        private final @Nullable RecordingFolder folder;
        private boolean done;
        private volatile boolean started;

        End(EchoServer server, @Nullable RecordingFolder folder) {
            this.server = server;
            this.folder = folder;
        }

        @Override
        public synchronized void run() {
            if (!done) {
                done = true;
                boolean hasServed = started || server.isRunning();
                server.close();
                if (folder != null && hasServed) {
                    folder.write(server.recording(), console);
                }
            }
        }
    }
}
