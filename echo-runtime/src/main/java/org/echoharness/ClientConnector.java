package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.sockets.ChannelReadiness;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.UrgentData;
import org.echoharness.text.Quantities;

/**
 * Connects to a host: tries each address that its name resolves to, in the resolver's order, all within one deadline.
 */
final class ClientConnector {

    private final HostAndPort target;
    private final String within; // "5s"
    private final long deadline;
    private final Map<InetSocketAddress, IOException> failed = new LinkedHashMap<>();

    /**
     * Starts the deadline.
     *
     * @param callNanos the limit of each call of the client, which applies if it is shorter than the connect time-out;
     *     0 for none
     */
    ClientConnector(HostAndPort target, Duration connectTimeout, long callNanos) {
        this.target = target.connectable();
        boolean isCall = callNanos != 0 && callNanos < connectTimeout.toNanos();
        Duration most = isCall ? Duration.ofNanos(callNanos) : connectTimeout;
        within = Quantities.text(most) + (isCall ? " (timeout)" : "");
        deadline = System.nanoTime() + most.toNanos();
    }

    /** Returns the addresses that did not accept, each with the cause. */
    Map<InetSocketAddress, IOException> failed() {
        return failed;
    }

    /** Returns a connected, non-blocking channel. */
    SocketChannel connect() throws IOException {
        List<InetSocketAddress> candidates = candidates();
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
                failed.put(candidate, interrupted);
            } catch (IOException | RuntimeException e) {
                failed.put(candidate, e instanceof IOException io ? io : new IOException(e));
            }
        }
        throw allFailed();
    }

    /** Returns the address that {@link #connect} tries first. */
    InetSocketAddress resolve() throws IOException {
        return candidates().get(0);
    }

    private static SocketChannel connect(InetSocketAddress candidate, long deadline) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            UrgentData.keepInline(channel);
            if (!channel.connect(candidate)) {
                try (ChannelReadiness readiness = new ChannelReadiness(channel)) {
                    if (!readiness.await(SelectionKey.OP_CONNECT, deadline) || !channel.finishConnect()) {
                        throw new SocketTimeoutException("no answer");
                    }
                }
            }
            refuseSelfConnect(channel);
            return channel;
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Refuses a socket that is connected to itself, which happens when the kernel picks the target port as the local
     * one (RFC 9293, section 3.5).
     */
    static void refuseSelfConnect(SocketChannel connected) throws IOException {
        if (connected.getLocalAddress().equals(connected.getRemoteAddress())) {
            throw new ConnectException("nothing listens there: the kernel connected the socket to itself");
        }
    }

    private List<InetSocketAddress> candidates() throws IOException {
        List<InetSocketAddress> candidates = new ArrayList<>();
        for (InetAddress address : addresses()) {
            candidates.add(HostAndPort.numeric(new InetSocketAddress(address, target.port())));
        }
        return candidates;
    }

    private InetAddress[] addresses() throws IOException {
        try {
            return NameResolver.resolve(target.host(), deadline, "cannot connect to " + target);
        } catch (SocketTimeoutException late) {
            throw new SocketTimeoutException(late.getMessage() + "; tried for " + within);
        }
    }

    private ConnectException allFailed() {
        StringBuilder message = new StringBuilder("cannot connect to " + target + " within " + within);
        failed.forEach((candidate, cause) -> message.append(message.indexOf("; tried ") < 0 ? "; tried " : ", ")
                .append(HostAndPort.of(candidate))
                .append(" (")
                .append(cause.getMessage())
                .append(')'));
        boolean lacksInterface =
                failed.keySet().stream().map(InetSocketAddress::getAddress).allMatch(NameResolver::lacksInterface);
        ConnectException all = new ConnectException(message.append(
                        lacksInterface ? "; " + NameResolver.NAME_THE_INTERFACE : "; is a server listening there?")
                .toString());
        failed.values().forEach(all::addSuppressed);
        return all;
    }
}
