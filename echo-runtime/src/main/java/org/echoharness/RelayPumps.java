package org.echoharness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.proxy.HeaderInput;
import org.echoharness.proxy.HeaderVersion;
import org.echoharness.relay.Upstream;
import org.echoharness.relay.UpstreamConnection;
import org.echoharness.relay.UpstreamTls;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.UnixNames;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/** Makes the pumps of a server that relays. */
record RelayPumps(RelayPump.Options options) implements ConnectionPump.Factory {

    @Override
    public ConnectionPump open(ByteChannel client, ConnectionPump.Terms terms) {
        return new RelayPump(client, terms, options);
    }

    @Override
    public boolean relays() {
        return true;
    }

    /** A class cannot be loaded when no file descriptor is left. */
    @Override
    public void load(int bufferSize) {
        UnsentBytes.load();
        UpstreamConnection.load();
        RelayPump.load();
        TlsTrust trust = options.tls();
        if (trust != null) {
            UpstreamTls.load(trust);
        }
        if (options.header() != null) {
            HeaderInput.load();
        }
    }

    /** Refuses a fixed address at which the relay itself listens. Names other than localhost are looked up at connects. */
    @Override
    public void check(Predicate<SocketAddress> isOwn) throws IOException {
        if (!(options.upstream() instanceof Supplied supplied)) {
            return;
        }
        for (SocketAddress each : supplied.withoutLookup()) {
            if (isOwn.test(each)) {
                throw new IOException("upstream (" + supplied.fixed() + ") must be the address of another server, since"
                        + " this one listens there itself; name the real server, or give this one another address");
            }
        }
    }

    /**
     * The address that a supplier returns for each connection.
     *
     * @param fixed the address if it stays the same; otherwise null
     * @param known what that stands for if it need not be looked up; otherwise null
     */
    private record Supplied(
            Supplier<String> addresses,
            @Nullable ServerAddress fixed,
            @Nullable Target known) implements Upstream {

        private List<SocketAddress> withoutLookup() throws IOException {
            if (known != null) {
                return known.candidates();
            }
            if (!(fixed instanceof HostAndPort tcp) || !tcp.host().equalsIgnoreCase("localhost")) {
                return List.of();
            }
            byte[] v6 = new byte[16];
            v6[15] = 1;
            return List.of(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), tcp.port()),
                    new InetSocketAddress(InetAddress.getByAddress(v6), tcp.port()));
        }

        @Override
        public Target lookUp(long deadlineNanos) throws IOException {
            return target(
                    checked(Objects.requireNonNull(addresses.get(), "the supplier returned null")), deadlineNanos);
        }

        @Override
        public String text(SocketAddress address) {
            return HostAndPort.text(address);
        }

        @Override
        public String toString() {
            return fixed == null ? "(a supplier)" : fixed.toString();
        }
    }

    /**
     * Returns the pumps that relay.
     *
     * @param onFailure what a client gets if the upstream cannot be reached; null for a reset
     * @param tls whose certificates to trust; null for no TLS to the upstream
     * @param header what to send first to the upstream; null for none
     */
    static ConnectionPump.Factory to(
            Upstream upstream,
            Duration connectTimeout,
            @Nullable Fault onFailure,
            @Nullable TlsTrust tls,
            @Nullable HeaderVersion header) {
        Effect effect = onFailure == null ? new Effect.Reset() : onFailure.effect();
        return new RelayPumps(
                new RelayPump.Options(upstream, connectTimeout, effect, tls, header, new AtomicBoolean()));
    }

    /** Returns the upstream that a supplier names for each connection. */
    static Upstream upstream(Supplier<String> addresses) {
        return new Supplied(addresses, null, null);
    }

    /** Returns an upstream whose address stays the same. A numeric one, and a path, is not looked up again. */
    static Upstream upstream(String text) {
        ServerAddress address = checked(text);
        Upstream.Target known = null;
        if (!(address instanceof HostAndPort tcp) || NameResolver.isNumeric(tcp.host())) {
            try {
                known = target(address, 0);
            } catch (IOException unusable) {
                known = null; // the lookup of each connection says why
            }
        }
        return new Supplied(() -> text, address, known);
    }

    private static Upstream.Target target(ServerAddress address, long deadlineNanos) throws IOException {
        List<SocketAddress> candidates = new ArrayList<>();
        if (address instanceof HostAndPort tcp) {
            for (InetAddress each :
                    NameResolver.resolve(tcp.host(), deadlineNanos, "cannot connect to upstream " + address)) {
                candidates.add(HostAndPort.numeric(new InetSocketAddress(each, tcp.port())));
            }
        } else {
            candidates.add(UnixDomainSocketAddress.of(((ServerAddress.Unix) address).path()));
        }
        String host = address instanceof HostAndPort tcp ? tcp.host() : UpstreamTls.NAMELESS;
        return new Upstream.Target(address.toString(), host, candidates);
    }

    /** Reads the address of an upstream. */
    static ServerAddress checked(String address) {
        String text = address.strip();
        boolean isUnix = text.startsWith(HostAndPort.UNIX);
        if (!isUnix && text.indexOf(',') >= 0) {
            throw Quantities.refused(
                    HostAndPort.UPSTREAM, Escaping.escape(address), "be one address, such as localhost:5432");
        }
        ServerAddress parsed = isUnix
                ? new ServerAddress.Unix(
                        UnixNames.parse(HostAndPort.UPSTREAM, text.substring(HostAndPort.UNIX.length())))
                : HostAndPort.parse(HostAndPort.UPSTREAM, address, 0);
        if (parsed instanceof ServerAddress.Unix unix && unix.isPrivate()) {
            throw Quantities.refused(
                    HostAndPort.UPSTREAM,
                    Escaping.escape(address),
                    "name the file of a server, such as unix:/tmp/echo.sock");
        }
        if (parsed instanceof HostAndPort tcp && tcp.host().equals(HostAndPort.EVERY_INTERFACE)) {
            throw Quantities.refused(
                    HostAndPort.UPSTREAM, Escaping.escape(address), "name one host, such as localhost:5432");
        }
        if (parsed instanceof HostAndPort tcp && tcp.port() == 0) {
            throw Quantities.refused(HostAndPort.UPSTREAM, Escaping.escape(address), "have a port from 1 to 65535");
        }
        return parsed;
    }

    /** Returns the fault if it can be what a client gets whose upstream cannot be reached. */
    static Fault checked(Fault failure) {
        Effect effect = failure.effect();
        boolean ends =
                effect instanceof Effect.Reset || effect instanceof Effect.Close || effect instanceof Effect.Stall;
        if (!ends || !failure.equals(new Fault(effect, new Trigger.AtAccept()))) {
            throw Quantities.refused("upstreamFailure", failure.toString(), "be reset, close or stall");
        }
        return failure;
    }

    /** Reads the fault that a client gets whose upstream cannot be reached. */
    static Fault failure(String text) {
        try {
            return checked(Fault.parse(text));
        } catch (IllegalArgumentException another) {
            throw Quantities.refused("upstreamFailure", Escaping.escape(text), "be reset, close or stall");
        }
    }
}
