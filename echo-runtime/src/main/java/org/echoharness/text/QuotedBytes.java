package org.echoharness.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Reads the bytes of quoted texts. A backslash begins an escape; every other character stands for its bytes in UTF-8. */
final class QuotedBytes {

    private static final int UNKNOWN = -2;

    private final String text;
    private final boolean isScript;
    private final TokenErrors errors;
    private int undecoded = UNKNOWN;

    /**
     * @param text the text that the quoted ones are in
     * @param isScript whether the escapes of patterns are allowed
     */
    QuotedBytes(String text, boolean isScript, TokenErrors errors) {
        this.text = text;
        this.isScript = isScript;
        this.errors = errors;
    }

    /**
     * Returns the bytes between two quotes, one for each character.
     *
     * @param from the index after the first quote
     * @param to the index of the last quote
     * @param isTemplate whether they are a {@link Template}: then a brace, star or backslash that was escaped stays escaped
     */
    String read(int from, int to, boolean isTemplate) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            if (undecoded() == i) {
                throw errors.refused(i, Escaping.DECODING + ", or write the bytes as \\xHH");
            }
            if (text.charAt(i) == '\\') {
                i++; // the character exists, since a quote after a backslash does not end the text
                i += escaped(i, isTemplate, bytes);
            } else {
                int next = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, next).getBytes(StandardCharsets.UTF_8));
                i = next - 1;
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** Reads the escape whose letter has this index. Returns the number of its further characters. */
    private int escaped(int index, boolean isTemplate, ByteArrayOutputStream bytes) {
        char escape = text.charAt(index);
        switch (escape) {
            case 'n' -> bytes.write('\n');
            case 'r' -> bytes.write('\r');
            case 't' -> bytes.write('\t');
            case '0' -> bytes.write(0);
            case '"', '\'' -> bytes.write(escape);
            case '\\' -> write('\\', bytes, isTemplate);
            case 'x' -> {
                write(hex(index), bytes, isTemplate);
                return 2;
            }
            default -> {
                if (!isScript || (escape != '{' && escape != '*')) {
                    throw errors.refused(
                            index - 1,
                            "\\" + Escaping.escape(text.substring(index, text.offsetByCodePoints(index, 1)))
                                    + " is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\"
                                    + (isScript ? ", and in patterns \\* or \\{" : ""));
                }
                write(escape, bytes, isTemplate);
            }
        }
        return 0;
    }

    private char hex(int index) {
        int high = Character.digit(text.charAt(index + 1), 16);
        int low = high < 0 ? -1 : Character.digit(text.charAt(index + 2), 16); // at worst the last quote
        if (high < 0 || low < 0) {
            throw errors.refused(index - 1, "\\x must be followed by two hexadecimal digits, such as \\x00");
        }
        return (char) (high << 4 | low);
    }

    private static void write(char latin1, ByteArrayOutputStream bytes, boolean isTemplate) {
        if (isTemplate && (latin1 == '\\' || latin1 == '{' || latin1 == '*')) {
            bytes.write('\\');
        }
        bytes.write(latin1);
    }

    /** Returns the index of the first character of the text that was not decoded, or -1. */
    private int undecoded() {
        if (undecoded == UNKNOWN) {
            undecoded = Escaping.undecoded(text);
        }
        return undecoded;
    }
}
