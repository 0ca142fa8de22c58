package org.echoharness.json;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one JSON text on one line, piece by piece. The caller writes a name before each value of an object, and ends what
 * it begins. One thread uses it.
 */
public final class JsonWriter {

    private static final String HEX = "0123456789abcdef";

    private final Appendable out;
    private boolean needsComma;

    /** @param out takes the text; each method fails as it does */
    public JsonWriter(Appendable out) {
        this.out = out;
    }

    /** What writes a JSON value. */
    public interface Value {
        void writeTo(JsonWriter json) throws IOException;
    }

    /** Returns the text of a value. */
    public static String text(Value value) {
        StringBuilder text = new StringBuilder();
        try {
            value.writeTo(new JsonWriter(text));
        } catch (IOException impossible) {
            throw new AssertionError(impossible); // it goes into memory
        }
        return text.toString();
    }

    public JsonWriter beginObject() throws IOException {
        return begin('{');
    }

    public JsonWriter endObject() throws IOException {
        return end('}');
    }

    public JsonWriter beginArray() throws IOException {
        return begin('[');
    }

    public JsonWriter endArray() throws IOException {
        return end(']');
    }

    /** Writes the name of the next value of an object. */
    public JsonWriter name(String name) throws IOException {
        separate();
        string(name);
        out.append(':');
        needsComma = false;
        return this;
    }

    public JsonWriter value(long number) throws IOException {
        return raw(Long.toString(number));
    }

    public JsonWriter value(boolean flag) throws IOException {
        return raw(flag ? "true" : "false");
    }

    /** Writes a string, or {@code null}. */
    public JsonWriter value(@Nullable String text) throws IOException {
        if (text == null) {
            return raw("null");
        }
        separate();
        string(text);
        needsComma = true;
        return this;
    }

    /** Writes an array of strings. */
    public JsonWriter values(Iterable<String> texts) throws IOException {
        beginArray();
        for (String text : texts) {
            value(text);
        }
        return endArray();
    }

    /** Writes an object whose values are strings. */
    public JsonWriter values(Map<String, String> texts) throws IOException {
        beginObject();
        for (Map.Entry<String, String> each : texts.entrySet()) {
            name(each.getKey()).value(each.getValue());
        }
        return endObject();
    }

    /** Writes <code>{"text": "…"}</code> if the bytes are valid UTF-8, otherwise <code>{"base64": "…"}</code>. */
    public JsonWriter bytes(ByteBuffer bytes) throws IOException {
        beginObject();
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.duplicate())
                    .toString();
            name("text").value(text);
        } catch (CharacterCodingException binary) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            name("base64").value(Base64.getEncoder().encodeToString(copy));
        }
        return endObject();
    }

    private JsonWriter begin(char bracket) throws IOException {
        separate();
        out.append(bracket);
        needsComma = false;
        return this;
    }

    private JsonWriter end(char bracket) throws IOException {
        out.append(bracket);
        needsComma = true;
        return this;
    }

    private JsonWriter raw(String text) throws IOException {
        separate();
        out.append(text);
        needsComma = true;
        return this;
    }

    private void separate() throws IOException {
        if (needsComma) {
            out.append(',');
        }
    }

    private void string(String text) throws IOException {
        out.append('"');
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c == '"' || c == '\\' || c == '\u2028' || c == '\u2029' || isUnpaired(text, i)) {
                out.append(text, from, i);
                escape(c);
                from = i + 1;
            }
        }
        out.append(text, from, text.length()).append('"');
    }

    /** Half of a surrogate pair has no bytes in UTF-8. */
    private static boolean isUnpaired(String text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    private void escape(char c) throws IOException {
        switch (c) {
            case '"', '\\' -> out.append('\\').append(c);
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
                out.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out.append(HEX.charAt((c >> shift) & 0xF));
                }
            }
        }
    }
}
