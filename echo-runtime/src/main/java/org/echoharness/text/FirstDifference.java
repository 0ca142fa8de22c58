package org.echoharness.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The first place where bytes differ from those expected, for error messages.
 *
 * @param offset counted from 0
 * @param expected the bytes expected around the offset: quoted and escaped, {@code nothing more}, or how many bytes more
 * @param seen the bytes seen around the offset, in the same form
 */
public record FirstDifference(long offset, String expected, String seen) {

    /** Compares the bytes, which may be only the first of each side's total. Returns null if bytes and totals are equal. */
    public static @Nullable FirstDifference of(byte[] expected, long totalExpected, byte[] seen, long totalSeen) {
        int both = Math.min(expected.length, seen.length);
        int offset = Arrays.mismatch(expected, 0, both, seen, 0, both);
        if (offset >= 0) {
            return new FirstDifference(offset, Escaping.excerpt(expected, offset), Escaping.excerpt(seen, offset));
        }
        if (totalExpected == totalSeen) {
            return null;
        }
        long end = Math.min(totalExpected, totalSeen);
        return new FirstDifference(end, from(end, expected, totalExpected), from(end, seen, totalSeen));
    }

    /** Describes the bytes from the offset on. */
    private static String from(long offset, byte[] kept, long total) {
        if (total == offset) {
            return "nothing more";
        }
        return offset < kept.length
                ? Escaping.excerpt(kept, (int) offset)
                : Escaping.bytes(total - offset) + " more, not kept";
    }
}
