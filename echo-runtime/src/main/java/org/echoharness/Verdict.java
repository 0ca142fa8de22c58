package org.echoharness;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done next on a connection that has faults. One object a connection: {@link GateChain} empties it, each gate
 * adds what it asks for, and {@link #settle} puts that together. Times are nanoseconds since the accept.
 *
 * <p>Which action is next depends on the position in the stream alone: whether the bytes for it have come, and whether the
 * socket takes them, decides only when.
 */
final class Verdict {

    enum Kind {
        /** Send {@link #count} of the oldest bytes. */
        SEND,
        /** Send {@link #count} bytes, from {@link #from} behind the oldest on, and keep them. */
        COPY,
        /** Send at most {@link #count} of {@link #extra}. */
        INSERT,
        /** Drop {@link #count} of the oldest bytes. */
        DISCARD,
        /** Do nothing before {@link #wake}, but for what the client does. */
        WAIT,
        /** All is done: answer the client's FIN. */
        END,
        /** Send a FIN and close the socket. */
        CLOSE,
        /** Send a FIN and go on reading. */
        HALF_CLOSE,
        /** Send an RST. */
        RESET
    }

    static final long NEVER = Long.MAX_VALUE;

    private Kind kind = Kind.WAIT;
    private int count;
    private int from;
    private @Nullable ByteBuffer extra;
    private @Nullable Gate author; // of what is neither SEND nor WAIT nor END
    private long wake;
    private boolean reading;

    private long barrier; // how many of the oldest bytes come before the next trigger
    private long due; // how many of the oldest bytes may be dealt with
    private long most; // how many bytes may be sent at once
    private boolean sendingIsHeld;
    private boolean endIsHeld;
    private boolean isHeldBack;
    private boolean halted;
    private @Nullable Gate inserter;
    private @Nullable Gate mover; // the gate that moves the oldest bytes; null to send them
    private Kind move = Kind.SEND;
    private @Nullable Kind ending;

    Kind kind() {
        return kind;
    }

    int count() {
        return count;
    }

    int from() {
        return from;
    }

    ByteBuffer extra() {
        return Objects.requireNonNull(extra);
    }

    @Nullable
    Gate author() {
        return author;
    }

    /** The fault that it comes from, for people. */
    String reason() {
        return author == null ? "" : author.fault().toString();
    }

    /** When to judge again though nothing came; {@link #NEVER} if that is no matter of time. */
    long wake() {
        return wake;
    }

    /** Whether there are bytes to send that wait for {@link #wake} alone. */
    boolean isHeldBack() {
        return isHeldBack;
    }

    /** Whether to read what the client sends. */
    boolean reading() {
        return reading;
    }

    void begin() {
        barrier = Long.MAX_VALUE;
        due = Long.MAX_VALUE;
        most = Integer.MAX_VALUE;
        wake = NEVER;
        reading = true;
        sendingIsHeld = false;
        endIsHeld = false;
        isHeldBack = false;
        halted = false;
        inserter = null;
        mover = null;
        move = Kind.SEND;
        ending = null;
        author = null;
        extra = null;
        from = 0;
        count = 0;
    }

    /** No more than so many of the oldest bytes. */
    void pass(long bytes) {
        due = Math.min(due, bytes);
    }

    /** No more than so many of the oldest bytes before something else is judged. */
    void stopBefore(long bytes) {
        barrier = Math.min(barrier, bytes);
        pass(bytes);
    }

    /** No more than so many bytes with one write. */
    void atMost(long bytes) {
        most = Math.min(most, bytes);
    }

    void wakeAt(long time) {
        wake = Math.min(wake, time);
    }

    void holdSending(long until) {
        sendingIsHeld = true;
        wakeAt(until);
    }

    void holdEnd(long until) {
        endIsHeld = true;
        wakeAt(until);
    }

    void stopReading() {
        reading = false;
    }

    /** Drops this many of the oldest bytes, also those that are still to come; unless a gate before this one has them. */
    void discard(Gate by, long bytes) {
        move(Kind.DISCARD, by, bytes);
    }

    /**
     * Sends these bytes and keeps them, unless a gate before this one has them. Where there are none yet, nothing moves
     * until they come. At the next trigger it stops, and the bytes that were kept are free to move.
     */
    void copy(Gate by, int behind, int bytes) {
        if (behind < barrier && move(Kind.COPY, by, bytes)) {
            from = behind;
        }
    }

    private boolean move(Kind how, Gate by, long bytes) {
        if (mover != null) {
            return false;
        }
        mover = by;
        move = how;
        count = (int) Math.min(bytes, Integer.MAX_VALUE);
        return true;
    }

    /** Sends these before anything else moves; of several the first. */
    void insert(Gate by, ByteBuffer bytes) {
        if (inserter == null && !halted) {
            inserter = by;
            extra = bytes;
        }
    }

    /** A greeting that comes before an end goes out first. */
    void end(Kind how, Gate by) {
        if (ending == null && (inserter == null || by.interrupts(inserter))) {
            ending = how;
            author = by;
        }
    }

    /** Nothing moves any more but a greeting that comes before. */
    void halt(Gate by) {
        halted = true;
        if (inserter != null && by.interrupts(inserter)) {
            inserter = null;
        }
    }

    /** Puts together what was asked for: an end first, then what is inserted, then the oldest bytes. */
    void settle(int held, boolean outputEnded, boolean inputEnded) {
        if (ending != null) {
            kind = ending;
        } else if (outputEnded) {
            settleInput(held, inputEnded);
        } else if (inserter != null) {
            author = inserter;
            settle(Kind.INSERT, (int) Math.min(extra().remaining(), most));
        } else if (held > 0 || move == Kind.COPY) {
            author = mover;
            settleMove((int) Math.min(held, due));
        } else {
            kind = inputEnded && !endIsHeld ? Kind.END : Kind.WAIT;
        }
    }

    private void settleMove(int ready) {
        int bytes = move == Kind.SEND ? ready : Math.min(count, ready - from);
        settle(move, move == Kind.DISCARD ? bytes : (int) Math.min(bytes, most));
    }

    /** After the server's FIN all bytes are dropped, up to the next trigger. */
    private void settleInput(int held, boolean inputEnded) {
        if (held > 0) {
            settle(Kind.DISCARD, halted ? 0 : (int) Math.min(held, barrier));
        } else {
            kind = inputEnded && !halted ? Kind.END : Kind.WAIT;
        }
        from = 0;
    }

    private void settle(Kind wanted, int bytes) {
        isHeldBack = bytes > 0 && sendingIsHeld && wanted != Kind.DISCARD;
        count = isHeldBack ? 0 : Math.max(0, bytes);
        kind = count > 0 ? wanted : Kind.WAIT;
    }
}
