package org.echoharness.gates;

import java.util.SplittableRandom;
import org.echoharness.memory.HeldMemory;

/**
 * Delays each byte. It keeps the time at which the bytes of each read may leave. Beyond {@link #MARKS} reads, the two
 * reads that are closest in time leave together, at the later time; if the memory for what connections hold is used up,
 * they do so beyond {@link #FIRST_MARKS} reads.
 */
public final class DelayGate extends Gate {

    private static final int MARKS = 512;

    private static final int FIRST_MARKS = 8;
    private static final int BYTES = 2 * Long.BYTES; // of a mark

    private final long delay;
    private final long jitter;
    private final long seed;
    private long[] ends = new long[FIRST_MARKS]; // positions of the output
    private long[] times = new long[FIRST_MARKS]; // when the bytes before that position may leave
    private int first;
    private int count;
    private long last; // of the times; times never decrease, or bytes would overtake others
    private long arrived; // bytes of the output
    private long end;

    public DelayGate(long delay, long jitter, long seed) {
        this.delay = delay;
        this.jitter = jitter;
        this.seed = seed;
    }

    @Override
    public void opened(GateProgress progress) {
        arrived = progress.produced(); // it may have been made after bytes had come
    }

    @Override
    public void received(GateProgress progress) {
        forget(progress);
        if (count == MARKS || (count == ends.length && !mayGrow())) {
            join();
        } else if (count == ends.length) {
            grow();
        }
        last = leaving(progress.now());
        arrived = progress.produced();
        int newest = at(count++);
        ends[newest] = arrived;
        times[newest] = last;
    }

    @Override
    public void inputEnded(long now) {
        end = leaving(now);
    }

    @Override
    public void judge(GateProgress progress, Verdict verdict) {
        forget(progress);
        long due = 0;
        int next = 0;
        while (next < count && times[at(next)] <= progress.now()) {
            due = ends[at(next)] - progress.moved();
            next++;
        }
        if (next < count) {
            verdict.pass(due);
            verdict.wakeAt(times[at(next)]);
        }
        if (progress.isAtFin() && progress.now() < end) {
            verdict.holdEnd(end);
        }
    }

    private void forget(GateProgress progress) {
        while (count > 0 && ends[first] <= progress.moved()) {
            first = at(1);
            count--;
        }
    }

    /**
     * Makes room for one more mark. Removes the mark whose neighbours are closest in time; its bytes leave with those
     * of the next mark.
     */
    private void join() {
        int goes = 1;
        for (int i = 2; i < count - 1; i++) {
            if (times[at(i + 1)] - times[at(i - 1)] < times[at(goes + 1)] - times[at(goes - 1)]) {
                goes = i;
            }
        }
        count--;
        for (int i = goes; i < count; i++) {
            ends[at(i)] = ends[at(i + 1)];
            times[at(i)] = times[at(i + 1)];
        }
    }

    private int at(int mark) {
        return (first + mark) % ends.length;
    }

    private boolean mayGrow() {
        int more = ends.length * BYTES;
        return HeldMemory.room(more, true, true) == more;
    }

    private void grow() {
        HeldMemory.take(ends.length * BYTES);
        ends = doubled(ends);
        times = doubled(times);
        first = 0;
    }

    @Override
    public void release() {
        HeldMemory.release((ends.length - FIRST_MARKS) * BYTES);
        ends = new long[FIRST_MARKS];
        times = new long[FIRST_MARKS];
        first = 0;
        count = 0;
    }

    /** Returns an array twice as long, with the same marks in order from index 0. */
    private long[] doubled(long[] marks) {
        long[] doubled = new long[marks.length * 2];
        System.arraycopy(marks, first, doubled, 0, marks.length - first);
        System.arraycopy(marks, 0, doubled, marks.length - first, first);
        return doubled;
    }

    /**
     * Returns when what comes now may leave. The jitter depends only on the position of its first byte, or of the FIN.
     */
    private long leaving(long now) {
        long drawn = jitter == 0 ? 0 : new SplittableRandom(Seeds.mix(seed, arrived + 1)).nextLong(-jitter, jitter + 1);
        return Math.max(last, now + delay + drawn);
    }
}
