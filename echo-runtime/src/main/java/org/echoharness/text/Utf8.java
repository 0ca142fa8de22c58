package org.echoharness.text;

import java.nio.ByteBuffer;

/** Finds the characters in bytes that may be UTF-8 (RFC 3629), and decides which of them are visible. */
public final class Utf8 {

    /** The most marks that are shown on one letter. More would cover the lines above and below. */
    static final int MOST_MARKS = 4;

    /** No valid character begins here. */
    private static final int INVALID = -1;

    /** Characters that draw nothing or look like a space, although their category does not show it. */
    private static final int[][] UNSEEN = {
        {0x034F, 0x034F},
        {0x115F, 0x1160},
        {0x17B4, 0x17B5},
        {0x180B, 0x180F},
        {0x2800, 0x2800},
        {0x3164, 0x3164},
        {0xFE00, 0xFE0F},
        {0xFFA0, 0xFFA0},
        {0xFFFC, 0xFFFD}, // the latter stands for what was not decoded: a parser refuses it
        {0xE0000, 0xE0FFF}
    };

    private Utf8() {}

    /** Returns the character that begins at the index and is complete before the end, or a negative number. */
    public static int codePoint(ByteBuffer bytes, int at, int end) {
        int first = bytes.get(at) & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (length == 0 || at + length > end) {
            return INVALID;
        }
        int point = first & (0x7F >> length);
        for (int i = 1; i < length; i++) {
            int next = bytes.get(at + i);
            if ((next & 0xC0) != 0x80) {
                return INVALID;
            }
            point = (point << 6) | (next & 0x3F);
        }
        boolean isValid = length(point) == length
                && point <= Character.MAX_CODE_POINT
                && Character.getType(point) != Character.SURROGATE;
        return isValid ? point : INVALID;
    }

    /** Returns how many bytes the character takes; 1 if it is not valid. */
    public static int length(int point) {
        return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    }

    /** Returns the offset, or the start of the character if the offset is inside one. */
    public static int boundary(ByteBuffer bytes, int offset) {
        for (int at = Math.max(bytes.position(), offset - 3); at < offset; at++) {
            if (at + length(codePoint(bytes, at, bytes.limit())) > offset) {
                return at;
            }
        }
        return offset;
    }

    /** Returns whether the character is visible at its place: no control, no mark of direction, no space but U+0020. */
    public static boolean isShown(int point) {
        for (int[] range : UNSEEN) {
            if (range[0] <= point && point <= range[1]) {
                return false;
            }
        }
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED, // also negative numbers
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> point == ' ';
            default -> true;
        };
    }

    /** Returns whether the character is drawn on the one before it. */
    static boolean isMark(int point) {
        return switch (Character.getType(point)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK -> true;
            default -> false;
        };
    }
}
