package org.echoharness.text;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The first place where bytes are not what is expected; for errors, quoted and escaped.
 *
 * @param offset counted from 0
 * @param expected what is expected around there: quoted, {@code nothing more}, or how many bytes more
 * @param seen what is there, in the same way
 */
public record FirstDifference(long offset, String expected, String seen) {

    /** Of either side there may be more than the bytes that are at hand. Null where those are alike, and as many. */
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

    /** What is there from that offset on. */
    private static String from(long offset, byte[] kept, long total) {
        if (total == offset) {
            return "nothing more";
        }
        return offset < kept.length
                ? Escaping.excerpt(kept, (int) offset)
                : Escaping.bytes(total - offset) + " more, not kept";
    }
}
