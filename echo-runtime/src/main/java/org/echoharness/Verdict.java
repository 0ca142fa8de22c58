package org.echoharness;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done next on a connection that has faults. One object a connection: {@link Gates} empties it, each gate
 * adds what it asks for, and {@link #settle} puts that together. Times are nanoseconds since the accept.
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
    private boolean outputEnded;
    private boolean keeping; // a gate waits for more bytes to copy; nothing else has those that are there
    private boolean halted;
    private boolean sendingIsHeld;
    private boolean endIsHeld;
    private boolean isHeldBack;
    private @Nullable Kind action;
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

    /** Whether nothing is asked for but to send, or to wait before the answer to the client's FIN. */
    boolean isIdle() {
        return action == null && ending == null && !halted;
    }

    /** @param hasEndedOutput whether the server's FIN was sent: then all bytes are dropped */
    void begin(boolean hasEndedOutput) {
        outputEnded = hasEndedOutput;
        barrier = Long.MAX_VALUE;
        due = Long.MAX_VALUE;
        keeping = false;
        halted = false;
        most = Integer.MAX_VALUE;
        wake = NEVER;
        reading = true;
        sendingIsHeld = false;
        endIsHeld = false;
        isHeldBack = false;
        action = null;
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

    void discard(Gate by, long bytes) {
        act(Kind.DISCARD, by, bytes);
    }

    /**
     * Sends these bytes and keeps them; where there are none to be sent yet, keeps those before. Up to the next trigger
     * that counts the client's bytes, and no further: what it has copied by then passes first.
     */
    void copy(Gate by, int behind, int bytes) {
        if (behind >= barrier) {
            return;
        }
        if (bytes == 0) {
            keeping |= action == null;
        } else if (act(Kind.COPY, by, bytes)) {
            from = behind;
        }
    }

    /** Goes out whole before a byte of the client is sent, copied or dropped. */
    void insert(Gate by, ByteBuffer bytes) {
        if (ending == null && action != Kind.INSERT && !halted && !outputEnded) {
            action = Kind.INSERT;
            author = by;
            from = 0;
            count = bytes.remaining();
            extra = bytes;
        }
    }

    /** A greeting that stands before an end goes out first, unless a time or the bytes sent say when it ends. */
    void end(Kind how, Gate by) {
        Trigger trigger = by.fault().trigger();
        boolean isDue = trigger instanceof Trigger.AfterTime || trigger instanceof Trigger.AfterSent;
        if (ending == null && (action != Kind.INSERT || isDue)) {
            ending = how;
            author = by;
        }
    }

    /** Nothing moves, but for a greeting that has asked already. */
    void halt() {
        halted = true;
        pass(0);
    }

    /** The first gate that asks gets it; the others ask again. */
    private boolean act(Kind wanted, Gate by, long bytes) {
        if (action != null || ending != null || keeping) {
            return false;
        }
        action = wanted;
        author = by;
        count = (int) Math.min(bytes, Integer.MAX_VALUE);
        return true;
    }

    /** Puts together what was asked for: endings first, then one action, then sending. */
    void settle(int held, boolean inputEnded) {
        int ready = (int) Math.min(held, due);
        if (ending != null) {
            kind = ending;
        } else if (outputEnded) {
            author = null;
            kind = held == 0 && inputEnded && !halted ? Kind.END : Kind.WAIT;
            if (held > 0 && !halted) {
                settle(Kind.DISCARD, (int) Math.min(held, barrier));
            }
        } else if (action == Kind.INSERT) {
            settle(Kind.INSERT, (int) Math.min(count, most));
        } else if (action == Kind.COPY) {
            settle(Kind.COPY, (int) Math.min(Math.min(count, ready - from), most));
        } else if (action == Kind.DISCARD) {
            settle(Kind.DISCARD, Math.min(count, ready));
        } else if (keeping) {
            settle(Kind.WAIT, 0);
        } else if (held > 0) {
            author = null;
            from = 0;
            settle(Kind.SEND, (int) Math.min(ready, most));
        } else {
            kind = inputEnded && !endIsHeld ? Kind.END : Kind.WAIT;
        }
    }

    private void settle(Kind wanted, int bytes) {
        isHeldBack = bytes > 0 && sendingIsHeld && wanted != Kind.DISCARD;
        count = isHeldBack ? 0 : bytes;
        kind = count > 0 ? wanted : Kind.WAIT;
    }
}
