package org.echoharness;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counts the connections of a server; its loops' threads count, any thread reads. */
final class ConnectionCounts {

    /** Why a connection has ended. */
    enum Cause {
        /** The server ended it: after the echo, by a fault, by a control or because it closed. */
        SERVER,
        /** The server ended it because it was idle. */
        IDLE,
        /** The client reset it, or it was lost in another way. */
        LOST,
        /** An exception in the server. */
        FAILED;

        Ending.Side by() {
            return this == LOST ? Ending.Side.CLIENT : Ending.Side.SERVER;
        }
    }

    final LongAdder accepted = new LongAdder();
    final LongAdder rejected = new LongAdder();
    final LongAdder idleClosed = new LongAdder();
    final LongAdder reset = new LongAdder();
    final LongAdder failed = new LongAdder();
    private final AtomicInteger open = new AtomicInteger();
    private volatile int peak; // the thread that accepts writes it, seldom

    /** Takes a slot for one more connection, if there is one; a limit of 0 is none. */
    boolean opens(int limit) {
        int now = open.incrementAndGet();
        if (now <= limit || limit == 0) {
            if (now > peak) {
                peak = now;
            }
            accepted.increment();
            return true;
        }
        open.decrementAndGet();
        rejected.increment();
        return false;
    }

    /** Gives the slot of a connection back. */
    void ends(Cause cause) {
        open.decrementAndGet();
        if (cause == Cause.IDLE) {
            idleClosed.increment();
        } else if (cause == Cause.LOST) {
            reset.increment();
        } else if (cause == Cause.FAILED) {
            failed.increment();
        }
    }

    ConnectionCounters snapshot() {
        return new ConnectionCounters(
                accepted.sum(), rejected.sum(), idleClosed.sum(), reset.sum(), failed.sum(), peak);
    }
}
