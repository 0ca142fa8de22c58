package org.echoharness;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes bytes and texts that came from elsewhere safe and exact to read in a terminal or a log. */
final class Escaping {

    /** The most bytes of one chunk that a line shows; what is cut is said. */
    static final int SHOWN = 1024;

    private Escaping() {}

    /** The bytes in double quotes, everything but {@link Utf8#isShown text} escaped, at most {@link #SHOWN} of them. */
    static String quote(ByteBuffer bytes) {
        int from = bytes.position();
        int to = bytes.remaining() <= SHOWN ? bytes.limit() : Utf8.boundary(bytes, from + SHOWN);
        StringBuilder text = new StringBuilder(to - from + 2).append('"');
        escape(bytes, from, to, text);
        text.append('"');
        return to == bytes.limit()
                ? text.toString()
                : text.append(" (the first ")
                        .append(to - from)
                        .append(" shown)")
                        .toString();
    }

    /** What stands around that offset, quoted; no character of it is cut. */
    static String excerpt(byte[] bytes, int offset) {
        return excerpt(ByteBuffer.wrap(bytes), offset);
    }

    /** As above; the offset counts from the position. */
    static String excerpt(ByteBuffer bytes, int offset) {
        ByteBuffer all = bytes.slice();
        int from = Utf8.boundary(all, Math.max(0, offset - 8));
        int to = Utf8.boundary(all, Math.min(all.limit(), from + 24));
        return quote(all.slice(from, to - from));
    }

    static String quote(String text) {
        return quote(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** All of the bytes, one for each character of the text (U+0000 to U+00FF), in double quotes. */
    static String quoteBytes(String latin1) {
        StringBuilder text = new StringBuilder(latin1.length() + 2).append('"');
        escape(latin1.getBytes(StandardCharsets.ISO_8859_1), text);
        return text.append('"').toString();
    }

    /** A text of no more than {@link #SHOWN} characters: a greeting, for one, may be of any length. */
    static String cut(String text) {
        return text.length() <= SHOWN ? text : first(text, SHOWN) + "... (the first " + SHOWN + " characters kept)";
    }

    /** The beginning of a text that was escaped here, of no more characters than that; no escape of it is cut. */
    static String first(String escaped, int most) {
        int end = 0;
        while (end < escaped.length()) {
            int length = pieceAt(escaped, end);
            if (end + length > most) {
                return escaped.substring(0, end);
            }
            end += length;
        }
        return escaped;
    }

    /** How many characters the escape that begins there has, or the character. */
    static int pieceAt(String escaped, int at) {
        if (escaped.charAt(at) == '\\') {
            return escaped.startsWith("\\x", at) ? 4 : 2;
        }
        return Character.charCount(escaped.codePointAt(at));
    }

    /** As {@link #quote(String)}, all of it and without the quotes around it. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        escape(text.getBytes(StandardCharsets.UTF_8), escaped);
        return escaped.toString();
    }

    private static void escape(byte[] bytes, StringBuilder to) {
        escape(ByteBuffer.wrap(bytes), 0, bytes.length, to);
    }

    private static void escape(ByteBuffer bytes, int from, int end, StringBuilder to) {
        int marks = Utf8.MOST_MARKS; // there is nothing yet that a mark could go with
        int at = from;
        while (at < end) {
            int point = Utf8.codePoint(bytes, at, end);
            int length = Utf8.length(point);
            boolean isMark = Utf8.isMark(point);
            if (point < 0x80 || !Utf8.isShown(point) || (isMark && marks == Utf8.MOST_MARKS)) {
                for (int i = 0; i < length; i++) {
                    escape(bytes.get(at + i) & 0xFF, to);
                }
                marks = point < 0x20 || point > 0x7E ? Utf8.MOST_MARKS : 0;
            } else {
                to.appendCodePoint(point);
                marks = isMark ? marks + 1 : 0;
            }
            at += length;
        }
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
