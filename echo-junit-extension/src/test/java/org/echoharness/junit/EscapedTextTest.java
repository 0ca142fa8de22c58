package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EscapedTextTest {

    @ParameterizedTest
    @CsvSource({
        "abcd, 3, abc…",
        "abcd, 4, abcd",
        "ab\\x00cd, 5, ab…",
        "ab\\x00cd, 6, ab\\x00…",
        "ab\\\\cd, 3, ab…",
        "ab\\\\x00d, 5, ab\\\\x…",
        "ab\\ncd, 3, ab…",
        "ab\\ncd, 4, ab\\n…"
    })
    void cutsNoEscape(String text, int most, String expected) {
        assertThat(EscapedText.cut(text, most)).isEqualTo(expected);
    }

    @Test
    void cutsNoCharacter() {
        assertThat(EscapedText.cut("a\uD83C\uDF89b", 2)).isEqualTo("a…");
        assertThat(EscapedText.cut("a\uD83C\uDF89b", 3)).isEqualTo("a\uD83C\uDF89…");
    }
}
