package org.echoharness.maven;

import java.io.File;
import java.util.List;
import java.util.Map;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.EchoServer;
import org.jspecify.annotations.Nullable;

/**
 * The options that {@code start} and {@code run} share. Maven reads parameters from superclasses. A bean would need one
 * more element in every POM, and would have no properties.
 */
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
abstract class ServerMojo extends EchoMojo {

    /** The default address of {@code run}, {@code client} and {@code await}. */
    static final String DEFAULT_TARGET = "localhost:10000";

    private static final String RESET = "reset";
    private static final String UNIX = "unix:";

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
     * How many connections are served at a time, or {@code none} for no limit; a further connection is accepted and
     * reset.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.maxConnections", defaultValue = NONE)
    String maxConnections;

    /**
     * How long a connection may move no byte before it is reset, such as {@code 50ms}, {@code 2s} or {@code 1m}, or
     * {@code none} for no limit.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.idleTimeout", defaultValue = NONE)
    String idleTimeout;

    /**
     * How long a connection may move no byte before it is closed with a FIN, such as {@code 50ms}, {@code 2s} or {@code
     * 1m}, or {@code none} for no limit. The shorter of this and {@code idleTimeout} applies.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.idleClose", defaultValue = NONE)
    String idleClose;

    /**
     * How many threads serve connections, 1 to 256.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.eventLoops", defaultValue = "1")
    String eventLoops;

    /**
     * What goes wrong, on which connections and when, such as {@code first 2: reset after 4; others: delay 50ms}, or
     * {@code none} for a correct echo.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.faults", defaultValue = NONE)
    String faults;

    /**
     * What the server expects of its clients and sends to them, such as {@code expect line "PING", send "PONG\n"}, or
     * {@code none} for an echo. If a client does something else, its connection is reset, and the build fails after its
     * other goals.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.script", defaultValue = NONE)
    String script;

    /**
     * The file that has the script, in place of {@code script}, or a capture of packets to make the script from (pcapng).
     * A relative name begins at the directory of the project, or without a POM at the current directory. If there is no
     * such file, it is a resource in the dependencies of the plugin.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.scriptFile", defaultValue = NONE)
    String scriptFile;

    /**
     * The server that this one relays to in place of an echo, {@code host:port}, {@code [v6]:port} or {@code unix:PATH}, whose
     * relative path begins at the project's directory, or {@code none}. For each client, this server connects to that one and passes on what either side sends, except for {@code faults}. That
     * server may start later, but before the first client comes.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.upstream", defaultValue = NONE)
    String upstream;

    /**
     * What a client gets if the {@code upstream} cannot be reached: {@code reset}, {@code close} or {@code stall}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.upstreamFailure", defaultValue = RESET)
    String upstreamFailure;

    /**
     * Makes the server speak TLS to its {@code upstream}, and says which certificates it trusts: those of a PEM file, whose
     * relative path begins at the directory of the project; {@code system}: those that the JDK trusts; or {@code insecure}: any,
     * with a warning. {@code none} passes on what clients send, so that their TLS goes through untouched. It does not depend on
     * {@code tls}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.upstreamTls", defaultValue = NONE)
    String upstreamTls;

    /**
     * Begins each connection to the {@code upstream} with a header of the PROXY protocol, which names the client: {@code v1} (one
     * line of text), {@code v2} (bytes), or {@code none}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.upstreamProxyProtocol", defaultValue = NONE)
    String upstreamProxyProtocol;

    /**
     * How long to resolve the name of the {@code upstream}, to try all its addresses, and to complete the handshake of TLS,
     * together, such as {@code 50ms}, {@code 2s} or {@code 1m}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.connectTimeout", defaultValue = "5s")
    String connectTimeout;

    /**
     * Requires that each connection begins with a header of the PROXY protocol, which load balancers send, and which names the
     * client behind them: {@code v1}, {@code v2}, or {@code required} for either. If a connection begins with something else, it is
     * reset, and the build fails after its other goals. {@code none} expects no header.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.proxyProtocol", defaultValue = NONE)
    String proxyProtocol;

    /**
     * Makes the server speak TLS to its clients, and says with which certificate, which it makes in memory: {@code self-signed}
     * (the right one), {@code expired}, {@code not-yet-valid}, or {@code for NAME} (with the name of another host). The same
     * authority signs the certificates of all servers of a build. {@code none} is no TLS.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.tls", defaultValue = NONE)
    String tls;

    /**
     * The file to which a server with {@code tls} writes the certificate that its clients have to trust, as PEM, before it
     * listens. A relative path begins at the directory of the project. The file stays when the server ends. {@code none} writes
     * no file. The default of {@code start} is {@code echo/ID.pem} in the build directory, and that of {@code run} is none.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.certificateFile")
    @Nullable
    String certificateFile;

    /**
     * The most bytes that are recorded of each direction of a connection, such as {@code 16KiB}, or {@code on} for
     * 64KiB; the newest 1,000 connections are kept. When the server ends, the files {@code transcript.txt}, {@code
     * conversation.html}, {@code conversation.pcapng} (for Wireshark) and {@code conversation.script} (to play again) are written to {@code echo/ID} in the build
     * directory (without a POM, {@code target} in the current directory); if they cannot be written, the build fails
     * after its other goals. {@code none} records nothing. Without this parameter, a server with {@code control} keeps 64KiB in
     * memory, and writes no files.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.recording", defaultValue = NONE)
    String recording;

    /**
     * Whether to record, {@code true} or {@code false}. {@code true} means the same as {@code on} in {@code recording};
     * {@code false}, where it is set, means the same as {@code none}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.record", defaultValue = "false")
    String record;

    ServerMojo(String refusal) {
        super(refusal);
    }

    /**
     * Returns the goal's own options, for one server.
     *
     * @param control the goal's parameter of that name; each goal has a default of its own
     */
    final Server server(String id, List<String> addresses, String control) {
        Server server = new Server();
        server.id = id;
        server.addresses = addresses;
        server.backlog = backlog;
        server.bufferSize = bufferSize;
        server.maxConnections = maxConnections;
        server.idleTimeout = idleTimeout;
        server.idleClose = idleClose;
        server.eventLoops = eventLoops;
        server.faults = faults;
        server.script = script;
        server.scriptFile = scriptFile;
        server.upstream = upstream;
        server.upstreamFailure = upstreamFailure.equals(RESET) ? null : upstreamFailure; // the runtime's default
        server.upstreamTls = upstreamTls.equals(NONE) ? null : upstreamTls;
        server.upstreamProxyProtocol = upstreamProxyProtocol.equals(NONE) ? null : upstreamProxyProtocol;
        server.connectTimeout = connectTimeout;
        server.proxyProtocol = proxyProtocol;
        server.tls = tls;
        server.certificateFile = certificateFile;
        boolean isDefault = recording.equals(NONE) && !configuration().isGiven("recording");
        server.recording = isDefault ? null : recording; // the runtime's default depends on control
        server.control = control;
        server.record = record.equals("false") && !configuration().isGiven("record") ? null : record;
        return server;
    }

    /** Returns whether a recording is to be written to files. */
    static boolean records(Map<String, String> options) {
        return !options.getOrDefault("recording", NONE).equals(NONE);
    }

    /** Returns whether a server with these options records, also if nobody has asked for the files. */
    static boolean isRecorded(Map<String, String> options) {
        boolean hasControl = !options.getOrDefault("control", NONE).equals(NONE);
        return records(options) || (hasControl && !options.containsKey("recording"));
    }

    final EchoServer.Builder builder(Map<String, String> options) {
        File basedir = project.getBasedir();
        EchoServer.Builder builder = EchoServer.builder();
        if (basedir != null) {
            builder.scriptDirectory(basedir.toPath());
        }
        options.forEach((word, text) -> builder.set(
                word,
                switch (word) {
                    case "upstream" -> upstream(text);
                    case "upstreamTls" -> trust(text);
                    case "certificateFile" -> text.strip().equals(NONE) ? NONE : file(text);
                    default -> text;
                }));
        return builder;
    }

    /** Returns the text of an upstream. The relative path of a Unix socket begins at the directory of the project. */
    private String upstream(String text) {
        File basedir = project.getBasedir();
        String address = text.strip();
        boolean isRelative = address.startsWith(UNIX) && !address.equals(UNIX) && !address.startsWith(UNIX + "/");
        return basedir != null && isRelative ? UNIX + basedir.toPath().resolve(address.substring(UNIX.length())) : text;
    }
}
