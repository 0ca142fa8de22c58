package org.echoharness;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;

/**
 * Takes a text apart into words, punctuation and quoted bytes, and says of what cannot be read where it stands (from 1),
 * what it is and what was expected.
 */
final class FaultTokens {

    private static final String PUNCTUATION = ",;:";

    private final String option;
    private final String text;
    private int at; // where the next word begins, or the end of the text
    private String word = ""; // the next one; empty at the end
    private int end; // behind the next word
    private final List<String> tried = new ArrayList<>(); // words that could stand here and do not

    /** @param option the name of the option, for errors */
    FaultTokens(String option, String text) {
        this.option = option;
        this.text = text;
        advance();
    }

    /** The next word, or an empty text at the end. */
    String next() {
        return word;
    }

    /** Where it begins, from 0. */
    int position() {
        return at;
    }

    /** The words for which {@link #take} has asked in vain here. */
    List<String> tried() {
        return tried;
    }

    /** The bytes of the quoted text that comes next. */
    String quoted() {
        if (word.isEmpty() || (word.charAt(0) != '"' && word.charAt(0) != '\'')) {
            throw expected("the bytes in quotes, such as \"220 ready\\r\\n\"", List.of());
        }
        String bytes = unescaped(at + 1, end - 1);
        advance();
        return bytes;
    }

    private String unescaped(int from, int to) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int undecoded = Escaping.undecoded(text);
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (undecoded == i) {
                throw refused(i, Escaping.DECODING + ", or write the bytes as \\xHH");
            }
            if (c != '\\') {
                int next = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, next).getBytes(StandardCharsets.UTF_8));
                i = next - 1;
                continue;
            }
            char escape = text.charAt(++i); // there is one: a quote behind a backslash does not end the text
            switch (escape) {
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case '0' -> bytes.write(0);
                case '"', '\'', '\\' -> bytes.write(escape);
                case 'x' -> {
                    int high = i + 2 < to ? Character.digit(text.charAt(i + 1), 16) : -1;
                    int low = i + 2 < to + 1 ? Character.digit(text.charAt(Math.min(i + 2, to - 1)), 16) : -1;
                    if (high < 0 || low < 0) {
                        throw refused(i - 1, "\\x needs two hexadecimal digits behind it, such as \\x00");
                    }
                    bytes.write(high << 4 | low);
                    i += 2;
                }
                default ->
                    throw refused(
                            i - 1,
                            "\\" + Escaping.escape(text.substring(i, text.offsetByCodePoints(i, 1)))
                                    + " is no escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\");
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads a word, or refuses it with an {@link IllegalArgumentException}. */
    interface Reading<T> {
        T read(String word);
    }

    /** Reads the next word as what is expected there; on refusal says so, or what is wrong with a value. */
    <T> T reading(String what, Reading<T> reading) {
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

    /** Goes on if this is the next word. */
    boolean take(String expected) {
        if (!word.equals(expected)) {
            tried.add(expected);
            return false;
        }
        advance();
        return true;
    }

    void advance() {
        tried.clear();
        at = end;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        end = at;
        if (at == text.length()) {
            word = "";
            return;
        }
        char first = text.charAt(at);
        if (first == '"' || first == '\'') {
            end = endOfQuoted(first);
        } else if (PUNCTUATION.indexOf(first) >= 0) {
            end = at + 1;
        } else {
            while (end < text.length()
                    && !Character.isWhitespace(text.charAt(end))
                    && PUNCTUATION.indexOf(text.charAt(end)) < 0) {
                end++;
            }
        }
        word = text.substring(at, end);
    }

    private int endOfQuoted(char quote) {
        for (int i = at + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i + 1;
            }
        }
        throw refused(at, "the quote that begins here has no end; put a " + quote + " behind the bytes");
    }

    /** An error of this parser, which must not be told twice. */
    static final class Misread extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        Misread(String message) {
            super(message);
        }
    }

    /** An error: something else was to come next; perhaps one of these words was meant. */
    Misread expected(String what, Iterable<String> words) {
        String near = NearestWord.of(word, words);
        return misread(at, word, "expected " + what + (near.isEmpty() ? "" : "; did you mean " + near + "?"));
    }

    private Misread misread(int position, String given, String why) {
        String here = given.isEmpty() ? "the end" : Escaping.quote(given);
        return new Misread(option + ": " + here + " at position " + (position + 1) + ": " + why);
    }

    /** What could stand here instead, for an error. */
    String triedOr(String last) {
        StringBuilder all = new StringBuilder();
        for (String one : tried) {
            all.append(all.isEmpty() ? "" : ", ");
            all.append(one.equals(",") ? "a comma" : one.equals(";") ? "a semicolon" : one);
        }
        return all.append(all.isEmpty() ? "" : " or ").append(last).toString();
    }

    Misread refused(int position, String why) {
        return new Misread(option + ": at position " + (position + 1) + ": " + why);
    }
}
