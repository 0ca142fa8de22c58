package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Connects to a name: tries each address that it resolves to, in the resolver's order, all within one deadline. */
final class Connector {

    private final HostAndPort target;
    private final Duration timeout;
    private final long deadline;
    private final Map<InetSocketAddress, IOException> failed = new LinkedHashMap<>();

    Connector(HostAndPort target, Duration timeout) {
        this.target = target.connectable();
        this.timeout = timeout;
        deadline = System.nanoTime() + timeout.toNanos();
    }

    /** The candidates that were tried in vain, each with its cause. */
    Map<InetSocketAddress, IOException> failed() {
        return failed;
    }

    /** Returns a connected, non-blocking channel. */
    SocketChannel connect() throws IOException {
        List<InetSocketAddress> candidates = candidates();
        for (int i = 0; i < candidates.size(); i++) {
            InetSocketAddress candidate = candidates.get(i);
            long now = System.nanoTime();
            // a candidate that does not answer leaves the later ones their share of the time
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

    private static SocketChannel connect(InetSocketAddress candidate, long deadline) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (!channel.connect(candidate)) {
                try (Readiness readiness = new Readiness(channel)) {
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

    /** A connect to a free ephemeral port may pick that port as its own and meet itself (RFC 9293, section 3.5). */
    static void refuseSelfConnect(SocketChannel connected) throws IOException {
        if (connected.getLocalAddress().equals(connected.getRemoteAddress())) {
            throw new ConnectException("nothing listens there: the kernel connected the socket to itself");
        }
    }

    private List<InetSocketAddress> candidates() throws IOException {
        List<InetSocketAddress> candidates = new ArrayList<>();
        for (InetAddress address : resolve()) {
            candidates.add(HostAndPort.numeric(new InetSocketAddress(address, target.port())));
        }
        return candidates;
    }

    /** The system's resolver has no deadline of its own, so a name is looked up on a thread that can be left behind. */
    private InetAddress[] resolve() throws IOException {
        if (target.host().indexOf(':') >= 0 || target.host().matches("[0-9.]+")) {
            return InetAddress.getAllByName(target.host());
        }
        FutureTask<InetAddress[]> lookup = new FutureTask<>(() -> InetAddress.getAllByName(target.host()));
        Thread thread = new Thread(lookup, "echo-client resolving " + target.host());
        thread.setDaemon(true);
        thread.start();
        try {
            return lookup.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new SocketTimeoutException(
                    "cannot connect to " + target + ": the name was not resolved within " + Options.text(timeout));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while resolving " + target.host());
        } catch (ExecutionException e) {
            throw unresolved(e.getCause());
        }
    }

    private UnknownHostException unresolved(@Nullable Throwable cause) {
        UnknownHostException explained = new UnknownHostException(
                "cannot connect to " + target + ": the name does not resolve; check its spelling, or write an address");
        explained.initCause(cause);
        return explained;
    }

    private ConnectException allFailed() {
        StringBuilder message = new StringBuilder("cannot connect to " + target + " within " + Options.text(timeout));
        failed.forEach((candidate, cause) -> message.append(message.indexOf("; tried ") < 0 ? "; tried " : ", ")
                .append(HostAndPort.of(candidate))
                .append(" (")
                .append(cause.getMessage())
                .append(')'));
        ConnectException all = new ConnectException(
                message.append("; is a server listening there?").toString());
        failed.values().forEach(all::addSuppressed);
        return all;
    }
}
