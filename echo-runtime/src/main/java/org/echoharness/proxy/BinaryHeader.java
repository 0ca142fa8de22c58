package org.echoharness.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;

/** Reads the header of version 2: 16 bytes, and as many more as the last two of these say. */
final class BinaryHeader {

    /** How many bytes it has at least. */
    static final int LEAST = 16;

    /** How many of its bytes say something: what follows the longest addresses is left out. */
    static final int MOST_READ = LEAST + 2 * ProxyHeader.PATH;

    private static final int DATAGRAM = 2;

    private BinaryHeader() {}

    /**
     * Returns how many bytes must follow at least; 0 if it is complete. It begins as such a header does.
     *
     * @param bytes what has come, or the first {@link #MOST_READ} bytes of it
     * @param size how many bytes have come
     */
    static int missing(byte[] bytes, int size) throws MalformedHeaderException {
        int command = size > 12 ? bytes[12] & 0xFF : 0x20;
        if (command >> 4 != 2 || (command & 0xF) > 1) {
            throw new MalformedHeaderException("version 2 with the command LOCAL or PROXY (byte 13: 0x20 or 0x21)");
        }
        int kind = size > 13 && !isLocal(bytes) ? bytes[13] & 0xFF : 0; // the family of LOCAL may be any
        if (kind >> 4 > ProxyHeader.FAMILY_UNIX || (kind & 0xF) > DATAGRAM) {
            throw new MalformedHeaderException("an address family from 0 to 3 and a transport from 0 to 2 (byte 14)");
        }
        if (size < LEAST) {
            return LEAST - size;
        }
        int length = (bytes[14] & 0xFF) << 8 | (bytes[15] & 0xFF);
        int least = lengthOf(kind);
        if (length < least) {
            throw new MalformedHeaderException(
                    "at least " + least + " bytes of addresses (bytes 15 and 16: " + length + ")");
        }
        return LEAST + length - size;
    }

    private static boolean isLocal(byte[] bytes) {
        return (bytes[12] & 0xF) == 0;
    }

    /** Returns how many bytes the addresses of a family and transport have. */
    private static int lengthOf(int kind) {
        return (kind & 0xF) == 0
                ? 0
                : switch (kind >> 4) {
                    case ProxyHeader.FAMILY_INET -> 2 * 4 + 4;
                    case ProxyHeader.FAMILY_INET6 -> 2 * 16 + 4;
                    case ProxyHeader.FAMILY_UNIX -> 2 * ProxyHeader.PATH;
                    default -> 0;
                };
    }

    /** Reads a header that is complete. What follows the addresses is left out. */
    static ProxyHeader read(byte[] bytes) {
        int kind = bytes[13] & 0xFF;
        if (isLocal(bytes)) {
            return new ProxyHeader(2, ProxyHeader.LOCAL, null, null);
        }
        if (lengthOf(kind) == 0) {
            return new ProxyHeader(2, ProxyHeader.UNSPEC, null, null);
        }
        int family = kind >> 4;
        if ((kind & 0xF) == DATAGRAM) {
            String name = family == ProxyHeader.FAMILY_INET
                    ? "UDP4"
                    : family == ProxyHeader.FAMILY_INET6 ? "UDP6" : "UNIX datagram";
            return new ProxyHeader(2, name, null, null);
        }
        ByteBuffer addresses = ByteBuffer.wrap(bytes, LEAST, lengthOf(kind));
        if (family == ProxyHeader.FAMILY_UNIX) {
            SocketAddress client = path(addresses);
            return new ProxyHeader(2, "UNIX", client, path(addresses));
        }
        byte[] source = new byte[family == ProxyHeader.FAMILY_INET ? 4 : 16];
        byte[] target = new byte[source.length];
        addresses.get(source).get(target);
        SocketAddress client = new InetSocketAddress(LineHeader.inet(source), addresses.getShort() & 0xFFFF);
        SocketAddress server = new InetSocketAddress(LineHeader.inet(target), addresses.getShort() & 0xFFFF);
        return new ProxyHeader(2, source.length == 4 ? "TCP4" : "TCP6", client, server);
    }

    /** Reads a path, which ends at the first zero byte. One that is not possible here counts as none. */
    private static UnixDomainSocketAddress path(ByteBuffer from) {
        byte[] all = new byte[ProxyHeader.PATH];
        from.get(all);
        int length = 0;
        while (length < all.length && all[length] != 0) {
            length++;
        }
        try {
            return UnixDomainSocketAddress.of(new String(all, 0, length, StandardCharsets.UTF_8));
        } catch (InvalidPathException impossible) {
            return UnixDomainSocketAddress.of("");
        }
    }
}
