package org.echoharness.text;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The first place where bytes differ from those expected, for error messages.
 *
 * @param offset counted from 0
 * @param expected the bytes expected from the offset on: quoted and escaped, {@code nothing more}, or how many bytes more
 * @param seen the bytes seen from the offset on, in the same form
 */
public record FirstDifference(long offset, String expected, String seen) {

    /** What is seen, or expected, where there are no more bytes. */
    public static final String NOTHING = "nothing more";

    /** Compares the bytes, which may be only the first of each side's total. Returns null if bytes and totals are equal. */
    public static @Nullable FirstDifference of(byte[] expected, long totalExpected, byte[] seen, long totalSeen) {
        return of(ByteBuffer.wrap(expected), totalExpected, ByteBuffer.wrap(seen), totalSeen);
    }

    /** Compares the remaining bytes of two buffers, which stay as they are. See {@link #of(byte[], long, byte[], long)}. */
    public static @Nullable FirstDifference of(
            ByteBuffer expected, long totalExpected, ByteBuffer seen, long totalSeen) {
        int offset = expected.mismatch(seen);
        if (offset >= 0 && offset < Math.min(expected.remaining(), seen.remaining())) {
            return new FirstDifference(offset, Escaping.excerpt(expected, offset), Escaping.excerpt(seen, offset));
        }
        if (totalExpected == totalSeen) {
            return null;
        }
        long end = Math.min(totalExpected, totalSeen);
        return new FirstDifference(end, from(end, expected, totalExpected), from(end, seen, totalSeen));
    }

    /** Describes the bytes from the offset on. */
    private static String from(long offset, ByteBuffer kept, long total) {
        if (total == offset) {
            return NOTHING;
        }
        return offset < kept.remaining()
                ? Escaping.excerpt(kept, (int) offset)
                : Escaping.bytes(total - offset) + " more, not kept";
    }
}
