package org.echoharness.sockets;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The addresses of one server that were tried, and why each of them did not accept. Not safe for use by several threads.
 *
 * @param <A> the type of the addresses
 */
public final class ConnectAttempts<A extends SocketAddress> {

    private final Map<A, IOException> failed = new LinkedHashMap<>();

    /**
     * Begins to connect. The socket is non-blocking, and its close sends an RST only if the caller sets that.
     *
     * @return a channel that is connected, or connects
     * @throws UnixConnector.QueueFullException if the server at a Unix socket has no room, so that a later try may succeed
     * @throws IOException if the address refuses at once, or if no socket can be opened
     */
    public static SocketChannel begin(SocketAddress candidate) throws IOException {
        if (candidate instanceof UnixDomainSocketAddress unix) {
            return UnixConnector.tryConnect(unix.getPath());
        }
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            UrgentData.keepInline(channel);
            channel.connect(candidate);
            return channel;
        } catch (Throwable e) {
            SocketChannels.closeAfter(e, channel);
            throw e;
        }
    }

    /** Returns where this machine reaches a bound address: for every interface, loopback. */
    public static InetSocketAddress reachable(InetSocketAddress bound) {
        return bound.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), bound.getPort())
                : bound;
    }

    /**
     * Refuses a socket that is connected to itself, which happens when the kernel picks the target port as the local
     * one (RFC 9293, section 3.5).
     */
    public static void refuseSelfConnect(SocketChannel connected) throws IOException {
        if (connected.getLocalAddress().equals(connected.getRemoteAddress())) {
            throw new ConnectException("nothing listens there: the kernel connected the socket to itself");
        }
    }

    /** Notes that an address did not accept. */
    public void failed(A candidate, IOException why) {
        failed.put(candidate, why);
    }

    /** Returns the addresses that did not accept, each with the cause, in the order of the attempts. */
    public Map<A, IOException> failed() {
        return failed;
    }

    /**
     * Returns an exception whose message has all addresses and causes.
     *
     * @param what such as {@code cannot connect to db:5432 within 5s}
     * @param names how the message writes an address
     */
    public ConnectException exception(String what, Function<? super A, String> names) {
        StringBuilder message = new StringBuilder(what);
        if (!failed.isEmpty()) {
            message.append("; ").append(text(names));
        }
        ConnectException all =
                new ConnectException(message.append("; ").append(cure()).toString());
        failed.values().forEach(all::addSuppressed);
        return all;
    }

    private String cure() {
        if (failed.keySet().stream().allMatch(ConnectAttempts::lacksInterface)) {
            return NameResolver.NAME_THE_INTERFACE;
        }
        return failed.values().stream().anyMatch(ConnectAttempts::wasAccepted)
                ? "a server there accepted the connection and reset it"
                : "is a server listening there?";
    }

    /**
     * Returns whether a failure to finish a connect says that the connection was established, and then reset by the
     * server before the connect was finished: a server that does not accept refuses it (RFC 9293, section 3.10.7.3).
     */
    public static boolean wasAccepted(IOException failure) {
        String why = String.valueOf(failure.getMessage());
        return !(failure instanceof ConnectException)
                && (why.startsWith("Connection reset") || why.equals("Broken pipe"));
    }

    /** Returns {@code tried ADDRESS (cause), ADDRESS (cause)}. */
    public String text(Function<? super A, String> names) {
        StringBuilder text = new StringBuilder();
        failed.forEach((candidate, cause) -> text.append(text.isEmpty() ? "tried " : ", ")
                .append(names.apply(candidate))
                .append(" (")
                .append(cause.getMessage())
                .append(')'));
        return text.toString();
    }

    private static boolean lacksInterface(SocketAddress address) {
        return address instanceof InetSocketAddress inet && NameResolver.lacksInterface(inet.getAddress());
    }
}
