package org.echoharness;

import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import org.echoharness.text.Escaping;

/**
 * Thrown when what came back differs from what was expected. The message names the first offset that differs and shows
 * what was expected and what was received.
 */
public final class EchoMismatchException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What an error says if the peer seems to speak TLS, and this client does not. */
    static final String TLS = "; the server has answered with an alert of TLS: set tls, so that the client speaks TLS";

    /** The first offset that differs. */
    private final int offset;

    private EchoMismatchException(String message, long offset) {
        super(message);
        this.offset = (int) Math.min(offset, Integer.MAX_VALUE);
    }

    /** Returns whether these bytes begin as an alert in clear text does (RFC 8446, sections 5.1 and 6). */
    static boolean isTlsAlert(ByteBuffer bytes) {
        int at = bytes.position();
        return bytes.remaining() >= 5
                && bytes.get(at) == 21
                && bytes.get(at + 1) == 3
                && bytes.getShort(at + 3) == 2; // the length
    }

    /** Compares what was received with what was expected; both begin at offset {@code from} of the message. */
    static void throwIfDifferent(ByteBuffer expected, ByteBuffer received, long from) throws EchoMismatchException {
        int offset = expected.mismatch(received);
        if (offset >= 0) {
            throw new EchoMismatchException(
                    "the echo differs at offset " + (from + offset) + ": expected " + Escaping.excerpt(expected, offset)
                            + ", received " + Escaping.excerpt(received, offset)
                            + (from == 0 && isTlsAlert(received) && !isTlsAlert(expected) ? TLS : ""),
                    from + offset);
        }
    }

    /**
     * Returns the error for bytes after those that were expected.
     *
     * @param count how many there are, or at least are
     * @param than what they are compared with, such as "were sent"
     * @param expected how many bytes were expected
     * @param first the first of those after them
     */
    static EchoMismatchException more(long count, String than, long expected, ByteBuffer first) {
        String shown = first.remaining() < count ? " (the first " + first.remaining() + " shown)" : "";
        return new EchoMismatchException(
                Escaping.bytes(count) + " more than " + than + ": " + Escaping.quote(first) + shown, expected);
    }

    /**
     * Returns where the two first differ. If more bytes came than were expected, this is the number of bytes that were
     * expected.
     *
     * @return the offset of the first byte that differs, counted from 0; at most 2,147,483,647
     */
    public int offset() {
        return offset;
    }
}
