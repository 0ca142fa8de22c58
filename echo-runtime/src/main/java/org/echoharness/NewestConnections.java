package org.echoharness;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Picks the newest of recorded connections, as many as fit into a file of limited size. */
final class NewestConnections {

    interface Size {
        long of(RecordedConnection connection) throws IOException;
    }

    /** Writes the text about a connection. */
    interface Content {
        void writeTo(Appendable text) throws IOException;
    }

    private NewestConnections() {}

    /** How many bytes it takes in UTF-8; it is never in memory as a whole. */
    static long textSize(Content content) throws IOException {
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

    /** One that alone is too large is passed over; from the first that does not fit any more, all older ones are left out. */
    static List<RecordedConnection> fitting(List<RecordedConnection> all, long mostBytes, Size size)
            throws IOException {
        List<RecordedConnection> fitting = new ArrayList<>();
        long left = mostBytes;
        for (int i = all.size() - 1; i >= 0; i--) {
            RecordedConnection connection = all.get(i);
            long bytes = size.of(connection);
            if (bytes <= left) {
                fitting.add(connection);
                left -= bytes;
            } else if (bytes <= mostBytes) {
                break;
            }
        }
        Collections.reverse(fitting);
        return fitting;
    }
}
