package org.echoharness;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.Set;
import org.echoharness.sockets.InetNames;
import org.echoharness.sockets.UnixNames;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * An address in the form in which every front end reads and prints it: {@code host:port}, {@code [v6]:port}, and
 * {@code *:port} or {@code :port} for every interface of both families. With port 0 the kernel picks a port.
 *
 * <p>The text form of an IPv6 address is that of RFC 5952 ({@code ::1}), in brackets if a port follows it (RFC 3986,
 * section 3.2.2). The prefixes {@code udp:} and {@code tls:} are reserved; {@link ServerAddress#parse(String)} also reads
 * {@code unix:}.
 *
 * @param host a name or a numeric address without brackets; {@code *} means every interface
 * @param port 0 to 65,535
 */
public record HostAndPort(String host, int port) implements ServerAddress {

    /** The default port of the front ends in the foreground (command line, {@code run}, {@code client}): 10,000. */
    public static final int DEFAULT_PORT = 10_000;

    static final String EVERY_INTERFACE = "*";

    /** What an address begins with that is the path of a Unix socket: see {@link ServerAddress#parse(String)}. */
    static final String UNIX = UnixNames.PREFIX;

    /** The option whose address is connected to, so that it has a host and a port. */
    static final String UPSTREAM = "upstream";

    private static final String FORMS = "write it as host:port, [v6]:port, *:port or unix:PATH";
    private static final String FORMS_OF_ONE = "write it as host:port, [v6]:port or unix:PATH";
    private static final String ADDRESS = "address";
    private static final Set<String> RESERVED = Set.of("udp", "tls");

    /**
     * Checks host and port.
     *
     * @param host a name or a numeric address without brackets; {@code *} means every interface
     * @param port 0 to 65,535
     * @throws IllegalArgumentException if the host is empty or contains a character that no host has, or if the port is
     *     out of range
     */
    public HostAndPort {
        check(ADDRESS, host);
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("address: port (" + port + ") must be from 0 to 65535");
        }
    }

    /**
     * Reads {@code host:port}, {@code [v6]:port}, {@code *:port} or {@code :port}. No name is looked up.
     *
     * @param text the address
     * @return its two parts
     * @throws IllegalArgumentException if the text has another form; the message says which one to write
     */
    public static HostAndPort parse(String text) {
        return parse(text, -1);
    }

    /**
     * Reads an address like {@link #parse(String)}, but the port may be left out.
     *
     * @param text the address
     * @param defaultPort the port if the text has none; if this is negative, the text must have one
     * @return its two parts
     * @throws IllegalArgumentException if the text has another form; the message says which one to write
     */
    public static HostAndPort parse(String text, int defaultPort) {
        return parse(ADDRESS, text, defaultPort);
    }

    /**
     * Reads the address of an option.
     *
     * @param option the name of the option, for errors: {@code address}, or {@link #UPSTREAM}
     */
    static HostAndPort parse(String option, String text, int defaultPort) {
        String forms = option.equals(UPSTREAM) ? FORMS_OF_ONE : FORMS;
        String trimmed = text.strip();
        int bracket = trimmed.startsWith("[") ? trimmed.indexOf(']') : 0;
        if (trimmed.isEmpty() || bracket < 0) {
            throw malformed(option, text, forms);
        }
        int scheme = trimmed.indexOf("://");
        if (scheme >= 0) {
            String begin = Escaping.escape(trimmed.substring(0, scheme + 3));
            throw malformed(option, text, "leave out " + begin + "; " + forms);
        }
        int colon = trimmed.indexOf(':', bracket);
        String host = trimmed.substring(0, colon < 0 ? trimmed.length() : colon);
        if (host.indexOf('/') != -1) {
            throw malformed(
                    option, text, "a host has no slash; for a Unix socket write unix:" + Escaping.escape(trimmed));
        }
        if (isNumber(host)) { // the system would read it as an IPv4 address: 10000 is 0.0.39.16
            String cure = "a number is not a host; for a port of this machine write localhost:" + host;
            throw malformed(option, text, cure);
        }
        if (trimmed.startsWith(UNIX)) {
            throw malformed(option, text, "a Unix socket has no host and no port, which are needed here");
        }
        if (colon != -1 && RESERVED.contains(host.toLowerCase(Locale.ROOT))) {
            throw malformed(option, text, "the prefix " + host + ": is reserved and does nothing yet; " + forms);
        }
        if (bracket == 0 && colon != -1 && trimmed.indexOf(':', colon + 1) != -1) {
            throw malformed(option, text, "write an IPv6 address in brackets, as in [::1]:10000");
        }
        String unwrapped = unwrap(option, host, bracket, text);
        check(option, unwrapped);
        return new HostAndPort(
                unwrapped, colon < 0 ? given(option, text, defaultPort) : port(option, trimmed, colon, text));
    }

    private static void check(String option, String host) {
        if (!host.equals(EVERY_INTERFACE) && !isPlausible(host)) {
            throw new IllegalArgumentException(option + ": host (" + Escaping.quote(host)
                    + ") must be a name or a numeric address; remove every other character");
        }
    }

    /**
     * Returns the numeric form of a resolved socket address. No name is looked up.
     *
     * @param address a resolved address
     * @return its host in numeric form (RFC 5952 for IPv6) and its port
     * @throws IllegalArgumentException if the address is unresolved
     */
    public static HostAndPort of(InetSocketAddress address) {
        InetAddress resolved = address.getAddress();
        if (resolved == null) {
            throw new IllegalArgumentException("address (" + address + ") must be resolved");
        }
        return new HostAndPort(numericHost(resolved), address.getPort());
    }

    /** Returns the text of the address of one end of a connection, for people. */
    static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? of(inet).toString() : UnixNames.text(address);
    }

    /** Returns the text of the address of one end of a connection, for programs: nothing in it is escaped. */
    static String exactText(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? of(inet).toString() : UnixNames.exactText(address);
    }

    /** Returns the address with a numeric host name, if it has one. */
    static SocketAddress named(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? numeric(inet) : address;
    }

    /**
     * Returns the address if it has a host and a port.
     *
     * @param what what has no such address, and {@code instead} what to call: for the error
     * @throws IllegalStateException if it is that of a Unix socket
     */
    static InetSocketAddress inet(SocketAddress address, String what, String instead) {
        if (address instanceof InetSocketAddress inet) {
            return inet;
        }
        throw new IllegalStateException(
                what + " has no host and no port, since it is a Unix socket (" + text(address) + "); call " + instead);
    }

    /**
     * Returns how a line names the other end of an accepted channel.
     *
     * @param local the address of the server
     * @param number the number of the connection; 0 if it has none
     */
    static String peerOf(SocketChannel channel, SocketAddress local, long number) {
        try {
            return peer(channel.getRemoteAddress(), local, number);
        } catch (IOException closed) {
            return "a closed connection";
        }
    }

    /** Returns the address of the other end; null if it has no host and no port, or the channel is closed. */
    static @Nullable InetSocketAddress remoteOf(SocketChannel channel) {
        try {
            return channel.getRemoteAddress() instanceof InetSocketAddress remote ? remote : null;
        } catch (IOException closed) {
            return null;
        }
    }

    /** Returns the text of the address of this end of a connection. */
    static String localOf(SocketChannel channel) {
        try {
            return text(channel.getLocalAddress());
        } catch (IOException closed) {
            return "a closed socket";
        }
    }

    /** Returns how a line names the client of a server. */
    static String peer(SocketAddress remote, SocketAddress local, long number) {
        return remote instanceof InetSocketAddress inet ? of(inet).toString() : UnixNames.client(remote, local, number);
    }

    /**
     * Returns the beginning of a warning, such as {@code connection 1 from 127.0.0.1:3 to 127.0.0.1:2 could not be served: }.
     * Never throws: if memory is short or the channel is closed, it names less. Loads no class: see {@link Preload}.
     *
     * @param number the connection's number; 0 if it has none yet
     */
    static String warning(String before, long number, SocketChannel channel, String after) {
        String shorter = "a connection failed: ";
        try {
            String which = number == 0 ? "a connection" : "connection ".concat(Long.toString(number));
            shorter = before.concat(which).concat(after);
            if (!(channel.getLocalAddress() instanceof InetSocketAddress address)) {
                return shorter; // the ends of a Unix socket have no names that tell more
            }
            String local = of(address).toString();
            String ends = " from "
                    .concat(peerOf(channel, address, number))
                    .concat(" to ")
                    .concat(local);
            return before.concat(which).concat(ends).concat(after);
        } catch (Throwable unknown) {
            return shorter;
        }
    }

    /**
     * Returns an address at which a client on this machine reaches a server that is bound to this one. A wildcard
     * becomes {@code 127.0.0.1}, since a Java socket that is bound to {@code ::} listens on both families; any other
     * host stays.
     *
     * @return this address, or loopback with the same port
     */
    public HostAndPort connectable() {
        return switch (host) {
            case EVERY_INTERFACE, "0.0.0.0", "::" -> new HostAndPort("127.0.0.1", port);
            default -> this;
        };
    }

    /** Returns {@code host:port}, with brackets around an IPv6 host. {@link #parse(String)} reads it. */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    boolean isEveryInterface() {
        return host.equals(EVERY_INTERFACE);
    }

    /** Returns the same address with its numeric text as the host name, so that no getter returns "localhost". */
    static InetSocketAddress numeric(InetSocketAddress address) {
        InetAddress resolved = address.getAddress();
        String label = numericHost(resolved);
        try {
            InetAddress labelled = resolved instanceof Inet6Address v6 && v6.getScopeId() != 0
                    ? Inet6Address.getByAddress(label, v6.getAddress(), v6.getScopeId())
                    : InetAddress.getByAddress(label, resolved.getAddress());
            return new InetSocketAddress(labelled, address.getPort());
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // the length comes from an InetAddress
        }
    }

    private static String unwrap(String option, String host, int bracket, String text) {
        if (bracket > 0) {
            if (host.length() != bracket + 1 || host.indexOf(':') == -1) {
                throw malformed(option, text, "write only an IPv6 address in brackets, as in [::1]:10000");
            }
            return host.substring(1, bracket);
        }
        return host.isEmpty() ? EVERY_INTERFACE : host;
    }

    private static int given(String option, String text, int defaultPort) {
        if (defaultPort < 0) {
            throw malformed(option, text, "it has no port; " + FORMS + ", with port 0 if the kernel is to pick one");
        }
        return defaultPort;
    }

    private static int port(String option, String trimmed, int colon, String text) {
        int port = 0;
        for (int i = colon + 1; i < trimmed.length() && port >= 0; i++) {
            char c = trimmed.charAt(i);
            port = c >= '0' && c <= '9' && port <= 65_535 ? port * 10 + c - '0' : -1;
        }
        boolean isConnectedTo = option.equals(UPSTREAM);
        if (colon + 1 == trimmed.length() || port < 0 || port > 65_535) {
            throw malformed(
                    option,
                    text,
                    isConnectedTo
                            ? "it must end in a port from 1 to 65535, as in localhost:5432"
                            : "it must end in a port from 0 to 65535, as in 127.0.0.1:10000");
        }
        return port;
    }

    private static IllegalArgumentException malformed(String option, String text, String cure) {
        return new IllegalArgumentException(option + " (" + Escaping.escape(text) + ") is not usable: " + cure);
    }

    /**
     * Returns whether a name or an address may have these characters. This method and those below use loops, since a
     * regular expression would take most of the time of a server's first start.
     */
    private static boolean isPlausible(String host) {
        boolean v6 = host.indexOf(':') >= 0;
        int scope = v6 ? host.indexOf('%') : -1;
        int end = scope == -1 ? host.length() : scope;
        boolean plausible = scope == -1 || scope + 1 < host.length();
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            boolean numeric = v6 && i < end;
            plausible &= numeric ? isOfAddress(c) : isOfName(c) || i == scope;
        }
        return plausible && !host.isEmpty();
    }

    private static boolean isNumber(String host) {
        boolean digits = !host.isEmpty();
        for (int i = 0; i < host.length(); i++) {
            digits &= Character.digit(host.charAt(i), 10) >= 0;
        }
        return digits;
    }

    private static boolean isOfAddress(char c) {
        return c == ':' || c == '.' || Character.digit(c, 16) >= 0;
    }

    private static boolean isOfName(char c) {
        return c == '.' || c == '_' || c == '-' || Character.isLetterOrDigit(c);
    }

    /** Loads no class for an address of IPv4, which most servers have. */
    private static String numericHost(InetAddress address) {
        return address instanceof Inet4Address ? address.getHostAddress() : InetNames.host(address);
    }
}
