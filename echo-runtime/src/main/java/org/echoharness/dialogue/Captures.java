package org.echoharness.dialogue;

import java.util.Arrays;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/** What the patterns of one connection have captured, by the numbers of the names. It takes its memory of {@link HeldMemory}. */
final class Captures {

    private final byte[] @Nullable [] values;

    Captures(int names) {
        values = new byte[names][];
    }

    /** Keeps a copy of bytes. */
    void set(int name, RingBuffer in, int from, int count) {
        byte[] value = in.copy(from, count).array();
        byte[] before = values[name];
        HeldMemory.release(before == null ? 0 : before.length);
        HeldMemory.take(count);
        values[name] = value;
    }

    /** Returns what was captured last, or null if nothing was. */
    byte @Nullable [] get(int name) {
        return values[name];
    }

    /** Gives back the memory. */
    void release() {
        for (byte[] value : values) {
            HeldMemory.release(value == null ? 0 : value.length);
        }
        Arrays.fill(values, null);
    }
}
