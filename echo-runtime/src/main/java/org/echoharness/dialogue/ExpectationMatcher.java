package org.echoharness.dialogue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToIntFunction;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/**
 * Matches one expectation with the bytes of the client. Each answer depends only on the bytes that have come since the
 * message began and on whether the FIN has come, and never on how TCP has cut them. Immutable; the state of a match is an
 * argument.
 */
final class ExpectationMatcher {

    private static final byte LF = '\n';
    private static final byte CR = '\r';

    /** Matches one part, which begins at {@link MatchState#start}. Returns how many bytes it takes, or a negative number. */
    private interface Part {
        int match(RingBuffer in, boolean inputEnded, MatchState state);

        /** Keeps what the part captures, at these bytes. */
        default void capture(RingBuffer in, int from, int length, Captures captures) {}
    }

    private final Expectation expectation;
    private final List<Part> parts;
    private final int least;

    /** @param numbers gives each name its number in {@link Captures} */
    ExpectationMatcher(Expectation expectation, ToIntFunction<String> numbers) {
        this.expectation = expectation;
        List<Expectation> all =
                expectation instanceof Expectation.Sequence sequence ? sequence.parts() : List.of(expectation);
        parts = all.stream().map(each -> part(each, numbers)).toList();
        least = all.stream().mapToInt(ExpectationMatcher::leastHeld).sum();
    }

    /** Returns how many bytes the ring must be able to hold, at least. */
    int leastHeld() {
        return least;
    }

    boolean isFin() {
        return expectation instanceof Expectation.Fin;
    }

    /** Returns the number of parts that follow one another. */
    int parts() {
        return parts.size();
    }

    /** Returns the text for an error. */
    String text() {
        return expectation instanceof Expectation.Size size ? Escaping.bytes(size.bytes()) : expectation.toString();
    }

    /**
     * Goes on with a match. Returns {@link MatchState#MORE}, {@link MatchState#MISMATCH}, {@link MatchState#SKIP}, or how many bytes of the ring the message
     * takes.
     *
     * @param starts gets where each part begins
     */
    int match(RingBuffer in, boolean inputEnded, MatchState state, int[] starts) {
        while (state.part < parts.size()) {
            starts[state.part] = state.start;
            int taken = parts.get(state.part).match(in, inputEnded, state);
            if (taken < 0) {
                return taken;
            }
            state.nextPart(taken);
        }
        return state.start;
    }

    /** Keeps what the parts before this one capture, unless it is kept already. Their bytes end where it begins. */
    void capture(RingBuffer in, MatchState state, int[] starts, Captures captures) {
        for (int i = state.kept; i < state.part; i++) {
            int end = i + 1 < state.part ? starts[i + 1] : state.start;
            parts.get(i).capture(in, starts[i], end - starts[i], captures);
        }
        state.kept = state.part;
    }

    /** Returns where in the ring the part ends that is skipped until its end, or -1. All bytes are new. */
    int end(RingBuffer in, MatchState state) {
        return ((ThroughPart) parts.get(state.part)).search.end(in, 0, state);
    }

    private static int leastHeld(Expectation part) {
        if (part instanceof Expectation.Bytes bytes) {
            return bytes.literal().length();
        }
        if (part instanceof Expectation.Through through) {
            return through.literal().length();
        }
        if (part instanceof Expectation.Line line) {
            return new TextPattern(line.pattern(), name -> 0).leastLength() + 2;
        }
        if (part instanceof Expectation.Frame frame) {
            return new TextPattern(frame.pattern(), name -> 0).leastLength()
                    + frame.length().kind().mostBytes();
        }
        return 0;
    }

    private static Part part(Expectation expectation, ToIntFunction<String> numbers) {
        if (expectation instanceof Expectation.Bytes bytes) {
            return new BytesPart(bytes.literal().getBytes(StandardCharsets.ISO_8859_1));
        }
        if (expectation instanceof Expectation.Line line) {
            return new LinePart(new TextPattern(line.pattern(), numbers));
        }
        if (expectation instanceof Expectation.Size size) {
            return new SizePart(size.bytes());
        }
        if (expectation instanceof Expectation.Through through) {
            return new ThroughPart(through.literal().getBytes(StandardCharsets.ISO_8859_1));
        }
        if (expectation instanceof Expectation.Frame frame) {
            return new FramePart(frame.length(), new TextPattern(frame.pattern(), numbers));
        }
        return new FinPart();
    }

    private static int capacity(RingBuffer in) {
        return in.size() + in.room();
    }

    /** Returns that the message does not fit into the ring. */
    private static int tooLong(RingBuffer in, MatchState state, String seen) {
        String most = Quantities.text(capacity(in));
        String size = most.endsWith("B") ? most : Escaping.bytes(capacity(in));
        return state.differs(in.size(), " of at most " + size + " (bufferSize)", seen);
    }

    private static final class BytesPart implements Part {
        private final byte[] literal;

        BytesPart(byte[] literal) {
            this.literal = literal;
        }

        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            int held = Math.min(in.size() - state.start, literal.length);
            int equal = state.scanned - state.start;
            int differs = in.mismatch(state.scanned, literal, equal, held - equal);
            if (differs >= 0) {
                return state.differsAt(state.scanned + differs);
            }
            state.scanned = state.start + held;
            if (held == literal.length) {
                return held;
            }
            return in.hasRoom() ? MatchState.MORE : tooLong(in, state, "");
        }
    }

    private record LinePart(TextPattern pattern) implements Part {

        private static final int FIRST = 32; // bytes, of which an error shows some

        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            int held = in.size() - state.start;
            int differs = pattern.early(in, state.start, state.scanned - state.start, held);
            if (differs >= 0) {
                return state.differsAt(state.start + differs);
            }
            int fixed = pattern.fixedLength();
            if (fixed >= 0 && held > fixed) {
                return atEnd(in, state, fixed);
            }
            int end = fixed >= 0 ? -1 : in.indexOf(LF, state.scanned);
            if (end >= 0) {
                int length = end - state.start;
                length -= length > 0 && in.at(end - 1) == CR ? 1 : 0;
                int reached = pattern.difference(in, state.start, length);
                return reached < 0 ? end + 1 - state.start : state.differsAt(state.start + reached);
            }
            state.scanned = in.size();
            return more(in, state);
        }

        private static int more(RingBuffer in, MatchState state) {
            return in.hasRoom() ? MatchState.MORE : tooLong(in, state, withoutEnd(in, state.start));
        }

        private static String withoutEnd(RingBuffer in, int start) {
            int held = in.size() - start;
            return Escaping.bytes(held) + " without a line end: "
                    + Escaping.excerpt(in.copy(start, Math.min(FIRST, held)), 0);
        }

        /** Returns whether the line ends at this offset, after all that the pattern has. */
        private static int atEnd(RingBuffer in, MatchState state, int offset) {
            int end = state.start + offset;
            if (in.at(end) == LF) {
                return offset + 1;
            }
            if (in.at(end) != CR) {
                return state.differsAt(end);
            }
            if (end + 1 == in.size()) {
                return more(in, state);
            }
            return in.at(end + 1) == LF ? offset + 2 : state.differsAt(end);
        }

        @Override
        public void capture(RingBuffer in, int from, int length, Captures captures) {
            int text = length - 1;
            text -= text > 0 && in.at(from + text - 1) == CR ? 1 : 0;
            pattern.capture(in, from, text, captures);
        }
    }

    private record SizePart(long bytes) implements Part {
        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            if (in.size() - state.start >= bytes) {
                return (int) bytes;
            }
            if (in.isEmpty() || state.start + bytes <= capacity(in)) {
                return MatchState.MORE;
            }
            state.skip = bytes;
            return MatchState.SKIP;
        }
    }

    private static final class ThroughPart implements Part {
        private final LiteralSearch search;

        ThroughPart(byte[] literal) {
            search = new LiteralSearch(literal);
        }

        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            int end = search.end(in, state.scanned, state);
            if (end >= 0) {
                return end - state.start;
            }
            state.scanned = in.size();
            if (in.hasRoom()) {
                return MatchState.MORE;
            }
            state.isSeeking = true;
            return MatchState.SKIP;
        }
    }

    private record FramePart(FrameLength length, TextPattern pattern) implements Part {

        private static final int LONG_VARINT = 5;

        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            int header = header(in, state);
            if (header < 0) {
                return header;
            }
            long value = value(in, state.start, header);
            long body = value + length.adjust();
            if (body < 0 || value > length.kind().most()) {
                String why = body < 0
                        ? ", less than " + -length.adjust()
                        : ", more than " + length.kind().most();
                return state.differs(state.start, "", "a length of " + value + why);
            }
            int fixed = pattern.fixedLength();
            if (fixed >= 0 && body != fixed) {
                return state.differs(state.start + header, "", "a length of " + value);
            }
            if (state.start + header + body > capacity(in)) {
                if (!pattern.isAny()) {
                    return tooLong(in, state, "a length of " + value);
                }
                state.skip = header + body;
                return MatchState.SKIP;
            }
            return body(in, state, header, (int) body);
        }

        private int body(RingBuffer in, MatchState state, int header, int body) {
            int from = state.start + header;
            int held = Math.min(in.size() - from, body);
            int differs = held < body
                    ? pattern.early(in, from, state.scanned - from, held)
                    : pattern.difference(in, from, body);
            if (differs >= 0) {
                return state.differsAt(from + differs);
            }
            state.scanned = from + held;
            return held < body ? MatchState.MORE : header + body;
        }

        /** Returns how many bytes the length takes, or a negative number. */
        private int header(RingBuffer in, MatchState state) {
            int held = in.size() - state.start;
            if (length.kind() != FrameLength.Kind.VARINT) {
                int bytes = length.kind().mostBytes();
                return held < bytes ? more(in, state) : bytes;
            }
            for (int i = 0; i < Math.min(held, LONG_VARINT); i++) {
                if (in.at(state.start + i) >= 0) {
                    return i + 1;
                }
            }
            if (held < LONG_VARINT) {
                return more(in, state);
            }
            return state.differs(
                    state.start,
                    "",
                    "a varint of more than " + LONG_VARINT + " bytes: "
                            + Escaping.quote(in.copy(state.start, LONG_VARINT)));
        }

        private static int more(RingBuffer in, MatchState state) {
            return in.hasRoom() ? MatchState.MORE : tooLong(in, state, "");
        }

        private long value(RingBuffer in, int from, int header) {
            long value = 0;
            for (int i = 0; i < header; i++) {
                int at = in.at(from + i) & 0xFF;
                if (length.kind() == FrameLength.Kind.VARINT) {
                    value |= (long) (at & 0x7F) << (7 * i);
                } else if (length.isLittleEndian()) {
                    value |= (long) at << (8 * i);
                } else {
                    value = value << 8 | at;
                }
            }
            return value;
        }

        @Override
        public void capture(RingBuffer in, int from, int taken, Captures captures) {
            if (pattern.hasNames()) {
                int header = length.kind().mostBytes();
                if (length.kind() == FrameLength.Kind.VARINT) {
                    header = 1;
                    while (in.at(from + header - 1) < 0) {
                        header++;
                    }
                }
                pattern.capture(in, from + header, taken - header, captures);
            }
        }
    }

    private record FinPart() implements Part {
        @Override
        public int match(RingBuffer in, boolean inputEnded, MatchState state) {
            if (!in.isEmpty()) {
                return state.differsAt(0);
            }
            return inputEnded ? 0 : MatchState.MORE;
        }
    }
}
