package org.echoharness.replay;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Escaping;

/** Reads the packets of a capture: a pcapng file (draft-ietf-opsawg-pcapng) or a pcap file, in either byte order. */
final class CaptureFile {

    /**
     * A packet as it was captured.
     *
     * @param number its number in the file, from 1
     * @param linkType what it begins with
     * @param bytes the bytes that were captured
     * @param length how many bytes it had on the wire
     * @param nanos the time since 1970
     */
    record Packet(int number, int linkType, ByteBuffer bytes, long length, long nanos) {}

    /** Gets the packets and the comments of a file, one after the other. */
    interface Reader {
        void packet(Packet packet) throws CaptureFormatException;

        void comment(String text) throws CaptureFormatException;
    }

    private record Interface(int linkType, long snapLength, int resolution, long offset) {

        private static final int BINARY = 0x80;

        /** Returns the nanoseconds of a time stamp. */
        long nanos(long stamp) {
            BigInteger units = new BigInteger(Long.toUnsignedString(stamp)).multiply(BigInteger.valueOf(1_000_000_000));
            int exponent = resolution & ~BINARY;
            BigInteger second =
                    (resolution & BINARY) != 0 ? BigInteger.ONE.shiftLeft(exponent) : BigInteger.TEN.pow(exponent);
            return units.divide(second).longValue() + offset * 1_000_000_000;
        }
    }

    private static final int SECTION = 0x0A0D0D0A;
    private static final int BYTE_ORDER = 0x1A2B3C4D;
    private static final int INTERFACE = 1;
    private static final int OLD_PACKET = 2;
    private static final int SIMPLE_PACKET = 3;
    private static final int PACKET = 6;
    private static final int COMMENT = 1;
    private static final int RESOLUTION = 9;
    private static final int OFFSET = 14;
    private static final int MICROS = 6;
    private static final int PCAP_MICROS = 0xA1B2C3D4;
    private static final int PCAP_NANOS = 0xA1B23C4D;
    private static final int LEAST_BLOCK = 12;
    private static final int SHOWN = 8;

    private final ByteBuffer file;
    private final Reader reader;
    private final List<Interface> interfaces = new ArrayList<>();
    private int packets;

    private CaptureFile(byte[] bytes, Reader reader) {
        file = ByteBuffer.wrap(bytes);
        this.reader = reader;
    }

    /** Reads the whole file. */
    static void read(byte[] bytes, Reader reader) throws CaptureFormatException {
        CaptureFile capture = new CaptureFile(bytes, reader);
        int magic = bytes.length < 4 ? 0 : capture.file.getInt(0);
        int reversed = Integer.reverseBytes(magic);
        if (magic == SECTION) {
            capture.blocks();
        } else if (magic == PCAP_MICROS || magic == PCAP_NANOS) {
            capture.records(magic == PCAP_NANOS);
        } else if (reversed == PCAP_MICROS || reversed == PCAP_NANOS) {
            capture.file.order(ByteOrder.LITTLE_ENDIAN);
            capture.records(reversed == PCAP_NANOS);
        } else if (magic >>> 16 == 0x1F8B) {
            throw new CaptureFormatException("it is compressed; unpack it with gunzip");
        } else {
            String start = new String(bytes, 0, Math.min(SHOWN, bytes.length), StandardCharsets.ISO_8859_1);
            throw new CaptureFormatException("it is no pcapng or pcap file"
                    + (start.isEmpty() ? ": it is empty" : ", as it begins with " + Escaping.quoteBytes(start))
                    + "; give a capture of tshark or Wireshark, or a script under another name");
        }
    }

    private void blocks() throws CaptureFormatException {
        while (file.hasRemaining()) {
            int start = file.position();
            if (file.remaining() < LEAST_BLOCK) {
                throw cut();
            }
            int type = file.getInt(start);
            if (type == SECTION) {
                file.order(ByteOrder.BIG_ENDIAN);
                boolean isLittle = file.getInt(start + 8) == Integer.reverseBytes(BYTE_ORDER);
                if (!isLittle && file.getInt(start + 8) != BYTE_ORDER) {
                    throw damaged(start);
                }
                file.order(isLittle ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
                interfaces.clear();
            }
            long length = Integer.toUnsignedLong(file.getInt(start + 4));
            if (length < LEAST_BLOCK || length % 4 != 0) {
                throw damaged(start);
            }
            if (length > file.remaining()) {
                throw cut();
            }
            ByteBuffer body = file.slice(start + 8, (int) length - LEAST_BLOCK).order(file.order());
            try {
                block(file.getInt(start), body);
            } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException bad) {
                throw damaged(start);
            }
            file.position(start + (int) length);
        }
    }

    private void block(int type, ByteBuffer body) throws CaptureFormatException {
        switch (type) {
            case SECTION -> {
                body.position(16);
                options(body, new int[] {MICROS}, new long[1]);
            }
            case INTERFACE -> {
                int linkType = Short.toUnsignedInt(body.getShort());
                body.getShort();
                long snapLength = Integer.toUnsignedLong(body.getInt());
                int[] resolution = {MICROS};
                long[] offset = {0};
                options(body, resolution, offset);
                interfaces.add(new Interface(linkType, snapLength, resolution[0], offset[0]));
            }
            case PACKET -> packet(interfaces.get(body.getInt()), body);
            case OLD_PACKET -> {
                int at = Short.toUnsignedInt(body.getShort());
                body.getShort();
                packet(interfaces.get(at), body);
            }
            case SIMPLE_PACKET -> {
                Interface of = interfaces.get(0);
                long length = Integer.toUnsignedLong(body.getInt());
                long captured = of.snapLength() == 0 ? length : Math.min(length, of.snapLength());
                reader.packet(new Packet(
                        ++packets, of.linkType(), body.slice(body.position(), Math.toIntExact(captured)), length, 0));
            }
            default -> {} // names, statistics and so on
        }
    }

    private void packet(Interface of, ByteBuffer body) throws CaptureFormatException {
        long stamp = Integer.toUnsignedLong(body.getInt()) << 32 | Integer.toUnsignedLong(body.getInt());
        int captured = body.getInt();
        long length = Integer.toUnsignedLong(body.getInt());
        ByteBuffer bytes = body.slice(body.position(), captured);
        body.position(body.position() + padded(captured));
        options(body, new int[] {MICROS}, new long[1]);
        reader.packet(new Packet(++packets, of.linkType(), bytes, length, of.nanos(stamp)));
    }

    /** Reads comments, and the two options that say what time stamps mean. */
    private void options(ByteBuffer body, int[] resolution, long[] offset) throws CaptureFormatException {
        while (body.remaining() >= 4) {
            int code = Short.toUnsignedInt(body.getShort());
            int length = Short.toUnsignedInt(body.getShort());
            ByteBuffer value = body.slice(body.position(), length).order(body.order());
            body.position(Math.min(body.limit(), body.position() + padded(length)));
            if (code == 0) {
                return;
            }
            if (code == COMMENT) {
                reader.comment(StandardCharsets.UTF_8.decode(value).toString());
            } else if (code == RESOLUTION && length == 1) {
                resolution[0] = Byte.toUnsignedInt(value.get());
            } else if (code == OFFSET && length == 8) {
                offset[0] = value.getLong();
            }
        }
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }

    /** Reads a pcap file. */
    private void records(boolean isNanos) throws CaptureFormatException {
        if (file.remaining() < 24) {
            throw cut();
        }
        int linkType = file.getInt(20) & 0xFFFF;
        file.position(24);
        while (file.hasRemaining()) {
            if (file.remaining() < 16) {
                throw cut();
            }
            long seconds = Integer.toUnsignedLong(file.getInt());
            long fraction = Integer.toUnsignedLong(file.getInt());
            long captured = Integer.toUnsignedLong(file.getInt());
            long length = Integer.toUnsignedLong(file.getInt());
            if (captured > file.remaining()) {
                throw cut();
            }
            ByteBuffer bytes = file.slice(file.position(), (int) captured);
            file.position(file.position() + (int) captured);
            long nanos = seconds * 1_000_000_000 + fraction * (isNanos ? 1 : 1_000);
            reader.packet(new Packet(++packets, linkType, bytes, length, nanos));
        }
    }

    private CaptureFormatException cut() {
        return new CaptureFormatException("the file ends in the middle of a packet, after packet " + packets
                + "; end the capture before you read it, or save it anew with Wireshark");
    }

    private static CaptureFormatException damaged(int at) {
        return new CaptureFormatException(
                "the block at byte " + at + " is damaged; capture again, or save the file anew with Wireshark");
    }
}
