package org.echoharness.junit;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/**
 * What one {@link EchoTest} says about a server. Two of the same are the same server wherever both are visible.
 *
 * @param on the class or method that it stands on
 */
record Declaration(EchoTest options, AnnotatedElement on) {

    /** The server that is there where none is declared. */
    static final Declaration IMPLICIT = new Declaration(Implicit.class.getAnnotation(EchoTest.class), Implicit.class);

    @EchoTest
    private interface Implicit {}

    Declaration {
        if (options.name().isBlank()) {
            throw refused(options, on, "the name must not be blank");
        }
        if (options.source() == Source.EMBEDDED && !options.external().isEmpty()) {
            throw refused(
                    options,
                    on,
                    "external (" + options.external()
                            + ") names a server of another process; set source to EXTERNAL or EXTERNAL_OR_EMBEDDED");
        }
        if (options.source() == Source.EXTERNAL && !words(options).isEmpty()) {
            throw refused(
                    options,
                    on,
                    "an EXTERNAL server takes no "
                            + String.join(", ", words(options).keySet())
                            + " here; set it where the server is started, or set source to EXTERNAL_OR_EMBEDDED");
        }
    }

    String name() {
        return options.name();
    }

    /** What errors call it. */
    String text() {
        return text(options, on);
    }

    boolean isForOneTest() {
        return on instanceof Executable;
    }

    /** Whether the server can be reached by those to whom it is not injected. */
    boolean hasFixedPort() {
        return Stream.of(words(options).getOrDefault("addresses", ":0").split(",", -1))
                .anyMatch(address -> HostAndPort.parse(address).port() != 0);
    }

    EchoServer.Builder server() {
        EchoServer.Builder builder = EchoServer.builder().recording();
        words(options).forEach(builder::set);
        return builder;
    }

    EchoClient.Builder client(HostAndPort address) {
        EchoClient.Builder builder = EchoClient.builder().address(address);
        set("connectTimeout", options.connectTimeout(), "readTimeout", options.readTimeout())
                .forEach(builder::set);
        return builder;
    }

    private static Map<String, String> words(EchoTest options) {
        return set(
                "addresses",
                String.join(",", options.addresses()),
                "backlog",
                options.backlog(),
                "bufferSize",
                options.bufferSize(),
                "maxConnections",
                options.maxConnections(),
                "idleTimeout",
                options.idleTimeout(),
                "eventLoops",
                options.eventLoops(),
                "faults",
                options.faults(),
                "recording",
                options.recording());
    }

    /** Of words that a builder knows, each followed by its text, those that are set. */
    private static Map<String, String> set(String... wordsAndTexts) {
        Map<String, String> set = new LinkedHashMap<>();
        for (int i = 0; i < wordsAndTexts.length; i += 2) {
            set.put(wordsAndTexts[i], wordsAndTexts[i + 1]);
        }
        set.values().removeIf(String::isEmpty);
        return set;
    }

    private static String text(EchoTest options, AnnotatedElement on) {
        String server = "server \"" + options.name() + "\"";
        if (on == Implicit.class) {
            return server;
        }
        return server + " (@EchoTest on " + (on instanceof Executable method ? Place.name(method) : on) + ")";
    }

    private static ExtensionConfigurationException refused(EchoTest options, AnnotatedElement on, String why) {
        return new ExtensionConfigurationException(text(options, on) + ": " + why);
    }
}
