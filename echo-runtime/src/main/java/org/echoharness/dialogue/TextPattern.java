package org.echoharness.dialogue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of a line or of a frame's body. It consists of chunks of known length, with gaps of any length between them. A
 * chunk stands at the first place where it fits, and the last one at the end, so that nothing is tried twice.
 */
final class TextPattern {

    private static final int NO_NAME = -1;

    /** Bytes, or a number of any bytes, which may have a name. */
    private static final class Piece {
        private final byte @Nullable [] literal;
        private final int length;
        private final int name;

        Piece(byte @Nullable [] literal, int length, int name) {
            this.literal = literal;
            this.length = length;
            this.name = name;
        }
    }

    /** Pieces that follow one another. */
    private record Chunk(
            List<Piece> pieces, int length, @Nullable LiteralSearch search) {

        /** Returns the offset in the chunk of the first byte that differs among these, or -1. Those before {@code equal} do not. */
        int difference(RingBuffer in, int from, int equal, int available) {
            int at = 0;
            for (int i = 0; i < pieces.size() && at < available; i++) {
                Piece piece = pieces.get(i);
                int count = Math.min(piece.length, available - at);
                int first = Math.max(0, equal - at);
                byte[] literal = first < count ? piece.literal : null;
                int differs = literal == null ? -1 : in.mismatch(from + at + first, literal, first, count - first);
                if (differs >= 0) {
                    return at + first + differs;
                }
                at += count;
            }
            return -1;
        }

        /** Returns where in a text of this length the chunk first stands, from the offset {@code at} on, or -1. */
        int find(RingBuffer in, int from, int at, int textLength) {
            if (search != null) {
                int found = search.find(in, from + at, from + textLength);
                return found < 0 ? -1 : found - from;
            }
            for (int place = at; place <= textLength - length; place++) {
                if (difference(in, from + place, 0, length) < 0) {
                    return place;
                }
            }
            return -1;
        }

        void capture(RingBuffer in, int from, Captures captures) {
            int at = from;
            for (int i = 0; i < pieces.size(); i++) {
                Piece piece = pieces.get(i);
                if (piece.name != NO_NAME) {
                    captures.set(piece.name, in, at, piece.length);
                }
                at += piece.length;
            }
        }
    }

    private final List<Chunk> chunks = new ArrayList<>();
    private final List<Integer> gaps = new ArrayList<>(); // the names of the gaps between the chunks
    private boolean hasNames;

    /** @param numbers gives each name its number in {@link Captures} */
    TextPattern(String pattern, ToIntFunction<String> numbers) {
        List<Piece> pieces = new ArrayList<>();
        for (Template.Part part : Template.of(pattern, true).parts()) {
            if (part instanceof Template.Literal literal) {
                byte[] bytes = literal.latin1().getBytes(StandardCharsets.ISO_8859_1);
                pieces.add(new Piece(bytes, bytes.length, NO_NAME));
            } else if (part instanceof Template.Gap gap) {
                int name = gap.name().isEmpty() ? NO_NAME : numbers.applyAsInt(gap.name());
                hasNames |= name != NO_NAME;
                if (gap.bytes() > 0) {
                    pieces.add(new Piece(null, gap.bytes(), name));
                } else {
                    chunks.add(chunk(pieces));
                    gaps.add(name);
                    pieces.clear();
                }
            }
        }
        chunks.add(chunk(pieces));
    }

    private static Chunk chunk(List<Piece> pieces) {
        byte[] literal = pieces.size() == 1 ? pieces.get(0).literal : null;
        return new Chunk(
                List.copyOf(pieces),
                pieces.stream().mapToInt(piece -> piece.length).sum(),
                literal == null ? null : new LiteralSearch(literal));
    }

    /** Returns the length of all that the pattern matches, or -1 if that varies. */
    int fixedLength() {
        return gaps.isEmpty() ? chunks.get(0).length() : -1;
    }

    /** Returns the length of the shortest text that the pattern matches. */
    int leastLength() {
        int least = 0;
        for (Chunk chunk : chunks) {
            least += chunk.length();
        }
        return least;
    }

    boolean hasNames() {
        return hasNames;
    }

    /** Returns whether the pattern matches all texts, and captures nothing. */
    boolean isAny() {
        return !hasNames && gaps.size() == 1 && leastLength() == 0;
    }

    /**
     * Returns the offset of the first byte that no text of the pattern can have, of those that have come, or -1.
     *
     * @param before how many of them earlier calls have looked at
     */
    int early(RingBuffer in, int from, int before, int available) {
        return chunks.get(0).difference(in, from, Math.max(0, before), available);
    }

    /** Returns -1 if the pattern matches these bytes, and otherwise the offset up to which it does. */
    int difference(RingBuffer in, int from, int length) {
        return difference(in, from, length, null);
    }

    /** Keeps what the pattern captures of bytes that it matches. */
    void capture(RingBuffer in, int from, int length, Captures captures) {
        if (hasNames) {
            difference(in, from, length, captures);
        }
    }

    private int difference(RingBuffer in, int from, int length, @Nullable Captures captures) {
        Chunk first = chunks.get(0);
        int differs = first.difference(in, from, 0, Math.min(length, first.length()));
        if (differs >= 0) {
            return differs;
        }
        if (length < first.length() || (gaps.isEmpty() && length > first.length())) {
            return Math.min(length, first.length());
        }
        capture(first, in, from, captures);
        int at = first.length();
        for (int i = 0; i < gaps.size(); i++) {
            Chunk next = chunks.get(i + 1);
            boolean isLast = i == gaps.size() - 1;
            int place = isLast ? last(next, in, from, at, length) : next.find(in, from, at, length);
            if (place < 0) {
                return at;
            }
            int name = gaps.get(i);
            if (captures != null && name != NO_NAME) {
                captures.set(name, in, from + at, place - at);
            }
            capture(next, in, from + place, captures);
            at = place + next.length();
        }
        return -1;
    }

    private static void capture(Chunk chunk, RingBuffer in, int from, @Nullable Captures captures) {
        if (captures != null) {
            chunk.capture(in, from, captures);
        }
    }

    private static int last(Chunk chunk, RingBuffer in, int from, int at, int length) {
        int place = length - chunk.length();
        return place >= at && chunk.difference(in, from + place, 0, chunk.length()) < 0 ? place : -1;
    }
}
