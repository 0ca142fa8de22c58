package org.echoharness.memory;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The rings of one event loop, which its connections borrow while they hold bytes. The loop's thread calls it. */
public final class RingPool {

    /** The most rings of a loop, and the memory that they may take together; there is one at least. */
    private static final int MOST_RINGS = 32;

    private static final int RING_MEMORY = 2 << 20;

    private final int bufferSize;
    private final ArrayDeque<RingBuffer> spare = new ArrayDeque<>(MOST_RINGS);
    private int rings; // lent and spare
    private int mostRings;
    /** Direct memory to give up when rings have taken all: the JDK moves what is on the heap by way of some. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable ByteBuffer headroom;

    /** Rings of this capacity. Allocates none yet. */
    public RingPool(int bufferSize) {
        this.bufferSize = bufferSize;
        mostRings = Math.max(1, Math.min(MOST_RINGS, RING_MEMORY / bufferSize));
    }

    /** The most that one ring holds. */
    public int bufferSize() {
        return bufferSize;
    }

    /** An empty ring. One is there whenever a connection's turn begins: see {@link #held}. */
    public RingBuffer borrow() {
        RingBuffer last = spare.pollLast();
        return last == null ? another() : last;
    }

    private RingBuffer another() {
        if (mostRings > 0) {
            try {
                RingBuffer another = RingBuffer.of(bufferSize);
                rings++;
                return another;
            } catch (OutOfMemoryError noneLeft) {
                mostRings = 0; // to ask again would take long each time
            }
        }
        return RingBuffer.scarce(bufferSize);
    }

    /** Takes back a ring that its connection uses no more. */
    public void giveBack(RingBuffer ring) {
        if (ring.isOwn()) {
            ring.release();
        } else {
            ring.clear();
            spare.addLast(ring);
        }
    }

    /** The ring to hold until the next turn: the same if another one is left for the turns of others, or one of its own. */
    public RingBuffer held(RingBuffer ring) {
        if (ring.isOwn() || !spare.isEmpty() || addSpare()) {
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
            mostRings = rings; // to ask again would take long each time
            headroom = null;
            return false;
        }
    }

    /** Leaves one ring for another server of this JVM. The loop has ended, and no connection uses a ring any more. */
    public void leave() {
        if (!spare.isEmpty()) {
            spare.removeLast().leave();
        }
    }
}
