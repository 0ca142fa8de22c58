package org.echoharness.gates;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The gates whose code is short. */
public final class SimpleGates {

    private SimpleGates() {}

    /**
     * Ends the connection or its output.
     *
     * @param how RESET, CLOSE, CUT or HALF_CLOSE
     */
    public static Gate end(Verdict.Kind how) {
        return new EndGate(how);
    }

    /** Limits the rate of what is sent. */
    public static Gate throttle(long bytesPerSecond) {
        return new ThrottleGate(bytesPerSecond);
    }

    /**
     * Sends with small writes.
     *
     * @param every nanoseconds between two writes
     */
    public static Gate fragment(int bytes, long every) {
        return new FragmentGate(bytes, every);
    }

    /**
     * Drops bytes.
     *
     * @param bytes how many to drop; {@link Long#MAX_VALUE} for all
     */
    public static Gate discard(long bytes) {
        return new DiscardGate(bytes);
    }

    /** Neither reads nor sends. */
    public static Gate stall() {
        return new StallGate();
    }

    /**
     * Delays the answer to the client's FIN.
     *
     * @param delay nanoseconds
     */
    public static Gate slowClose(long delay) {
        return new SlowCloseGate(delay);
    }

    /**
     * Sends bytes of its own.
     *
     * @param latin1 one character for each byte
     */
    public static Gate greet(String latin1) {
        return new GreetGate(latin1);
    }

    /**
     * Sends bytes of its own, and then a FIN.
     *
     * @param latin1 one character for each byte
     */
    public static Gate plain(String latin1) {
        return new PlainGate(latin1);
    }

    /** Sends some bytes twice. */
    public static Gate duplicate(int bytes) {
        return new DuplicateGate(bytes);
    }

    /** Ends the connection or its output when the gate opens. */
    private static final class EndGate extends Gate {
        private final Verdict.Kind how;

        EndGate(Verdict.Kind how) {
            this.how = how;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (holdsFin(progress)) {
                verdict.end(how);
            }
        }

        @Override
        public boolean holdsFin(GateProgress progress) {
            return how != Verdict.Kind.HALF_CLOSE || !progress.outputEnded();
        }
    }

    /**
     * Sends with one write at most the bytes that the rate allows in 20 ms. The rate gives the schedule of the writes. A late
     * write does not move it, so that the average rate is kept. Time in which there was nothing to send does not count.
     */
    private static final class ThrottleGate extends Gate {

        private static final long MOST_MADE_UP = 100_000_000; // nanoseconds; more lateness than this is not made up

        private final long rate;
        private long free; // when the next bytes may be sent
        private long fraction; // of a nanosecond, in parts of the rate, that free is too early
        private boolean idle = true; // there has been nothing to send since the last write

        ThrottleGate(long bytesPerSecond) {
            rate = bytesPerSecond;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (progress.now() < next()) {
                verdict.holdSending(next());
            }
            verdict.atMost(Math.max(1, rate / 50));
        }

        private long next() {
            return fraction == 0 ? free : free + 1;
        }

        @Override
        public boolean makesUp() {
            return true;
        }

        @Override
        public void idles() {
            idle = true;
        }

        @Override
        public void sent(int bytes, long now) {
            if (bytes == 0) {
                return;
            }
            long earliest = idle ? now : now - MOST_MADE_UP;
            idle = false;
            if (free < earliest) {
                free = earliest;
                fraction = 0;
            }
            long parts = bytes * 1_000_000_000L + fraction; // at most 2^31 bytes: no overflow
            free += parts / rate;
            fraction = parts % rate;
        }
    }

    /** Limits the bytes of one write, and waits between two writes. */
    private static final class FragmentGate extends Gate {
        private final int most;
        private final long every;
        private long free;

        FragmentGate(int most, long every) {
            this.most = most;
            this.every = every;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (progress.now() < free) {
                verdict.holdSending(free);
            }
            verdict.atMost(most);
        }

        @Override
        public void sent(int bytes, long now) {
            if (bytes > 0) {
                free = now + every;
            }
        }
    }

    /** Drops bytes. */
    private static final class DiscardGate extends Gate {
        private long left;

        DiscardGate(long bytes) {
            left = bytes;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (left > 0) {
                verdict.discard(left);
            }
        }

        @Override
        public void done(int bytes) {
            left -= left == Long.MAX_VALUE ? 0 : bytes;
        }
    }

    /** Stops reading and sending. */
    private static final class StallGate extends Gate {
        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            verdict.pass(0);
            verdict.halt();
            verdict.stopReading();
            verdict.holdEnd(Verdict.NEVER);
        }

        @Override
        public boolean holdsFin(GateProgress progress) {
            return true;
        }
    }

    /** Delays the answer to the client's FIN. */
    private static final class SlowCloseGate extends Gate {
        private final long delay;
        private long end;

        SlowCloseGate(long delay) {
            this.delay = delay;
        }

        @Override
        public void opened(GateProgress progress) {
            end = progress.now() + delay;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (progress.now() < end) {
                verdict.holdEnd(end);
            }
        }
    }

    /** Sends bytes of its own. */
    private static final class GreetGate extends Gate {
        private final ByteBuffer bytes;

        GreetGate(String latin1) {
            bytes = ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (holdsFin(progress)) {
                verdict.insert(bytes);
            }
        }

        @Override
        public boolean holdsFin(GateProgress progress) {
            return bytes.hasRemaining() && !progress.outputEnded();
        }
    }

    /** Sends bytes of its own and ends the connection. */
    private static final class PlainGate extends Gate {
        private final ByteBuffer bytes;

        PlainGate(String latin1) {
            bytes = ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            if (bytes.hasRemaining()) {
                verdict.insert(bytes);
            } else {
                verdict.end(Verdict.Kind.CUT);
            }
        }

        @Override
        public boolean holdsFin(GateProgress progress) {
            return true;
        }
    }

    /** Sends a copy of some bytes, and then lets the bytes themselves pass. */
    private static final class DuplicateGate extends Gate {
        private final int bytes;
        private long end; // the position in the output at which copying ends
        private long copied; // the position up to which bytes were copied
        private boolean done;

        DuplicateGate(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public void opened(GateProgress progress) {
            copied = progress.moved();
            end = copied + bytes;
        }

        @Override
        public void judge(GateProgress progress, Verdict verdict) {
            copied = Math.max(copied, progress.moved()); // another fault may have taken bytes away
            done |= copied >= end || (copied == progress.produced() && progress.inputEnded());
            if (!done) {
                verdict.copy((int) (copied - progress.moved()), (int) (Math.min(end, progress.produced()) - copied));
            }
        }

        @Override
        public void done(int sent) {
            copied += sent;
        }

        @Override
        public int copied(GateProgress progress) {
            return done ? 0 : (int) Math.max(0, copied - progress.moved());
        }
    }
}
