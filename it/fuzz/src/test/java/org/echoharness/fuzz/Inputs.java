package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.provider.Arguments;

/** What the targets have in common: texts from bytes, seeds, and what an error must be like. */
final class Inputs {

    private static final int LEAST = 4_096; // characters that an error may have whatever the input is
    private static final int ESCAPED = 12; // characters of an error for one of the input

    private Inputs() {}

    /** Returns the bytes as UTF-8 if they are, and one character for each byte otherwise. */
    static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException other) {
            return latin1(bytes);
        }
    }

    /** Returns one character for each byte. */
    static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Returns the bytes from an index on. */
    static byte[] rest(byte[] bytes, int from) {
        return Arrays.copyOfRange(bytes, from, bytes.length);
    }

    static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    /** Returns texts as seeds. */
    static Stream<Arguments> seeds(String... texts) {
        return Stream.of(texts).map(text -> seed(text, text.getBytes(StandardCharsets.UTF_8)));
    }

    static Arguments seed(String name, byte[] bytes) {
        return Arguments.of(Named.of(name, bytes));
    }

    /**
     * Checks the error that a text is refused with.
     *
     * @param option what it must name
     * @param size of the input, as errors are not much longer
     */
    static void assertRefusal(IllegalArgumentException refused, String option, int size) {
        String message = refused.getMessage();
        assertThat(message).as("%s", refused).isNotNull().contains(option);
        assertThat(refused).isNotInstanceOf(NumberFormatException.class);
        assertThat(message.length()).as(message).isLessThan(LEAST + ESCAPED * size);
        assertShown(message);
    }

    /** Fails if a line has a character that a terminal would act on. */
    static void assertShown(String line) {
        assertThat(line.codePoints())
                .as(line)
                .noneMatch(point -> Character.isISOControl(point)
                        || Character.getType(point) == Character.SURROGATE
                        || Character.getType(point) == Character.FORMAT
                        || Character.getType(point) == Character.LINE_SEPARATOR
                        || Character.getType(point) == Character.PARAGRAPH_SEPARATOR);
    }
}
