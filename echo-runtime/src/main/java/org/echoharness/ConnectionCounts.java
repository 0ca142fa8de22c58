package org.echoharness;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counts the connections of a server. The threads of its loops count; any thread may read. */
final class ConnectionCounts {

    /** Why a connection has ended. */
    enum Cause {
        /** The server ended it: after the echo, by a fault, by a control or because it closed. */
        SERVER,
        /** The server ended it because it was idle. */
        IDLE,
        /** The client reset it, or it was lost in another way. */
        LOST,
        /** The server reset it because of an exception. */
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

    /** Counts one more connection as open and returns true, unless the limit is reached; 0 means no limit. */
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

    /** Counts a connection as ended. */
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

    /** Returns how many connections are open. */
    int open() {
        return open.get();
    }

    ConnectionCounters snapshot() {
        return new ConnectionCounters(
                accepted.sum(), rejected.sum(), idleClosed.sum(), reset.sum(), failed.sum(), peak);
    }
}
