package org.echoharness.replay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Utf8;

/** Finds what reads as text in bytes: visible characters in UTF-8, tabs and line ends. */
final class TextRuns {

    private static final int LEAST_TEXT = 4; // fewer characters between other bytes are no text
    private static final int MOST_BETWEEN = 2; // so few other bytes between texts are escapes in them

    private TextRuns() {}

    /** Returns where the text ends that begins here. */
    static int endOfText(ByteBuffer bytes, int from) {
        int at = from;
        while (at < bytes.limit()) {
            int point = Utf8.codePoint(bytes, at, bytes.limit());
            if (point != '\n' && point != '\r' && point != '\t' && !Utf8.isShown(point)) {
                return at;
            }
            at += Utf8.length(point);
        }
        return at;
    }

    /** Returns how many bytes at the beginning are text. */
    static int textLength(String latin1) {
        return endOfText(buffer(latin1), 0);
    }

    /** Returns whether a byte may be part of a word: a name, a number, a time and so on. */
    static boolean isInWord(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || "_.:+-".indexOf(c) >= 0;
    }

    private static ByteBuffer buffer(String latin1) {
        return ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Cuts bytes into text and other bytes, in turns.
     *
     * @param most the most bytes of a piece that is not text
     */
    static List<String> pieces(String latin1, int most) {
        List<int[]> texts = texts(buffer(latin1));
        List<String> pieces = new ArrayList<>();
        int at = 0;
        for (int[] text : texts) {
            cut(latin1.substring(at, text[0]), most, pieces);
            pieces.add(latin1.substring(text[0], text[1]));
            at = text[1];
        }
        cut(latin1.substring(at), most, pieces);
        return pieces;
    }

    /** Returns where each text begins and ends. */
    private static List<int[]> texts(ByteBuffer bytes) {
        List<int[]> texts = new ArrayList<>();
        int at = 0;
        while (at < bytes.limit()) {
            int end = endOfText(bytes, at);
            if (end - at >= LEAST_TEXT || (at == 0 && end == bytes.limit())) {
                int[] last = texts.isEmpty() ? new int[] {0, -1} : texts.get(texts.size() - 1);
                if (last[1] >= 0 && at - last[1] <= MOST_BETWEEN) {
                    last[1] = end;
                } else {
                    texts.add(new int[] {at, end});
                }
            }
            at = Math.max(end, at) + (end < bytes.limit() ? 1 : 0);
        }
        return texts;
    }

    private static void cut(String bytes, int most, List<String> pieces) {
        for (int at = 0; at < bytes.length(); at += most) {
            pieces.add(bytes.substring(at, Math.min(bytes.length(), at + most)));
        }
    }
}
