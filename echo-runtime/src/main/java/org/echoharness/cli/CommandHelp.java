package org.echoharness.cli;

import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Objects;

/** The help and the version that the command line prints. */
final class CommandHelp {

    static final String HELP = "--help";
    static final String VERSION = "--version";
    static final String DEFAULT_ADDRESS = "localhost:10000";

    private static final String TEXT = """
            usage: java -jar echo-runtime.jar server [ADDRESS...] [OPTION...]
                   java -jar echo-runtime.jar client [ADDRESS] [OPTION...]

            server sends back all bytes that it receives, or speaks a script, or relays to another
            server, until it is stopped (Ctrl-C). If a client does what the script does not
            expect, server reports the step on standard error, also with --quiet, and resets that
            connection. It also reports if it cannot reach the server that it relays to.
            client sends a message and checks that it comes back.

            ADDRESS is host, host:port, [v6]:port, or '*' for every interface (which the
            client reaches at 127.0.0.1). A server listens on every address of a name.
            The default is localhost:10000, and the default port is 10000. For port 0 the system
            picks a free port. unix:PATH is a Unix socket; for unix: alone, the server makes
            the file in a private temporary folder, and prints its path.

            both:    --buffer-size SIZE         the most bytes that it holds for one
                                                connection, and reads at once (64KiB)
                     --connect-timeout DURATION to resolve a name and to connect: a client to the
                                                server, a relay to its upstream (5s)
                     --quiet                    prints no conversation; a server prints only
                                                the addresses that it listens on
                     --record DIR               writes the conversation at the end, to a new
                                                folder DIR/echo-PID: transcript.txt,
                                                conversation.html, .pcapng (Wireshark) and
                                                .script (for --script-file)
                     --help, --version
            server:  --backlog N                most connections that wait for their accept (1024)
                     --max-connections N        further connections are reset (none)
                     --idle-timeout DURATION    idle time before a connection is reset (none)
                     --times                    each line has the time and a connection number
                     --idle-close DURATION      idle time before a close with a FIN (none)
                     --event-loops N            threads that serve connections (1)
                     --faults PLAN              the faults of connections, such as
                                                'first 2: reset after 4; others: delay 50ms'
                     --script TEXT              what the server says in place of an echo, such as
                                                'expect line "PING", send "PONG\\n"' (none)
                     --script-file FILE         the same, from a file, which can also be a
                                                capture of packets (pcapng) (none)
                     --upstream HOST:PORT       relays to that server in place of an echo (none)
                     --upstream-failure FAULT   what clients get if that server cannot be
                                                reached: reset, close or stall (reset)
                     --upstream-tls TRUST       speaks TLS to that server, and trusts the certificates
                                                of a PEM file, those of the JDK (system), or any
                                                (insecure) (none)
                     --upstream-proxy-protocol VERSION
                                                names the client to that server by a header of the
                                                PROXY protocol: v1 or v2 (none)
                     --proxy-protocol VERSION   requires such a header of clients: v1, v2, or
                                                required for either (none)
                     --tls CERTIFICATE          speaks TLS to clients, with a certificate that is
                                                self-signed, expired, not-yet-valid or
                                                'for NAME' (none)
                     --certificate-file FILE    writes the certificate to trust, as PEM (none)
                     --control ADDRESS          lets other programs, and a person with a browser,
                                                look at the server and control it by HTTP; prints
                                                the address with its token (none)
            client:  --message TEXT             the text to send (a line of 42 bytes)
                     --message-file FILE        the file to send; '-' is standard input.
                                                Standard input, a pipe or a device is sent
                                                while it is read
                     --read-timeout DURATION    the longest wait to send or receive bytes (5s)
                     --timeout DURATION         the limit of the connect and of the echo (none)
                     --tls TRUST                connects with TLS, and trusts the certificates of a
                                                PEM file, those of the JDK (system), or any
                                                (insecure), with a warning (none)
                     --verbose                  also prints the socket's family, type and
                                                protocol, and each address that failed

            Examples of SIZE: 16, 16KiB, 1MiB, 1GiB; of DURATION: 50ms, 2s, 1m.
            Defaults are in parentheses.
            Exit codes: 0 on success; 1 if the connection fails, the echo is wrong, incomplete, late
            or followed by more bytes, the server cannot listen, or a recording cannot be written;
            2 for a usage error; 143 after SIGTERM and 130 after SIGINT, even if a recording
            cannot be written.
            """;

    private CommandHelp() {}

    static List<String> lines() {
        return TEXT.lines().toList();
    }

    /** Returns the version, from the manifest on the class path and from the module on the module path. */
    static String version() {
        String version = CommandHelp.class.getPackage().getImplementationVersion();
        ModuleDescriptor module = CommandHelp.class.getModule().getDescriptor();
        return version != null || module == null
                ? Objects.requireNonNullElse(version, "(unpackaged)")
                : module.rawVersion().orElse("(unpackaged)");
    }
}
