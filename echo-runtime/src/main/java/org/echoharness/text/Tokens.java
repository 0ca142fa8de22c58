package org.echoharness.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Splits the text of a fault or a script into words, punctuation and quoted bytes, and reads the values among them. An error
 * names the position (from 1), the word there and what was expected. In a script of several lines the position is a line and
 * a column; line ends are words, and a comment begins with {@code #}.
 */
public final class Tokens {

    /** The word for a line end in a script. */
    public static final String LINE_END = "\n";

    private static final String ARROW = "->";
    private static final Pattern LETTERS = Pattern.compile("[a-z]+$");
    private static final int UNKNOWN = -2;
    private static final Pattern PERCENT = Pattern.compile("[0-9]+(\\.[0-9]+)?%");

    private final String option;
    private final String text;
    private final boolean isScript;
    private final String punctuation;
    private final boolean hasLines; // a position is a line and a column
    private int at; // where the next word begins, or the end of the text
    private String word = ""; // the next one; empty at the end
    private int end; // of the next word: the position after it
    private int undecoded = UNKNOWN;
    private final List<String> tried = new ArrayList<>(); // words that are allowed here and were not found

    /**
     * Begins at the first word of a text.
     *
     * @param option the name of the option that has the text, for errors
     */
    public Tokens(String option, String text) {
        this(option, text, false);
    }

    private Tokens(String option, String text, boolean isScript) {
        this.option = option;
        this.text = text;
        this.isScript = isScript;
        punctuation = isScript ? ",;:{}#\"'" : ",;:";
        hasLines = isScript && lineStart(text, text.stripTrailing().length()) > 0;
        advance();
    }

    /** Begins at the first word of a script, in which line ends, braces and arrows are words too. */
    public static Tokens ofScript(String option, String text) {
        return new Tokens(option, text, true);
    }

    /** Advances over line ends. */
    public void skipLines() {
        while (word.equals(LINE_END)) {
            advance();
        }
    }

    /** Returns whether the next word is in quotes. */
    public boolean isQuoted() {
        return !word.isEmpty() && (word.charAt(0) == '"' || word.charAt(0) == '\'');
    }

    /** Returns the next word, or an empty string at the end. */
    public String next() {
        return word;
    }

    /** Returns the index at which the next word begins. */
    public int position() {
        return at;
    }

    /** Returns the words that {@link #take} has looked for here and not found. */
    public List<String> tried() {
        return tried;
    }

    /** Reads the quoted text that comes next, and returns its bytes, one for each character. */
    public String quoted() {
        return quoted("the bytes in quotes, such as \"220 ready\\r\\n\"", false);
    }

    /**
     * Reads the quoted text that comes next, and returns its bytes, one for each character.
     *
     * @param what what an error says is expected
     * @param isTemplate whether it is a {@link Template}: then a brace, star or backslash that was escaped stays escaped
     */
    public String quoted(String what, boolean isTemplate) {
        if (!isQuoted()) {
            throw expected(what, List.of());
        }
        String bytes = unescaped(at + 1, end - 1, isTemplate);
        advance();
        return bytes;
    }

    /**
     * Reads the quoted text that comes next, and returns its characters.
     *
     * @param what what an error says is expected
     */
    public String text(String what) {
        return new String(quoted(what, false).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private String unescaped(int from, int to, boolean isTemplate) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (undecoded() == i) {
                throw refused(i, Escaping.DECODING + ", or write the bytes as \\xHH");
            }
            if (c != '\\') {
                int next = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, next).getBytes(StandardCharsets.UTF_8));
                i = next - 1;
                continue;
            }
            char escape = text.charAt(++i); // it exists, since a quote after a backslash does not end the text
            switch (escape) {
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case '0' -> bytes.write(0);
                case '"', '\'' -> bytes.write(escape);
                case '\\' -> write('\\', bytes, isTemplate);
                case 'x' -> {
                    int high = i + 2 < to ? Character.digit(text.charAt(i + 1), 16) : -1;
                    int low = i + 2 < to + 1 ? Character.digit(text.charAt(Math.min(i + 2, to - 1)), 16) : -1;
                    if (high < 0 || low < 0) {
                        throw refused(i - 1, "\\x must be followed by two hexadecimal digits, such as \\x00");
                    }
                    write((char) (high << 4 | low), bytes, isTemplate);
                    i += 2;
                }
                default -> {
                    if (!isScript || (escape != '{' && escape != '*')) {
                        throw refused(
                                i - 1,
                                "\\" + Escaping.escape(text.substring(i, text.offsetByCodePoints(i, 1)))
                                        + " is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\"
                                        + (isScript ? ", and in patterns \\* or \\{" : ""));
                    }
                    write(escape, bytes, isTemplate);
                }
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** Returns the index of the first character of the text that was not decoded, or -1. */
    private int undecoded() {
        if (undecoded == UNKNOWN) {
            undecoded = Escaping.undecoded(text);
        }
        return undecoded;
    }

    private static void write(char latin1, ByteArrayOutputStream bytes, boolean isTemplate) {
        if (isTemplate && (latin1 == '\\' || latin1 == '{' || latin1 == '*')) {
            bytes.write('\\');
        }
        bytes.write(latin1);
    }

    /** Reads a word, or rejects it with an {@link IllegalArgumentException}. */
    public interface Reading<T> {
        T read(String word);
    }

    /** Reads the next word. An error says what is wrong with the value, or that {@code what} was expected. */
    public <T> T reading(String what, Reading<T> reading) {
        int start = at;
        String given = word;
        try {
            return reading.read(given);
        } catch (Misread misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            boolean isValue = !(refused instanceof NumberFormatException)
                    && !given.isEmpty()
                    && Character.isDigit(given.charAt(0));
            throw misread(start, given, isValue ? String.valueOf(refused.getMessage()) : "expected " + what);
        }
    }

    public Duration duration(String name) {
        return reading("a duration such as 50ms or 2s", given -> {
            Duration duration = Quantities.duration(name, given);
            advance();
            return duration;
        });
    }

    public int intSize(String name) {
        return (int) size(name, Integer.MAX_VALUE);
    }

    public long size(String name) {
        return size(name, Long.MAX_VALUE);
    }

    private long size(String name, long most) {
        return reading("a number of bytes such as 16 or 4KiB", given -> {
            long size = Quantities.size(name, given);
            Quantities.atLeastOne(name, size);
            if (size > most) {
                throw new IllegalArgumentException(name + " (" + given + ") must be at most " + most + " bytes");
            }
            advance();
            return size;
        });
    }

    public long rate(String name) {
        return reading("a number of bytes per second such as 64KiB/s", given -> {
            if (!given.endsWith("/s")) {
                throw new NumberFormatException();
            }
            long size = Quantities.size(name, given.substring(0, given.length() - 2));
            Quantities.atLeastOne(name, size);
            advance();
            return size;
        });
    }

    /** Reads an ordinal number, such as {@code 3rd}. */
    public long ordinal(String name) {
        String what = "an ordinal number such as 2nd or 3rd";
        return reading(what, given -> {
            long number = Long.parseLong(LETTERS.matcher(given).replaceFirst(""));
            if (!Quantities.ordinal(number).equals(given)) {
                throw expected(what, List.of(Quantities.ordinal(number)));
            }
            Quantities.atLeastOne(name, number);
            advance();
            return number;
        });
    }

    /** Reads a range, and returns its first and its last number, which is {@link Long#MAX_VALUE} for no end. */
    public long[] range(String name, String what) {
        return reading(what, given -> {
            int dash = given.indexOf('-', 1);
            long first = Long.parseLong(dash < 0 ? given : given.substring(0, dash));
            long last =
                    dash < 0 ? first : given.endsWith("-") ? Long.MAX_VALUE : Long.parseLong(given.substring(dash + 1));
            Quantities.range(name, first, last);
            advance();
            return new long[] {first, last};
        });
    }

    public double percent(String name) {
        return reading(
                "a percentage such as 10%",
                given -> {
                    if (!PERCENT.matcher(given).matches()) {
                        throw new NumberFormatException();
                    }
                    double percent =
                            Quantities.percent(name, Double.parseDouble(given.substring(0, given.length() - 1)));
                    advance();
                    return percent;
                });
    }

    /** Reads the seed if the next word is {@code seed}; otherwise draws one now. */
    public long seed() {
        if (!take("seed")) {
            return Quantities.drawnSeed();
        }
        return reading("a whole number", given -> {
            long seed = Long.parseLong(given);
            advance();
            return seed;
        });
    }

    /** Advances and returns true if this is the next word. */
    public boolean take(String expected) {
        if (!word.equals(expected)) {
            tried.add(expected);
            return false;
        }
        advance();
        return true;
    }

    public void advance() {
        tried.clear();
        at = start(end);
        end = at;
        if (at == text.length()) {
            word = "";
            return;
        }
        char first = text.charAt(at);
        if (first == '"' || first == '\'') {
            end = endOfQuoted(first);
        } else if (isScript && (first == '\n' || first == '\r')) {
            end = text.startsWith("\r\n", at) ? at + 2 : at + 1;
            word = LINE_END;
            return;
        } else if (punctuation.indexOf(first) >= 0) {
            end = at + 1;
        } else if (isScript && text.startsWith(ARROW, at)) {
            end = at + ARROW.length();
        } else {
            while (end < text.length() && !endsWord(end)) {
                end++;
            }
        }
        word = text.substring(at, end);
    }

    private boolean endsWord(int index) {
        char c = text.charAt(index);
        return Character.isWhitespace(c) || punctuation.indexOf(c) >= 0 || (isScript && text.startsWith(ARROW, index));
    }

    /** Returns where the next word begins: after white space, and in a script after a comment, but at a line end. */
    private int start(int from) {
        int next = from;
        while (next < text.length()) {
            char c = text.charAt(next);
            if (isScript && c == '#') {
                next = endOfLine(next);
            } else if (!Character.isWhitespace(c) || (isScript && (c == '\n' || c == '\r'))) {
                return next;
            } else {
                next++;
            }
        }
        return next;
    }

    private int endOfLine(int from) {
        int next = from;
        while (next < text.length() && text.charAt(next) != '\n' && text.charAt(next) != '\r') {
            next++;
        }
        return next;
    }

    /** Returns where the line begins that has this index. A line end in quotes is not one. */
    private static int lineStart(String text, int index) {
        return lines(text, index)[1];
    }

    /** Returns the number of the line that has this index, from 1, and where it begins. */
    private static int[] lines(String text, int index) {
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
        return new int[] {number, start};
    }

    private String place(int position) {
        if (!hasLines) {
            return "position " + (position + 1);
        }
        int[] line = lines(text, position);
        return "line " + line[0] + ", column " + (position - line[1] + 1);
    }

    private int endOfQuoted(char quote) {
        for (int i = at + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i + 1;
            }
        }
        throw refused(at, "the quote that begins here is not closed; put a " + quote + " after the bytes");
    }

    /** An error whose message contains the position. */
    public static final class Misread extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        Misread(String message) {
            super(message);
        }
    }

    /**
     * Returns the error that something else was expected here. It suggests the most similar of the words, if one is
     * similar.
     */
    public Misread expected(String what, Iterable<String> words) {
        String near = NearestWord.of(word, words);
        return misread(at, word, "expected " + what + (near.isEmpty() ? "" : "; did you mean " + near + "?"));
    }

    private Misread misread(int position, String given, String why) {
        String here =
                given.isEmpty() ? "the end" : given.equals(LINE_END) ? "the end of the line" : Escaping.quote(given);
        return new Misread(option + ": " + here + " at " + place(position) + ": " + why);
    }

    /** Returns a list of what is allowed here, for an error. */
    public String triedOr(String last) {
        StringBuilder all = new StringBuilder();
        for (String one : tried) {
            all.append(all.isEmpty() ? "" : ", ");
            all.append(one.equals(",") ? "a comma" : one.equals(";") ? "a semicolon" : one);
        }
        return all.append(all.isEmpty() ? "" : " or ").append(last).toString();
    }

    public Misread refused(int position, String why) {
        return new Misread(option + ": at " + place(position) + ": " + why);
    }
}
