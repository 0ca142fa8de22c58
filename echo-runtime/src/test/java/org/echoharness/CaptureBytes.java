package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Builds captures byte by byte, as other programs write them. Checksums are zero, as network cards fill them in. */
final class CaptureBytes {

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;

    enum Link {
        NULL(0, 4, -1),
        ETHERNET(1, 14, 12),
        RAW(101, 0, -1),
        COOKED(113, 16, 14),
        COOKED_2(276, 20, 0);

        final int type;
        final int header;
        final int protocolAt;

        Link(int type, int header, int protocolAt) {
            this.type = type;
            this.header = header;
            this.protocolAt = protocolAt;
        }
    }

    /** The packets, which a test may reorder, repeat or remove. */
    final List<byte[]> packets = new ArrayList<>();

    private final Link link;
    private final boolean isIpv6;
    private final int clientPort;
    private final int serverPort;
    private int[] next = {0xFFFF_FFFA, 1_000}; // sequence numbers of client and server; the first wraps around soon

    CaptureBytes(Link link, boolean isIpv6, int clientPort, int serverPort) {
        this.link = link;
        this.isIpv6 = isIpv6;
        this.clientPort = clientPort;
        this.serverPort = serverPort;
    }

    static CaptureBytes ethernet() {
        return new CaptureBytes(Link.ETHERNET, false, 40_000, 5_432);
    }

    CaptureBytes handshake() {
        return packet(true, SYN, "").packet(false, SYN | ACK, "").packet(true, ACK, "");
    }

    CaptureBytes client(String latin1) {
        return packet(true, ACK, latin1);
    }

    CaptureBytes server(String latin1) {
        return packet(false, ACK, latin1);
    }

    /** Adds a packet, and counts its bytes. */
    CaptureBytes packet(boolean isByClient, int flags, String latin1) {
        int from = isByClient ? 0 : 1;
        byte[] payload = latin1.getBytes(ISO_8859_1);
        ByteBuffer tcp = ByteBuffer.allocate(24 + payload.length)
                .putShort((short) (isByClient ? clientPort : serverPort))
                .putShort((short) (isByClient ? serverPort : clientPort))
                .putInt(next[from])
                .putInt((flags & ACK) == 0 ? 0 : next[1 - from])
                .put((byte) (6 << 4))
                .put((byte) flags)
                .putShort((short) 0xFFFF)
                .putInt(0)
                .put(new byte[] {1, 1, 1, 1}) // options without meaning
                .put(payload);
        next[from] += payload.length + (flags & SYN) / SYN + (flags & FIN);
        byte[] ip = isIpv6 ? ipv6(isByClient, tcp.array()) : ipv4(isByClient, tcp.array());
        ByteBuffer packet = ByteBuffer.allocate(Math.max(60, link.header + ip.length)); // as short frames are filled up
        if (link.protocolAt >= 0) {
            packet.putShort(link.protocolAt, (short) (isIpv6 ? 0x86DD : 0x0800));
        }
        packet.position(link.header);
        packets.add(packet.put(ip).array());
        return this;
    }

    private static byte[] ipv4(boolean isByClient, byte[] tcp) {
        byte[][] ends = {{10, 0, 0, 1}, {10, 0, 0, 2}};
        return ByteBuffer.allocate(20 + tcp.length)
                .put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) (20 + tcp.length))
                .putInt(0x4000)
                .put((byte) 64)
                .put((byte) 6)
                .putShort((short) 0)
                .put(ends[isByClient ? 0 : 1])
                .put(ends[isByClient ? 1 : 0])
                .put(tcp)
                .array();
    }

    private static byte[] ipv6(boolean isByClient, byte[] tcp) {
        byte[] options = {6, 0, 1, 4, 0, 0, 0, 0}; // of hops, before TCP
        ByteBuffer ip = ByteBuffer.allocate(40 + options.length + tcp.length)
                .putInt(0x6000_0000)
                .putShort((short) (options.length + tcp.length))
                .put((byte) 0)
                .put((byte) 64);
        ip.put(23, (byte) (isByClient ? 1 : 2)).put(39, (byte) (isByClient ? 2 : 1));
        return ip.position(40).put(options).put(tcp).array();
    }

    /** Returns the file in pcapng form. */
    byte[] pcapng(ByteOrder order) {
        return pcapng(order, Integer.MAX_VALUE, packets);
    }

    /** @param snapLength how many bytes of a packet are captured */
    byte[] pcapng(ByteOrder order, int snapLength, List<byte[]> all) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        block(order, 0x0A0D0D0A, body(order, 16).putInt(0x1A2B3C4D).putInt(1).putLong(-1), out);
        block(
                order,
                1,
                body(order, 8).putShort((short) link.type).putShort((short) 0).putInt(0),
                out);
        block(order, 0x0BAD, body(order, 4), out); // of another program
        long micros = 1_700_000_000_000_000L;
        for (byte[] packet : all) {
            int captured = Math.min(snapLength, packet.length);
            ByteBuffer body = body(order, 20 + (captured + 3) / 4 * 4)
                    .putInt(0)
                    .putInt((int) (micros >> 32))
                    .putInt((int) micros)
                    .putInt(captured)
                    .putInt(packet.length)
                    .put(packet, 0, captured);
            block(order, 6, body, out);
            micros += 20_000;
        }
        return out.toByteArray();
    }

    private static ByteBuffer body(ByteOrder order, int bytes) {
        return ByteBuffer.allocate(bytes).order(order);
    }

    private static void block(ByteOrder order, int type, ByteBuffer body, ByteArrayOutputStream out) {
        int length = 12 + body.capacity();
        byte[] block = ByteBuffer.allocate(length)
                .order(order)
                .putInt(type)
                .putInt(length)
                .put(body.rewind())
                .putInt(length)
                .array();
        out.writeBytes(block);
    }

    /** Returns the file in pcap form. */
    byte[] pcap(ByteOrder order, boolean isNanos) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(body(order, 24)
                .putInt(isNanos ? 0xA1B23C4D : 0xA1B2C3D4)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(262_144)
                .putInt(link.type)
                .array());
        for (byte[] packet : packets) {
            out.writeBytes(body(order, 16 + packet.length)
                    .putInt(1_700_000_000)
                    .putInt(0)
                    .putInt(packet.length)
                    .putInt(packet.length)
                    .put(packet)
                    .array());
        }
        return out.toByteArray();
    }
}
