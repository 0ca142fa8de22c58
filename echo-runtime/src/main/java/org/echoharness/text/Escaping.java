package org.echoharness.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes bytes and texts that came from elsewhere safe and exact to read in a terminal or a log. */
public final class Escaping {

    /** The most bytes of one chunk that a line shows; what is cut is said. */
    public static final int SHOWN = 1024;

    /** The cure for text that was not decoded. */
    public static final String DECODING = "it was not decoded: set a UTF-8 locale, such as LC_ALL=C.UTF-8";

    private Escaping() {}

    /** The bytes in double quotes, everything but {@link Utf8#isShown text} escaped, at most {@link #SHOWN} of them. */
    public static String quote(ByteBuffer bytes) {
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
    public static String excerpt(byte[] bytes, int offset) {
        return excerpt(ByteBuffer.wrap(bytes), offset);
    }

    /** As above; the offset counts from the position. */
    public static String excerpt(ByteBuffer bytes, int offset) {
        ByteBuffer all = bytes.slice();
        int from = Utf8.boundary(all, Math.max(0, offset - 8));
        int to = Utf8.boundary(all, Math.min(all.limit(), from + 24));
        return quote(all.slice(from, to - from));
    }

    /** As above, of the bytes of the text in UTF-8. */
    public static String quote(String text) {
        return quote(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** All of the bytes, one for each character of the text (U+0000 to U+00FF), in double quotes. */
    public static String quoteBytes(String latin1) {
        StringBuilder text = new StringBuilder(latin1.length() + 2).append('"');
        escape(latin1.getBytes(StandardCharsets.ISO_8859_1), text);
        return text.append('"').toString();
    }

    /** A text for an error about {@link #undecoded} characters: they are escaped also where they can be printed. */
    public static String escaped(String text) {
        return escape(text).replace("\uFFFD", "\\xef\\xbf\\xbd");
    }

    /** Where the first character stands that was not decoded, or -1. */
    public static int undecoded(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean isPair = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (c == '\uFFFD' || (Character.isSurrogate(c) && !isPair)) {
                return i;
            }
            i += isPair ? 1 : 0;
        }
        return -1;
    }

    /** A text of no more than {@link #SHOWN} characters: a greeting, for one, may be of any length. */
    public static String cut(String text) {
        return text.length() <= SHOWN ? text : first(text, SHOWN) + "... (the first " + SHOWN + " characters kept)";
    }

    /** The beginning of a text that was escaped here, of no more characters than that; no escape of it is cut. */
    public static String first(String escaped, int most) {
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
    public static int pieceAt(String escaped, int at) {
        if (escaped.charAt(at) == '\\') {
            return escaped.startsWith("\\x", at) ? 4 : 2;
        }
        return Character.charCount(escaped.codePointAt(at));
    }

    /** As {@link #quote(String)}, all of it and without the quotes around it. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        escape(text.getBytes(StandardCharsets.UTF_8), escaped);
        return escaped.toString();
    }

    /** "1 byte" or "5 bytes". */
    public static String bytes(long n) {
        return n == 1 ? "1 byte" : n + " bytes";
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
