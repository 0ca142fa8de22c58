package org.echoharness.replay;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Finds the TCP segment in a packet of a capture: in IPv4 or IPv6, after the header of the link. */
final class PacketDecoder {

    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int TCP = 6;

    private static final String ANEW = "capture again with whole packets (tshark and dumpcap do so without -s)";

    private PacketDecoder() {}

    /** Returns the segment, or null if the packet is of another protocol. */
    static @Nullable TcpSegment segment(CaptureFile.Packet packet) throws CaptureFormatException {
        ByteBuffer bytes = packet.bytes().duplicate();
        int protocol = protocol(packet, bytes);
        if (protocol < 0 || !bytes.hasRemaining()) {
            return null;
        }
        int version = (bytes.get(bytes.position()) & 0xFF) >> 4;
        boolean isKnown = (version == 4 && protocol != IPV6) || (version == 6 && protocol != IPV4);
        return isKnown ? ip(packet, bytes.slice(), version == 6) : null;
    }

    /** Skips the header of the link. Returns the protocol after it, 0 if the header does not say, or -1 if none is. */
    private static int protocol(CaptureFile.Packet packet, ByteBuffer bytes) throws CaptureFormatException {
        return switch (packet.linkType()) {
            case 0, 108 -> after(bytes, 4, -1); // BSD's loopback
            case 1 -> ethernet(bytes);
            case 12, 14, 101, 228, 229 -> 0; // raw IP
            case 113 -> after(bytes, 16, 14); // Linux cooked
            case 276 -> after(bytes, 20, 0); // Linux cooked, version 2
            default ->
                throw new CaptureFormatException("packet " + packet.number() + " has the link type " + packet.linkType()
                        + ", which is not supported; capture on Ethernet or a loopback interface");
        };
    }

    private static int after(ByteBuffer bytes, int header, int protocolAt) {
        if (bytes.remaining() < header) {
            return -1;
        }
        int start = bytes.position();
        bytes.position(start + header);
        return protocolAt < 0 ? 0 : Short.toUnsignedInt(bytes.getShort(start + protocolAt));
    }

    private static int ethernet(ByteBuffer bytes) {
        int type = after(bytes, 14, 12);
        while (type == 0x8100 || type == 0x88A8 || type == 0x9100) { // tags of virtual networks
            type = after(bytes, 4, 2);
        }
        return type == IPV4 || type == IPV6 ? type : -1;
    }

    private static @Nullable TcpSegment ip(CaptureFile.Packet packet, ByteBuffer ip, boolean isIpv6)
            throws CaptureFormatException {
        int header = isIpv6 ? 40 : 20;
        need(packet, ip, header);
        int addressLength = isIpv6 ? 16 : 4;
        int addressAt = isIpv6 ? 8 : 12;
        String source = address(ip, addressAt, addressLength);
        String target = address(ip, addressAt + addressLength, addressLength);
        int length = Short.toUnsignedInt(ip.getShort(isIpv6 ? 4 : 2)) + (isIpv6 ? 40 : 0);
        boolean isUnknown = length == (isIpv6 ? 40 : 0); // of a large packet that the network card divides
        int protocol = ip.get(isIpv6 ? 6 : 9) & 0xFF;
        boolean isFragment = false;
        if (isIpv6) {
            while (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60) {
                need(packet, ip, header + 8);
                int size = ip.get(header + 1) & 0xFF;
                isFragment |= protocol == 44 && (ip.getShort(header + 2) & 0xFFF9) != 0;
                int next = ip.get(header) & 0xFF;
                header += protocol == 44 ? 8 : protocol == 51 ? (size + 2) * 4 : (size + 1) * 8;
                protocol = next;
            }
        } else {
            header = (ip.get(0) & 15) * 4;
            isFragment = (ip.getShort(6) & 0x3FFF) != 0;
        }
        if (protocol != TCP) {
            return null;
        }
        if (isFragment) {
            throw new CaptureFormatException("packet " + packet.number()
                    + " is a fragment of an IP packet; capture where packets are whole, for instance on the loopback"
                    + " interface");
        }
        long end = isUnknown ? packet.length() - (packet.bytes().limit() - ip.limit()) : length;
        return tcp(packet, ip, header, end, source, target);
    }

    private static TcpSegment tcp(
            CaptureFile.Packet packet, ByteBuffer ip, int at, long end, String source, String target)
            throws CaptureFormatException {
        need(packet, ip, at + 20);
        int sourcePort = Short.toUnsignedInt(ip.getShort(at));
        int targetPort = Short.toUnsignedInt(ip.getShort(at + 2));
        int start = at + ((ip.get(at + 12) & 0xFF) >> 4) * 4;
        if (end > start) {
            need(packet, ip, end);
        }
        byte[] payload = new byte[(int) Math.max(0, end - start)];
        ip.get(start <= ip.limit() ? start : ip.limit(), payload);
        return new TcpSegment(
                packet.number(),
                source + ":" + sourcePort,
                target + ":" + targetPort,
                sourcePort,
                targetPort,
                ip.getInt(at + 4),
                ip.getInt(at + 8),
                ip.get(at + 13) & 0xFF,
                new String(payload, StandardCharsets.ISO_8859_1),
                packet.nanos());
    }

    private static void need(CaptureFile.Packet packet, ByteBuffer ip, long bytes) throws CaptureFormatException {
        if (ip.limit() < bytes) {
            throw new CaptureFormatException("packet " + packet.number() + " is cut off: "
                    + packet.bytes().limit() + " of its " + Math.max(packet.length(), bytes)
                    + " bytes were captured; " + ANEW);
        }
    }

    private static String address(ByteBuffer ip, int at, int length) {
        byte[] bytes = new byte[length];
        ip.get(at, bytes);
        try {
            String text = InetAddress.getByAddress(bytes).getHostAddress();
            return length == 16 ? "[" + text + "]" : text;
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // it has the length of an address
        }
    }
}
