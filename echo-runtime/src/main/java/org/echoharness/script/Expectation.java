package org.echoharness.script;

import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/**
 * What a script expects of the client: {@code "HELLO\n"}, {@code line "EHLO {host}"}, {@code frame u32}, {@code fin}. It is
 * matched with the client's stream of bytes, however TCP has cut it. Immutable.
 *
 * <p>In a pattern, {@code *} stands for any bytes or none, <code>{name}</code> for the same and captures them, and
 * <code>{name:4}</code> for exactly 4 bytes. <code>\*</code> and <code>\{</code> are a star and a brace.
 */
public sealed interface Expectation {

    /**
     * Exactly these bytes: {@code "HELLO\n"} or {@code hex "00 1f"}. Nothing in them is a pattern.
     *
     * @param literal one character for each byte (U+0000 to U+00FF); at least one
     */
    record Bytes(String literal) implements Expectation {
        /**
         * Checks the bytes.
         *
         * @param literal one character for each byte
         * @throws IllegalArgumentException if a character is no byte, or if there is none
         */
        public Bytes {
            Latin1.checked("expect", literal);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return Latin1.text(literal, quoted(literal));
        }
    }

    /**
     * A line that matches a pattern: {@code line "EHLO {host}"}. The line ends with LF; a CR before it belongs to the end.
     *
     * @param pattern the pattern of the line without its end, one character for each byte (U+0000 to U+00FF)
     */
    record Line(String pattern) implements Expectation {
        /**
         * Checks the pattern, and removes escapes that are not needed.
         *
         * @param pattern the pattern
         * @throws IllegalArgumentException if a character is no byte, if the pattern has a line end, or if two gaps
         *     without a fixed length touch
         */
        public Line {
            pattern = Patterns.checked(pattern, "line");
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "line " + Patterns.quoted(pattern);
        }
    }

    /**
     * This number of bytes, whatever they are: {@code 16} or {@code 4KiB}.
     *
     * @param bytes at least 1
     */
    record Size(long bytes) implements Expectation {
        /**
         * Checks the number.
         *
         * @param bytes how many
         * @throws IllegalArgumentException if there are none
         */
        public Size {
            Quantities.atLeastOne("expect", bytes);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return Quantities.text(bytes);
        }
    }

    /**
     * All bytes up to the first of these, and these: {@code through "\r\n\r\n"}.
     *
     * @param literal one character for each byte (U+0000 to U+00FF); at least one
     */
    record Through(String literal) implements Expectation {
        /**
         * Checks the bytes.
         *
         * @param literal one character for each byte
         * @throws IllegalArgumentException if a character is no byte, or if there is none
         */
        public Through {
            Latin1.checked("through", literal);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "through " + quoted(literal);
        }
    }

    /**
     * A frame: its length, and then its body: {@code frame u32 "ok{rest}"}.
     *
     * @param length how the length is encoded
     * @param pattern the pattern of the body, one character for each byte (U+0000 to U+00FF); {@code *} for any
     */
    record Frame(FrameLength length, String pattern) implements Expectation {
        /**
         * Checks the pattern, and removes escapes that are not needed.
         *
         * @param length how the length is encoded
         * @param pattern the pattern of the body
         * @throws IllegalArgumentException if a character is no byte, or if two gaps without a fixed length touch
         */
        public Frame {
            pattern = Patterns.checked(pattern, "frame");
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "frame " + length + (pattern.equals(Patterns.ANY) ? "" : " " + Patterns.quoted(pattern));
        }
    }

    /** The client's FIN: {@code fin}. */
    record Fin() implements Expectation {
        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "fin";
        }
    }

    /**
     * Several, each after the one before it, as one message: {@code "Q" frame u32 minus 4}.
     *
     * @param parts at least two; none is a FIN or a sequence
     */
    record Sequence(List<Expectation> parts) implements Expectation {
        /**
         * Copies the list.
         *
         * @param parts what is expected, in order
         * @throws IllegalArgumentException if there are fewer than two, or if one is a FIN or a sequence
         */
        public Sequence {
            parts = List.copyOf(parts);
            if (parts.size() < 2) {
                throw new IllegalArgumentException("a sequence must have at least 2 parts, not " + parts.size());
            }
            for (Expectation part : parts) {
                if (part instanceof Fin || part instanceof Sequence) {
                    throw new IllegalArgumentException("expect (" + part + ") must not be a part of a sequence");
                }
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < parts.size(); i++) {
                boolean isAny =
                        parts.get(i) instanceof Frame frame && frame.pattern().equals(Patterns.ANY);
                boolean isBeforeBytes = i + 1 < parts.size() && parts.get(i + 1) instanceof Bytes;
                text.append(i == 0 ? "" : " ").append(parts.get(i));
                text.append(
                        isAny && isBeforeBytes ? " " + Patterns.quoted(Patterns.ANY) : ""); // or the bytes would be it
            }
            return text.toString();
        }
    }

    /**
     * Returns an expectation of exactly this text, in UTF-8.
     *
     * @param literal the text; nothing in it is a pattern
     * @return the expectation
     */
    static Expectation bytes(String literal) {
        return new Bytes(Latin1.of(literal));
    }

    /**
     * Returns an expectation of exactly these bytes.
     *
     * @param literal at least one byte
     * @return the expectation
     */
    static Expectation bytes(byte[] literal) {
        return new Bytes(Latin1.of(literal));
    }

    /**
     * Returns an expectation of exactly the bytes with these hexadecimal digits.
     *
     * @param digits two for each byte, with spaces between bytes where wanted, such as {@code 00 1f}
     * @return the expectation
     * @throws IllegalArgumentException if the text is no such list
     */
    static Expectation hexBytes(String digits) {
        return new Bytes(Latin1.ofHex(digits));
    }

    /**
     * Returns an expectation of a line.
     *
     * @param pattern the pattern of the line without its end, in UTF-8
     * @return the expectation
     */
    static Expectation line(String pattern) {
        return new Line(Latin1.of(pattern));
    }

    /**
     * Returns an expectation of this number of bytes.
     *
     * @param bytes at least 1
     * @return the expectation
     */
    static Expectation size(long bytes) {
        return new Size(bytes);
    }

    /**
     * Returns an expectation of all bytes up to the first occurrence of this text, and of the text.
     *
     * @param literal the text, in UTF-8
     * @return the expectation
     */
    static Expectation through(String literal) {
        return new Through(Latin1.of(literal));
    }

    /**
     * Returns an expectation of a frame with any body.
     *
     * @param length how the length is encoded
     * @return the expectation
     */
    static Expectation frame(FrameLength length) {
        return new Frame(length, Patterns.ANY);
    }

    /**
     * Returns an expectation of a frame.
     *
     * @param length how the length is encoded
     * @param pattern the pattern of the body, in UTF-8
     * @return the expectation
     */
    static Expectation frame(FrameLength length, String pattern) {
        return new Frame(length, Latin1.of(pattern));
    }

    /**
     * Returns an expectation of the client's FIN.
     *
     * @return the expectation
     */
    static Expectation fin() {
        return new Fin();
    }

    /**
     * Returns an expectation of several, each after the one before it, as one message.
     *
     * @param parts at least two
     * @return the expectation
     */
    static Expectation sequence(Expectation... parts) {
        return new Sequence(List.of(parts));
    }

    private static String quoted(String literal) {
        return Escaping.quoteBytes(literal);
    }
}
