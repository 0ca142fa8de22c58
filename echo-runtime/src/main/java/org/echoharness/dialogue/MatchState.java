package org.echoharness.dialogue;

/**
 * How far the match of one message has come, so that no byte is looked at twice however TCP has cut the stream, and what
 * does not match.
 */
final class MatchState {

    /** More bytes can decide. */
    static final int MORE = -1;

    /** The bytes cannot be what is expected; this has the reason. */
    static final int MISMATCH = -2;

    /** The part does not fit into the ring; this says what to skip. Nothing but the end can be wrong with it. */
    static final int SKIP = -3;

    int candidate; // the case that is looked at
    int part; // of the sequence
    int start; // where that part begins, counted from the oldest byte of the ring
    int scanned; // up to where it has looked
    int found; // how many bytes of a literal stand before that
    int kept; // the number of parts whose captures were kept
    long skip; // how many bytes of a part that does not fit into the ring are still to come
    boolean isSeeking; // whether it drops bytes until the end of a part
    boolean isCommitted; // bytes of the message are gone, so that no other case can match it

    int difference; // the offset of the first byte that does not match
    String limit = ""; // what an error adds to what was expected
    String seen = ""; // what an error says was seen; empty for the bytes

    void nextMessage() {
        nextCandidate();
        candidate = 0;
        isCommitted = false;
    }

    void nextCandidate() {
        candidate++;
        part = 0;
        start = 0;
        scanned = 0;
        found = 0;
        kept = 0;
        skip = 0;
        isSeeking = false;
    }

    void nextPart(int bytes) {
        part++;
        start += bytes;
        scanned = start;
        found = 0;
    }

    /** Notes where the bytes differ. Returns {@link #MISMATCH}. */
    int differsAt(int offset) {
        return differs(offset, "", "");
    }

    int differs(int offset, String expectedLimit, String whatWasSeen) {
        difference = offset;
        limit = expectedLimit;
        seen = whatWasSeen;
        return MISMATCH;
    }
}
