package org.echoharness;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes bytes and texts that came from elsewhere safe and exact to read in a terminal or a log. */
final class Text {

    /** The most bytes of one chunk that a line shows; what is cut is said. */
    static final int SHOWN = 1024;

    private Text() {}

    /** The bytes in double quotes, everything but printable ASCII escaped, at most {@link #SHOWN} of them. */
    static String quote(ByteBuffer bytes) {
        int shown = Math.min(bytes.remaining(), SHOWN);
        StringBuilder text = new StringBuilder(shown + 2).append('"');
        for (int i = 0; i < shown; i++) {
            escape(bytes.get(bytes.position() + i) & 0xFF, text);
        }
        text.append('"');
        return shown == bytes.remaining()
                ? text.toString()
                : text.append(" (the first ").append(shown).append(" shown)").toString();
    }

    /** What stands around that offset, quoted. */
    static String excerpt(byte[] bytes, int offset) {
        int from = Math.max(0, offset - 8);
        return quote(ByteBuffer.wrap(bytes, from, Math.min(bytes.length - from, 24)));
    }

    static String quote(String text) {
        return quote(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** All of the bytes, one for each character of the text (U+0000 to U+00FF), in double quotes. */
    static String quoteBytes(String latin1) {
        StringBuilder text = new StringBuilder(latin1.length() + 2).append('"');
        for (int i = 0; i < latin1.length(); i++) {
            escape(latin1.charAt(i), text);
        }
        return text.append('"').toString();
    }

    /** A text of no more than {@link #SHOWN} characters: a greeting, for one, may be of any length. */
    static String cut(String text) {
        return text.length() <= SHOWN
                ? text
                : text.substring(0, SHOWN) + "... (the first " + SHOWN + " characters kept)";
    }

    /** As {@link #quote(String)}, without the quotes around it. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            escape(b & 0xFF, escaped);
        }
        return escaped.toString();
    }

    private static void escape(int b, StringBuilder to) {
        switch (b) {
            case '\n' -> to.append("\\n");
            case '\r' -> to.append("\\r");
            case '\t' -> to.append("\\t");
            case '"', '\\' -> to.append('\\').append((char) b);
            default -> {
                if (b >= 0x20 && b < 0x7F) {
                    to.append((char) b);
                } else {
                    to.append("\\x").append(Character.forDigit(b >> 4, 16)).append(Character.forDigit(b & 15, 16));
                }
            }
        }
    }
}
