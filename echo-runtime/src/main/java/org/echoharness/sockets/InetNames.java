package org.echoharness.sockets;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The texts of IP addresses. Any thread may call the methods; none looks up a name. */
public final class InetNames {

    private InetNames() {}

    /** Returns the numeric form of an address: that of RFC 5952 for IPv6, without brackets, with the scope if it has one. */
    public static String host(InetAddress address) {
        return address instanceof Inet4Address ? address.getHostAddress() : compressed((Inet6Address) address);
    }

    /** Returns {@code host:port}, {@code [v6]:port} or {@code unix:PATH}. */
    public static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return UnixNames.text(address);
        }
        String host = host(inet.getAddress());
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
    }

    /** RFC 5952, section 4: lower case, no leading zeros, the longest run of two or more zero groups as "::". */
    private static String compressed(Inet6Address address) {
        byte[] bytes = address.getAddress();
        int[] groups = new int[8];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = (bytes[2 * i] & 0xFF) << 8 | (bytes[2 * i + 1] & 0xFF);
        }
        int start = -1;
        int length = 1;
        for (int i = 0; i < groups.length; i++) {
            int end = i;
            while (end < groups.length && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                start = i;
                length = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups.length; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(groups[i]));
            }
        }
        String full = address.getHostAddress();
        return address.getScopeId() != 0 ? text + full.substring(full.indexOf('%')) : text.toString();
    }
}
