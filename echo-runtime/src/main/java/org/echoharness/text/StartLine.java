package org.echoharness.text;

import java.net.Inet4Address;
import java.net.InetSocketAddress;

/** The first line that a server prints about an address on which it listens. */
public final class StartLine {

    private StartLine() {}

    /**
     * Returns what the line ends with: nothing if the server speaks no TLS.
     *
     * @param kind the value of the option {@code tls}
     * @param beginsWithTls whether clients speak TLS from their first byte on
     */
    public static String tls(String kind, boolean beginsWithTls) {
        if (kind.equals("none")) {
            return "";
        }
        return (beginsWithTls ? " with TLS (" : " with STARTTLS (") + kind + ")";
    }

    /** Returns the line about an address whose text says all, such as that of a Unix socket. */
    public static String of(String address) {
        return "starting up on " + address;
    }

    /**
     * Returns the line about an address of TCP.
     *
     * @param host the numeric text of the address's host
     */
    public static String of(String host, InetSocketAddress address) {
        String line = of(host + " port " + address.getPort());
        if (!address.getAddress().isAnyLocalAddress()) {
            return line;
        }
        return line + " (every interface, "
                + (address.getAddress() instanceof Inet4Address ? "IPv4)" : "IPv4 and IPv6)");
    }
}
