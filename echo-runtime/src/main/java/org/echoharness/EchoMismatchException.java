package org.echoharness;

import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import org.echoharness.text.Escaping;

/** What came back differs from what was expected; the message names the first differing offset and shows both sides. */
public final class EchoMismatchException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The first offset that differs. */
    private final int offset;

    private EchoMismatchException(String message, long offset) {
        super(message);
        this.offset = (int) Math.min(offset, Integer.MAX_VALUE);
    }

    /** Compares what came with what was expected, both from that offset of the message on. */
    static void throwIfDifferent(ByteBuffer expected, ByteBuffer received, long from) throws EchoMismatchException {
        int offset = expected.mismatch(received);
        if (offset >= 0) {
            throw new EchoMismatchException(
                    "the echo differs at offset " + (from + offset) + ": expected " + Escaping.excerpt(expected, offset)
                            + ", received " + Escaping.excerpt(received, offset),
                    from + offset);
        }
    }

    /**
     * More came than was expected.
     *
     * @param count how many bytes, or how many at least
     * @param than what was expected, such as "were sent"
     * @param first the first of them
     */
    static EchoMismatchException more(long count, String than, long expected, ByteBuffer first) {
        String shown = first.remaining() < count ? " (the first " + first.remaining() + " shown)" : "";
        return new EchoMismatchException(
                Escaping.bytes(count) + " more than " + than + ": " + Escaping.quote(first) + shown, expected);
    }

    /**
     * Where the two first differ; where more came than was expected, the number of bytes that were.
     *
     * @return the offset of the first byte that differs, counted from 0; at most 2,147,483,647
     */
    public int offset() {
        return offset;
    }
}
