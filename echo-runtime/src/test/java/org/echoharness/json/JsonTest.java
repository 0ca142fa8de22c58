package org.echoharness.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    private static final int MOST = 10_000_000;

    @Test
    void writesEveryKindOfValue() {
        String text = JsonWriter.text(json -> json.beginObject()
                .name("a")
                .value(1)
                .name("b")
                .value(true)
                .name("c")
                .value(null)
                .name("d")
                .beginArray()
                .value("x")
                .beginObject()
                .endObject()
                .value(-2)
                .endArray()
                .name("e")
                .values(List.of())
                .name("f")
                .values(Map.of("k", "v"))
                .endObject());

        assertThat(text).isEqualTo("{\"a\":1,\"b\":true,\"c\":null,\"d\":[\"x\",{},-2],\"e\":[],\"f\":{\"k\":\"v\"}}");
    }

    @Test
    void escapesWhatIsNoTextInJsonOrUtf8() {
        String text = JsonWriter.text(
                json -> json.value("\"\\\n\r\t\u0000\u001f\u2028" + (char) 0xD83D + "x" + (char) 0xDE00 + "😀é"));

        assertThat(text).isEqualTo("\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\\u2028\\ud83dx\\ude00😀é\"");
    }

    @Test
    void bytesAreTextOnlyIfTheyAreUtf8() {
        assertThat(bytes("é\n".getBytes(StandardCharsets.UTF_8))).isEqualTo("{\"text\":\"é\\n\"}");
        assertThat(bytes(new byte[0])).isEqualTo("{\"text\":\"\"}");
        assertThat(bytes(new byte[] {(byte) 0xC3})).isEqualTo("{\"base64\":\"ww==\"}");
        assertThat(bytes(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80})).startsWith("{\"base64\"");
    }

    private static String bytes(byte[] bytes) {
        return JsonWriter.text(json -> json.bytes(ByteBuffer.wrap(bytes)));
    }

    @Test
    void readsBytesBack() {
        Random random = new Random(1);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextInt(6)];
            random.nextBytes(bytes);

            assertThat(JsonReader.bytes(JsonReader.read(bytes(bytes), MOST))).isEqualTo(bytes);
        }
    }

    @Test
    void readsEveryStringBack() {
        Random random = new Random(2);
        for (int i = 0; i < 2_000; i++) {
            char[] chars = new char[random.nextInt(8)];
            for (int c = 0; c < chars.length; c++) {
                chars[c] = (char) (random.nextBoolean() ? random.nextInt(128) : random.nextInt(0x10000));
            }
            String string = new String(chars);

            assertThat(JsonReader.read(JsonWriter.text(json -> json.value(string)), MOST))
                    .isEqualTo(string);
        }
    }

    @Test
    void readsEveryKindOfValue() {
        Object read = JsonReader.read(
                " {\"a\" : [1, -2.5, 1e3, 9223372036854775808, 0], \"b\": {}, \"c\": [true, false, null], \"d\": \"\\u00e9\\/\\b\\f\"}\n",
                MOST);

        assertThat(read)
                .isEqualTo(Map.of(
                        "a", List.of(1L, -2.5, 1000.0, 0x1p63, 0L),
                        "b", Map.of(),
                        "c", Arrays.asList(true, false, null),
                        "d", "é/\b\f"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"a\" 1}|JSON, offset 5: expected \":\", seen \"1}\"",
                "[1 2]|JSON, offset 3: expected \"]\", seen \"2]\"",
                "[1,]|JSON, offset 3: expected a value, seen \"]\"",
                "{\"a\":1,\"a\":2}|JSON, offset 7: expected a name that the object does not have yet, seen \"\\\"a\\\":2}\"",
                "01|JSON, offset 1: expected the end of the text, seen \"1\"",
                "1.|JSON, offset 2: expected a digit, seen the end",
                "tru|JSON, offset 0: expected a value, seen \"tru\"",
                "\"a|JSON, offset 2: expected the rest of the string, with control characters escaped, seen the end",
                "\"\\x\"|JSON, offset 2: expected an escape of JSON, such as \\n, seen \"x\\\"\"",
                "\"\\u12g4\"|JSON, offset 5: expected four hexadecimal digits, seen \"g4\\\"\"",
                "nul|JSON, offset 0: expected a value, seen \"nul\"",
                "-|JSON, offset 1: expected a value, seen the end",
            })
    void errorNamesOffset(String text, String error) {
        assertThatThrownBy(() -> JsonReader.read(text, MOST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(error);
    }

    @Test
    void limitsDepthAndSize() {
        assertThat(JsonReader.read("[".repeat(64) + "]".repeat(64), MOST)).isNotNull();
        assertThatThrownBy(() -> JsonReader.read("[".repeat(100_000), MOST))
                .hasMessageStartingWith("JSON, offset 64: expected at most 64 levels");
        assertThatThrownBy(() -> JsonReader.read("[1]", 2))
                .hasMessage("the JSON text has 3 characters; at most 2 are read");
        assertThatThrownBy(() -> JsonReader.read("1".repeat(401), MOST)).hasMessageContaining("at most 400");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"base64\":\"?\"}", "{}", "\"x\"", "null"})
    void refusesOtherFormsOfBytes(String json) {
        assertThatThrownBy(() -> JsonReader.bytes(JsonReader.read(json, MOST)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
