package org.echoharness.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.echoharness.dialogue.StepLines;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;

/** Writes the text of a script that was recorded, for people who read and edit it. */
public final class ScriptLines {

    /** The first lines of the text. */
    public static final String TITLE = """
            # What a server received and sent. Edit it, and play it with the option scriptFile.
            # A rule without "connection 1:" is for every connection. Where no rule fits, the server echoes.
            """;

    private static final String TLS = "# It began with a TLS handshake. Play it on a server with the option tls.\n";

    /** What stands between two rules. */
    public static final String BETWEEN = ";\n\n";

    private ScriptLines() {}

    /**
     * Writes the lines of one rule, without what stands after it.
     *
     * @param remark a line about the connection
     * @param connections the connections that the rule is for
     * @param cure what helps if bytes are not kept
     */
    public static void rule(String remark, String connections, Session session, String cure, Appendable to)
            throws IOException {
        to.append("# ")
                .append(Escaping.escape(remark))
                .append(
                        session.hasEnded()
                                ? "\n"
                                : "\n# It was still open when this was written, so that its end is missing.\n")
                .append(session.beginsWithTls() ? TLS : "")
                .append(connections)
                .append(':');
        try {
            SessionSteps.of(session, null, part -> {
                try {
                    to.append(lines(part, cure));
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static CharSequence lines(SessionSteps.Part part, String cure) {
        Step step = part.step();
        if (step == null) {
            return "\n  " + missing(part.remark() + "; " + cure);
        }
        StringBuilder lines = new StringBuilder();
        if (!part.remark().isEmpty()) {
            lines.append("\n  # ").append(part.remark()).append("; ").append(cure);
        }
        StepLines.write(step, 1, lines.append('\n'));
        return lines;
    }

    /** Returns a line that keeps a script from being played, because something is missing in its place. */
    public static String missing(String what) {
        return "missing " + Escaping.quote(what);
    }
}
