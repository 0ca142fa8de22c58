package org.echoharness.junit;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.HostAndPort;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** Lets a failed test tell what happened on its connections. What goes wrong here never hides the failure. */
final class Explanation {

    private static final int MOST_LINES = 60;

    private Explanation() {}

    /** At the end of a test or of a class: adds to its failure, if there is one, what happened on its connections. */
    static void of(ExtensionContext context) {
        Throwable failure = context.getExecutionException().orElse(null);
        if (failure != null) {
            Hang.explain(failure, context);
            of(failure, context);
        }
    }

    /** Adds the transcript to the failure, and publishes transcript, page and pcapng file. */
    static void of(Throwable failure, ExtensionContext context) {
        if (failure instanceof TestAbortedException) {
            return;
        }
        Scope.seenBefore(context).forEach((peer, seen) -> {
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
            Path directory = null;
            EchoTranscript unwritten = null;
            if (peer.declaration().options().attachments()) {
                try {
                    directory = Attachments.publish(context, name, recording);
                } catch (Throwable e) {
                    unwritten = unwritten(e);
                }
            }
            failure.addSuppressed(
                    new EchoTranscript("server \"" + name + "\" at " + HostAndPort.of(peer.socketAddress())
                            + (connections.isEmpty() ? ": no connection came" : ":\n" + text(connections, directory))));
            if (unwritten != null) {
                failure.addSuppressed(unwritten);
            }
        } catch (Throwable e) {
            failure.addSuppressed(unwritten(e));
        }
    }

    private static EchoTranscript unwritten(Throwable why) {
        return new EchoTranscript("the conversation could not be written: " + why);
    }

    private static String text(List<RecordedConnection> connections, @Nullable Path directory) {
        List<String> lines = new ArrayList<>();
        for (RecordedConnection connection : connections) {
            lines.add(connection.toString());
            connection.transcript().lines().forEach(lines::add);
        }
        int cut = Math.max(0, lines.size() - MOST_LINES);
        return (cut == 0 ? "" : leftOut(cut, directory)) + String.join("\n", lines.subList(cut, lines.size()));
    }

    private static String leftOut(int lines, @Nullable Path directory) {
        return directory == null
                ? "(" + lines + " lines before these are left out; attachments keep all)\n"
                : "(" + lines + " lines before these are in " + shortest(directory.resolve(Attachments.TRANSCRIPT))
                        + ")\n";
    }

    /** From the current directory, where the file is below it. */
    private static Path shortest(Path file) {
        Path whole = file.toAbsolutePath();
        Path current = Path.of("").toAbsolutePath();
        return whole.startsWith(current) ? current.relativize(whole) : whole;
    }
}
