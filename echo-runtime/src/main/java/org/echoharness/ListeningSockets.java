package org.echoharness;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.UnixSocketFile;
import org.jspecify.annotations.Nullable;

/** Binds the listening sockets of a server, in the calling thread: all of them or none. */
final class ListeningSockets {

    private static final long RESOLVE_TIMEOUT_NANOS = 5_000_000_000L;

    private static final int MOST_TRIES = 10; // to find a port that is free on each address of a name

    private ListeningSockets() {}

    /**
     * A listening socket.
     *
     * @param asked the address that it was bound for
     * @param file null for TCP
     */
    record Bound(
            ServerAddress asked,
            ServerSocketChannel channel,
            @Nullable UnixSocketFile file) {

        /** Returns the address that it has, in numeric form. */
        SocketAddress address() throws IOException {
            return file == null ? addressOf(channel) : file.address();
        }
    }

    /** @param isEvery whether a name stands for all its addresses, or only for the first */
    static List<Bound> bind(List<ServerAddress> addresses, boolean isEvery, int backlog) throws IOException {
        List<Bound> bound = new ArrayList<>();
        try {
            for (ServerAddress asked : addresses) {
                if (!(asked instanceof HostAndPort address)) {
                    bound.add(bind((ServerAddress.Unix) asked, backlog));
                    continue;
                }
                List<InetSocketAddress> locals = resolve(address);
                try {
                    if (isEvery && locals.size() > 1) {
                        bound.addAll(bindEach(address, locals, backlog));
                    } else {
                        bound.add(bind(address, locals.get(0), backlog, ""));
                    }
                } catch (BindException refused) {
                    refuseOwn(bound, address, locals, refused);
                    throw refused;
                }
            }
            return bound;
        } catch (Throwable failed) {
            close(bound);
            throw failed;
        }
    }

    /**
     * Throws an error that names the other address of this server if that one has taken the port: by a name of the same
     * address, or by a wildcard.
     */
    private static void refuseOwn(
            List<Bound> bound, HostAndPort address, List<InetSocketAddress> locals, BindException refused)
            throws IOException {
        for (Bound own : bound) {
            if (!(own.address() instanceof InetSocketAddress taken)) {
                continue;
            }
            for (InetSocketAddress local : locals) {
                if (local.getPort() == taken.getPort()
                        && (includes(taken.getAddress(), local.getAddress())
                                || includes(local.getAddress(), taken.getAddress()))) {
                    BindException twice = new BindException("cannot listen on " + address + ": the address " + own.asked
                            + " of the same server uses that port; leave one out");
                    twice.initCause(refused);
                    throw twice;
                }
            }
        }
    }

    private static boolean includes(InetAddress one, InetAddress other) {
        boolean isBoth = one instanceof Inet6Address || other instanceof Inet4Address;
        return one.equals(other) || (one.isAnyLocalAddress() && isBoth);
    }

    /** Returns whether a connect to the target, on this machine, reaches a socket that is bound to the other address. */
    static boolean reaches(SocketAddress target, SocketAddress bound) {
        if (target instanceof InetSocketAddress to && bound instanceof InetSocketAddress own) {
            return to.getPort() == own.getPort() && reaches(to.getAddress(), own.getAddress());
        }
        try {
            return target instanceof UnixDomainSocketAddress to
                    && bound instanceof UnixDomainSocketAddress own
                    && Files.isSameFile(to.getPath(), own.getPath());
        } catch (IOException missing) {
            return false;
        }
    }

    /** The kernel takes a connect to a wildcard for one to the loopback address. */
    private static boolean reaches(InetAddress target, InetAddress own) {
        if (target.isAnyLocalAddress()) {
            return own.isAnyLocalAddress() || own.isLoopbackAddress();
        }
        return includes(own, target) && (!own.isAnyLocalAddress() || isOfThisMachine(target));
    }

    static void close(List<Bound> bound) {
        for (Bound each : bound) {
            try (each.channel) {
                if (each.file != null) {
                    each.file.close();
                }
            } catch (Throwable e) {
                // no connection was accepted from it, so none is lost
            }
        }
    }

    private static Bound bind(ServerAddress.Unix address, int backlog) throws IOException {
        UnixSocketFile file = UnixSocketFile.of(address.path());
        try {
            return new Bound(address, file.listen(backlog), file);
        } catch (Throwable refused) {
            SocketChannels.closeAfter(refused, file);
            throw refused;
        }
    }

    /** Binds all addresses of a name that this machine has, to one port. */
    private static List<Bound> bindEach(HostAndPort address, List<InetSocketAddress> locals, int backlog)
            throws IOException {
        for (int tries = address.port() == 0 ? MOST_TRIES : 1; ; tries--) {
            List<Bound> bound = new ArrayList<>();
            try {
                bindEach(address, locals, backlog, bound);
                return bound;
            } catch (Error failed) {
                close(bound);
                throw failed;
            } catch (IOException | RuntimeException refused) {
                close(bound);
                if (tries == 1 || bound.isEmpty()) { // otherwise another process has that port on another address
                    throw refused;
                }
            }
        }
    }

    private static void bindEach(HostAndPort address, List<InetSocketAddress> locals, int backlog, List<Bound> bound)
            throws IOException {
        IOException missing = null;
        for (InetSocketAddress local : locals) {
            int port = bound.isEmpty()
                    ? address.port()
                    : addressOf(bound.get(0).channel).getPort();
            try {
                InetSocketAddress next = new InetSocketAddress(local.getAddress(), port);
                bound.add(
                        bind(address, next, backlog, " (" + HostAndPort.of(next).host() + ")"));
            } catch (BindException refused) {
                if (NetworkInterface.getByInetAddress(local.getAddress()) != null) {
                    throw refused;
                }
                missing = missing == null ? refused : missing; // such as ::1 on a machine without IPv6
            }
        }
        if (bound.isEmpty() && missing != null) {
            throw missing;
        }
    }

    static InetSocketAddress addressOf(ServerSocketChannel bound) throws IOException {
        return HostAndPort.numeric((InetSocketAddress) bound.getLocalAddress());
    }

    /** @param which names the address if there are several, for the error */
    private static Bound bind(HostAndPort address, InetSocketAddress local, int backlog, String which)
            throws IOException {
        ServerSocketChannel channel = open(address, local.getAddress());
        try {
            return new Bound(address, channel.bind(local, backlog), null);
        } catch (IOException | RuntimeException refused) {
            SocketChannels.closeAfter(refused, channel); // a failed bind keeps its file descriptor otherwise
            throw explained(address, local.getAddress(), which, refused);
        } catch (Error failed) {
            SocketChannels.closeAfter(failed, channel);
            throw failed;
        }
    }

    private static List<InetSocketAddress> resolve(HostAndPort address) throws IOException {
        if (address.isEveryInterface()) {
            return List.of(new InetSocketAddress(address.port()));
        }
        long deadline = System.nanoTime() + RESOLVE_TIMEOUT_NANOS;
        InetAddress[] resolved = NameResolver.resolve(address.host(), deadline, "cannot listen on " + address);
        Set<InetSocketAddress> locals = new LinkedHashSet<>(); // a hosts file may contain an address twice
        for (InetAddress each : resolved) {
            locals.add(new InetSocketAddress(each, address.port()));
        }
        return List.copyOf(locals);
    }

    /** Opens a channel: only for IPv4 if that is asked for, since one for both families listens on both at a wildcard. */
    static ServerSocketChannel open(HostAndPort address, InetAddress local) throws IOException {
        return isIpv4Alone(address, local)
                ? ServerSocketChannel.open(StandardProtocolFamily.INET)
                : ServerSocketChannel.open();
    }

    /** Opens a socket of the same family, to be bound to the same port. */
    static SocketChannel openHolder(HostAndPort asked, InetSocketAddress bound) throws IOException {
        return isIpv4Alone(asked, bound.getAddress())
                ? SocketChannel.open(StandardProtocolFamily.INET)
                : SocketChannel.open();
    }

    /** Returns the address with which to bind an address again that was bound before. */
    static InetSocketAddress local(HostAndPort asked, InetSocketAddress bound) {
        return asked.isEveryInterface() ? new InetSocketAddress(bound.getPort()) : bound;
    }

    private static boolean isIpv4Alone(HostAndPort asked, InetAddress local) {
        return !asked.isEveryInterface() && local instanceof Inet4Address;
    }

    private static BindException explained(HostAndPort address, InetAddress local, String which, Exception refused) {
        String reason = refused.getMessage() == null ? refused.toString() : refused.getMessage();
        String cure; // not from the reason, which is in the system's language
        if (!(refused instanceof SocketException)) {
            cure = "use an IPv4 address if this machine has no IPv6";
        } else if (NameResolver.lacksInterface(local)) {
            cure = NameResolver.NAME_THE_INTERFACE;
        } else if (!isOfThisMachine(local)) {
            cure = "take an address of this machine, such as 127.0.0.1, or * for every interface";
        } else {
            cure = "end what listens there, or take port 0 and let the kernel pick a free one"
                    + (address.port() < 1024 ? "; a port below 1024 may need a privilege" : "");
        }
        BindException explained =
                new BindException("cannot listen on " + address + which + ": " + reason + "; " + cure);
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
