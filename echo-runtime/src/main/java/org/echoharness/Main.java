package org.echoharness;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The command line: {@code server} and {@code client}. Its conversation goes to standard output, what is wrong to error. */
final class Main {

    private static final String DEFAULT_ADDRESS = "localhost:10000";
    private static final List<String> SERVER_OPTIONS =
            List.of("--backlog", "--buffer-size", "--max-connections", "--idle-timeout", "--event-loops", "--faults");
    private static final String RECORD = "--record";
    private static final List<String> CLIENT_OPTIONS = List.of("--buffer-size", "--connect-timeout", "--read-timeout");
    private static final List<String> MESSAGE_OPTIONS = List.of("--message", "--message-file");
    private static final String HELP = """
            usage: java -jar echo-runtime.jar server [ADDRESS...] [OPTION...]
                   java -jar echo-runtime.jar client [ADDRESS] [OPTION...]

            server sends back what it receives, until it is stopped (Ctrl-C);
            client sends a message and checks that it comes back.

            ADDRESS is host, host:port, [v6]:port, or '*' for every interface (which the
            client reaches at 127.0.0.1).
            The default is localhost:10000; the default port is 10000; port 0 takes a free one.

            both:    --buffer-size SIZE         the most bytes read at once (64KiB)
                     --quiet                    no conversation; server: only where it listens
                     --record DIR               writes the conversation there at the end:
                                                echo-PID.txt, .html and .pcapng (Wireshark)
                     --help, --version
            server:  --backlog N                connections queued before they are accepted (1024)
                     --max-connections N        further connections are reset (none)
                     --idle-timeout DURATION    a connection silent that long is reset (none)
                     --event-loops N            threads that serve (1)
                     --faults PLAN              what goes wrong, such as
                                                'first 2: reset after 4; others: delay 50ms'
            client:  --message TEXT             what to send (a line of 42 bytes)
                     --message-file FILE        the same, from a file
                     --connect-timeout DURATION for all candidate addresses together (5s)
                     --read-timeout DURATION    the longest wait for bytes to move (5s)
                     --verbose                  also the socket's family, type and protocol,
                                                and each candidate address that failed

            SIZE is such as 16, 16KiB or 1MiB; DURATION is such as 50ms, 2s or 1m.
            Exit codes: 0; 1 if the echo is wrong, short, late or refused, or the server
            cannot listen; 2 for a usage error; 143 and 130 after SIGTERM and SIGINT.
            """;

    private final PrintStream out;
    private final PrintStream err;
    private volatile boolean ending; // by a signal

    Main(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * Runs one command and exits with its code.
     *
     * @param args the command and its arguments
     */
    public static void main(String[] args) {
        System.exit(new Main(System.out, System.err).run(List.of(args)));
    }

    /** Runs one command and returns its exit code. */
    int run(List<String> args) {
        try {
            String command = args.isEmpty() ? "" : args.get(0);
            return switch (command) {
                case "server" -> server(args.subList(1, args.size()));
                case "client" -> client(args.subList(1, args.size()));
                case "help", "-h", "--help" -> help();
                case "--version" -> version();
                default ->
                    throw new Arguments.UsageException(
                            (command.isEmpty() ? "no command" : Text.quote(command) + " is no command")
                                    + "; write server or client, or try --help");
            };
        } catch (Arguments.UsageException usage) {
            err.println("echo: " + usage.getMessage());
            return 2;
        } catch (IOException failed) {
            err.println("echo: " + failed.getMessage());
            return 1;
        }
    }

    private int server(List<String> args) throws IOException {
        Arguments given =
                new Arguments(args, both(SERVER_OPTIONS, List.of(RECORD)), List.of("--quiet", "--help", "--version"));
        if (given.has("--help") || given.has("--version")) {
            return given.has("--help") ? help() : version();
        }
        EchoServer.Builder builder = EchoServer.builder().warnings(line -> err.println("echo: ".concat(line)));
        given.hand(SERVER_OPTIONS, builder::set);
        List<String> addresses = given.rest().isEmpty() ? List.of(DEFAULT_ADDRESS) : given.rest();
        builder.addresses(addresses.stream().map(Main::address).toArray(String[]::new));
        if (!given.has("--quiet")) {
            builder.conversation(out::println);
        }
        Path folder = given.has(RECORD) ? folder(given.get(RECORD, "")) : null;
        if (folder != null) {
            builder.recording();
        }
        try (EchoServer server = builder.start()) {
            if (given.has("--quiet")) {
                server.addresses().forEach(new Conversation(out::println)::startingUp);
            }
            // the end of the process resets what is open by itself; this tells whose connections were lost
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, folder), "echo-server closing"));
            boolean closed;
            do {
                closed = server.awaitClose(Duration.ofDays(1));
            } while (!closed);
            if (ending) {
                stall();
            }
            return 1; // nobody but a failure closes it
        } catch (InterruptedException interrupted) {
            return 1;
        }
    }

    private static Path folder(String name) {
        try {
            return Files.createDirectories(Path.of(name));
        } catch (IOException | InvalidPathException unusable) {
            throw new Arguments.UsageException(
                    RECORD + " " + Text.escape(name) + ": is no folder and cannot be made one ("
                            + unusable.getClass().getSimpleName() + "); name another");
        }
    }

    private void end(EchoServer server, @Nullable Path folder) {
        ending = true;
        server.close();
        if (folder != null) {
            write(server.recording(), folder);
        }
    }

    /** Into three files that are new: those of another process that had this number stay. */
    private void write(Recording recording, Path folder) {
        String process = "echo-" + ProcessHandle.current().pid();
        String name = process;
        for (int i = 2; Files.exists(folder.resolve(name + ".pcapng"), LinkOption.NOFOLLOW_LINKS); i++) {
            name = process + "-" + i;
        }
        write(folder.resolve(name + ".pcapng"), recording::writePcapng);
        write(folder.resolve(name + ".html"), recording::writeHtml);
        write(folder.resolve(name + ".txt"), recording::writeTranscript);
    }

    /** One that cannot be written leaves the others. */
    private void write(Path file, Written written) {
        try {
            written.to(file);
        } catch (IOException | RuntimeException | OutOfMemoryError failed) {
            err.println("echo: " + file.getFileName() + " could not be written: " + failed);
        }
    }

    private interface Written {
        void to(Path file) throws IOException;
    }

    private int client(List<String> args) throws IOException {
        Arguments given = new Arguments(
                args,
                both(both(CLIENT_OPTIONS, MESSAGE_OPTIONS), List.of(RECORD)),
                List.of("--quiet", "--verbose", "--help", "--version"));
        if (given.has("--help") || given.has("--version")) {
            return given.has("--help") ? help() : version();
        }
        if (given.rest().size() > 1) {
            throw new Arguments.UsageException(
                    Text.quote(given.rest().get(1)) + ": the client takes one address; leave out the others");
        }
        EchoClient.Builder builder = EchoClient.builder();
        given.hand(CLIENT_OPTIONS, builder::set);
        String address = given.rest().isEmpty() ? DEFAULT_ADDRESS : given.rest().get(0);
        Arguments.reading(
                "client", address, () -> builder.address(HostAndPort.parse(address, HostAndPort.DEFAULT_PORT)));
        byte[] message = message(given);
        if (!given.has("--quiet")) {
            builder.conversation(out::println);
        }
        Path folder = given.has(RECORD) ? folder(given.get(RECORD, "")) : null;
        if (folder != null) {
            builder.recording();
        }
        EchoClient client = builder.connect();
        ClientEnd end = new ClientEnd(client, folder);
        Thread hook = new Thread(end, "echo-client closing");
        Runtime.getRuntime().addShutdownHook(hook); // a signal may end it while it waits
        try {
            if (given.has("--verbose")) {
                describe(client);
            }
            client.expectEcho(message);
        } finally {
            end.run();
            forget(hook);
        }
        return 0;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException itRuns) {
            stall();
        }
    }

    /** A signal ends the process, with a code of its own: one of ours could take its place until the very end (JDK 17). */
    private static void stall() {
        while (true) {
            LockSupport.park();
        }
    }

    /** Closes a client and writes what it recorded, if anything: once, and who comes second waits for it. */
    private final class ClientEnd implements Runnable {
        private final EchoClient client;
        private final @Nullable Path folder;
        private boolean done;

        ClientEnd(EchoClient client, @Nullable Path folder) {
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
                err.println("echo: " + failed.getMessage());
            }
            if (folder != null) {
                write(client.recording(), folder);
            }
        }
    }

    private void describe(EchoClient client) {
        client.failedCandidates()
                .forEach((candidate, cause) ->
                        out.println("candidate " + HostAndPort.of(candidate) + " failed: " + cause.getMessage()));
        out.println("connected to " + HostAndPort.of(client.remoteAddress()) + " from "
                + HostAndPort.of(client.localAddress()));
        out.println("family:   AF_" + client.family().name());
        out.println("type:     " + client.socketType());
        out.println("protocol: " + client.protocol());
    }

    private static byte[] message(Arguments given) throws IOException {
        String file = given.get("--message-file", "");
        if (!given.has("--message-file")) {
            return given.get("--message", EchoClient.DEFAULT_MESSAGE).getBytes(StandardCharsets.UTF_8);
        }
        if (given.has("--message")) {
            throw new Arguments.UsageException("--message-file " + file + ": --message is given too; leave one out");
        }
        try {
            return Files.readAllBytes(Path.of(file));
        } catch (IOException | InvalidPathException unreadable) {
            throw new Arguments.UsageException("--message-file " + file + ": cannot be read ("
                    + unreadable.getClass().getSimpleName() + "); name a file that can");
        }
    }

    private static String address(String text) {
        StringBuilder address = new StringBuilder();
        Arguments.reading("server", text, () -> address.append(HostAndPort.parse(text, HostAndPort.DEFAULT_PORT)));
        return address.toString();
    }

    private static List<String> both(List<String> some, List<String> others) {
        List<String> all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    private int help() {
        out.print(HELP);
        return 0;
    }

    private int version() {
        String version = Main.class.getPackage().getImplementationVersion();
        out.println("echo " + (version == null ? "(unpackaged)" : version));
        return 0;
    }
}
