package org.echoharness.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Escapes bytes and texts from elsewhere, so that a terminal or a log shows them safely and exactly. */
public final class Escaping {

    /** The most bytes of one chunk that a line shows. The line states what is cut. */
    public static final int SHOWN = 1024;

    /** The cure for text that was not decoded. */
    public static final String DECODING = "it was not decoded: set a UTF-8 locale, such as LC_ALL=C.UTF-8";

    private Escaping() {}

    /** Returns at most {@link #SHOWN} bytes in double quotes. All that is not {@link Utf8#isShown text} is escaped. */
    public static String quote(ByteBuffer bytes) {
        int from = bytes.position();
        int to = Utf8.boundary(bytes, Math.min(bytes.limit(), from + SHOWN));
        StringBuilder text = new StringBuilder("\"");
        escape(bytes, from, to, text);
        text.append('"');
        return to == bytes.limit()
                ? text.toString()
                : text.append(" (the first ")
                        .append(to - from)
                        .append(" shown)")
                        .toString();
    }

    /** Returns the first bytes from an offset on, quoted. No character is cut: one that has the offset is shown whole. */
    public static String excerpt(byte[] bytes, int offset) {
        return excerpt(ByteBuffer.wrap(bytes), offset);
    }

    /** Like {@link #excerpt(byte[], int)}. The offset counts from the buffer's position. */
    public static String excerpt(ByteBuffer bytes, int offset) {
        ByteBuffer all = bytes.slice();
        int from = Utf8.boundary(all, offset);
        int to = Utf8.boundary(all, Math.min(all.limit(), from + 24));
        return quote(all.slice(from, to - from));
    }

    /** Returns the text in double quotes, as {@link #quote(ByteBuffer)} returns its bytes in UTF-8. */
    public static String quote(String text) {
        return quote(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Returns all bytes in double quotes. Each character of the text (U+0000 to U+00FF) stands for one byte. */
    public static String quoteBytes(String latin1) {
        StringBuilder text = new StringBuilder(latin1.length() + 2).append('"');
        escape(latin1.getBytes(StandardCharsets.ISO_8859_1), text);
        return text.append('"').toString();
    }

    /** Returns the index of the first character that was not decoded, or -1. */
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

    /** Returns at most the first {@link #SHOWN} characters of a text, and states if more were cut. */
    public static String cut(String text) {
        return text.length() <= SHOWN ? text : first(text, SHOWN) + "... (the first " + SHOWN + " characters kept)";
    }

    /** Returns at most the first {@code most} characters of an escaped text. No escape is cut. */
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

    /** Returns the length of the escape or of the character that begins at the index. */
    public static int pieceAt(String escaped, int at) {
        if (escaped.charAt(at) == '\\') {
            return escaped.startsWith("\\x", at) ? 4 : 2;
        }
        return Character.charCount(escaped.codePointAt(at));
    }

    /** Returns the whole text, escaped as by {@link #quote(String)}, without quotes. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        escape(text.getBytes(StandardCharsets.UTF_8), escaped);
        return escaped.toString();
    }

    /**
     * Returns a text of another process, which has escaped what it quotes: all that is shown stays as it is, also quotes and
     * backslashes.
     */
    public static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        int point;
        for (int i = 0; i < text.length(); i += Character.charCount(point)) {
            point = text.codePointAt(i);
            if (Utf8.isShown(point)) {
                visible.appendCodePoint(point);
            } else {
                escape(Character.toString(point).getBytes(StandardCharsets.UTF_8), visible);
            }
        }
        return visible.toString();
    }

    /** Returns "1 byte" or "5 bytes". */
    public static String bytes(long n) {
        return n == 1 ? "1 byte" : n + " bytes";
    }

    private static void escape(byte[] bytes, StringBuilder to) {
        escape(ByteBuffer.wrap(bytes), 0, bytes.length, to);
    }

    private static void escape(ByteBuffer bytes, int from, int end, StringBuilder to) {
        int marks = Utf8.MOST_MARKS; // no letter comes before it that a mark could be drawn on
        int at = from;
        while (at < end) {
            int point = Utf8.codePoint(bytes, at, end);
            int length = Utf8.length(point);
            boolean isMark = Utf8.isMark(point);
            if (length == 1 || !Utf8.isShown(point) || (isMark && marks == Utf8.MOST_MARKS)) {
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
