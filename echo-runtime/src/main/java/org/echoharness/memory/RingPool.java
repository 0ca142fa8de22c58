package org.echoharness.memory;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The rings of one event loop. Connections borrow them while they hold bytes. The loop's thread calls it. */
public final class RingPool {

    /** The most rings of a loop. */
    private static final int MOST_RINGS = 32;

    /** The most bytes that the rings of a loop take together, unless a single ring is larger. */
    private static final int RING_MEMORY = 2 << 20;

    private final int bufferSize;
    private final ArrayDeque<RingBuffer> spare = new ArrayDeque<>(MOST_RINGS);
    private int rings; // lent and spare
    private int mostRings;
    /** Direct memory that is released when rings have taken the rest: the JDK needs some to move bytes of the heap. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable ByteBuffer headroom;

    /** Creates a pool for rings of this capacity. Allocates none yet. */
    public RingPool(int bufferSize) {
        this.bufferSize = bufferSize;
        mostRings = Math.max(1, Math.min(MOST_RINGS, RING_MEMORY / bufferSize));
    }

    /** Returns the most bytes that one ring holds. */
    public int bufferSize() {
        return bufferSize;
    }

    /** Returns an empty ring. {@link #held} leaves one for each turn of a connection. */
    public RingBuffer borrow() {
        RingBuffer last = spare.pollLast();
        return last == null ? another() : last;
    }

    /** Returns an empty ring as {@link #borrow} does, but one that holds {@link #bufferSize} bytes where memory is short, too. */
    public RingBuffer borrowWhole() {
        RingBuffer ring = borrow();
        return ring.isOwn() ? ring.growingTo(bufferSize) : ring;
    }

    private RingBuffer another() {
        if (mostRings > 0) {
            try {
                RingBuffer another = RingBuffer.of(bufferSize);
                rings++;
                return another;
            } catch (OutOfMemoryError noneLeft) {
                mostRings = 0; // each further attempt would take long
            }
        }
        return RingBuffer.scarce(bufferSize);
    }

    /** Takes back a ring that its connection does not use any more. */
    public void giveBack(RingBuffer ring) {
        if (ring.isOwn()) {
            ring.release();
        } else {
            ring.clear();
            spare.addLast(ring);
        }
    }

    /**
     * Returns the ring to hold until the next turn: the same if another ring is spare, otherwise a copy on the heap. A turn
     * that uses two rings may add one to the most, but no more than before stay lent.
     */
    public RingBuffer held(RingBuffer ring) {
        if (ring.isOwn() || (!spare.isEmpty() && rings - spare.size() < mostRings) || addSpare()) {
            return ring;
        }
        RingBuffer own = ring.own();
        giveBack(ring);
        return own;
    }

    private boolean addSpare() {
        if (rings >= mostRings) {
            return false;
        }
        try {
            if (headroom == null) {
                headroom = ByteBuffer.allocateDirect(RingBuffer.SLICE);
            }
            spare.addLast(RingBuffer.of(bufferSize));
            rings++;
            return true;
        } catch (OutOfMemoryError noneLeft) {
            mostRings = rings; // each further attempt would take long
            headroom = null;
            return false;
        }
    }

    /** Returns how many rings connections have; those on the heap are not counted. */
    int lent() {
        return rings - spare.size();
    }

    /** Leaves one ring for another server of this JVM. The loop has ended, and no connection uses a ring. */
    public void leave() {
        if (!spare.isEmpty()) {
            rings--;
            spare.removeLast().leave();
        }
    }
}
