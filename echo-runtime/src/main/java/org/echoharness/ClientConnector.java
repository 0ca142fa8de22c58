package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.echoharness.sockets.ChannelReadiness;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.text.Quantities;
import org.echoharness.tls.ClientTls;
import org.echoharness.tls.HandshakeSummary;
import org.echoharness.tls.TlsClientChannel;
import org.echoharness.tls.TlsObserver;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a host: tries each address that its name resolves to, in the resolver's order, all within one deadline. Or
 * connects to a Unix socket.
 */
final class ClientConnector {

    private final ServerAddress target;
    private final String within; // "5s"
    private final long deadline;
    private final ConnectAttempts<InetSocketAddress> attempts = new ConnectAttempts<>();

    /**
     * Starts the deadline.
     *
     * @param callNanos the limit of each call of the client, which applies if it is shorter than the connect time-out;
     *     0 for none
     */
    ClientConnector(ServerAddress target, Duration connectTimeout, long callNanos) {
        this.target = target instanceof HostAndPort tcp ? tcp.connectable() : target;
        boolean isCall = callNanos != 0 && callNanos < connectTimeout.toNanos();
        Duration most = isCall ? Duration.ofNanos(callNanos) : connectTimeout;
        within = Quantities.text(most) + (isCall ? " (timeout)" : "");
        deadline = System.nanoTime() + most.toNanos();
    }

    /** Returns the addresses that did not accept, each with the cause. */
    Map<InetSocketAddress, IOException> failed() {
        return attempts.failed();
    }

    /** Returns a connected, non-blocking channel. */
    SocketChannel connect() throws IOException {
        if (!(target instanceof HostAndPort tcp)) {
            return connect((ServerAddress.Unix) target);
        }
        List<InetSocketAddress> candidates = candidates(tcp);
        for (int i = 0; i < candidates.size(); i++) {
            InetSocketAddress candidate = candidates.get(i);
            long now = System.nanoTime();
            // each candidate gets an equal share of the time left, so that one without an answer does not use it up
            long share = now + Math.max(0, deadline - now) / (candidates.size() - i);
            try {
                return connect(candidate, share);
            } catch (InterruptedIOException interrupted) {
                if (Thread.currentThread().isInterrupted()) {
                    throw interrupted;
                }
                attempts.failed(candidate, interrupted);
            } catch (IOException | RuntimeException e) {
                attempts.failed(candidate, e instanceof IOException io ? io : new IOException(e));
            }
        }
        throw attempts.exception(
                "cannot connect to " + target + within(),
                candidate -> HostAndPort.of(candidate).toString());
    }

    /**
     * Completes the handshake of TLS on a channel that {@link #connect} has returned, within the same deadline.
     *
     * @param reporter null if nothing is recorded
     */
    TlsClientChannel handshake(SocketChannel connected, ClientTls tls, @Nullable ConnectionReporter reporter)
            throws IOException {
        String host = target instanceof HostAndPort tcp ? tcp.host() : ClientTls.NAMELESS;
        int port = target instanceof HostAndPort tcp ? tcp.port() : -1;
        return new TlsReporter(reporter).connect(connected, tls, host, port, target.toString(), deadline, within);
    }

    /** Returns the address that {@link #connect} tries first. */
    InetSocketAddress resolve() throws IOException {
        if (target instanceof HostAndPort tcp) {
            return candidates(tcp).get(0);
        }
        throw new IllegalStateException("address (" + target + ") has no name to resolve, since it is a Unix socket");
    }

    private SocketChannel connect(ServerAddress.Unix unix) throws IOException {
        try {
            return UnixConnector.connect(unix.path(), deadline);
        } catch (SocketException refused) {
            ConnectException explained = new ConnectException("cannot connect to " + target + within() + ": "
                    + refused.getMessage() + "; is a server listening there?");
            explained.initCause(refused);
            throw explained;
        }
    }

    /** Returns the time-out for the error, if it is the reason. */
    private String within() {
        return System.nanoTime() - deadline < 0 ? "" : " within " + within;
    }

    private static SocketChannel connect(InetSocketAddress candidate, long deadline) throws IOException {
        SocketChannel channel = ConnectAttempts.begin(candidate);
        try {
            if (!channel.isConnected()) {
                try (ChannelReadiness readiness = new ChannelReadiness(channel)) {
                    if (!readiness.awaitConnected(channel, deadline)) {
                        throw new SocketTimeoutException("no answer");
                    }
                }
            }
            ConnectAttempts.refuseSelfConnect(channel);
            return channel;
        } catch (Throwable e) {
            SocketChannels.closeAfter(e, channel);
            throw e;
        }
    }

    private List<InetSocketAddress> candidates(HostAndPort tcp) throws IOException {
        List<InetSocketAddress> candidates = new ArrayList<>();
        for (InetAddress address : addresses(tcp)) {
            candidates.add(HostAndPort.numeric(new InetSocketAddress(address, tcp.port())));
        }
        return candidates;
    }

    private InetAddress[] addresses(HostAndPort tcp) throws IOException {
        try {
            return NameResolver.resolve(tcp.host(), deadline, "cannot connect to " + target);
        } catch (SocketTimeoutException late) {
            throw new SocketTimeoutException(late.getMessage() + "; tried for " + within);
        }
    }

    /** Records the handshake and the alerts. A client without TLS does not load it, and so no class of TLS. */
    private record TlsReporter(@Nullable ConnectionReporter reporter) implements TlsObserver {

        TlsClientChannel connect(
                SocketChannel socket,
                ClientTls tls,
                String host,
                int port,
                String target,
                long deadlineNanos,
                String within)
                throws IOException {
            return TlsClientChannel.connect(socket, tls, host, port, target, deadlineNanos, within, this);
        }

        @Override
        public void agreed(HandshakeSummary summary) {
            if (reporter != null) {
                reporter.tls(RecordedEvent.Kind.HANDSHAKE, summary.toString());
            }
        }

        @Override
        public void alerted(String alert) {
            if (reporter != null) {
                reporter.tls(RecordedEvent.Kind.ALERT, alert);
            }
        }
    }
}
