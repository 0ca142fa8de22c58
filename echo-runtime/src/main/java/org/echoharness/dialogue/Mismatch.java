package org.echoharness.dialogue;

/**
 * Why a dialogue has failed.
 *
 * @param where such as {@code step 2 of 6}
 * @param expected such as {@code line "EHLO {host}"}
 * @param seen such as {@code "HELO me\r\n"}, escaped
 */
public record Mismatch(String where, String expected, String seen) {

    @Override
    public String toString() {
        return where + ": expected " + expected + ", seen " + seen;
    }
}
