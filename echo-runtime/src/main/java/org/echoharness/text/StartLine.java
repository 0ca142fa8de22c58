package org.echoharness.text;

import java.net.Inet4Address;
import java.net.InetSocketAddress;

/** The first line that a server prints about an address on which it listens. */
public final class StartLine {

    private StartLine() {}

    /**
     * Returns the line.
     *
     * @param host the numeric text of the address's host
     */
    public static String of(String host, InetSocketAddress address) {
        String line = "starting up on " + host + " port " + address.getPort();
        if (!address.getAddress().isAnyLocalAddress()) {
            return line;
        }
        return line + " (every interface, "
                + (address.getAddress() instanceof Inet4Address ? "IPv4)" : "IPv4 and IPv6)");
    }
}
