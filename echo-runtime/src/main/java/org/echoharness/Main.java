package org.echoharness;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Objects;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;

/** The command line: {@code server} and {@code client}. Its conversation goes to standard output, what is wrong to error. */
final class Main {

    static final String DEFAULT_ADDRESS = "localhost:10000";
    static final List<String> FLAGS_OF_SERVER = List.of("--quiet", "--times", "--help", "--version");
    static final List<String> FLAGS_OF_CLIENT = List.of("--quiet", "--verbose", "--help", "--version");
    private static final String HELP = """
            usage: java -jar echo-runtime.jar server [ADDRESS...] [OPTION...]
                   java -jar echo-runtime.jar client [ADDRESS] [OPTION...]

            server sends back what it receives, until it is stopped (Ctrl-C);
            client sends a message and checks that it comes back.

            ADDRESS is host, host:port, [v6]:port, or '*' for every interface (which the
            client reaches at 127.0.0.1). The server listens on each address of a name.
            The default is localhost:10000; the default port is 10000; port 0 takes a free one.

            both:    --buffer-size SIZE         the most bytes read at once (64KiB)
                     --quiet                    no conversation; server: only where it listens
                     --record DIR               writes the conversation there at the end:
                                                echo-PID.txt, .html and .pcapng (Wireshark)
                     --help, --version
            server:  --backlog N                connections queued before they are accepted (1024)
                     --max-connections N        further connections are reset (none)
                     --idle-timeout DURATION    a connection silent that long is reset (none)
                     --times                    the time and the connection's number in each line
                     --idle-close DURATION      a connection silent that long is closed with a FIN
                                                (none)
                     --event-loops N            threads that serve (1)
                     --faults PLAN              what goes wrong, such as
                                                'first 2: reset after 4; others: delay 50ms'
            client:  --message TEXT             what to send (a line of 42 bytes)
                     --message-file FILE        the same, from a file; '-' is standard input.
                                                That, a pipe and a device are sent as they come
                     --connect-timeout DURATION for all candidate addresses together (5s)
                     --read-timeout DURATION    the longest wait for bytes to move (5s)
                     --timeout DURATION         for the connect, and for the whole echo (none)
                     --verbose                  also the socket's family, type and protocol,
                                                and each candidate address that failed

            SIZE is such as 16, 16KiB, 1MiB or 1GiB; DURATION is such as 50ms, 2s or 1m.
            Exit codes: 0; 1 if the echo is wrong, short, late, refused or followed by more, the
            server cannot listen, or a recording cannot be written; 2 for a usage error;
            143 and 130 after SIGTERM and SIGINT, also where a recording cannot be written.
            """;

    private final Console console;
    private final InputStream in;

    Main(InputStream in, PrintStream out, PrintStream err) {
        this.in = in;
        console = new Console(out, err);
    }

    /**
     * Runs one command and exits with its code.
     *
     * @param args the command and its arguments
     */
    public static void main(String[] args) {
        System.exit(new Main(System.in, System.out, System.err).run(List.of(args)));
    }

    /** Runs one command and returns its exit code. */
    int run(List<String> args) {
        try {
            return execute(args);
        } catch (Arguments.UsageException usage) {
            console.error(String.valueOf(usage.getMessage()));
            return 2;
        } catch (IOException failed) {
            console.error(FileErrorText.describe(failed));
            return 1;
        } catch (OutOfMemoryError full) {
            console.error(full + "; give the JVM more memory, as with -Xmx1g, or take a smaller bufferSize");
            return 1;
        } catch (RuntimeException | Error failed) {
            console.error("failed unexpectedly: " + failed);
            return 1;
        } finally {
            console.close();
        }
    }

    private int execute(List<String> args) throws IOException {
        Arguments.checkDecoded(args);
        String command = args.isEmpty() ? "" : args.get(0);
        return switch (command) {
            case "server" -> server(args.subList(1, args.size()));
            case "client" -> client(args.subList(1, args.size()));
            case "help", "-h", "--help" -> help();
            case "--version" -> version();
            default -> throw new Arguments.UsageException(noCommand(command));
        };
    }

    private static String noCommand(String command) {
        String near = NearestWord.of(command, List.of("server", "client", "help", "--help", "--version"));
        return (command.isEmpty() ? "no command" : Escaping.quote(command) + " is no command")
                + (near.isEmpty() ? "; write server or client, or try --help" : "; did you mean " + near + "?");
    }

    private int server(List<String> args) throws IOException {
        Arguments given = ServerCommand.arguments(args);
        return given.has("--help") || given.has("--version") ? about(given) : new ServerCommand(console).run(given);
    }

    private int client(List<String> args) throws IOException {
        Arguments given = ClientCommand.arguments(args);
        return given.has("--help") || given.has("--version") ? about(given) : new ClientCommand(console, in).run(given);
    }

    private int about(Arguments given) {
        return given.has("--help") ? help() : version();
    }

    private int help() {
        HELP.lines().forEach(console::out);
        return 0;
    }

    private int version() {
        console.out("echo " + versionText());
        return 0;
    }

    /** From the manifest on the class path, from the module on the module path. */
    private static String versionText() {
        String version = Main.class.getPackage().getImplementationVersion();
        ModuleDescriptor module = Main.class.getModule().getDescriptor();
        return version != null || module == null
                ? Objects.requireNonNullElse(version, "(unpackaged)")
                : module.rawVersion().orElse("(unpackaged)");
    }
}
