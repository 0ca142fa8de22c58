package org.echoharness.junit;

/** Shortens text in which the runtime has escaped invisible characters. */
final class EscapedText {

    private EscapedText() {}

    /** Its beginning, where it is longer. Neither a character nor an escape is cut: {@code \xNN}, or two characters. */
    static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = 0;
        int next = 0;
        while (next <= most) {
            end = next;
            next += text.charAt(next) != '\\'
                    ? Character.charCount(text.codePointAt(next))
                    : text.startsWith("\\x", next) ? 4 : 2;
        }
        return text.substring(0, end) + "…";
    }
}
