package org.echoharness;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many connections a server has seen since its start, and what became of them: a snapshot.
 *
 * @param accepted the connections that were accepted to be served, both open and ended
 * @param rejected the connections that were reset at once because {@code maxConnections} was reached
 * @param idleClosed the accepted connections that the server ended because they were idle, with an RST or a FIN
 * @param reset the accepted connections that the client reset, or that were lost in another way
 * @param failed the accepted connections that were reset because serving them failed, for example in a callback
 * @param peak the most accepted connections that were open at the same time
 */
public record ConnectionCounters(long accepted, long rejected, long idleClosed, long reset, long failed, long peak) {

    /** Counts the connections of a server. The threads of its loops count; any thread may read. */
    static final class Counts {

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
        private volatile int peak; // written seldom, by the thread that accepts and at the end of a session

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

        /** Adds the connections of another server, all of which have ended. */
        void add(Counts ended) {
            accepted.add(ended.accepted.sum());
            rejected.add(ended.rejected.sum());
            idleClosed.add(ended.idleClosed.sum());
            reset.add(ended.reset.sum());
            failed.add(ended.failed.sum());
            peak = Math.max(peak, ended.peak);
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
}
