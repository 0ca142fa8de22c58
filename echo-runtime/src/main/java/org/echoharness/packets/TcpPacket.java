package org.echoharness.packets;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A TCP segment in an IP packet, with the checksums of both. Any thread may use it.
 *
 * @param from the address of the sender
 * @param to the address of the receiver, of the same family
 * @param flags a sum of the constants
 * @param sequence the number of the first byte that it has
 * @param acknowledged the number of the next byte that the sender expects; used only with {@link #ACK}
 */
public record TcpPacket(InetSocketAddress from, InetSocketAddress to, int flags, long sequence, long acknowledged) {

    public static final int FIN = 1;
    public static final int SYN = 2;
    public static final int RST = 4;
    public static final int PSH = 8;
    public static final int ACK = 16;

    /** Returns the packet with these bytes as its payload, which IPv4 limits to 65,495. */
    public ByteBuffer with(byte[] payload, int offset, int length) {
        byte[] source = from.getAddress().getAddress();
        byte[] target = to.getAddress().getAddress();
        ByteBuffer tcp = ByteBuffer.allocate(20 + length)
                .putShort((short) from.getPort())
                .putShort((short) to.getPort())
                .putInt((int) sequence)
                .putInt((flags & ACK) == 0 ? 0 : (int) acknowledged)
                .put((byte) (5 << 4))
                .put((byte) flags)
                .putShort((short) 0xFFFF)
                .putInt(0)
                .put(payload, offset, length);
        tcp.putShort(16, tcpChecksum(source, target, tcp.array()));
        return ByteBuffer.wrap(ip(source, target, tcp.array()));
    }

    private static byte[] ip(byte[] source, byte[] target, byte[] tcp) {
        if (source.length == 16) {
            return ByteBuffer.allocate(40 + tcp.length)
                    .putInt(6 << 28)
                    .putShort((short) tcp.length)
                    .put((byte) 6)
                    .put((byte) 64)
                    .put(source)
                    .put(target)
                    .put(tcp)
                    .array();
        }
        ByteBuffer ip = ByteBuffer.allocate(20 + tcp.length)
                .putShort((short) 0x4500)
                .putShort((short) (20 + tcp.length))
                .putInt(0x4000) // identification 0, flag "do not fragment"
                .put((byte) 64)
                .put((byte) 6)
                .putShort((short) 0)
                .put(source)
                .put(target);
        ip.putShort(10, (short) ~sum(0, ip.array(), 20));
        return ip.put(tcp).array();
    }

    private static short tcpChecksum(byte[] source, byte[] target, byte[] tcp) {
        int sum = sum(0, source, source.length);
        sum = sum(sum, target, target.length);
        sum = sum(sum, new byte[] {0, 6, (byte) (tcp.length >> 8), (byte) tcp.length}, 4);
        return (short) ~sum(sum, tcp, tcp.length);
    }

    /** Computes the checksum of RFC 1071. */
    private static int sum(int start, byte[] bytes, int length) {
        long sum = start;
        for (int i = 0; i < length; i += 2) {
            sum += (bytes[i] & 0xFF) << 8 | (i + 1 < length ? bytes[i + 1] & 0xFF : 0);
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return (int) sum;
    }
}
