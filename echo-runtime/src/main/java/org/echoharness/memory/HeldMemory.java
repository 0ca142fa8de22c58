package org.echoharness.memory;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the memory that all connections of this JVM may hold in addition to the rings of their loops to an eighth of the
 * heap. At the limit, connections that hold bytes stop reading. The last quarter is reserved for connections without
 * faults. Any thread may call it.
 */
public final class HeldMemory {

    /** The bytes that a connection that holds none may read even at the limit: about its own size in memory. */
    static final int ALWAYS = 512;

    private static final long LIMIT = Runtime.getRuntime().maxMemory() / 8;

    private static final AtomicLong USED = new AtomicLong();

    private HeldMemory() {}

    /** Returns how many bytes a connection may read now, at most the number asked for. */
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

    /** Returns how many bytes are taken. */
    public static long used() {
        return USED.get();
    }
}
