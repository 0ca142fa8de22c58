package org.echoharness.script;

import java.nio.charset.StandardCharsets;
import org.echoharness.text.Escaping;

/** Bytes as texts of one character each. */
final class Latin1 {

    private static final String DIGITS = "0123456789abcdef";
    private static final int HIDDEN = 4; // characters of an escape such as \\x1f

    private Latin1() {}

    /** Returns one character for each byte of the text in UTF-8. */
    static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    static String of(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * Reads bytes in hexadecimal.
     *
     * @throws IllegalArgumentException if a character is no digit, or if a digit lacks its pair; the message names it
     */
    static String ofHex(String text) {
        StringBuilder bytes = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) == ' ') {
                at++;
                continue;
            }
            int high = digit(text, at);
            if (at + 1 == text.length() || text.charAt(at + 1) == ' ') {
                throw new IllegalArgumentException("hex (" + Escaping.cut(Escaping.escape(text))
                        + ") must have two digits for each byte, such as 00 1f");
            }
            bytes.append((char) (high << 4 | digit(text, at + 1)));
            at += 2;
        }
        return bytes.toString();
    }

    private static int digit(String text, int at) {
        int digit = text.charAt(at) < 0x80 ? Character.digit(text.charAt(at), 16) : -1;
        if (digit < 0) {
            throw new IllegalArgumentException("hex (" + Escaping.cut(Escaping.escape(text))
                    + ") must have hexadecimal digits and spaces alone, such as 00 1f");
        }
        return digit;
    }

    /** Returns the bytes in quotes, or after the word {@code hex} if most of them are not characters that are shown. */
    static String text(String latin1, String quoted) {
        int hidden = 0;
        for (int at = 0; at < quoted.length(); ) {
            int length = Escaping.pieceAt(quoted, at);
            hidden += length == HIDDEN ? 1 : 0;
            at += length;
        }
        if (hidden * 2 <= latin1.length()) {
            return quoted;
        }
        StringBuilder hex = new StringBuilder("hex \"");
        for (int i = 0; i < latin1.length(); i++) {
            char c = latin1.charAt(i);
            hex.append(DIGITS.charAt(c >> 4)).append(DIGITS.charAt(c & 15));
        }
        return hex.append('"').toString();
    }

    /** Returns the same text, or fails if a character is no byte or there is none. */
    static String checked(String word, String latin1) {
        if (latin1.isEmpty()) {
            throw new IllegalArgumentException(word + " (\"\") must be at least one byte");
        }
        for (int i = 0; i < latin1.length(); i++) {
            if (latin1.charAt(i) > 0xFF) {
                throw new IllegalArgumentException(word + " (" + Escaping.cut(Escaping.quote(latin1))
                        + ") must have one character up to U+00FF for each byte");
            }
        }
        return latin1;
    }
}
