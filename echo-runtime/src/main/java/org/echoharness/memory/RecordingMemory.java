package org.echoharness.memory;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the memory that all recordings of this JVM may fill to half of the heap. One recording takes at most as much as it
 * leaves free, so that a single one may fill a quarter of the heap. Its memory is free again once the recording is garbage.
 * Any thread may call it.
 */
public final class RecordingMemory {

    public static final RecordingMemory OF_HEAP =
            new RecordingMemory(Runtime.getRuntime().maxMemory() / 2);

    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final List<Holder> holders = new ArrayList<>(); // guarded by itself
    private long refused; // guarded by the same, as the next: bytes since garbage was collected
    private boolean isWorthwhile = true; // to collect garbage, since that freed much the last time

    public RecordingMemory(long limit) {
        this.limit = limit;
    }

    /** Remembers how much one share holds, also when the share is garbage. */
    private static final class Holder extends WeakReference<Share> {
        private final AtomicLong taken;

        Holder(Share share) {
            super(share);
            taken = share.taken;
        }
    }

    /** The memory of one recording. The lock of the recording guards it. */
    public final class Share {
        private final AtomicLong taken = new AtomicLong();

        /** Takes memory for this number of bytes. Returns false if there is not enough. */
        public boolean take(long bytes) {
            while (!fits(bytes)) {
                if (!reclaim(bytes, taken.get())) {
                    return false;
                }
            }
            return true;
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

    /** Returns the most bytes that one recording can take. */
    public long most() {
        return limit / 2;
    }

    /**
     * Takes back the memory of recordings that are garbage. If the other recordings hold more than the one that asks, it
     * may run the garbage collector, which takes time: at the first request, and again each time that the limit is reached
     * after that has left a quarter of it free, or that requests for a quarter of the limit have come since.
     */
    private boolean reclaim(long asked, long own) {
        synchronized (holders) {
            boolean some = reclaim();
            refused += asked;
            if (!some && used.get() - own > own && (isWorthwhile || refused >= limit / 4)) {
                System.gc();
                some = reclaim();
                isWorthwhile = used.get() <= limit / 4 * 3;
                refused = 0;
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
