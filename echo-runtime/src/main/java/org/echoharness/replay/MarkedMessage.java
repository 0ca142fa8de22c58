package org.echoharness.replay;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/**
 * Expects a message of which a client sent two forms. What is the same in both is expected, and any value in place of what
 * differs: {@code *} in lines and in the bodies of frames, or a name if the server sends the value back, and a number of
 * bytes elsewhere.
 */
final class MarkedMessage {

    private static final int ROW = 64;
    private static final int MOST_GAP = 3; // so few equal bytes between different ones are equal by chance

    private final ReturnedValues values;

    private MarkedMessage(ReturnedValues values) {
        this.values = values;
    }

    /**
     * Returns steps that expect either form.
     *
     * @param values decides which values are captured
     * @throws IllegalArgumentException if the forms have no structure in common
     */
    static List<Step> expected(String one, String other, ReturnedValues values) {
        return new MarkedMessage(values).expected(one, other);
    }

    private List<Step> expected(String one, String other) {
        List<Step> steps = lines(one, other);
        if (steps == null) {
            steps = frames(one, other);
            if (one.length() == other.length() && (steps == null || !captures(steps))) {
                steps = List.of(Step.expect(sized(one, other).toArray(Expectation[]::new)));
            }
        }
        if (steps == null) {
            steps = ends(one, other);
        }
        if (steps == null) {
            throw new IllegalArgumentException("of the client's messages, " + excerpt(one) + " and " + excerpt(other)
                    + " differ in more than values");
        }
        return steps;
    }

    /** Returns whether a frame has a value that the script sends. */
    private static boolean captures(List<Step> steps) {
        for (Step step : steps) {
            Expectation last = ((Step.Expect) step).expectation();
            if (last instanceof Expectation.Sequence sequence) {
                last = sequence.parts().get(sequence.parts().size() - 1);
            }
            if (last instanceof Expectation.Frame frame
                    && !Template.of(frame.pattern(), true).names().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private static String excerpt(String latin1) {
        return Escaping.bytes(latin1.length()) + " "
                + Escaping.excerpt(latin1.getBytes(StandardCharsets.ISO_8859_1), 0);
    }

    private @Nullable List<Step> lines(String one, String other) {
        List<String> mine = MessageSteps.linesOf(one);
        List<String> theirs = MessageSteps.linesOf(other);
        boolean areTexts = TextRuns.textLength(one) == one.length() && TextRuns.textLength(other) == other.length();
        if (!areTexts || mine.size() != theirs.size() || !one.contains("\n")) {
            return null;
        }
        int last = mine.size() - 1; // the only line that may have no end
        boolean haveEnds = mine.get(last).endsWith("\n") && theirs.get(last).endsWith("\n");
        if (!haveEnds && mine.get(last).length() != theirs.get(last).length()) {
            return null;
        }
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < mine.size(); i++) {
            String line = mine.get(i);
            String same = theirs.get(i);
            if (line.equals(same)) {
                steps.addAll(MessageSteps.expected(line, MessageSteps.Detail.LINES));
            } else if (line.endsWith("\n") && same.endsWith("\n")) {
                steps.add(Step.expect(
                        new Expectation.Line(pattern(MessageSteps.withoutEnd(line), MessageSteps.withoutEnd(same)))));
            } else {
                steps.add(Step.expect(sized(line, same).toArray(Expectation[]::new)));
            }
        }
        return steps;
    }

    /** Returns a pattern for both texts: a gap for each word that differs, or for all between their common ends. */
    private String pattern(String one, String other) {
        List<String> mine = words(one);
        List<String> theirs = words(other);
        boolean areAlike = mine.size() == theirs.size();
        for (int i = 0; i < mine.size() && areAlike; i++) {
            areAlike = mine.get(i).equals(theirs.get(i)) || (isWord(mine.get(i)) && isWord(theirs.get(i)));
        }
        return areAlike ? wordByWord(mine, theirs) : betweenEnds(mine, theirs);
    }

    private String wordByWord(List<String> mine, List<String> theirs) {
        StringBuilder pattern = new StringBuilder();
        StringBuilder literal =
                new StringBuilder(); // escaped as a whole, since a brace has a meaning with what follows
        for (int i = 0; i < mine.size(); i++) {
            if (mine.get(i).equals(theirs.get(i))) {
                literal.append(mine.get(i));
            } else {
                pattern.append(Template.literally(literal.toString(), true))
                        .append(values.gap(mine.get(i), theirs.get(i)));
                literal.setLength(0);
            }
        }
        return pattern.append(Template.literally(literal.toString(), true)).toString();
    }

    private String betweenEnds(List<String> mine, List<String> theirs) {
        int most = Math.min(mine.size(), theirs.size());
        int first = 0;
        while (first < most && mine.get(first).equals(theirs.get(first))) {
            first++;
        }
        int last = 0;
        while (last < most - first && mine.get(mine.size() - 1 - last).equals(theirs.get(theirs.size() - 1 - last))) {
            last++;
        }
        return Template.literally(String.join("", mine.subList(0, first)), true)
                + values.gap(
                        String.join("", mine.subList(first, mine.size() - last)),
                        String.join("", theirs.subList(first, theirs.size() - last)))
                + Template.literally(String.join("", mine.subList(mine.size() - last, mine.size())), true);
    }

    private static boolean isWord(String piece) {
        return TextRuns.isInWord(piece.charAt(0));
    }

    /** Cuts a text into words, and single characters between them. */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = at + 1;
            while (end < text.length() && isWordCut(text, end)) {
                end++;
            }
            words.add(text.substring(at, end));
            at = end;
        }
        return words;
    }

    /** Returns expectations for two messages of the same length: a size for each word, or other bytes, that differ. */
    private static List<Expectation> sized(String one, String other) {
        List<Expectation> parts = new ArrayList<>();
        int at = 0;
        while (at < one.length()) {
            int differs = at;
            while (differs < one.length() && one.charAt(differs) == other.charAt(differs)) {
                differs++;
            }
            int begin = differs < one.length() ? beginOfWord(one, other, at, differs) : differs;
            if (begin > at) {
                parts.addAll(MessageSteps.exactly(one.substring(at, begin), ROW));
            }
            at = endOfDifference(one, other, differs);
            if (at > begin) {
                parts.add(Expectation.size(at - begin));
            }
        }
        return parts;
    }

    private static int beginOfWord(String one, String other, int from, int differs) {
        int begin = differs;
        while (begin > from && isWordCut(one, begin) && isWordCut(other, begin)) {
            begin--;
        }
        return begin;
    }

    private static int endOfDifference(String one, String other, int differs) {
        int end = differs;
        for (int i = differs; i < one.length() && i - end <= MOST_GAP; i++) {
            end = one.charAt(i) == other.charAt(i) ? end : i + 1;
        }
        while (end > differs && end < one.length() && isWordCut(one, end) && isWordCut(other, end)) {
            end++;
        }
        return end;
    }

    /** Returns whether the bytes on both sides of a position are of one word. */
    private static boolean isWordCut(String text, int at) {
        return TextRuns.isInWord(text.charAt(at - 1)) && TextRuns.isInWord(text.charAt(at));
    }

    private @Nullable List<Step> frames(String one, String other) {
        MessageFrames frames = MessageFrames.of(one, other);
        if (frames == null) {
            return null;
        }
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < frames.mine().size(); i++) {
            MessageFrames.Frame frame = frames.mine().get(i);
            MessageFrames.Frame same = frames.theirs().get(i);
            if (frame.whole().equals(same.whole())) {
                steps.addAll(MessageSteps.expected(frame.whole(), MessageSteps.Detail.LINES));
                continue;
            }
            List<Expectation> parts = new ArrayList<>();
            if (!frame.prefix().isEmpty()) {
                parts.add(new Expectation.Bytes(frame.prefix()));
            }
            parts.add(new Expectation.Frame(frames.length(), pattern(frame.body(), same.body())));
            steps.add(Step.expect(parts.toArray(Expectation[]::new)));
        }
        return steps;
    }

    /** Expects what both begin with, and then all up to what both end with. */
    private static @Nullable List<Step> ends(String one, String other) {
        int most = Math.min(one.length(), other.length());
        int first = 0;
        while (first < most && one.charAt(first) == other.charAt(first)) {
            first++;
        }
        int last = 0;
        while (last < most - first && one.charAt(one.length() - 1 - last) == other.charAt(other.length() - 1 - last)) {
            last++;
        }
        String end = one.substring(one.length() - last);
        boolean isFound = last > 0
                && one.indexOf(end, first) == one.length() - last
                && other.indexOf(end, first) == other.length() - last;
        if (!isFound) {
            return null;
        }
        List<Expectation> parts = new ArrayList<>();
        if (first > 0) {
            parts.addAll(MessageSteps.exactly(one.substring(0, first), ROW));
        }
        parts.add(new Expectation.Through(end));
        return List.of(Step.expect(parts.toArray(Expectation[]::new)));
    }
}
