package org.echoharness.script;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** The framings of many protocols. Any thread may use them. */
public final class Framings {

    private Framings() {}

    /**
     * Returns the framing of lines in UTF-8. A line ends with LF; a CR before it belongs to the end. An answer ends with CR
     * LF. Bytes that are not UTF-8 are read as U+FFFD.
     *
     * @return the framing; its messages have no line ends
     */
    public static Framing<String> lines() {
        return lines(StandardCharsets.UTF_8, "\r\n");
    }

    /**
     * Returns the framing of lines. A line ends with LF; a CR before it belongs to the end.
     *
     * @param charset the encoding; LF must be the byte 0x0A in it, as in UTF-8 and ISO-8859-1
     * @param end what an answer ends with, such as {@code "\n"}
     * @return the framing; its messages have no line ends
     */
    public static Framing<String> lines(Charset charset, String end) {
        return new Lines(charset, end);
    }

    /**
     * Returns the framing of messages that end with a delimiter.
     *
     * @param delimiter at least one character, which stands for its bytes in UTF-8, such as {@code "\0"}
     * @return the framing; its messages have no delimiter
     * @throws IllegalArgumentException if the delimiter is empty
     */
    public static Framing<byte[]> delimiter(String delimiter) {
        return new Delimiter(delimiter.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns the framing of messages that have the same number of bytes. An answer must have it, too.
     *
     * @param bytes the number of bytes, at least 1
     * @return the framing
     * @throws IllegalArgumentException if the number is less than 1
     */
    public static Framing<byte[]> fixed(int bytes) {
        return new Fixed(bytes);
    }

    /**
     * Returns the framing of messages that begin with their length.
     *
     * @param length how the length is encoded, and what it counts
     * @return the framing; its messages are the bodies, without the lengths
     */
    public static Framing<byte[]> frame(FrameLength length) {
        return new Frame(length);
    }

    private record Lines(Charset charset, String end) implements Framing<String> {
        @Override
        public @Nullable String read(ByteBuffer bytes) {
            int start = bytes.position();
            int lineFeed = start;
            while (lineFeed < bytes.limit() && bytes.get(lineFeed) != '\n') {
                lineFeed++;
            }
            if (lineFeed == bytes.limit()) {
                return null;
            }
            boolean hasReturn = lineFeed > start && bytes.get(lineFeed - 1) == '\r';
            byte[] line = take(bytes, lineFeed - start - (hasReturn ? 1 : 0));
            bytes.position(lineFeed + 1);
            return new String(line, charset);
        }

        @Override
        public byte[] write(String message) {
            return message.concat(end).getBytes(charset);
        }
    }

    /** The array is not changed. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Delimiter(byte[] delimiter) implements Framing<byte[]> {
        Delimiter {
            Quantities.atLeastOne("delimiter", delimiter.length);
        }

        @Override
        public byte @Nullable [] read(ByteBuffer bytes) {
            int start = bytes.position();
            for (int at = start; at <= bytes.limit() - delimiter.length; at++) {
                if (isAt(bytes, at)) {
                    byte[] message = take(bytes, at - start);
                    bytes.position(at + delimiter.length);
                    return message;
                }
            }
            return null;
        }

        private boolean isAt(ByteBuffer bytes, int at) {
            for (int i = 0; i < delimiter.length; i++) {
                if (bytes.get(at + i) != delimiter[i]) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public byte[] write(byte[] message) {
            return joined(message, delimiter);
        }
    }

    private record Fixed(int bytes) implements Framing<byte[]> {
        Fixed {
            Quantities.atLeastOne("bytes", bytes);
        }

        @Override
        public byte @Nullable [] read(ByteBuffer from) {
            return from.remaining() < bytes ? null : take(from, bytes);
        }

        @Override
        public byte[] write(byte[] message) {
            if (message.length != bytes) {
                throw new IllegalArgumentException("an answer has " + Escaping.bytes(message.length)
                        + ", and the framing is fixed(" + bytes + "); return exactly as many");
            }
            return message;
        }
    }

    private record Frame(FrameLength length) implements Framing<byte[]> {
        @Override
        public byte @Nullable [] read(ByteBuffer bytes) {
            int start = bytes.position();
            long body = length.decode(bytes);
            if (body < 0 || body > bytes.remaining()) {
                bytes.position(start);
                return null;
            }
            return take(bytes, (int) body);
        }

        @Override
        public byte[] write(byte[] message) {
            return joined(length.encode(message.length), message);
        }
    }

    private static byte[] take(ByteBuffer bytes, int count) {
        byte[] taken = new byte[count];
        bytes.get(taken);
        return taken;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }
}
