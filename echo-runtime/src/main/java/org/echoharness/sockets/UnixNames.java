package org.echoharness.sockets;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;

/** The names of Unix sockets: reads, checks and shows them. Any thread may call the methods. */
public final class UnixNames {

    /** What stands before the path in the text of an address. */
    public static final String PREFIX = "unix:";

    /** The name of an address, for errors. */
    public static final String ADDRESS = "address";

    /** The text of the address of a client that has not bound its socket. */
    public static final String UNNAMED = "an unnamed socket";

    /** How to get a name that is short enough. */
    static final String SHORTER = "take a shorter path, or write unix: alone for a file in a private temporary folder";

    private static final int MOST_BYTES = 106; // of a path, in the JDK on Linux

    private static final int MOST_CLIENTS = 16_000; // with one stand-in address
    private static final int FIRST_PORT = 49_152; // of the ports that are never registered: RFC 6335, section 6

    private UnixNames() {}

    /**
     * Reads the path of an address. It is not looked for.
     *
     * @param option the name of the address, for errors
     * @param path what follows the prefix; empty for a file in a private temporary folder
     */
    public static Path parse(String option, String path) {
        if (path.startsWith("//")) {
            throw refused(option, path, "leave out the two slashes, as in unix:/tmp/echo.sock");
        }
        Path parsed;
        try {
            parsed = Path.of(path);
        } catch (InvalidPathException invalid) {
            throw refused(option, path, "it is no path (" + invalid.getReason() + ")");
        }
        return check(option, parsed);
    }

    /** Returns the path, or throws if no socket can have it, or if its text would not be shown or read as it is. */
    public static Path check(String option, Path path) {
        String text = path.toString();
        if (!isShown(text) || text.endsWith(" ")) { // a list of addresses is read without the space
            throw refused(option, text, "take a path whose characters are all visible, without a space at its end");
        }
        int bytes = length(path);
        if (bytes > MOST_BYTES) {
            throw new IllegalArgumentException(tooLong(option + " (" + text(path) + ")", bytes) + "; " + SHORTER);
        }
        return path;
    }

    private static boolean isShown(String text) {
        int point;
        for (int i = 0; i < text.length(); i += Character.charCount(point)) {
            point = text.codePointAt(i);
            if (!Utf8.isShown(point)) {
                return false;
            }
        }
        return true;
    }

    static boolean fits(Path path) {
        return length(path) <= MOST_BYTES;
    }

    static String tooLong(String what, int bytes) {
        return what + " has a path of " + bytes + " bytes, and a Unix socket may have at most " + MOST_BYTES;
    }

    static int length(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private static IllegalArgumentException refused(String option, String path, String cure) {
        return new IllegalArgumentException(
                option + " (" + PREFIX + Escaping.escape(path) + ") is not usable: " + cure);
    }

    /** Returns the text of an address with this path. */
    public static String text(Path path) {
        return PREFIX + path;
    }

    /**
     * Returns the text of an address for people; {@link #UNNAMED} for a client that has not bound its own. A client can bind
     * any path.
     */
    public static String text(SocketAddress address) {
        return Escaping.escape(exactText(address));
    }

    /** Returns the text of an address for programs, in which nothing is escaped. */
    public static String exactText(SocketAddress address) {
        String path =
                address instanceof UnixDomainSocketAddress unix ? unix.getPath().toString() : address.toString();
        return path.isEmpty() ? UNNAMED : PREFIX + path;
    }

    /**
     * Returns how a line names the client of a server.
     *
     * @param remote its address, which is empty for most clients
     * @param local the address of the server
     * @param number the number of the connection; 0 if it has none
     */
    public static String client(SocketAddress remote, SocketAddress local, long number) {
        boolean isNamed = remote instanceof UnixDomainSocketAddress unix
                && !unix.getPath().toString().isEmpty();
        return isNamed ? text(remote) : (number == 0 ? "a client" : "client " + number) + " of " + text(local);
    }

    /**
     * Returns an address that stands for an end of a Unix connection where only IP addresses are possible. It is one of
     * those that RFC 5737 reserves for documentation.
     *
     * @param index which client, from 0; negative for the server
     */
    public static InetSocketAddress standIn(long index) {
        int host = index < 0 ? 1 : 2 + (int) (index / MOST_CLIENTS % 250);
        int port = index < 0 ? FIRST_PORT : FIRST_PORT + 1 + (int) (index % MOST_CLIENTS);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) host}), port);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // it has four bytes
        }
    }
}
