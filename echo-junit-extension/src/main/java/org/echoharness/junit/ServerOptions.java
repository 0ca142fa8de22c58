package org.echoharness.junit;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.OptionText;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;

/**
 * The options of one server, from an annotation or a builder. Equal options are interchangeable.
 *
 * @param serverWords words of the server's builder that are set, with their texts
 * @param clientWords words of the client's builder that are set, with their texts
 * @param serverCode code that sets options of the server's builder
 * @param clientCode code that sets options of the client's builder
 */
record ServerOptions(
        String name,
        EchoScope scope,
        Source source,
        String external,
        boolean attachments,
        String checks,
        String systemProperty,
        Map<String, String> serverWords,
        Map<String, String> clientWords,
        Consumer<EchoServer.Builder> serverCode,
        Consumer<EchoClient.Builder> clientCode) {

    /** A word of both builders. */
    static final String CONNECT_TIMEOUT = "connectTimeout";

    private static final String UPSTREAM_TLS = "upstreamTls";

    static final Consumer<EchoServer.Builder> NO_SERVER_CODE = unused -> {};
    static final Consumer<EchoClient.Builder> NO_CLIENT_CODE = unused -> {};

    /** Words that a running server cannot change. */
    private static final Set<String> AT_START = Set.of("addresses", "backlog", "certificateFile", "control");

    private static final Pattern PREFIX = Pattern.compile("[^\\s.=:]+(\\.[^\\s.=:]+)*");

    /** The options of a declaration that sets none. */
    static final ServerOptions DEFAULTS = new ServerOptions(
            "default",
            EchoScope.INFERRED,
            Source.EMBEDDED,
            "",
            true,
            "",
            "",
            Map.of(),
            Map.of(),
            NO_SERVER_CODE,
            NO_CLIENT_CODE);

    /** Throws an exception that names the value and the cure if the options are not possible. */
    void check() {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name must not be blank");
        }
        if (!systemProperty.isEmpty() && !PREFIX.matcher(systemProperty).matches()) {
            throw new IllegalArgumentException("systemProperty (" + systemProperty
                    + ") must be a prefix such as my.upstream, without spaces and without a dot at its ends");
        }
        if (source == Source.EMBEDDED && !external.isEmpty()) {
            throw new IllegalArgumentException("external (" + external
                    + ") names a server of another process; set source to EXTERNAL or EXTERNAL_OR_EMBEDDED");
        }
        if (source == Source.EXTERNAL && !fixedOptions().isEmpty()) {
            throw new IllegalArgumentException("an EXTERNAL server takes no " + fixedOptions()
                    + " here; set it where the server is started, or set source to EXTERNAL_OR_EMBEDDED");
        }
        newServer();
        newClient();
        Checks.check(checks, this::records);
        if (!external.isEmpty()) {
            newClient().address(external);
        }
    }

    /** Returns the names of all options of the server itself; an empty text if none is set. */
    String serverOptions() {
        return serverCode != NO_SERVER_CODE ? "server(...)" : String.join(", ", serverWords.keySet());
    }

    /** Returns whether the server may require the header of a proxy: an option or code of the declaration says so. */
    boolean mayRequireHeader() {
        return serverCode != NO_SERVER_CODE || serverWords.containsKey("proxyProtocol");
    }

    /** Returns the names of the options that a server of another process takes only at its start; an empty text if none is set. */
    String fixedOptions() {
        return serverCode != NO_SERVER_CODE
                ? "server(...)"
                : serverWords.keySet().stream().filter(AT_START::contains).collect(Collectors.joining(", "));
    }

    /** Returns the options that a server of another process takes for the time of a test. The tests record. */
    Map<String, String> sessionOptions() {
        Map<String, String> session = new LinkedHashMap<>(serverWords);
        session.keySet().removeAll(AT_START);
        session.putIfAbsent("recording", "on");
        if (session.remove("scriptFile") != null) {
            session.put("script", newServer().script().toString()); // the file is known to this process
        }
        session.computeIfPresent(
                UPSTREAM_TLS, // that process may have another folder
                (word, trust) -> OptionText.isPemFile(trust)
                        ? Path.of(trust.strip()).toAbsolutePath().toString()
                        : trust);
        String connectTimeout = clientWords.get(CONNECT_TIMEOUT);
        if (connectTimeout != null && session.containsKey("upstream")) {
            session.put(CONNECT_TIMEOUT, connectTimeout);
        }
        return session;
    }

    /** Returns whether the server records its connections. */
    boolean records() {
        try {
            return newServer().recording() != null;
        } catch (IllegalStateException off) {
            return false;
        }
    }

    /** Returns a server that is not started. */
    EchoServer newServer() {
        EchoServer.Builder builder = EchoServer.builder().recording();
        serverWords.forEach(builder::set);
        String connectTimeout = clientWords.get(CONNECT_TIMEOUT);
        if (connectTimeout != null) {
            builder.set(CONNECT_TIMEOUT, connectTimeout); // to the upstream, if there is one
        }
        serverCode.accept(builder);
        return builder.build();
    }

    /** Returns a builder of clients without an address. */
    EchoClient.Builder newClient() {
        return newClient(null);
    }

    /** @param tls what the clients trust, unless code says otherwise; null for no TLS */
    EchoClient.Builder newClient(@Nullable SSLContext tls) {
        EchoClient.Builder builder = EchoClient.builder();
        if (tls != null) {
            builder.tls(tls);
        }
        clientWords.forEach(builder::set);
        clientCode.accept(builder);
        return builder;
    }

    /** Returns whether code can reach the server without injection. */
    boolean isKnownOutside() {
        return !systemProperty.isEmpty() || hasFixedPort();
    }

    /**
     * Returns whether an annotation sets a fixed port or path. Those that code sets are not known before it builds a server.
     */
    boolean hasFixedPort() {
        return Stream.of(serverWords.getOrDefault("addresses", ":0").split(",", -1))
                .map(ServerAddress::parse)
                .anyMatch(address -> address instanceof HostAndPort tcp
                        ? tcp.port() != 0
                        : !((ServerAddress.Unix) address).isPrivate());
    }
}
