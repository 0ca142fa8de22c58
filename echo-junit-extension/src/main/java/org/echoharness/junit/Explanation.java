package org.echoharness.junit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.echoharness.HostAndPort;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** Lets a failed test tell what happened on its connections. What goes wrong here never hides the failure. */
final class Explanation {

    private static final int MOST_LINES = 60;

    private Explanation() {}

    /** At the end of a test: adds the transcript to its failure, and publishes transcript, page and pcapng file. */
    static void of(ExtensionContext context, Map<Peer, Long> before) {
        Throwable failure = context.getExecutionException().orElse(null);
        if (failure == null || failure instanceof TestAbortedException) {
            return;
        }
        before.forEach((peer, seen) -> {
            if (peer.records()) {
                explain(failure, context, peer, seen);
            }
        });
    }

    /** Adds what happened on one server that records. */
    static void explain(Throwable failure, ExtensionContext context, Peer peer, long seenBefore) {
        try {
            Recording recording = peer.server().recording();
            String name = peer.declaration().name();
            Instant began = Scope.of(context).began();
            List<RecordedConnection> connections = recording.connections().stream()
                    .filter(connection -> connection.ending().isEmpty()
                            || (connection.number() == 0
                                    ? !connection.accepted().isBefore(began)
                                    : connection.number() > seenBefore))
                    .toList();
            failure.addSuppressed(
                    new EchoTranscript("server \"" + name + "\" at " + HostAndPort.of(peer.socketAddress())
                            + (connections.isEmpty() ? ": no connection came" : ":\n" + text(connections))));
            if (!peer.declaration().options().attachments()) {
                return;
            }
            context.publishDirectory("echo-" + fileName(name), directory -> {
                recording.writeTranscript(fresh(directory.resolve("transcript.txt")));
                recording.writeHtml(fresh(directory.resolve("conversation.html")));
                recording.writePcapng(fresh(directory.resolve("conversation.pcapng")));
            });
        } catch (Throwable e) {
            failure.addSuppressed(new EchoTranscript("the conversation could not be written: " + e));
        }
    }

    private static String text(List<RecordedConnection> connections) {
        List<String> lines = new ArrayList<>();
        for (RecordedConnection connection : connections) {
            lines.add(connection.toString());
            connection.transcript().lines().forEach(lines::add);
        }
        int cut = Math.max(0, lines.size() - MOST_LINES);
        return (cut == 0 ? "" : "(" + cut + " lines before these are in the attachment)\n")
                + String.join("\n", lines.subList(cut, lines.size()));
    }

    /** A repeated run of the same test writes anew. */
    private static Path fresh(Path file) throws java.io.IOException {
        Files.deleteIfExists(file);
        return file;
    }

    /** Other names have other files, also where they differ in characters that a file's name may not have. */
    static String fileName(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9_-]", "_");
        return safe.equals(name) ? name : safe + "-" + Integer.toHexString(name.hashCode());
    }
}
