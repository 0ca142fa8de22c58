package org.echoharness.memory;

import org.jspecify.annotations.Nullable;

/**
 * The ring that holds what one connection has read or is to send: borrowed from the pool of its loop while it holds bytes.
 * It grows up to {@link RingPool#bufferSize} as {@link HeldMemory} allows. The loop's thread calls it.
 */
public final class BorrowedRing {

    /** After this time, a connection that {@link #lacksMemory} asks again. */
    public static final long LOOK_NANOS = 500_000_000;

    private final RingPool pool;
    private final boolean isWhole;
    private @Nullable RingBuffer ring;
    private boolean lacksMemory;

    /** @param isWhole whether it must be able to hold {@link RingPool#bufferSize} bytes even where direct memory is short */
    public BorrowedRing(RingPool pool, boolean isWhole) {
        this.pool = pool;
        this.isWhole = isWhole;
    }

    /** Returns the ring. Borrows one if nothing is held. */
    public RingBuffer ring() {
        RingBuffer held = ring;
        if (held == null) {
            held = isWhole ? pool.borrowWhole() : pool.borrow();
            ring = held;
        }
        return held;
    }

    /** Returns how many bytes it holds. */
    public int size() {
        return ring == null ? 0 : ring.size();
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
    public int mostToRead(boolean hasFaults) {
        return isEmpty() ? HeldMemory.room(most(), false, hasFaults) : most();
    }

    /** Returns how many bytes may be put now. */
    public int room(boolean hasFaults) {
        RingBuffer held = ring;
        if (held == null || !held.isOwn()) {
            int free = held == null ? most() : held.room();
            return HeldMemory.room(free, size() > 0, hasFaults);
        }
        return held.lacks() == 0 ? held.spare() : mayGrow(held, hasFaults) ? held.lacks() : 0;
    }

    /** Returns whether there is room, and memory for it. */
    public boolean takesMore(boolean hasFaults) {
        return ring == null || (ring.hasRoom() && mayGrow(ring, hasFaults));
    }

    private boolean mayGrow(RingBuffer held, boolean hasFaults) {
        int lack = held.lacks();
        lacksMemory = lack > 0 && HeldMemory.room(lack, true, hasFaults) < lack;
        return !lacksMemory;
    }

    /** Returns whether {@link #takesMore} or {@link #room} has found since the last {@link #rest} that memory is short. */
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
            pool.giveBack(ring); // it may be smaller than a borrowed one
            ring = null;
        }
    }
}
