package org.echoharness.dialogue;

import org.echoharness.memory.RingBuffer;

/** Finds a literal, and looks at each byte of the text once (Knuth, Morris and Pratt). */
final class LiteralSearch {

    private final byte[] literal;
    private final int[] borders; // at n: the longest proper prefix of the first n bytes that is also their suffix

    /** @param literal at least one byte */
    LiteralSearch(byte[] literal) {
        this.literal = literal;
        borders = new int[literal.length + 1];
        for (int n = 1, border = 0; n < literal.length; n++) {
            border = next(border, literal[n]);
            borders[n + 1] = border;
        }
    }

    /** Returns how many bytes of the literal are found after one more byte, if {@code found} were found before it. */
    private int next(int found, byte b) {
        int n = found;
        while (n > 0 && (n == literal.length || literal[n] != b)) {
            n = borders[n];
        }
        return literal[n] == b ? n + 1 : 0;
    }

    /** Goes on with a search from the index on, to the end of the ring. Returns where the literal ends, or -1. */
    int end(RingBuffer in, int from, MatchState state) {
        int found = state.found;
        int at = from;
        while (at < in.size()) {
            if (found == 0) {
                at = in.indexOf(literal[0], at);
                if (at < 0) {
                    break;
                }
            }
            found = next(found, in.at(at));
            at++;
            if (found == literal.length) {
                state.found = 0;
                return at;
            }
        }
        state.found = found;
        return -1;
    }

    /** Returns where the first occurrence from the index on begins, or -1. */
    int find(RingBuffer in, int from, int to) {
        int found = 0;
        for (int at = from; at < to; at++) {
            found = next(found, in.at(at));
            if (found == literal.length) {
                return at + 1 - found;
            }
        }
        return -1;
    }
}
