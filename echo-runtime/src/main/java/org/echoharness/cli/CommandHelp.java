package org.echoharness.cli;

import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Objects;

/** What the command line says about itself. */
final class CommandHelp {

    static final String HELP = "--help";
    static final String VERSION = "--version";
    static final String DEFAULT_ADDRESS = "localhost:10000";

    private static final String TEXT = """
            usage: java -jar echo-runtime.jar server [ADDRESS...] [OPTION...]
                   java -jar echo-runtime.jar client [ADDRESS] [OPTION...]

            server sends back what it receives, until it is stopped (Ctrl-C);
            client sends a message and checks that it comes back.

            ADDRESS is host, host:port, [v6]:port, or '*' for every interface (which the
            client reaches at 127.0.0.1). The server listens on each address of a name.
            The default is localhost:10000; the default port is 10000; port 0 takes a free one.

            both:    --buffer-size SIZE         the most bytes read at once (64KiB)
                     --quiet                    no conversation; server: only where it listens
                     --record DIR               writes the conversation at the end, to a new
                                                folder DIR/echo-PID: transcript.txt,
                                                conversation.html and .pcapng (Wireshark)
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

    private CommandHelp() {}

    static List<String> lines() {
        return TEXT.lines().toList();
    }

    /** From the manifest on the class path, from the module on the module path. */
    static String version() {
        String version = CommandHelp.class.getPackage().getImplementationVersion();
        ModuleDescriptor module = CommandHelp.class.getModule().getDescriptor();
        return version != null || module == null
                ? Objects.requireNonNullElse(version, "(unpackaged)")
                : module.rawVersion().orElse("(unpackaged)");
    }
}
