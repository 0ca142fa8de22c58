package org.echoharness.replay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/**
 * Expects a message of which a client sent two forms. What is the same in both is expected, and any value in place of what
 * differs: {@code *} in lines and in the bodies of frames, a number of bytes elsewhere.
 */
final class MarkedMessage {

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_.:+-]+");
    private static final String ANY = "*";
    private static final int ROW = 64;
    private static final int MOST_PREFIX = 8; // bytes before the length of a frame
    private static final int MOST_GAP = 3; // so few equal bytes between different ones are equal by chance
    private static final List<FrameLength> LENGTHS = List.of(
            FrameLength.U32.minus(4),
            FrameLength.U32,
            FrameLength.U16,
            FrameLength.U24,
            FrameLength.U16.minus(2),
            FrameLength.U32.littleEndian(),
            FrameLength.U24.littleEndian(),
            FrameLength.U16.littleEndian(),
            FrameLength.VARINT,
            FrameLength.U8,
            FrameLength.U8.minus(1));

    private record Frame(String prefix, String whole, String body) {}

    private MarkedMessage() {}

    /**
     * Returns steps that expect either form.
     *
     * @throws IllegalArgumentException if the forms have no structure in common
     */
    static List<Step> expected(String one, String other) {
        List<Step> steps = lines(one, other);
        if (steps == null && one.length() == other.length()) {
            steps = List.of(Step.expect(sized(one, other).toArray(Expectation[]::new)));
        }
        if (steps == null) {
            steps = frames(one, other);
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

    private static String excerpt(String latin1) {
        return Escaping.bytes(latin1.length()) + " "
                + Escaping.excerpt(latin1.getBytes(StandardCharsets.ISO_8859_1), 0);
    }

    private static @Nullable List<Step> lines(String one, String other) {
        List<String> mine = MessageSteps.linesOf(one);
        List<String> theirs = MessageSteps.linesOf(other);
        boolean areTexts = TextRuns.textLength(one) == one.length() && TextRuns.textLength(other) == other.length();
        if (!areTexts || mine.size() != theirs.size() || !one.contains("\n")) {
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
            } else if (line.length() == same.length()) {
                steps.add(Step.expect(sized(line, same).toArray(Expectation[]::new)));
            } else {
                return null;
            }
        }
        return steps;
    }

    /** Returns a pattern for both texts: a star for each word that differs, or for all between their common ends. */
    static String pattern(String one, String other) {
        List<String> mine = words(one);
        List<String> theirs = words(other);
        boolean isSame = mine.size() == theirs.size();
        StringBuilder pattern = new StringBuilder();
        StringBuilder literal =
                new StringBuilder(); // escaped as a whole, since a brace has a meaning with what follows
        for (int i = 0; i < mine.size() && isSame; i++) {
            String word = mine.get(i);
            if (word.equals(theirs.get(i))) {
                literal.append(word);
            } else {
                isSame = isWord(word) && isWord(theirs.get(i));
                pattern.append(Template.literally(literal.toString(), true)).append(ANY);
                literal.setLength(0);
            }
        }
        if (isSame) {
            return pattern.append(Template.literally(literal.toString(), true)).toString();
        }
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
                + ANY
                + Template.literally(String.join("", mine.subList(mine.size() - last, mine.size())), true);
    }

    private static boolean isWord(String text) {
        return WORD.matcher(text).matches();
    }

    /** Cuts a text into words, and single characters between them. */
    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(text);
        int at = 0;
        while (at < text.length()) {
            boolean found = word.region(at, text.length()).lookingAt();
            int end = found ? word.end() : at + 1;
            words.add(text.substring(at, end));
            at = end;
        }
        return words;
    }

    /** Returns expectations for two messages of the same length. */
    private static List<Expectation> sized(String one, String other) {
        List<Expectation> parts = new ArrayList<>();
        int at = 0;
        while (at < one.length()) {
            int end = at;
            while (end < one.length() && one.charAt(end) == other.charAt(end)) {
                end++;
            }
            if (end > at) {
                parts.addAll(MessageSteps.exactly(one.substring(at, end), ROW));
            }
            at = end;
            for (int i = at; i < one.length() && i - end <= MOST_GAP; i++) {
                end = one.charAt(i) == other.charAt(i) ? end : i + 1;
            }
            if (end > at) {
                parts.add(Expectation.size(end - at));
            }
            at = end;
        }
        return parts;
    }

    private static @Nullable List<Step> frames(String one, String other) {
        for (int prefix = 0; prefix <= MOST_PREFIX; prefix++) {
            for (FrameLength length : LENGTHS) {
                List<Frame> mine = frames(one, prefix, length);
                List<Frame> theirs = mine == null ? null : frames(other, prefix, length);
                if (mine != null && theirs != null && haveSamePrefixes(mine, theirs)) {
                    return steps(mine, theirs, length);
                }
            }
        }
        return null;
    }

    private static boolean haveSamePrefixes(List<Frame> mine, List<Frame> theirs) {
        return mine.stream()
                .map(Frame::prefix)
                .toList()
                .equals(theirs.stream().map(Frame::prefix).toList());
    }

    private static List<Step> steps(List<Frame> mine, List<Frame> theirs, FrameLength length) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < mine.size(); i++) {
            Frame frame = mine.get(i);
            if (frame.whole().equals(theirs.get(i).whole())) {
                steps.addAll(MessageSteps.expected(frame.whole(), MessageSteps.Detail.LINES));
                continue;
            }
            List<Expectation> parts = new ArrayList<>();
            if (!frame.prefix().isEmpty()) {
                parts.add(new Expectation.Bytes(frame.prefix()));
            }
            parts.add(new Expectation.Frame(
                    length, pattern(frame.body(), theirs.get(i).body())));
            steps.add(Step.expect(parts.toArray(Expectation[]::new)));
        }
        return steps;
    }

    /** Cuts a message into frames; null if it is no sequence of such frames. */
    private static @Nullable List<Frame> frames(String message, int prefix, FrameLength length) {
        ByteBuffer bytes = ByteBuffer.wrap(message.getBytes(StandardCharsets.ISO_8859_1));
        List<Frame> frames = new ArrayList<>();
        while (bytes.hasRemaining()) {
            int start = bytes.position();
            if (bytes.remaining() <= prefix) {
                return null;
            }
            bytes.position(start + prefix);
            long body;
            try {
                body = length.decode(bytes);
            } catch (IllegalArgumentException noLength) {
                return null;
            }
            if (body < 0 || body > bytes.remaining()) {
                return null;
            }
            int from = bytes.position();
            int end = from + (int) body;
            frames.add(new Frame(
                    message.substring(start, start + prefix),
                    message.substring(start, end),
                    message.substring(from, end)));
            bytes.position(end);
        }
        return frames;
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
