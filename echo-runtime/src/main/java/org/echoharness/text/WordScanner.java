package org.echoharness.text;

/**
 * Splits the text of a fault or a script into words, punctuation and quoted texts. In a script, line ends, braces and arrows
 * are words too, and a comment begins with {@code #}.
 */
final class WordScanner {

    private static final String ARROW = "->";

    private final String text;
    private final boolean isScript;
    private final TokenErrors errors;
    private final String punctuation;
    private int start; // of the word, or the end of the text
    private int end; // the position after the word
    private String word = ""; // empty at the end

    /** Begins before the first word. */
    WordScanner(String text, boolean isScript, TokenErrors errors) {
        this.text = text;
        this.isScript = isScript;
        this.errors = errors;
        punctuation = isScript ? ",;:{}#\"'" : ",;:";
    }

    /** Returns the word, or an empty string at the end. */
    String word() {
        return word;
    }

    /** Returns the index at which the word begins. */
    int start() {
        return start;
    }

    /** Returns the index after the word. */
    int end() {
        return end;
    }

    /** Returns whether the word is in quotes. */
    boolean isQuoted() {
        return !word.isEmpty() && isQuote(word.charAt(0));
    }

    private static boolean isQuote(char c) {
        return c == '"' || c == '\'';
    }

    /** Advances to the next word. */
    void advance() {
        start = startAfter(end);
        end = start;
        if (start == text.length()) {
            word = "";
            return;
        }
        char first = text.charAt(start);
        if (isQuote(first)) {
            end = endOfQuoted(first);
        } else if (isLineEnd(first)) {
            end = text.startsWith("\r\n", start) ? start + 2 : start + 1;
            word = TokenErrors.LINE_END;
            return;
        } else if (punctuation.indexOf(first) >= 0) {
            end = start + 1;
        } else if (isArrow(start)) {
            end = start + ARROW.length();
        } else {
            while (end < text.length() && !endsWord(end)) {
                end++;
            }
        }
        word = text.substring(start, end);
    }

    private boolean isLineEnd(char c) {
        return isScript && (c == '\n' || c == '\r');
    }

    private boolean isArrow(int index) {
        return isScript && text.startsWith(ARROW, index);
    }

    private boolean endsWord(int index) {
        char c = text.charAt(index);
        return Character.isWhitespace(c) || punctuation.indexOf(c) >= 0 || isArrow(index);
    }

    /** Returns where the next word begins: after white space, and in a script after a comment, but at a line end. */
    private int startAfter(int from) {
        int next = from;
        while (next < text.length()) {
            char c = text.charAt(next);
            if (isScript && c == '#') {
                next = endOfLine(next);
            } else if (!Character.isWhitespace(c) || isLineEnd(c)) {
                return next;
            } else {
                next++;
            }
        }
        return next;
    }

    private int endOfLine(int from) {
        int next = from;
        while (next < text.length() && !isLineEnd(text.charAt(next))) {
            next++;
        }
        return next;
    }

    private int endOfQuoted(char quote) {
        for (int i = start + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i + 1;
            }
        }
        throw errors.refused(start, "the quote that begins here is not closed; put a " + quote + " after the bytes");
    }
}
