package org.echoharness.text;

/**
 * The errors of a text that is read word by word. Each names the option that has the text, and a position in it, from 1; in a
 * script of several lines the position is a line and a column.
 */
final class TokenErrors {

    /** The word for a line end in a script. */
    static final String LINE_END = "\n";

    private final String option;
    private final String text;
    private final boolean hasLines; // a position is a line and a column

    /**
     * @param option the name of the option that has the text
     * @param isScript whether the text may have several lines
     */
    TokenErrors(String option, String text, boolean isScript) {
        this.option = option;
        this.text = text;
        hasLines = isScript && line(text, text.stripTrailing().length()).start() > 0;
    }

    /** Returns the error that what stands at this index cannot be used. */
    MisreadException refused(int index, String why) {
        return new MisreadException(option + ": at " + place(index) + ": " + why);
    }

    /**
     * Returns the error that this word cannot be used.
     *
     * @param word empty at the end of the text
     */
    MisreadException misread(int index, String word, String why) {
        String here = word.isEmpty() ? "the end" : word.equals(LINE_END) ? "the end of the line" : Escaping.quote(word);
        return new MisreadException(option + ": " + here + " at " + place(index) + ": " + why);
    }

    private String place(int index) {
        if (!hasLines) {
            return "position " + (index + 1);
        }
        Line line = line(text, index);
        return "line " + line.number() + ", column " + (index - line.start() + 1);
    }

    /**
     * A line of the text.
     *
     * @param number from 1
     * @param start the index at which it begins
     */
    private record Line(int number, int start) {}

    /** Returns the line that has this index. A line end in quotes does not end one. */
    private static Line line(String text, int index) {
        int number = 1;
        int start = 0;
        char quote = 0;
        boolean isComment = false;
        for (int i = 0; i < index; i++) {
            char c = text.charAt(i);
            boolean isEnd = c == '\n' || (c == '\r' && !text.startsWith("\r\n", i));
            if (quote != 0) {
                i += c == '\\' ? 1 : 0;
                quote = c == quote ? 0 : quote;
            } else if (isEnd) {
                number++;
                start = i + 1;
                isComment = false;
            } else if (!isComment && (c == '"' || c == '\'')) {
                quote = c;
            } else if (c == '#') {
                isComment = true;
            }
        }
        return new Line(number, start);
    }
}
