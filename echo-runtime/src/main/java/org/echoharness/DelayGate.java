package org.echoharness;

import java.util.SplittableRandom;

/**
 * Lets each byte pass so long after it came. It keeps when the bytes of each read may leave, for {@link #MARKS} reads at
 * most; what comes when there is no room leaves together with the bytes of the read before.
 */
final class DelayGate extends Gate {

    private static final int MARKS = 512;

    private final long delay;
    private final long jitter;
    private final SplittableRandom random;
    private final long[] ends = new long[MARKS]; // positions of the client's stream
    private final long[] times = new long[MARKS]; // when the bytes before that position may leave
    private int first;
    private int count;
    private long last; // of the times; they never go back, or bytes would overtake others
    private long end;

    DelayGate(Fault fault, Effect.Delay effect, long number) {
        super(fault);
        delay = effect.delay().toNanos();
        jitter = effect.jitter().toNanos();
        random = new SplittableRandom(Options.mix(effect.seed(), number));
    }

    @Override
    void received(long upTo, long now) {
        last = leaving(now);
        if (count < MARKS) {
            count++;
        }
        int newest = (first + count - 1) % MARKS;
        ends[newest] = upTo;
        times[newest] = last;
    }

    @Override
    void inputEnded(long now) {
        end = leaving(now);
    }

    @Override
    void judge(Flow flow, Verdict verdict) {
        while (count > 0 && ends[first] <= flow.consumed()) {
            first = (first + 1) % MARKS;
            count--;
        }
        long due = 0;
        int next = 0;
        while (next < count && times[(first + next) % MARKS] <= flow.now()) {
            due = ends[(first + next) % MARKS] - flow.consumed();
            next++;
        }
        if (next < count) {
            verdict.pass(due);
            verdict.wakeAt(times[(first + next) % MARKS]);
        }
        if (flow.isAtFin() && flow.now() < end) {
            verdict.holdEnd(end);
        }
    }

    private long leaving(long now) {
        long drawn = jitter == 0 ? 0 : random.nextLong(-jitter, jitter + 1);
        return Math.max(last, now + delay + drawn);
    }
}
