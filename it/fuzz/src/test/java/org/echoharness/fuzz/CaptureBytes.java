package org.echoharness.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds a capture of one conversation: IPv4 without a link, as pcap or pcapng, with checksums of zero. */
final class CaptureBytes {

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;

    private static final int RAW = 101;
    private static final int CLIENT_PORT = 40_000;
    private static final int SERVER_PORT = 5_432;

    private final ByteOrder order;
    private final boolean isNew; // pcapng
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final int[] next = {100, 1_000}; // sequence numbers of client and server
    private int seconds = 1_700_000_000;

    CaptureBytes(ByteOrder order, boolean isNew) {
        this.order = order;
        this.isNew = isNew;
        if (isNew) {
            block(0x0A0D0D0A, buffer(16).putInt(0x1A2B3C4D).putInt(1).putLong(-1));
            block(1, buffer(8).putShort((short) RAW).putShort((short) 0).putInt(0));
        } else {
            file.writeBytes(buffer(24)
                    .putInt(0xA1B2C3D4)
                    .putShort((short) 2)
                    .putShort((short) 4)
                    .putLong(0)
                    .putInt(262_144)
                    .putInt(RAW)
                    .array());
        }
    }

    CaptureBytes handshake() {
        return packet(true, SYN, 0, "").packet(false, SYN | ACK, 0, "").packet(true, ACK, 0, "");
    }

    CaptureBytes client(String latin1) {
        return packet(true, ACK, 0, latin1);
    }

    CaptureBytes server(String latin1) {
        return packet(false, ACK, 0, latin1);
    }

    /**
     * Adds a packet.
     *
     * @param shift what is added to the sequence number that is its turn
     */
    CaptureBytes packet(boolean isByClient, int flags, int shift, String latin1) {
        int from = isByClient ? 0 : 1;
        byte[] payload = latin1.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer packet = ByteBuffer.allocate(40 + payload.length)
                .putShort((short) 0x4500)
                .putShort((short) (40 + payload.length))
                .putInt(0x4000)
                .putShort((short) 0x4006)
                .putShort((short) 0)
                .putInt(isByClient ? 0x0A000001 : 0x0A000002)
                .putInt(isByClient ? 0x0A000002 : 0x0A000001)
                .putShort((short) (isByClient ? CLIENT_PORT : SERVER_PORT))
                .putShort((short) (isByClient ? SERVER_PORT : CLIENT_PORT))
                .putInt(next[from] + shift)
                .putInt((flags & ACK) == 0 ? 0 : next[1 - from])
                .put((byte) 0x50)
                .put((byte) flags)
                .putShort((short) 0xFFFF)
                .putInt(0)
                .put(payload);
        if (shift == 0) {
            next[from] += payload.length + (flags & SYN) / SYN + (flags & FIN);
        }
        seconds++;
        int size = packet.capacity();
        if (isNew) {
            int padded = (size + 3) / 4 * 4;
            ByteBuffer body = buffer(20 + padded).putInt(0).putInt(0).putInt(seconds);
            block(6, body.putInt(size).putInt(size).put(packet.array()));
        } else {
            file.writeBytes(buffer(16 + size)
                    .putInt(seconds)
                    .putInt(0)
                    .putInt(size)
                    .putInt(size)
                    .put(packet.array())
                    .array());
        }
        return this;
    }

    private void block(int type, ByteBuffer body) {
        int length = 12 + body.capacity();
        file.writeBytes(buffer(length)
                .putInt(type)
                .putInt(length)
                .put(body.rewind())
                .putInt(length)
                .array());
    }

    private ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(order);
    }

    byte[] file() {
        return file.toByteArray();
    }
}
