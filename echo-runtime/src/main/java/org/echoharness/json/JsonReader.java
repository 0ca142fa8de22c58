package org.echoharness.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON text: an object as a {@link Map}, an array as a {@link List}, a string, a number as a {@link Long} if it
 * is a whole one that fits and otherwise as a {@link Double}, a {@link Boolean}, or null. An error names the offset.
 */
public final class JsonReader {

    private static final int MOST_DEPTH = 64;
    private static final int MOST_DIGITS = 400;

    private final String text;
    private int at;
    private int depth;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * Reads a text that is one value.
     *
     * @param mostCharacters the limit on the length of the text
     * @throws IllegalArgumentException if it is longer, or no JSON, or nested more than 64 levels deep
     */
    public static @Nullable Object read(String text, int mostCharacters) {
        if (text.length() > mostCharacters) {
            throw new IllegalArgumentException(
                    "the JSON text has " + text.length() + " characters; at most " + mostCharacters + " are read");
        }
        JsonReader reader = new JsonReader(text);
        Object value = reader.value();
        reader.skipSpace();
        if (reader.at < text.length()) {
            throw reader.misread("the end of the text");
        }
        return value;
    }

    /**
     * Returns the bytes that {@link JsonWriter#bytes} wrote.
     *
     * @throws IllegalArgumentException if the value has another form
     */
    public static byte[] bytes(@Nullable Object value) {
        if (value instanceof Map<?, ?> map && map.get("text") instanceof String plain) {
            return plain.getBytes(StandardCharsets.UTF_8);
        }
        if (value instanceof Map<?, ?> map && map.get("base64") instanceof String encoded) {
            return Base64.getDecoder().decode(encoded);
        }
        throw new IllegalArgumentException("bytes in JSON must be an object with \"text\" or \"base64\"");
    }

    private @Nullable Object value() {
        skipSpace();
        char c = at < text.length() ? text.charAt(at) : 0;
        return switch (c) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> object() {
        deeper();
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        if (!isNext('}')) {
            do {
                skipSpace();
                int start = at;
                String name = string();
                if (object.containsKey(name)) {
                    at = start;
                    throw misread("a name that the object does not have yet");
                }
                expect(':');
                object.put(name, value());
            } while (isNext(','));
            expect('}');
        }
        depth--;
        return object;
    }

    private List<@Nullable Object> array() {
        deeper();
        List<@Nullable Object> array = new ArrayList<>();
        if (!isNext(']')) {
            do {
                array.add(value());
            } while (isNext(','));
            expect(']');
        }
        depth--;
        return array;
    }

    private void deeper() {
        if (++depth > MOST_DEPTH) {
            throw misread("at most " + MOST_DEPTH + " levels");
        }
        at++;
    }

    private @Nullable Object word(String word, @Nullable Object value) {
        if (!text.startsWith(word, at)) {
            throw misread("a value");
        }
        at += word.length();
        return value;
    }

    private Number number() {
        int start = at;
        skip('-');
        if (!skip('0')) {
            digits("a value");
        }
        boolean isWhole = true;
        if (skip('.')) {
            isWhole = false;
            digits("a digit");
        }
        if (skip('e') || skip('E')) {
            isWhole = false;
            if (!skip('+')) {
                skip('-');
            }
            digits("a digit");
        }
        String number = text.substring(start, at);
        if (number.length() > MOST_DIGITS) {
            at = start;
            throw misread("a number of at most " + MOST_DIGITS + " characters");
        }
        if (isWhole) {
            try {
                return Long.parseLong(number);
            } catch (NumberFormatException tooGreat) {
                return Double.parseDouble(number);
            }
        }
        return Double.parseDouble(number);
    }

    private void digits(String expected) {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw misread(expected);
        }
    }

    private String string() {
        skipSpace();
        if (!skip('"')) {
            throw misread("a string in double quotes");
        }
        StringBuilder string = new StringBuilder();
        while (!skip('"')) {
            char c = at < text.length() ? text.charAt(at) : 0;
            if (c < ' ') {
                throw misread("the rest of the string, with control characters escaped");
            }
            at++;
            string.append(c == '\\' ? escaped() : c);
        }
        return string.toString();
    }

    private char escaped() {
        char c = at < text.length() ? text.charAt(at++) : 0;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> hex();
            default -> {
                at--;
                throw misread("an escape of JSON, such as \\n");
            }
        };
    }

    private char hex() {
        int c = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < text.length() && text.charAt(at) < 0x80 ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0) {
                throw misread("four hexadecimal digits");
            }
            c = c << 4 | digit;
            at++;
        }
        return (char) c;
    }

    private boolean isNext(char c) {
        skipSpace();
        return skip(c);
    }

    private void expect(char c) {
        skipSpace();
        if (!skip(c)) {
            throw misread("\"" + c + "\"");
        }
    }

    private boolean skip(char c) {
        boolean found = at < text.length() && text.charAt(at) == c;
        at += found ? 1 : 0;
        return found;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException misread(String expected) {
        int end = Math.min(text.length(), at + 20);
        String seen = at >= text.length() ? "the end" : Escaping.quote(text.substring(at, end));
        return new IllegalArgumentException("JSON, offset " + at + ": expected " + expected + ", seen " + seen);
    }
}
