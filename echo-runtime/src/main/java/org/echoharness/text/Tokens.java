package org.echoharness.text;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads the words of a fault or a script, and the values among them. An error names the position (from 1; in a script of several
 * lines a line and a column), the word there and what was expected.
 */
public final class Tokens {

    /** The word for a line end in a script. */
    public static final String LINE_END = TokenErrors.LINE_END;

    private static final Pattern LETTERS = Pattern.compile("[a-z]+$");
    private static final Pattern PERCENT = Pattern.compile("[0-9]+(\\.[0-9]+)?%");

    private final TokenErrors errors;
    private final WordScanner words;
    private final QuotedBytes quotes;
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
        errors = new TokenErrors(option, text, isScript);
        words = new WordScanner(text, isScript, errors);
        quotes = new QuotedBytes(text, isScript, errors);
        words.advance();
    }

    /** Begins at the first word of a script, in which line ends, braces and arrows are words too. */
    public static Tokens ofScript(String option, String text) {
        return new Tokens(option, text, true);
    }

    /** Returns the next word, or an empty string at the end. */
    public String next() {
        return words.word();
    }

    /** Returns the index at which the next word begins. */
    public int position() {
        return words.start();
    }

    /** Returns whether the next word is in quotes. */
    public boolean isQuoted() {
        return words.isQuoted();
    }

    public void advance() {
        tried.clear();
        words.advance();
    }

    /** Advances over line ends. */
    public void skipLines() {
        while (words.word().equals(LINE_END)) {
            advance();
        }
    }

    /** Advances and returns true if this is the next word. */
    public boolean take(String expected) {
        if (!words.word().equals(expected)) {
            tries(expected);
            return false;
        }
        advance();
        return true;
    }

    private void tries(String expected) {
        if (!tried.contains(expected)) {
            tried.add(expected);
        }
    }

    /**
     * Returns whether a quoted text comes next, which {@link #quoted} then reads.
     *
     * @param what what an error says is allowed here
     */
    public boolean tryQuoted(String what) {
        if (!isQuoted()) {
            tries(what);
        }
        return isQuoted();
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
        String bytes = quotes.read(words.start() + 1, words.end() - 1, isTemplate);
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

    /** Reads a word, or rejects it with an {@link IllegalArgumentException}. */
    public interface Reading<T> {
        T read(String word);
    }

    /** Reads the next word. An error says what is wrong with the value, or that {@code what} was expected. */
    public <T> T reading(String what, Reading<T> reading) {
        int start = words.start();
        String given = words.word();
        try {
            return reading.read(given);
        } catch (MisreadException misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            boolean isValue = !(refused instanceof NumberFormatException)
                    && !given.isEmpty()
                    && Character.isDigit(given.charAt(0));
            throw errors.misread(start, given, isValue ? String.valueOf(refused.getMessage()) : "expected " + what);
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
            long first = Long.parseLong(dash == -1 ? given : given.substring(0, dash));
            long last = dash == -1
                    ? first
                    : given.endsWith("-") ? Long.MAX_VALUE : Long.parseLong(given.substring(dash + 1));
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

    /**
     * Returns the error that something else was expected here. It suggests the most similar of the words, if one is
     * similar.
     */
    public MisreadException expected(String what, Iterable<String> likely) {
        String near = NearestWord.of(next(), likely);
        String cure = near.isEmpty() ? "" : "; did you mean " + near + "?";
        return errors.misread(position(), next(), "expected " + what + cure);
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

    /** Returns the error that what stands at this index cannot be used. */
    public MisreadException refused(int index, String why) {
        return errors.refused(index, why);
    }
}
