package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.echoharness.EchoServer;
import org.echoharness.Fault;

/** Servers that speak the scripts in {@code src/test/resources/scripts}. */
final class Scripts {

    private Scripts() {}

    /** Starts a server with this script, and with these faults on its first connection alone. */
    static EchoServer start(String name, String faultsOfFirst) throws IOException {
        return EchoServer.builder()
                .scriptFile("scripts/" + name)
                .faults(ofFirst(faultsOfFirst))
                .recording()
                .start();
    }

    /** Returns a plan with these faults on the first connection alone. */
    static String ofFirst(String faults) {
        return faults.isEmpty() ? "none" : "first 1: " + faults + "; others: none";
    }

    /** Starts a server with this script, in which one text is replaced by another. */
    static EchoServer startWith(String name, String part, String other) throws IOException {
        String script = read(name);
        assertThat(script).contains(part);
        return EchoServer.builder()
                .script(script.replace(part, other))
                .recording()
                .start();
    }

    static String read(String name) throws IOException {
        try (InputStream script = Scripts.class.getResourceAsStream("/scripts/" + name)) {
            return new String(Objects.requireNonNull(script, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Asserts that every connection so far ended, or waits, where its script allows. */
    static void assertMet(EchoServer server) {
        assertThat(server.scriptProblems()).isEmpty();
        assertThat(server.unfinishedScripts()).isEmpty();
    }

    static void assertApplied(EchoServer server, String fault) {
        assertThat(server.recording().appliedFaults()).contains(Fault.parse(fault));
    }
}
