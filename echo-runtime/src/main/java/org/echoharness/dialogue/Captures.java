package org.echoharness.dialogue;

import java.util.Arrays;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the patterns of one connection have captured, by the numbers of the names. A name keeps its array for later values
 * of about the same length, so that a message usually allocates nothing. It takes its memory of {@link HeldMemory}.
 */
final class Captures {

    private static final int SMALL = 64;

    private final byte[] @Nullable [] arrays;
    private final int[] lengths;

    Captures(int names) {
        arrays = new byte[names][];
        lengths = new int[names];
    }

    /** Keeps a copy of bytes. */
    void set(int name, RingBuffer in, int from, int count) {
        byte[] array = arrays[name];
        if (array == null || count > array.length || array.length > Math.max(SMALL, 2 * count)) {
            HeldMemory.release(array == null ? 0 : array.length);
            HeldMemory.take(count);
            array = new byte[count];
            arrays[name] = array;
        }
        in.copyTo(array, from, count);
        lengths[name] = count;
    }

    /** Returns an array that begins with what was captured last, or null if nothing was. */
    byte @Nullable [] array(int name) {
        return arrays[name];
    }

    /** Returns how many bytes were captured last. */
    int length(int name) {
        return lengths[name];
    }

    /** Gives back the memory. */
    void release() {
        for (byte[] array : arrays) {
            HeldMemory.release(array == null ? 0 : array.length);
        }
        Arrays.fill(arrays, null);
    }
}
