package org.echoharness.junit;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.echoharness.RecordingFiles;
import org.echoharness.ScriptProblem;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** Adds to the failure of a test what happened on its connections. An error in this class never hides the failure. */
final class FailureReport {

    private static final int MOST_LINES = 60;
    private static final int MOST_OF_SERVER = 20; // of them, about what was done to the server
    private static final int MOST_CHARACTERS = 400; // of a line; a file has all of it

    private FailureReport() {}

    /**
     * Called at the end of a test or of a class. If that failed, adds to the failure what happened on its connections.
     */
    static void of(ExtensionContext context) {
        Throwable failure = context.getExecutionException().orElse(null);
        if (failure != null) {
            HangRescue.explain(failure, context);
            of(failure, context);
        }
    }

    /** Adds the transcript to the failure, and publishes transcript, page, pcapng file and script. */
    static void of(Throwable failure, ExtensionContext context) {
        if (failure instanceof TestAbortedException || failure instanceof ExtensionConfigurationException) {
            return; // reading the declarations again would only add the same error
        }
        Map<TargetServer, Long> seenBefore = ServerLookup.seenBefore(context);
        seenBefore.forEach((target, seen) -> {
            Throwable why = target.failure();
            if (why != null) {
                target.failureReported().set(true);
                failure.addSuppressed(new EchoTranscript(target.failureText(why), why));
            }
            explainByScript(failure, target, seen);
        });
        seenBefore.forEach((target, seen) -> { // after the problems of all servers
            if (target.records()) {
                explain(failure, context, target, seen);
            }
        });
    }

    /** Adds what clients did that the script does not expect: the failure may be a consequence of it. */
    private static void explainByScript(Throwable failure, TargetServer target, long seenBefore) {
        if (!target.mayHaveProblems()) {
            return;
        }
        catchUp(target.server());
        List<ScriptProblem> problems = new ArrayList<>(target.scriptProblems(seenBefore));
        try {
            problems.addAll(target.unfinishedScripts(seenBefore));
        } catch (RuntimeException closedOrInterrupted) {
            // then the steps left are among the problems
        }
        if (!problems.isEmpty()) {
            failure.addSuppressed(new EchoTranscript(String.join("\n", target.scriptLines(problems))));
        }
    }

    /** Adds what happened on one server that records. */
    static void explain(Throwable failure, ExtensionContext context, TargetServer target, long seenBefore) {
        catchUp(target.server());
        try {
            Recording recording = target.server().recording();
            String name = target.declaration().name();
            Instant began = OpenedServers.of(context).began();
            List<RecordedConnection> connections = recording.connections().stream()
                    .filter(connection -> connection.ending().isEmpty()
                            || (connection.number() == 0
                                    ? !connection.accepted().isBefore(began)
                                    : connection.number() > seenBefore))
                    .toList();
            RecordingFiles published = null;
            EchoTranscript unwritten = null;
            if (target.declaration().options().attachments()) {
                try {
                    published = Attachments.publish(context, name, recording);
                } catch (Throwable e) {
                    unwritten = unwritten(e);
                }
            }
            failure.addSuppressed(new EchoTranscript("server \"" + name + "\" at " + target.address()
                    + (connections.isEmpty() ? ": no connection came" : ":")
                    + text(recording, connections, published)));
            if (unwritten != null) {
                failure.addSuppressed(unwritten);
            }
        } catch (Throwable e) {
            failure.addSuppressed(unwritten(e));
        }
    }

    /** Waits, because a client may have read bytes that the server has sent and not yet recorded. */
    private static void catchUp(EchoServer server) {
        try {
            server.catchUp(Duration.ofSeconds(1));
        } catch (RuntimeException closedOrInterrupted) {
            // then what is recorded by now is reported
        }
    }

    private static EchoTranscript unwritten(Throwable why) {
        Throwable cause = why.getCause(); // JUnit's own message does not contain the reason
        return new EchoTranscript("the conversation could not be written: " + FileErrorText.describe(why)
                + (cause == null ? "" : " (" + FileErrorText.describe(cause) + ")"));
    }

    /**
     * Returns the last lines of the last connections, then the last lines about the server. Each line begins with a line
     * break.
     */
    private static String text(
            Recording recording, List<RecordedConnection> connections, @Nullable RecordingFiles published) {
        List<String> text = new ArrayList<>();
        if (published != null) {
            Attachments.leftOut(published).lines().forEach(text::add);
        }
        List<String> server = ofServer(recording, published);
        Deque<String> lines = new ArrayDeque<>();
        int most = MOST_LINES - server.size();
        int next = connections.size();
        while (next > 0 && lines.size() < most) { // the others are not made into text
            List<String> transcript =
                    recording.transcript(connections.get(--next)).lines().toList();
            for (int i = transcript.size() - 1; i >= 0; i--) {
                lines.addFirst(EscapedText.cut(transcript.get(i), MOST_CHARACTERS));
            }
        }
        int cut = Math.max(0, lines.size() - most);
        if (cut + next > 0) {
            text.add(before(cut, next, published));
        }
        lines.stream().skip(cut).forEach(text::add);
        text.addAll(server);
        return text.stream().map(line -> "\n" + line).collect(Collectors.joining());
    }

    /** Returns a heading and the last lines, if there are any. */
    private static List<String> ofServer(Recording recording, @Nullable RecordingFiles published) {
        List<String> lines =
                new ArrayList<>(recording.serverTranscript().lines().toList());
        int cut = lines.size() - MOST_OF_SERVER;
        if (cut > 0) {
            lines.subList(1, cut + 1).clear();
            lines.add(1, before(cut, 0, published));
        }
        return lines;
    }

    private static String before(int lines, int connections, @Nullable RecordingFiles published) {
        String what = counted(lines, "line") + (lines > 0 && connections > 0 ? " and " : "")
                + counted(connections, "connection") + " before these are ";
        return published == null
                ? "(" + what + "left out; attachments keep all)"
                : "(" + what + "in " + shortest(published.transcript()) + ")";
    }

    private static String counted(int count, String what) {
        return count == 0 ? "" : count + " " + what + (count == 1 ? "" : "s");
    }

    /** Returns a path relative to the current directory if the file is below it. */
    private static Path shortest(Path file) {
        Path whole = file.toAbsolutePath();
        Path current = Path.of("").toAbsolutePath();
        return whole.startsWith(current) ? current.relativize(whole) : whole;
    }
}
