package org.echoharness.junit;

import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;

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

    static final Consumer<EchoServer.Builder> NO_SERVER_CODE = unused -> {};
    static final Consumer<EchoClient.Builder> NO_CLIENT_CODE = unused -> {};

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
        if (source == Source.EXTERNAL && hasServerOptions()) {
            throw new IllegalArgumentException("an EXTERNAL server takes no " + serverOptions()
                    + " here; set it where the server is started, or set source to EXTERNAL_OR_EMBEDDED");
        }
        if (source != Source.EXTERNAL) {
            newServer();
        }
        newClient();
        Checks.check(checks, source, this::records);
        if (!external.isEmpty()) {
            newClient().address(external);
        }
    }

    boolean hasServerOptions() {
        return !serverWords.isEmpty() || serverCode != NO_SERVER_CODE;
    }

    /** Returns the options of the server itself, for error messages. */
    String serverOptions() {
        return serverWords.isEmpty() ? "server(...)" : String.join(", ", serverWords.keySet());
    }

    /** Returns whether an embedded server records its connections. */
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
        serverCode.accept(builder);
        return builder.build();
    }

    /** Returns a builder of clients without an address. */
    EchoClient.Builder newClient() {
        EchoClient.Builder builder = EchoClient.builder();
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
