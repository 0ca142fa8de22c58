package org.echoharness.memory;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the connections of this JVM may hold together, beside the rings of their loops: an eighth of the heap. Where it is
 * used up, those that hold read no more; the last quarter is for connections without faults. Any thread.
 */
public final class HeldMemory {

    /** What a connection that holds nothing may read though memory is short: about what the connection itself takes. */
    static final int ALWAYS = 512;

    private static final long LIMIT = Runtime.getRuntime().maxMemory() / 8;

    private static final AtomicLong USED = new AtomicLong();

    private HeldMemory() {}

    /** The most that a connection may read now, at most what is asked for. */
    public static int room(int asked, boolean isHolding, boolean hasFaults) {
        long free = (hasFaults ? LIMIT / 4 * 3 : LIMIT) - USED.get();
        return (int) Math.min(asked, Math.max(free, isHolding ? 0 : ALWAYS));
    }

    public static void take(int bytes) {
        USED.addAndGet(bytes);
    }

    public static void release(int bytes) {
        USED.addAndGet(-bytes);
    }

    /** How much is taken. */
    public static long used() {
        return USED.get();
    }
}
