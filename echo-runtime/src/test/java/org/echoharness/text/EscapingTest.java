package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.echoharness.Fault;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EscapingTest {

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "plain, `\"plain\"`",
                "`a\"b\\c`, `\"a\\\"b\\\\c\"`",
                "`\r\n\t`, `\"\\r\\n\\t\"`",
                "`\u001b[31m`, `\"\\x1b[31m\"`",
                "`\u202e`, `\"\\xe2\\x80\\xae\"`",
                "`\u007f`, `\"\\x7f\"`",
            })
    void escapesTerminalControls(String text, String quoted) {
        assertThat(Escaping.quote(text)).isEqualTo(quoted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Grüße",
                "Ελληνικά",
                "שלום",
                "日本語",
                "😀",
                "e\u0301", // a mark on a letter
                "€"
            })
    void showsVisibleText(String text) {
        assertThat(Escaping.quote(text)).isEqualTo('"' + text + '"');
        assertThat(Escaping.escape(text)).isEqualTo(text);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(Escaping.excerpt(bytes, 0)).isEqualTo('"' + text + '"');
        assertThat(Escaping.quoteBytes(new String(bytes, StandardCharsets.ISO_8859_1)))
                .isEqualTo('"' + text + '"');
    }

    /** Control characters, direction marks, other spaces, and characters that draw nothing. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                0x80, 0x85, 0x9B, 0x9F, 0xA0, 0xAD, 0x34F, 0x61C, 0x115F, 0x180E, 0x1680, 0x2000, 0x200B, 0x200C,
                0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x202F, 0x2060, 0x2066,
                0x2067, 0x2068, 0x2069, 0x206F, 0x2800, 0x3000, 0x3164, 0xE000, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFD,
                0xFFFF, 0x1D173, 0xE0041, 0xE0100, 0xF0000, 0x10FFFF
            })
    void escapesInvisibleCharacters(int point) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
            escaped.append(String.format("\\x%02x", b));
        }
        assertThat(Escaping.quote("a" + Character.toString(point) + "b")).isEqualTo("\"a" + escaped + "b\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c3",
                "80",
                "bf",
                "c0 80",
                "c1 bf",
                "c3 28",
                "e2 82",
                "e0 80 80",
                "e0 9f bf",
                "ed a0 80",
                "ed bf bf",
                "f0 80 80 80",
                "f0 8f bf bf",
                "f0 9f 98",
                "f4 90 80 80",
                "f5 80 80 80",
                "f8 88 80 80 80",
                "fe",
                "ff"
            })
    void escapesInvalidUtf8(String hex) {
        byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(hex);
        String escaped = ("\\x" + hex.replace(" ", "\\x")).replace("\\x28", "(");
        assertThat(Escaping.quote(ByteBuffer.wrap(bytes))).isEqualTo('"' + escaped + '"');
        byte[] between = ("ü" + "?".repeat(bytes.length) + "ü").getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, between, 2, bytes.length);
        assertThat(Escaping.quote(ByteBuffer.wrap(between))).isEqualTo("\"ü" + escaped + "ü\"");
    }

    @Test
    void escapesMarksWithoutLetter() {
        assertThat(Escaping.quote("\u0301")).isEqualTo("\"\\xcc\\x81\"");
        assertThat(Escaping.quote("\n\u0301")).isEqualTo("\"\\n\\xcc\\x81\"");
        assertThat(Escaping.quote("\u001f\u0301")).isEqualTo("\"\\x1f\\xcc\\x81\"");
        assertThat(Escaping.quote("\u007f\u0301")).isEqualTo("\"\\x7f\\xcc\\x81\"");
        assertThat(Escaping.quote(" \u0301~\u0301")).isEqualTo("\" \u0301~\u0301\"");
        assertThat(Escaping.quote("e" + "\u0301".repeat(6)))
                .isEqualTo("\"e" + "\u0301".repeat(4) + "\\xcc\\x81".repeat(2) + '"');
    }

    /** The text of any bytes has nothing invisible in it, and the bytes can be read from it again. */
    @Tag("random")
    @Test
    void roundTripsAnyBytes() {
        Random random = new Random(39);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(12)];
            random.nextBytes(bytes);
            if (i % 2 == 0) {
                String text = random.ints(4, 0, i % 4 == 0 ? 0x3000 : 0x110000)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
                bytes = text.getBytes(StandardCharsets.UTF_8);
            }
            Fault greeting = Fault.greet(bytes);
            assertThat(greeting.toString().codePoints()).allMatch(Utf8::isShown);
            assertThat(Fault.parse(greeting.toString())).isEqualTo(greeting);
        }
    }

    @Test
    void cutsNoCharacter() {
        byte[] bytes = ("x".repeat(Escaping.SHOWN - 1) + "ü").getBytes(StandardCharsets.UTF_8);
        assertThat(Escaping.quote(ByteBuffer.wrap(bytes)))
                .isEqualTo('"' + "x".repeat(1023) + "\" (the first 1023 shown)");
        byte[] umlauts = "ü".repeat(40).getBytes(StandardCharsets.UTF_8);
        for (int offset = 0; offset < umlauts.length; offset++) {
            int left = Math.min(12, (umlauts.length - offset + 1) / 2);
            assertThat(Escaping.excerpt(umlauts, offset)).isEqualTo('"' + "ü".repeat(left) + '"');
        }
    }

    @Test
    void cutsNoEscape() {
        String detail = "x".repeat(Escaping.SHOWN - 2) + "\\xff";
        assertThat(Escaping.cut(detail))
                .isEqualTo("x".repeat(Escaping.SHOWN - 2) + "... (the first 1024 characters kept)");
        String text = "a\\n\\xff\\\\😀b";
        assertThat(java.util.stream.IntStream.range(0, 13).mapToObj(most -> Escaping.first(text, most)))
                .containsExactly(
                        "",
                        "a",
                        "a",
                        "a\\n",
                        "a\\n",
                        "a\\n",
                        "a\\n",
                        "a\\n\\xff",
                        "a\\n\\xff",
                        "a\\n\\xff\\\\",
                        "a\\n\\xff\\\\",
                        "a\\n\\xff\\\\😀",
                        text);
    }

    @ParameterizedTest
    @CsvSource({
        "'', -1",
        "a😀b, -1",
        "a\uFFFD, 1",
        "a\uD83D, 1", // half of a pair
        "\uD83Da, 0",
        "\uDE00a, 0",
        "😀\uD83D, 2",
        "\uD83D\uD83D\uDE00, 0"
    })
    void findsWhatWasNotDecoded(String text, int index) {
        assertThat(Escaping.undecoded(text)).isEqualTo(index);
    }

    @Test
    void keepsTextThatFits() {
        String longest = "x".repeat(Escaping.SHOWN);
        assertThat(Escaping.cut(longest)).isEqualTo(longest);
        assertThat(Escaping.cut(longest + "x")).isEqualTo(longest + "... (the first 1024 characters kept)");
        assertThat(Escaping.first("abc", 3)).isEqualTo("abc");
        assertThat(Escaping.bytes(1)).isEqualTo("1 byte");
        assertThat(Escaping.bytes(0)).isEqualTo("0 bytes");
        assertThat(Escaping.bytes(2)).isEqualTo("2 bytes");
    }

    @Test
    void marksCutText() {
        byte[] long1 = "x".repeat(Escaping.SHOWN).getBytes(StandardCharsets.US_ASCII);
        byte[] long2 = "x".repeat(Escaping.SHOWN + 1).getBytes(StandardCharsets.US_ASCII);

        assertThat(Escaping.quote(ByteBuffer.wrap(long1))).isEqualTo('"' + "x".repeat(1024) + '"');
        assertThat(Escaping.quote(ByteBuffer.wrap(long2)))
                .isEqualTo('"' + "x".repeat(1024) + "\" (the first 1024 shown)");
    }

    /** What the buffer has before its position is neither shown nor counted. */
    @Test
    void quotesFromPositionOn() {
        ByteBuffer part = ByteBuffer.wrap(("abc" + "x".repeat(Escaping.SHOWN + 1)).getBytes(StandardCharsets.US_ASCII));
        assertThat(Escaping.quote(part.position(3))).isEqualTo('"' + "x".repeat(1024) + "\" (the first 1024 shown)");
    }

    /** The other process has escaped its quotes and backslashes before. */
    @Test
    void keepsQuotesOfOtherProcess() {
        assertThat(Escaping.visible("at \"a\\x00\" ü😀")).isEqualTo("at \"a\\x00\" ü😀");
        assertThat(Escaping.visible("a\nb\0\u202Ec")).isEqualTo("a\\nb\\x00\\xe2\\x80\\xaec");
        assertThat(Escaping.visible("")).isEmpty();
    }
}
