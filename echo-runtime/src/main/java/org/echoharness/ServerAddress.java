package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.echoharness.sockets.UnixNames;

/**
 * An address of a server, in the form in which every front end reads and prints it: a {@link HostAndPort}, or {@code
 * unix:PATH} for a {@link Unix} socket.
 *
 * @since 0.1.0
 */
public sealed interface ServerAddress permits HostAndPort, ServerAddress.Unix {

    /**
     * Reads {@code host:port}, {@code [v6]:port}, {@code *:port}, {@code :port}, {@code unix:PATH} or {@code unix:}. No name
     * is looked up.
     *
     * @param text the address
     * @return the address
     * @throws IllegalArgumentException if the text has another form; the message says which one to write
     */
    static ServerAddress parse(String text) {
        return parse(text, -1);
    }

    /**
     * Reads an address like {@link #parse(String)}, but the port may be left out.
     *
     * @param text the address
     * @param defaultPort the port if the text has none; if this is negative, the text must have one
     * @return the address
     * @throws IllegalArgumentException if the text has another form; the message says which one to write
     */
    static ServerAddress parse(String text, int defaultPort) {
        String trimmed = text.strip();
        if (trimmed.startsWith(HostAndPort.UNIX)) { // no conditional expression: to verify it, JDK 25 loads Unix
            return Unix.parse(trimmed.substring(HostAndPort.UNIX.length()));
        }
        return HostAndPort.parse(text, defaultPort);
    }

    /**
     * Returns the address that a socket address stands for. No name is looked up.
     *
     * @param address an {@link InetSocketAddress} or a {@link UnixDomainSocketAddress}
     * @return the address; with the numeric host, if the socket address is resolved
     * @throws IllegalArgumentException if it is of another type
     */
    static ServerAddress of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            return inet.isUnresolved() ? new HostAndPort(inet.getHostString(), inet.getPort()) : HostAndPort.of(inet);
        }
        if (address instanceof UnixDomainSocketAddress unix) {
            return new Unix(unix.getPath());
        }
        throw new IllegalArgumentException(
                "address (" + address + ") must be an InetSocketAddress or a UnixDomainSocketAddress");
    }

    /** Returns the text that {@link #parse(String)} reads. */
    @Override
    String toString();

    /**
     * The address of a Unix socket: the path of its file. A relative path begins at the working directory of the process.
     *
     * @param path the path, of at most 106 bytes; empty for a server whose file is in a private temporary folder of its own
     * @since 0.1.0
     */
    record Unix(Path path) implements ServerAddress {

        /**
         * Checks the length of the path.
         *
         * @param path the path, of at most 106 bytes; empty for a private file
         * @throws IllegalArgumentException if the path is too long; the message names the path, its length and the cure
         */
        public Unix {
            UnixNames.check(UnixNames.ADDRESS, path);
        }

        private static Unix parse(String path) {
            return new Unix(UnixNames.parse(UnixNames.ADDRESS, path));
        }

        /**
         * Returns whether the server picks the file.
         *
         * @return true if the path is empty
         */
        public boolean isPrivate() {
            return path.toString().isEmpty();
        }

        /** Returns {@code unix:PATH}. {@link ServerAddress#parse(String)} reads it. */
        @Override
        public String toString() {
            return UnixNames.text(path);
        }
    }
}
