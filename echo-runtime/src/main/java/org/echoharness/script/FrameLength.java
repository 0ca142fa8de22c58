package org.echoharness.script;

import java.nio.ByteBuffer;
import org.echoharness.text.Quantities;

/**
 * The length that a frame begins with: {@code u16}, {@code u32 le}, {@code u32 minus 4}, {@code varint}. The frame's body
 * follows it. Immutable.
 *
 * @param kind how the length is encoded
 * @param isLittleEndian whether the least significant byte comes first; only for U16, U24 and U32
 * @param adjust what is added to the length to get the number of bytes of the body: -65536 to 65536. It is -4 for a {@code
 *     u32} that counts itself.
 */
public record FrameLength(Kind kind, boolean isLittleEndian, int adjust) {

    /** How a length is encoded. */
    public enum Kind {
        /** One byte. */
        U8("u8", 1),
        /** An unsigned number of 2 bytes. */
        U16("u16", 2),
        /** An unsigned number of 3 bytes. */
        U24("u24", 3),
        /** An unsigned number of 4 bytes. */
        U32("u32", 4),
        /**
         * 7 bits in each byte, the lowest first; the highest bit says that another byte follows. At most 5 bytes and a
         * length of at most 2,147,483,647, as in Protocol Buffers; MQTT uses at most 4 bytes.
         */
        VARINT("varint", 5);

        private final String word;
        private final int mostBytes;

        Kind(String word, int mostBytes) {
            this.word = word;
            this.mostBytes = mostBytes;
        }

        /** {@return the word in a script} */
        public String word() {
            return word;
        }

        /** {@return the number of bytes that a length takes; the most for a varint} */
        public int mostBytes() {
            return mostBytes;
        }

        /** {@return the greatest length} */
        public long most() {
            return this == VARINT ? Integer.MAX_VALUE : (1L << (8 * mostBytes)) - 1;
        }
    }

    /** A length of one byte: {@code u8}. */
    public static final FrameLength U8 = new FrameLength(Kind.U8, false, 0);

    /** A length of 2 bytes, the most significant first: {@code u16}. */
    public static final FrameLength U16 = new FrameLength(Kind.U16, false, 0);

    /** A length of 3 bytes, the most significant first: {@code u24}. */
    public static final FrameLength U24 = new FrameLength(Kind.U24, false, 0);

    /** A length of 4 bytes, the most significant first: {@code u32}. */
    public static final FrameLength U32 = new FrameLength(Kind.U32, false, 0);

    /** A length of 1 to 5 bytes: {@code varint}. */
    public static final FrameLength VARINT = new FrameLength(Kind.VARINT, false, 0);

    private static final int MOST_ADJUST = 64 << 10;

    /**
     * Checks the values.
     *
     * @param kind how the length is encoded
     * @param isLittleEndian whether the least significant byte comes first
     * @param adjust what is added to the length
     * @throws IllegalArgumentException if the kind has no byte order, or if {@code adjust} is out of range
     */
    public FrameLength {
        if (isLittleEndian && kind == Kind.U8) {
            throw new IllegalArgumentException("u8 has one byte; leave le out");
        }
        if (isLittleEndian && kind == Kind.VARINT) {
            throw new IllegalArgumentException("a varint has an order of its own; leave le out");
        }
        Quantities.inRange(adjust < 0 ? "minus" : "plus", Math.abs((long) adjust), 0, MOST_ADJUST, " bytes");
    }

    /** {@return this length with its least significant byte first} */
    public FrameLength littleEndian() {
        return new FrameLength(kind, true, adjust);
    }

    /**
     * Returns this length for a body that is longer than the length says.
     *
     * @param bytes how much longer, 1 byte to 64 KiB
     * @return the length
     */
    public FrameLength plus(int bytes) {
        return new FrameLength(kind, isLittleEndian, adjusted("plus", bytes));
    }

    /**
     * Returns this length for a body that is shorter than the length says, for example because the length counts itself.
     *
     * @param bytes how much shorter, 1 byte to 64 KiB
     * @return the length
     */
    public FrameLength minus(int bytes) {
        return new FrameLength(kind, isLittleEndian, -adjusted("minus", bytes));
    }

    private static int adjusted(String word, int bytes) {
        Quantities.atLeastOne(word, bytes);
        return Quantities.inRange(word, bytes, 1, MOST_ADJUST, " bytes");
    }

    /** {@return the greatest number of bytes of a body} */
    public long mostBody() {
        return kind.most() + adjust;
    }

    /**
     * Returns the bytes of the length for a body.
     *
     * @param body the number of bytes of the body
     * @return the length
     * @throws IllegalArgumentException if the length cannot hold that number
     */
    public byte[] encode(long body) {
        long value = body - adjust;
        if (value < 0 || value > kind.most()) {
            throw new IllegalArgumentException("frame " + this + " holds " + Math.max(0, adjust) + " to " + mostBody()
                    + " bytes, and these are " + body);
        }
        byte[] bytes = new byte[size(value)];
        for (int i = 0; i < bytes.length; i++) {
            if (kind == Kind.VARINT) {
                bytes[i] = (byte) ((value >> (7 * i) & 0x7F) | (i < bytes.length - 1 ? 0x80 : 0));
            } else {
                int shift = isLittleEndian ? i : bytes.length - 1 - i;
                bytes[i] = (byte) (value >> (8 * shift));
            }
        }
        return bytes;
    }

    private int size(long value) {
        if (kind != Kind.VARINT) {
            return kind.mostBytes();
        }
        int bytes = 1;
        for (long rest = value >> 7; rest > 0; rest >>= 7) {
            bytes++;
        }
        return bytes;
    }

    /**
     * Takes the length from the buffer, and returns how many bytes of a body follow it.
     *
     * @param bytes the buffer; nothing is taken from it if the length is not complete
     * @return the number of bytes of the body, or -1 if the length is not complete
     * @throws IllegalArgumentException if it is no such length: a varint of more than 5 bytes, a length that is too large,
     *     or one that is less than what it counts in addition to the body
     */
    public long decode(ByteBuffer bytes) {
        int start = bytes.position();
        long value = 0;
        for (int i = 0; i < kind.mostBytes(); i++) {
            if (!bytes.hasRemaining()) {
                bytes.position(start);
                return -1;
            }
            int at = bytes.get() & 0xFF;
            if (kind == Kind.VARINT) {
                value |= (long) (at & 0x7F) << (7 * i);
                if (at < 0x80) {
                    return body(value);
                }
            } else if (isLittleEndian) {
                value |= (long) at << (8 * i);
            } else {
                value = value << 8 | at;
            }
        }
        if (kind == Kind.VARINT) {
            throw new IllegalArgumentException("a varint of more than " + kind.mostBytes() + " bytes");
        }
        return body(value);
    }

    private long body(long value) {
        long body = value + adjust;
        if (body < 0 || value > kind.most()) {
            String why = body < 0 ? "less than " + -adjust : "more than " + kind.most();
            throw new IllegalArgumentException("a length of " + value + " in a frame " + this + ", " + why);
        }
        return body;
    }

    /** {@return the text in a script, such as {@code u32 le minus 4}} */
    @Override
    public String toString() {
        String text = kind.word() + (isLittleEndian ? " le" : "");
        return adjust == 0
                ? text
                : text + (adjust < 0 ? " minus " : " plus ") + Quantities.text(Math.abs((long) adjust));
    }
}
