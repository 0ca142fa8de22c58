package org.echoharness;

import java.io.IOException;
import java.io.Serial;

/** What came back differs from what was expected; the message names the first differing offset and shows both sides. */
public final class EchoMismatchException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The first offset that differs. */
    private final int offset;

    EchoMismatchException(String message, int offset) {
        super(message);
        this.offset = offset;
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
