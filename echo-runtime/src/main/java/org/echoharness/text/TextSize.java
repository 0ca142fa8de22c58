package org.echoharness.text;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/** Counts the bytes of a text in UTF-8 without holding the whole text in memory. */
public final class TextSize {

    /** Writes the text. */
    public interface Content {
        void writeTo(Appendable text) throws IOException;
    }

    private TextSize() {}

    /** Returns the number of bytes that the content writes. */
    public static long of(Content content) throws IOException {
        ByteCount count = new ByteCount();
        Writer text = new BufferedWriter(new OutputStreamWriter(count, StandardCharsets.UTF_8));
        content.writeTo(text);
        text.flush();
        return count.bytes;
    }

    private static final class ByteCount extends OutputStream {
        private long bytes;

        @Override
        public void write(int b) {
            bytes++;
        }

        @Override
        public void write(byte[] of, int from, int length) {
            bytes += length;
        }
    }
}
