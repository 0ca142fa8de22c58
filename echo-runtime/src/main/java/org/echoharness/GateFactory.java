package org.echoharness;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes the gate of a fault; here are the short ones. */
final class GateFactory {

    private GateFactory() {}

    /** @param connection its number, so that no two connections draw the same from one seed */
    static Gate gate(Fault fault, long connection) {
        Effect effect = fault.effect();
        if (effect instanceof Effect.Delay delay) {
            return new DelayGate(fault, delay, connection);
        } else if (effect instanceof Effect.Throttle throttle) {
            return new ThrottleGate(fault, throttle);
        } else if (effect instanceof Effect.Fragment fragment) {
            return new FragmentGate(fault, fragment);
        } else if (effect instanceof Effect.Reset) {
            return new EndGate(fault, Verdict.Kind.RESET);
        } else if (effect instanceof Effect.Close) {
            return new EndGate(fault, Verdict.Kind.CLOSE);
        } else if (effect instanceof Effect.HalfClose) {
            return new EndGate(fault, Verdict.Kind.HALF_CLOSE);
        } else if (effect instanceof Effect.Discard) {
            return new DiscardGate(fault, Long.MAX_VALUE);
        } else if (effect instanceof Effect.Truncate truncate) {
            return new DiscardGate(fault, truncate.bytes());
        } else if (effect instanceof Effect.Stall) {
            return new StallGate(fault);
        } else if (effect instanceof Effect.Corrupt corrupt) {
            return new CorruptGate(fault, corrupt.first(), corrupt.last());
        } else if (effect instanceof Effect.CorruptAtRandom corrupt) {
            return new CorruptGate(fault, corrupt, connection);
        } else if (effect instanceof Effect.Duplicate duplicate) {
            return new DuplicateGate(fault, duplicate.bytes());
        } else if (effect instanceof Effect.SlowClose slowClose) {
            return new SlowCloseGate(fault, slowClose.delay().toNanos());
        }
        return new GreetGate(fault, ((Effect.Greet) effect).bytes());
    }

    /** Ends the connection, or its output, when it opens. */
    private static final class EndGate extends Gate {
        private final Verdict.Kind how;

        EndGate(Fault fault, Verdict.Kind how) {
            super(fault);
            this.how = how;
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (holdsFin(flow)) {
                verdict.end(how, this);
            }
        }

        @Override
        boolean holdsFin(GateProgress flow) {
            return how != Verdict.Kind.HALF_CLOSE || !flow.outputEnded();
        }
    }

    /**
     * Sends a fiftieth of a second's bytes at most with one write, each at its place in a schedule that the rate gives. A
     * late write does not move the schedule, so that the rate is kept, but for the time in which nothing could be sent.
     */
    private static final class ThrottleGate extends Gate {

        private static final long MOST_MADE_UP = 100_000_000; // nanoseconds: the rest of a longer lateness is lost

        private final long rate;
        private long free; // when the next bytes may be sent
        private long fraction; // of a nanosecond, in parts of the rate, that free is too early
        private boolean idle = true; // since the last write nothing could be sent

        ThrottleGate(Fault fault, Effect.Throttle throttle) {
            super(fault);
            rate = throttle.bytesPerSecond();
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (flow.now() < next()) {
                verdict.holdSending(next());
            }
            verdict.atMost(Math.max(1, rate / 50));
        }

        private long next() {
            return fraction == 0 ? free : free + 1;
        }

        @Override
        boolean makesUp() {
            return true;
        }

        @Override
        void idles() {
            idle = true;
        }

        @Override
        void sent(int bytes, long now) {
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

    /** Cuts what is sent with one write, and keeps writes apart. */
    private static final class FragmentGate extends Gate {
        private final int most;
        private final long every;
        private long free;

        FragmentGate(Fault fault, Effect.Fragment fragment) {
            super(fault);
            most = fragment.bytes();
            every = fragment.every().toNanos();
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (flow.now() < free) {
                verdict.holdSending(free);
            }
            verdict.atMost(most);
        }

        @Override
        void sent(int bytes, long now) {
            if (bytes > 0) {
                free = now + every;
            }
        }
    }

    /** Drops bytes. */
    private static final class DiscardGate extends Gate {
        private long left;

        DiscardGate(Fault fault, long bytes) {
            super(fault);
            left = bytes;
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (left > 0) {
                verdict.discard(this, left);
            }
        }

        @Override
        void done(int bytes) {
            left -= left == Long.MAX_VALUE ? 0 : bytes;
        }
    }

    /** Reads and sends no more. */
    private static final class StallGate extends Gate {
        StallGate(Fault fault) {
            super(fault);
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            verdict.pass(0);
            verdict.halt(this);
            verdict.stopReading();
            verdict.holdEnd(Verdict.NEVER);
        }

        @Override
        boolean holdsFin(GateProgress flow) {
            return true;
        }
    }

    /** Holds the answer to the client's FIN back. */
    private static final class SlowCloseGate extends Gate {
        private final long delay;
        private long end;

        SlowCloseGate(Fault fault, long delay) {
            super(fault);
            this.delay = delay;
        }

        @Override
        void opened(GateProgress flow) {
            end = flow.now() + delay;
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (flow.now() < end) {
                verdict.holdEnd(end);
            }
        }
    }

    /** Sends bytes of its own. */
    private static final class GreetGate extends Gate {
        private final ByteBuffer bytes;

        GreetGate(Fault fault, String latin1) {
            super(fault);
            bytes = ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            if (bytes.hasRemaining()) {
                verdict.insert(this, bytes);
            }
        }

        @Override
        boolean holdsFin(GateProgress flow) {
            return bytes.hasRemaining() && !flow.outputEnded();
        }
    }

    /** Sends some bytes while it keeps them, and then lets them pass. */
    private static final class DuplicateGate extends Gate {
        private final int bytes;
        private long end; // positions of the client's stream: of the last byte to be copied
        private long copied; // and of the last one that was
        private boolean done;

        DuplicateGate(Fault fault, int bytes) {
            super(fault);
            this.bytes = bytes;
        }

        @Override
        void opened(GateProgress flow) {
            copied = flow.consumed();
            end = copied + bytes;
        }

        @Override
        void judge(GateProgress flow, Verdict verdict) {
            copied = Math.max(copied, flow.consumed()); // another fault may have taken bytes away
            done |= copied >= end || (copied == flow.received() && flow.inputEnded());
            if (!done) {
                verdict.copy(this, (int) (copied - flow.consumed()), (int) (Math.min(end, flow.received()) - copied));
            }
        }

        @Override
        void done(int sent) {
            copied += sent;
        }

        @Override
        int copied(GateProgress flow) {
            return done ? 0 : (int) Math.max(0, copied - flow.consumed());
        }
    }
}
