package org.echoharness.dialogue;

/**
 * Why a dialogue has failed, or what it has left to do.
 *
 * @param where such as {@code step 2 of 6}
 * @param expected such as {@code line "EHLO {host}"}; empty if the failure is not about what the client sent
 * @param seen such as {@code "HELO me\r\n"}, escaped; the reason if nothing was expected
 * @param isEarlyEnd whether all bytes of the client were as expected, but there were too few before its end
 */
public record Mismatch(String where, String expected, String seen, boolean isEarlyEnd) {

    /** Creates the mismatch of bytes that are not as expected. */
    public Mismatch(String where, String expected, String seen) {
        this(where, expected, seen, false);
    }

    @Override
    public String toString() {
        return expected.isEmpty() ? where + ": " + seen : where + ": expected " + expected + ", seen " + seen;
    }
}
