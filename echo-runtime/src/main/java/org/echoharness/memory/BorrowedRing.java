package org.echoharness.memory;

import org.jspecify.annotations.Nullable;

/**
 * The ring that holds what one connection has read: borrowed from the pool of its loop while it holds bytes. It may hold
 * {@link RingPool#bufferSize} bytes, and grows as {@link HeldMemory} allows. The loop's thread calls it.
 */
public final class BorrowedRing {

    /** After this time, a connection that {@link #lacksMemory} asks again. */
    public static final long LOOK_NANOS = 500_000_000;

    private final RingPool pool;
    private @Nullable RingBuffer ring;
    private boolean lacksMemory;

    public BorrowedRing(RingPool pool) {
        this.pool = pool;
    }

    /** Returns the ring. Borrows one if nothing is held. */
    public RingBuffer ring() {
        RingBuffer held = ring;
        if (held == null) {
            held = pool.borrowWhole();
            ring = held;
        }
        return held;
    }

    public boolean isEmpty() {
        return ring == null || ring.isEmpty();
    }

    /** Returns the most bytes that it holds. */
    public int most() {
        return pool.bufferSize();
    }

    public boolean isHalfFree() {
        return ring == null || ring.isHalfFree();
    }

    /** Returns how many bytes one read may take. */
    public int mostToRead() {
        return isEmpty() ? HeldMemory.room(most(), false, true) : most();
    }

    /** Returns whether there is room, and memory for it. */
    public boolean takesMore() {
        if (ring == null) {
            return true;
        }
        int lack = ring.lacks();
        lacksMemory = lack > 0 && HeldMemory.room(lack, true, true) < lack;
        return ring.hasRoom() && !lacksMemory;
    }

    /** Returns whether {@link #takesMore} has returned false since the last {@link #rest}, because memory is short. */
    public boolean lacksMemory() {
        return lacksMemory;
    }

    /** Ends the turn of its connection: gives up memory that is not needed until the next one. */
    public void rest() {
        giveBackEmpty();
        if (ring != null) {
            ring = pool.held(ring);
        }
        lacksMemory = false;
    }

    public void giveBackEmpty() {
        if (isEmpty()) {
            drop();
        }
    }

    /** Drops all that is held. */
    public void drop() {
        if (ring != null) {
            pool.giveBack(ring);
            ring = null;
        }
    }
}
