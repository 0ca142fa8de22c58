package org.echoharness;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Binds the listening sockets of a server, in the caller's thread: all of them or none. */
final class Listeners {

    private static final long RESOLVE_TIMEOUT_NANOS = 5_000_000_000L;

    private Listeners() {}

    static List<ServerSocketChannel> bind(List<HostAndPort> addresses, int backlog) throws IOException {
        List<ServerSocketChannel> bound = new ArrayList<>();
        try {
            for (HostAndPort address : addresses) {
                bound.add(bind(address, backlog));
            }
            return bound;
        } catch (Throwable failed) {
            close(bound);
            throw failed;
        }
    }

    static void close(List<ServerSocketChannel> channels) {
        for (ServerSocketChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException e) {
                // nothing was accepted from it: there is nothing to lose
            }
        }
    }

    static InetSocketAddress addressOf(ServerSocketChannel bound) throws IOException {
        return HostAndPort.numeric((InetSocketAddress) bound.getLocalAddress());
    }

    private static ServerSocketChannel bind(HostAndPort address, int backlog) throws IOException {
        InetSocketAddress local = resolve(address);
        ServerSocketChannel channel = open(address, local.getAddress());
        try {
            return channel.bind(local, backlog);
        } catch (IOException | RuntimeException refused) {
            channel.close(); // a failed bind keeps its file descriptor otherwise
            throw explained(address, local.getAddress(), refused);
        }
    }

    private static InetSocketAddress resolve(HostAndPort address) throws IOException {
        if (address.isEveryInterface()) {
            return new InetSocketAddress(address.port());
        }
        long deadline = System.nanoTime() + RESOLVE_TIMEOUT_NANOS;
        InetAddress[] resolved = Resolver.resolve(address.host(), deadline, "cannot listen on " + address);
        return new InetSocketAddress(resolved[0], address.port());
    }

    /** A channel of no particular family listens on both at a wildcard, so an IPv4 address opens one for IPv4 alone. */
    static ServerSocketChannel open(HostAndPort address, InetAddress local) throws IOException {
        return isIpv4Alone(address, local)
                ? ServerSocketChannel.open(StandardProtocolFamily.INET)
                : ServerSocketChannel.open();
    }

    /** A socket of the same family, to be bound beside. */
    static SocketChannel openHolder(HostAndPort asked, InetSocketAddress bound) throws IOException {
        return isIpv4Alone(asked, bound.getAddress())
                ? SocketChannel.open(StandardProtocolFamily.INET)
                : SocketChannel.open();
    }

    /** What to bind once more where an address was bound before. */
    static InetSocketAddress local(HostAndPort asked, InetSocketAddress bound) {
        return asked.isEveryInterface() ? new InetSocketAddress(bound.getPort()) : bound;
    }

    private static boolean isIpv4Alone(HostAndPort asked, InetAddress local) {
        return !asked.isEveryInterface() && local instanceof Inet4Address;
    }

    private static BindException explained(HostAndPort address, InetAddress local, Exception refused) {
        String reason = refused.getMessage() == null ? refused.toString() : refused.getMessage();
        String cure; // by the facts: the reason is in the system's language
        if (!(refused instanceof SocketException)) {
            cure = "take an IPv4 address where there is no IPv6";
        } else if (local instanceof Inet6Address v6 && v6.isLinkLocalAddress() && v6.getScopeId() == 0) {
            cure = "name the network interface of a link-local address, as in [fe80::1%eth0]";
        } else if (!isOfThisMachine(local)) {
            cure = "take an address of this machine, such as 127.0.0.1, or * for every interface";
        } else {
            cure = "end what listens there, or take port 0 and let the kernel pick a free one"
                    + (address.port() < 1024 ? "; a port below 1024 may need a privilege" : "");
        }
        BindException explained = new BindException("cannot listen on " + address + ": " + reason + "; " + cure);
        explained.initCause(refused);
        return explained;
    }

    private static boolean isOfThisMachine(InetAddress address) {
        try {
            return address.isAnyLocalAddress()
                    || address.isLoopbackAddress()
                    || NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException unknown) {
            return true;
        }
    }
}
