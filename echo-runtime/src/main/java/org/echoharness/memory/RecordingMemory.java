package org.echoharness.memory;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The part of the heap that recordings may fill, all of this JVM together. One recording takes at most as much as it leaves
 * to others: alone a quarter of the heap. What a recording holds is free again when the recording is garbage. Any thread.
 */
public final class RecordingMemory {

    public static final RecordingMemory OF_HEAP =
            new RecordingMemory(Runtime.getRuntime().maxMemory() / 2);

    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final List<Holder> holders = new ArrayList<>(); // guarded by itself
    private long refused; // guarded by the same: bytes since garbage was collected

    public RecordingMemory(long limit) {
        this.limit = limit;
    }

    /** How much one share is known to hold: outlives it. */
    private static final class Holder extends WeakReference<Share> {
        private final AtomicLong taken;

        Holder(Share share) {
            super(share);
            taken = share.taken;
        }
    }

    /** What one recording takes. Its lock guards it. */
    public final class Share {
        private final AtomicLong taken = new AtomicLong();

        /** Takes memory for this number of bytes, if there is. */
        public boolean take(long bytes) {
            return fits(bytes) || (reclaim(bytes, taken.get()) && fits(bytes));
        }

        private boolean fits(long bytes) {
            long before = used.getAndAdd(bytes);
            if (taken.get() + bytes <= limit - before - bytes) {
                taken.addAndGet(bytes);
                return true;
            }
            used.addAndGet(-bytes);
            return false;
        }

        public void release(long bytes) {
            taken.addAndGet(-bytes);
            used.addAndGet(-bytes);
        }
    }

    public Share share() {
        Share share = new Share();
        synchronized (holders) {
            reclaim();
            holders.add(new Holder(share));
        }
        return share;
    }

    /** The most that one recording takes. */
    public long most() {
        return limit / 2;
    }

    /**
     * Takes back what garbage holds. Where others hold more than the one that asks, garbage is looked for: at first, and
     * again when a quarter of the whole was refused since, for it takes time.
     */
    private boolean reclaim(long asked, long own) {
        synchronized (holders) {
            boolean some = reclaim();
            refused += asked;
            if (!some && used.get() - own > own && (refused == asked || refused >= limit / 4)) {
                refused = asked;
                System.gc();
                some = reclaim();
            }
            return some;
        }
    }

    private boolean reclaim() {
        return holders.removeIf(holder -> {
            boolean gone = holder.refersTo(null);
            if (gone) {
                used.addAndGet(-holder.taken.get());
            }
            return gone;
        });
    }
}
