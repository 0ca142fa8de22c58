package org.echoharness.gates;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a connection that has faults does next. There is one object for each connection: {@code GateChain} clears it,
 * each gate adds what it asks for, and {@link #settle} decides. The verdict knows its gates only by their index. Times are
 * nanoseconds since the accept.
 *
 * <p>The next action depends only on the position in the stream. Its time depends on when its bytes come, and on when the
 * socket takes them.
 */
public final class Verdict {

    public enum Kind {
        /** Send {@link #count} of the oldest bytes. */
        SEND,
        /** Send {@link #count} bytes, beginning {@link #from} bytes after the oldest, and keep them. */
        COPY,
        /** Send at most {@link #count} of {@link #extra}. */
        INSERT,
        /** Drop {@link #count} of the oldest bytes. */
        DISCARD,
        /** Do nothing before {@link #wake}, unless the client does something. */
        WAIT,
        /** Everything is sent: answer the client's FIN. */
        END,
        /** Send a FIN and close the socket. */
        CLOSE,
        /** Send a FIN without the close_notify of TLS, and close the socket. */
        CUT,
        /** Send a FIN and go on reading. */
        HALF_CLOSE,
        /** Send an RST. */
        RESET
    }

    /** Decides which of two gates acts first. */
    public interface Order {

        /** Returns whether a gate that ends or stalls the connection interrupts the bytes that another gate inserts. */
        boolean interrupts(int asking, int inserting);
    }

    public static final long NEVER = Long.MAX_VALUE;

    private static final int NONE = -1;

    private final Order order;
    private int asking = NONE; // the gate that is judging now
    private Kind kind = Kind.WAIT;
    private int count;
    private int from;
    private @Nullable ByteBuffer extra;
    private int author = NONE; // the gate that asked for the action, or NONE; it stays while the action has to wait
    private long wake;
    private boolean reading;

    private long barrier; // how many of the oldest bytes come before the next trigger
    private long due; // how many of the oldest bytes may be consumed
    private long most; // how many bytes may be sent at once
    private boolean sendingIsHeld;
    private boolean endIsHeld;
    private boolean isHeldBack;
    private boolean halted;
    private int inserter = NONE;
    private int mover = NONE; // the gate that moves the oldest bytes; none to send them
    private Kind move = Kind.SEND;
    private @Nullable Kind ending;

    public Verdict(Order order) {
        this.order = order;
    }

    public Kind kind() {
        return kind;
    }

    public int count() {
        return count;
    }

    public int from() {
        return from;
    }

    public ByteBuffer extra() {
        return Objects.requireNonNull(extra);
    }

    /** Returns the index of the gate that asked for the action; negative if none did. */
    public int author() {
        return author;
    }

    /** Returns when to judge again even if nothing comes; {@link #NEVER} if no time is set. */
    public long wake() {
        return wake;
    }

    /** Returns whether bytes are ready to be sent and wait only for {@link #wake}. */
    public boolean isHeldBack() {
        return isHeldBack;
    }

    /** Returns whether to read the client's bytes. */
    public boolean reading() {
        return reading;
    }

    /** Clears everything. */
    public void begin() {
        barrier = Long.MAX_VALUE;
        due = Long.MAX_VALUE;
        most = Integer.MAX_VALUE;
        wake = NEVER;
        reading = true;
        sendingIsHeld = false;
        endIsHeld = false;
        isHeldBack = false;
        halted = false;
        asking = NONE;
        inserter = NONE;
        mover = NONE;
        move = Kind.SEND;
        ending = null;
        author = NONE;
        extra = null;
        from = 0;
        count = 0;
    }

    /** Sets the index of the gate that judges next. */
    public void asks(int index) {
        asking = index;
    }

    /** Lets pass at most this many of the oldest bytes. */
    public void pass(long bytes) {
        due = Math.min(due, bytes);
    }

    /** Lets pass at most this many of the oldest bytes before the next judgement. */
    public void stopBefore(long bytes) {
        barrier = Math.min(barrier, bytes);
        pass(bytes);
    }

    /** Sends at most this many bytes with one write. */
    public void atMost(long bytes) {
        most = Math.min(most, bytes);
    }

    public void wakeAt(long time) {
        wake = Math.min(wake, time);
    }

    public void holdSending(long until) {
        sendingIsHeld = true;
        wakeAt(until);
    }

    public void holdEnd(long until) {
        endIsHeld = true;
        wakeAt(until);
    }

    public void stopReading() {
        reading = false;
    }

    /** Drops this many of the oldest bytes, including those that have yet to come. A gate before this one has precedence. */
    public void discard(long bytes) {
        move(Kind.DISCARD, bytes);
    }

    /**
     * Sends bytes and keeps them: this many, beginning {@code offset} bytes after the oldest. A gate before this one has
     * precedence. If the bytes have not come yet, nothing moves until they come. At the next trigger it stops, and the
     * bytes that were kept are free to move.
     */
    public void copy(int offset, int bytes) {
        if (offset < barrier && move(Kind.COPY, bytes)) {
            from = offset;
        }
    }

    private boolean move(Kind how, long bytes) {
        if (mover != NONE) {
            return false;
        }
        mover = asking;
        move = how;
        count = (int) Math.min(bytes, Integer.MAX_VALUE);
        return true;
    }

    /** Sends these bytes before anything else moves. The first gate that inserts has precedence. */
    public void insert(ByteBuffer bytes) {
        if (inserter == NONE && !halted) {
            inserter = asking;
            extra = bytes;
        }
    }

    /** Ends the connection, or its output. A greeting whose trigger was reached earlier is sent first. */
    public void end(Kind how) {
        if (ending == null && (inserter == NONE || order.interrupts(asking, inserter))) {
            ending = how;
            author = asking;
        }
    }

    /** Stops all bytes, except a greeting whose trigger was reached earlier. */
    public void halt() {
        halted = true;
        if (inserter != NONE && order.interrupts(asking, inserter)) {
            inserter = NONE;
        }
    }

    /** Decides: an end comes first, then what is inserted, then the oldest bytes. */
    public void settle(int held, boolean outputEnded, boolean inputEnded) {
        if (ending != null) {
            kind = ending;
        } else if (outputEnded) {
            settleInput(held, inputEnded);
        } else if (inserter != NONE) {
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

    /** Drops all bytes up to the next trigger, because the server has sent its FIN. */
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
