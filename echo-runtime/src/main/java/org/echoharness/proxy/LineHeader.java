package org.echoharness.proxy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.echoharness.sockets.InetNames;

/** Reads the header of version 1: one line of text, such as {@code PROXY TCP4 192.0.2.1 192.0.2.2 56324 443}, CR and LF. */
final class LineHeader {

    static final byte[] PREFIX = {'P', 'R', 'O', 'X', 'Y', ' '};

    /** The shortest line, {@code PROXY UNKNOWN}. */
    static final int LEAST = 15;

    /** The longest line, with CR and LF. */
    static final int MOST = 107;

    /** What follows each protocol at least. */
    private static final Map<String, Integer> LEAST_REST =
            Map.of("TCP4", " 0.0.0.0 0.0.0.0 0 0".length(), "TCP6", " :: :: 0 0".length(), ProxyHeader.UNKNOWN, 0);

    private static final int PROTOCOL = 1; // the places of words
    private static final int FIRST_PORT = 4;
    private static final int WORDS = 6;
    private static final String END = "CR and LF after the two ports";
    private static final String PROTOCOLS = "TCP4, TCP6 or UNKNOWN after PROXY";

    private LineHeader() {}

    /** Returns how many bytes must follow at least; 0 if the line is complete. It begins as such a line does. */
    static int missing(byte[] bytes, int size) throws MalformedHeaderException {
        for (int i = 0; i < size; i++) {
            boolean isAfterCr = i > 0 && bytes[i - 1] == '\r';
            if (isAfterCr != (bytes[i] == '\n')) {
                throw new MalformedHeaderException("a line that ends with CR and LF");
            }
        }
        int least =
                size > 0 && bytes[size - 1] == '\n' ? 0 : size > 0 && bytes[size - 1] == '\r' ? 1 : least(bytes, size);
        if (size + least > MOST) {
            throw new MalformedHeaderException("a line of at most " + MOST + " bytes with CR and LF");
        }
        return least;
    }

    private static int least(byte[] bytes, int size) throws MalformedHeaderException {
        String[] words = words(bytes, size);
        if (words.length <= PROTOCOL) {
            return LEAST - size;
        }
        String protocol = words[PROTOCOL];
        if (words.length == PROTOCOL + 1) {
            int shortest = Integer.MAX_VALUE;
            for (Map.Entry<String, Integer> each : LEAST_REST.entrySet()) {
                if (each.getKey().startsWith(protocol)) {
                    shortest = Math.min(shortest, each.getKey().length() - protocol.length() + each.getValue() + 2);
                }
            }
            if (shortest == Integer.MAX_VALUE) {
                throw new MalformedHeaderException(PROTOCOLS);
            }
            return shortest;
        }
        if (!LEAST_REST.containsKey(protocol)) {
            throw new MalformedHeaderException(PROTOCOLS);
        }
        if (protocol.equals(ProxyHeader.UNKNOWN)) {
            return 2;
        }
        if (words.length > WORDS) {
            throw new MalformedHeaderException(END);
        }
        int last = words.length - 1;
        int least = words[last].isEmpty() ? leastOf(protocol, last) : 0;
        for (int i = last + 1; i < WORDS; i++) {
            least += 1 + leastOf(protocol, i);
        }
        return least + 2;
    }

    private static int leastOf(String protocol, int word) {
        return word >= FIRST_PORT ? 1 : protocol.equals("TCP4") ? "0.0.0.0".length() : "::".length();
    }

    private static String[] words(byte[] bytes, int size) {
        return new String(bytes, 0, size, StandardCharsets.ISO_8859_1).split(" ", -1);
    }

    /** Reads a line that is complete. */
    static ProxyHeader read(byte[] bytes, int size) throws MalformedHeaderException {
        String[] words = words(bytes, size - 2);
        String protocol = words.length > PROTOCOL ? words[PROTOCOL] : "";
        if (!LEAST_REST.containsKey(protocol)) {
            throw new MalformedHeaderException(PROTOCOLS);
        }
        if (protocol.equals(ProxyHeader.UNKNOWN)) {
            return new ProxyHeader(1, protocol, null, null);
        }
        if (words.length != WORDS) {
            throw new MalformedHeaderException(
                    words.length > WORDS ? END : "two addresses and two ports, with one space before each");
        }
        boolean isV4 = protocol.equals("TCP4");
        SocketAddress client = address(isV4, words[2], words[4], "source");
        return new ProxyHeader(1, protocol, client, address(isV4, words[3], words[5], "destination"));
    }

    private static InetSocketAddress address(boolean isV4, String host, String port, String what)
            throws MalformedHeaderException {
        byte[] bytes = isV4 ? v4(host) : v6(host);
        if (bytes.length == 0) {
            throw new MalformedHeaderException("an " + (isV4 ? "IPv4" : "IPv6") + " address as the " + what);
        }
        int number = number(port, 65_535);
        if (number < 0) {
            throw new MalformedHeaderException(
                    "a port from 0 to 65535 as the " + what + ", without zeros before the number");
        }
        return new InetSocketAddress(inet(bytes), number);
    }

    /** Returns the address, with its numeric form as its host name, so that nobody looks up the name. */
    static InetAddress inet(byte[] bytes) {
        try {
            InetAddress unnamed = bytes.length == 4
                    ? InetAddress.getByAddress(bytes)
                    : Inet6Address.getByAddress(
                            null, bytes, -1); // stays one of IPv6 if an IPv4 address is mapped to it
            String name = InetNames.host(unnamed);
            return bytes.length == 4
                    ? InetAddress.getByAddress(name, bytes)
                    : Inet6Address.getByAddress(name, bytes, -1);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // it has 4 or 16 bytes
        }
    }

    private static byte[] v4(String text) {
        String[] parts = text.split("\\.", -1);
        byte[] bytes = new byte[4];
        for (int i = 0; i < parts.length; i++) {
            int part = parts.length == bytes.length ? number(parts[i], 255) : -1;
            if (part < 0) {
                return new byte[0];
            }
            bytes[i] = (byte) part;
        }
        return bytes;
    }

    private static byte[] v6(String text) {
        if (text.indexOf(':') < 0) {
            return new byte[0];
        }
        for (String group : List.of(text.split(":", -1))) {
            boolean isHex = group.length() <= 4;
            for (int i = 0; i < group.length(); i++) {
                isHex &= group.charAt(i) < 0x80 && Character.digit(group.charAt(i), 16) >= 0;
            }
            if (!isHex && (v4(group).length == 0 || !text.endsWith(group))) {
                return new byte[0];
            }
        }
        try {
            byte[] bytes = InetAddress.getByName("[" + text + "]").getAddress(); // in brackets it is never looked up
            boolean isMapped = bytes.length == 4;
            byte[] all = new byte[16];
            System.arraycopy(bytes, 0, all, 16 - bytes.length, bytes.length);
            all[10] = isMapped ? -1 : all[10];
            all[11] = isMapped ? -1 : all[11];
            return all;
        } catch (UnknownHostException malformed) {
            return new byte[0];
        }
    }

    /** Returns a decimal number without leading zeros, or -1. */
    private static int number(String text, int most) {
        boolean isNumber = !text.isEmpty() && text.length() <= 5 && (text.length() == 1 || text.charAt(0) != '0');
        int number = 0;
        for (int i = 0; i < text.length() && isNumber; i++) {
            char digit = text.charAt(i);
            isNumber = digit >= '0' && digit <= '9';
            number = number * 10 + digit - '0';
        }
        return isNumber && number <= most ? number : -1;
    }
}
