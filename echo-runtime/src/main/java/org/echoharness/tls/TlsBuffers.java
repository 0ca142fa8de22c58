package org.echoharness.tls;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for records, which all connections with TLS share: a channel has one only while it holds bytes, so that an idle
 * connection has none. Any thread may call it.
 */
final class TlsBuffers {

    /** Two of the largest records that the JDK sends (RFC 8446, section 5.2), or one of the largest that it accepts. */
    static final int BYTES = 36 << 10;

    /** A record that is sent needs at most this much room. */
    static final int RECORD = 17 << 10;

    private static final int KEPT = 8;

    private static final ArrayDeque<ByteBuffer> FREE = new ArrayDeque<>(KEPT);

    private TlsBuffers() {}

    /** Returns an empty buffer to put bytes into. It is on the heap, since the JDK's ciphers are fastest there. */
    static ByteBuffer borrow() {
        synchronized (FREE) {
            ByteBuffer free = FREE.pollLast();
            if (free != null) {
                return free;
            }
        }
        return ByteBuffer.allocate(BYTES);
    }

    /** Returns the buffer if it holds bytes; otherwise takes it back, and returns null. */
    static @Nullable ByteBuffer unlessEmpty(ByteBuffer held) {
        if (held.hasRemaining()) {
            return held;
        }
        giveBack(held);
        return null;
    }

    /** Takes back a buffer. It may hold text, and the next channel overwrites it. */
    static void giveBack(ByteBuffer buffer) {
        buffer.clear();
        synchronized (FREE) {
            if (FREE.size() < KEPT && buffer.capacity() == BYTES) {
                FREE.addLast(buffer);
            }
        }
    }
}
