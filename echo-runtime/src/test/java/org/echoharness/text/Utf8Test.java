package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Characters at the limits of each length (RFC 3629, section 4), alone and between others. */
class Utf8Test {

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0, 0x7F, 0x80, 0xBF, 0xC0, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0xFFFFF,
                0x10FFFF
            })
    void readsFirstAndLastCharacterOfEachLength(int point) {
        String text = Character.toString(point);
        ByteBuffer alone = bytes(text);
        int length = alone.limit();
        assertThat(Utf8.length(point)).isEqualTo(length);
        assertThat(Utf8.codePoint(alone, 0, length)).isEqualTo(point);
        assertThat(Utf8.codePoint(bytes("a" + text + "b"), 1, length + 2)).isEqualTo(point);
        if (length > 1) {
            assertThat(Utf8.codePoint(alone, 0, length - 1)).as("cut").isNegative();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "80",
                "bf",
                "c080",
                "c1bf",
                "c27f",
                "c2c0",
                "df7f",
                "e09fbf",
                "e0a07f",
                "eda080",
                "edbfbf",
                "f08fbfbf",
                "f4908080",
                "f5808080",
                "f09f7f80",
                "ff808080"
            })
    void readsNoOtherBytes(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int point = Utf8.codePoint(ByteBuffer.wrap(bytes), 0, bytes.length);
        assertThat(point).isNegative();
        assertThat(Utf8.length(point)).isEqualTo(1);
    }

    @Test
    void boundaryIsStartOfCharacter() {
        ByteBuffer bytes = bytes("aé€😀b");
        int[] starts = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
        for (int offset = 0; offset < starts.length; offset++) {
            assertThat(Utf8.boundary(bytes, offset)).as("of " + offset).isEqualTo(starts[offset]);
        }
        ByteBuffer later = bytes.position(4); // what is before the position is not looked at
        assertThat(Utf8.boundary(later, 5)).isEqualTo(5);
        assertThat(Utf8.boundary(ByteBuffer.wrap(new byte[] {(byte) 0xE2, (byte) 0x82}), 1))
                .as("in an incomplete character")
                .isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "0x20, true",
        "0x7E, true",
        "0x7F, false",
        "0xA1, true",
        "0x34E, true",
        "0x34F, false",
        "0x350, true",
        "0x115E, true",
        "0x115F, false",
        "0x1160, false",
        "0x1161, true",
        "0x17B3, true",
        "0x17B4, false",
        "0x17B5, false",
        "0x17B6, true",
        "0x180A, true",
        "0x180B, false",
        "0x180D, false",
        "0x1810, true",
        "0x27FF, true",
        "0x2800, false",
        "0x2801, true",
        "0xFE00, false",
        "0xFE0F, false",
        "0xFE10, true",
        "0xFFFC, false",
        "0xFFFD, false",
        "0xE0100, false",
        "0xE01EF, false",
        "-1, false"
    })
    void knowsVisibleCharacters(String point, boolean isShown) {
        assertThat(Utf8.isShown(Integer.decode(point))).isEqualTo(isShown);
    }

    @Test
    void knowsMarks() {
        assertThat(Utf8.isMark(0x301)).isTrue();
        assertThat(Utf8.isMark(0x20DD)).isTrue();
        assertThat(Utf8.isMark(0x903)).isTrue();
        assertThat(Utf8.isMark('a')).isFalse();
        assertThat(Utf8.isMark(-1)).isFalse();
    }
}
