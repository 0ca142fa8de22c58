package org.echoharness.proxy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.echoharness.sockets.InetNames;
import org.jspecify.annotations.Nullable;

/**
 * A header, and its bytes. Any thread may use it.
 *
 * @param version 1 or 2
 * @param family what the header says that its addresses are: {@code TCP4}, {@code TCP6} or {@code UNIX}; or else why it has
 *     none that count: {@code UNKNOWN} (version 1), {@code LOCAL} (a connection of the proxy's own, such as a health check) or
 *     {@code UNSPEC}; or {@code UDP4}, {@code UDP6} or {@code UNIX datagram}, which do not count on a connection of TCP
 * @param client the address that the client has connected from; null if none counts
 * @param server the address that the client has connected to, of the same kind; null if none counts
 */
public record ProxyHeader(
        int version,
        String family,
        @Nullable SocketAddress client,
        @Nullable SocketAddress server) {

    /** What a header of version 2 begins with. */
    static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

    static final String UNKNOWN = "UNKNOWN";
    static final String UNSPEC = "UNSPEC";
    static final String LOCAL = "LOCAL";

    static final int FAMILY_INET = 1;
    static final int FAMILY_INET6 = 2;
    static final int FAMILY_UNIX = 3;
    static final int STREAM = 1;

    /** How many bytes a path has. */
    static final int PATH = 108;

    private static final int VERSION_2 = 0x20;
    private static final int PROXY = 1;

    /**
     * Returns the header that a relay sends.
     *
     * @param version V1 or V2
     * @param client the address that the client has connected from, and {@code server} the one that it has connected to: both
     *     of TCP or both of Unix sockets; null if they are not known
     */
    public static ProxyHeader of(
            HeaderVersion version, @Nullable SocketAddress client, @Nullable SocketAddress server) {
        int number = version == HeaderVersion.V1 ? 1 : 2;
        if (client instanceof InetSocketAddress from && server instanceof InetSocketAddress to) {
            boolean isV4 = from.getAddress() instanceof Inet4Address && to.getAddress() instanceof Inet4Address;
            return new ProxyHeader(number, isV4 ? "TCP4" : "TCP6", client, server);
        }
        boolean isUnix = client instanceof UnixDomainSocketAddress && server instanceof UnixDomainSocketAddress;
        return isUnix && number == 2
                ? new ProxyHeader(number, "UNIX", client, server)
                : new ProxyHeader(number, number == 1 ? UNKNOWN : UNSPEC, null, null);
    }

    /** Returns the bytes of the header. */
    public ByteBuffer bytes() {
        if (version == 1) {
            return ByteBuffer.wrap(line().getBytes(StandardCharsets.US_ASCII));
        }
        byte[] addresses = addresses();
        int kind = switch (family) {
            case "TCP4" -> FAMILY_INET << 4 | STREAM;
            case "TCP6" -> FAMILY_INET6 << 4 | STREAM;
            case "UNIX" -> FAMILY_UNIX << 4 | STREAM;
            default -> 0;
        };
        return ByteBuffer.allocate(SIGNATURE.length + 4 + addresses.length)
                .put(SIGNATURE)
                .put((byte) (VERSION_2 | PROXY))
                .put((byte) kind)
                .putShort((short) addresses.length)
                .put(addresses)
                .flip();
    }

    private String line() {
        return client instanceof InetSocketAddress from && server instanceof InetSocketAddress to
                ? "PROXY " + family + " " + host(from) + " " + host(to) + " " + from.getPort() + " " + to.getPort()
                        + "\r\n"
                : "PROXY " + UNKNOWN + "\r\n";
    }

    /** Returns the text of an address without its scope, and of an IPv4 address beside one of IPv6 as that family writes it. */
    private String host(InetSocketAddress address) {
        String text = InetNames.host(address.getAddress());
        boolean isMapped = family.equals("TCP6") && address.getAddress() instanceof Inet4Address;
        int scope = text.indexOf('%');
        return isMapped ? "::ffff:" + text : scope < 0 ? text : text.substring(0, scope);
    }

    private byte[] addresses() {
        if (client instanceof InetSocketAddress from && server instanceof InetSocketAddress to) {
            byte[] source = bytes(from.getAddress());
            byte[] target = bytes(to.getAddress());
            return ByteBuffer.allocate(source.length + target.length + 4)
                    .put(source)
                    .put(target)
                    .putShort((short) from.getPort())
                    .putShort((short) to.getPort())
                    .array();
        }
        if (client instanceof UnixDomainSocketAddress from && server instanceof UnixDomainSocketAddress to) {
            return ByteBuffer.allocate(2 * PATH).put(path(from)).put(path(to)).array();
        }
        return new byte[0];
    }

    private byte[] bytes(InetAddress address) {
        byte[] own = address.getAddress();
        boolean isMapped = family.equals("TCP6") && own.length == 4;
        return isMapped
                ? ByteBuffer.allocate(16).putLong(0).putInt(0xFFFF).put(own).array()
                : own;
    }

    private static byte[] path(UnixDomainSocketAddress address) {
        return Arrays.copyOf(address.getPath().toString().getBytes(StandardCharsets.UTF_8), PATH);
    }

    /** Returns such as {@code version 1, TCP4 192.0.2.1:56324 to 192.0.2.2:443} or {@code version 2, LOCAL}. */
    @Override
    public String toString() {
        String ends =
                client == null || server == null ? "" : " " + InetNames.text(client) + " to " + InetNames.text(server);
        return "version " + version + ", " + family + ends;
    }
}
