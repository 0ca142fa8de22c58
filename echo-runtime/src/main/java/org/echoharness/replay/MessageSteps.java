package org.echoharness.replay;

import java.util.ArrayList;
import java.util.List;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.text.Template;

/** Turns the bytes of one turn into steps that people can read and edit. */
final class MessageSteps {

    /** How finely bytes are divided into steps and lines. */
    enum Detail {
        /** A step for each line, and rows of other bytes. */
        LINES,
        /** As few steps as possible. */
        FEW
    }

    private static final int MOST_BYTES = 4_096; // of an expectation, since a small bufferSize must hold it
    private static final int MOST_OF_FEW = 32_768; // of one among few steps; half of the default of bufferSize
    private static final int ROW = 64; // bytes, of what is not text
    private static final int MESSAGE = 256; // bytes of an expectation that is not text
    private static final int LONG = 8_192; // bytes of a message that nobody reads to its end
    private static final int MOST_LINES = 500; // of one message

    private MessageSteps() {}

    /** Returns steps that expect exactly these bytes. */
    static List<Step> expected(String bytes, Detail detail) {
        List<Step> steps = new ArrayList<>();
        int at = detail == Detail.LINES ? lines(bytes, steps) : 0;
        boolean isLong = detail == Detail.FEW || bytes.length() - at > LONG;
        int mostOfText = detail == Detail.FEW ? MOST_OF_FEW : MOST_BYTES;
        int most = isLong ? mostOfText : MESSAGE;
        while (at < bytes.length()) {
            String rest = bytes.substring(at, Math.min(bytes.length(), at + mostOfText));
            int text = TextRuns.textLength(rest);
            String part = text == rest.length() ? rest : rest.substring(0, Math.min(most, rest.length()));
            steps.add(Step.expect(exactly(part, isLong ? MOST_BYTES : ROW).toArray(Expectation[]::new)));
            at += part.length();
        }
        return steps;
    }

    /** Returns expectations of exactly these bytes, one after the other. */
    static List<Expectation> exactly(String bytes, int row) {
        List<Expectation> parts = new ArrayList<>();
        TextRuns.pieces(bytes, row).forEach(piece -> parts.add(new Expectation.Bytes(piece)));
        return parts;
    }

    /**
     * Adds a step for each line of the text that the message begins with, if lines are the better form for it. Returns
     * where the lines end.
     */
    private static int lines(String bytes, List<Step> steps) {
        int end = bytes.lastIndexOf('\n', TextRuns.textLength(bytes) - 1) + 1;
        List<String> lines = linesOf(bytes.substring(0, end));
        if (lines.isEmpty() || lines.size() > MOST_LINES || needsEscapes(lines.get(0))) {
            return 0;
        }
        lines.forEach(line -> steps.add(Step.expect(line(line))));
        return end;
    }

    /** Returns the expectation of a line with its end. */
    private static Expectation line(String line) {
        return needsEscapes(line) ? new Expectation.Bytes(line) : new Expectation.Line(withoutEnd(line));
    }

    /** Returns whether a pattern for this line would have escapes, or would be too long. */
    private static boolean needsEscapes(String line) {
        return line.length() > MOST_BYTES || !Template.literally(line, true).equals(line);
    }

    /** Returns the line without its LF, and without a CR before that. */
    static String withoutEnd(String line) {
        return line.substring(0, line.length() - (line.endsWith("\r\n") ? 2 : 1));
    }

    /** Cuts a text after each LF. */
    static List<String> linesOf(String text) {
        List<String> lines = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at) + 1;
            lines.add(text.substring(at, end == 0 ? text.length() : end));
            at += lines.get(lines.size() - 1).length();
        }
        return lines;
    }

    /** Returns a step that sends these bytes. */
    static Step sent(String bytes, Detail detail) {
        return new Step.Send(data(literally(bytes), detail));
    }

    /** Returns these bytes in lines. Their gaps are names, whose values stand in the lines around them. */
    static List<Data> data(Template bytes, Detail detail) {
        List<Data> data = new ArrayList<>();
        StringBuilder line = new StringBuilder(); // that a name may follow, or stands in
        boolean hasName = false;
        for (Template.Part part : bytes.parts()) {
            if (part instanceof Template.Gap) {
                line.append(part);
                hasName = true;
                continue;
            }
            for (String next : pieces(((Template.Literal) part).latin1(), detail)) {
                boolean isText = TextRuns.textLength(next) == next.length();
                if (!hasName || !isText) {
                    add(line, data);
                }
                line.append(Template.literally(next, false));
                hasName = false;
                if (!isText || next.endsWith("\n")) {
                    add(line, data);
                }
            }
        }
        add(line, data);
        return data;
    }

    /** Returns bytes without a gap. */
    static Template literally(String bytes) {
        return new Template(bytes.isEmpty() ? List.of() : List.of(new Template.Literal(bytes)));
    }

    private static void add(StringBuilder line, List<Data> to) {
        if (!line.isEmpty()) {
            to.add(new Data.Text(line.toString()));
            line.setLength(0);
        }
    }

    /** Cuts bytes into lines, and rows of what is not text. */
    private static List<String> pieces(String bytes, Detail detail) {
        List<String> all = new ArrayList<>();
        boolean isLong = detail == Detail.FEW || bytes.length() > LONG;
        for (String piece : TextRuns.pieces(bytes, isLong ? MOST_BYTES : ROW)) {
            List<String> lines = linesOf(piece);
            boolean isWhole = lines.size() > MOST_LINES || detail == Detail.FEW;
            all.addAll(isWhole ? List.of(piece) : lines);
        }
        return all;
    }
}
