package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {

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
    void escapesWhatATerminalWouldActOn(String text, String quoted) {
        assertThat(Text.quote(text)).isEqualTo(quoted);
    }

    @Test
    void everyByteBecomesPrintableAscii() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }

        assertThat(Text.quote(ByteBuffer.wrap(all)))
                .matches("[ -~]+")
                .startsWith("\"\\x00\\x01")
                .endsWith("\\xff\"");
    }

    @Test
    void saysWhenItCuts() {
        byte[] long1 = "x".repeat(Text.SHOWN).getBytes(StandardCharsets.US_ASCII);
        byte[] long2 = "x".repeat(Text.SHOWN + 1).getBytes(StandardCharsets.US_ASCII);

        assertThat(Text.quote(ByteBuffer.wrap(long1))).isEqualTo('"' + "x".repeat(1024) + '"');
        assertThat(Text.quote(ByteBuffer.wrap(long2))).isEqualTo('"' + "x".repeat(1024) + "\" (the first 1024 shown)");
    }
}
