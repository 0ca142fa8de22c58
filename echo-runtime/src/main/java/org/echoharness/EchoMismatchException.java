package org.echoharness;

import java.io.IOException;
import java.io.Serial;
import java.util.Arrays;

/** What came back differs from what was expected; the message names the first differing offset and shows both sides. */
public final class EchoMismatchException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The first offset that differs. */
    private final int offset;

    private EchoMismatchException(String message, int offset) {
        super(message);
        this.offset = offset;
    }

    static void throwIfDifferent(byte[] expected, byte[] received) throws EchoMismatchException {
        int offset = Arrays.mismatch(expected, received);
        if (offset >= 0) {
            throw new EchoMismatchException(
                    "the echo differs at offset " + offset + ": expected " + Text.excerpt(expected, offset)
                            + ", received " + Text.excerpt(received, offset),
                    offset);
        }
    }

    /**
     * Where the two first differ.
     *
     * @return the offset of the first byte that differs, counted from 0
     */
    public int offset() {
        return offset;
    }
}
