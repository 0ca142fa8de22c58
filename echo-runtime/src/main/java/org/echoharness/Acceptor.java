package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.UnixSocketFile;
import org.echoharness.sockets.UrgentData;
import org.jspecify.annotations.Nullable;

/**
 * Accepts the connections of one listening socket, on the thread of the server's first event loop, and gives each to
 * one of the loops in turn. If accepting fails, for example because the process has no file descriptor left, it pauses
 * for 100 ms and tries again.
 */
final class Acceptor implements EventLoopHandler {

    private static final long PAUSE_NANOS = 100_000_000;

    private final ServingLoop first;
    private final Admission admission;
    private final SelectionKey key;
    private final SocketAddress local;
    private final @Nullable UnixSocketFile file;
    private final String address; // for warnings
    private boolean pausing;
    private boolean parked;
    private boolean held;

    /**
     * @param local the address that the server has; a Unix socket was bound under another
     * @param file null for TCP
     */
    Acceptor(
            ServingLoop first,
            Admission admission,
            ServerSocketChannel channel,
            SocketAddress local,
            @Nullable UnixSocketFile file)
            throws IOException {
        this.first = first;
        this.admission = admission;
        this.local = local;
        this.file = file;
        address = HostAndPort.text(local);
        channel.configureBlocking(false);
        key = first.loop().register(channel, SelectionKey.OP_ACCEPT, this);
    }

    /** Comes last, so that the server sees a client close one connection before it sees the client make the next. */
    @Override
    public boolean comesLast() {
        return true;
    }

    @Override
    public void ready() {
        acceptOne(); // one at a time: a second accept that finds no connection costs as much as another select
    }

    /** Accepts all that have connected so far. */
    void acceptAll() {
        boolean more;
        do {
            more = acceptOne();
        } while (more);
    }

    private boolean acceptOne() {
        if (held) {
            return false;
        }
        SocketChannel accepted;
        try {
            accepted = ((ServerSocketChannel) key.channel()).accept();
        } catch (IOException | RuntimeException | Error e) {
            pause(e);
            return false;
        }
        if (accepted != null) {
            serve(accepted);
        }
        return accepted != null;
    }

    @Override
    public void alarm(long now) {
        pausing = false;
        listen();
    }

    /** Stops accepting connections, or accepts them again. */
    void park(boolean now) {
        parked = now;
        listen();
    }

    /** Accepts no connection at all, not even by {@link #acceptAll}, until it is known whose the next one is. */
    void hold(boolean now) {
        held = now;
        listen();
    }

    private void listen() {
        if (key.isValid()) {
            key.interestOps(pausing || parked || held ? 0 : SelectionKey.OP_ACCEPT);
        }
    }

    /** Ends with the loop: removes the file before nobody listens behind it, since others may replace it then. */
    @Override
    public void abort() {
        SelectableChannel channel = key.channel();
        try (channel) {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            first.context()
                    .warnings()
                    .warn("closing the listening socket of ".concat(address).concat(" failed: "), e);
        }
    }

    /** Stops listening: see {@link EventLoop#close}. */
    void close() {
        first.loop().close(key);
    }

    private void serve(SocketChannel accepted) {
        // from here on, every close sends an RST, even at the end of the process, unless the server ends with a FIN
        if (local instanceof InetSocketAddress && !SocketChannels.linger(accepted, 0)) {
            admission.warnOfLinger(address);
        }
        Admission due = admission.inUse();
        if (due == admission) {
            serve(admission, accepted);
        } else {
            due.firstLoop().loop().post(() -> serve(due, accepted)); // in the order of the accepts
        }
    }

    /** Serves a connection by the server that it is for: this one, or its session. On the thread of that one's first loop. */
    private void serve(Admission due, SocketChannel accepted) {
        boolean counted = false;
        long number = 0;
        ServerContext context = due.firstLoop().context();
        try {
            if (due.admits(accepted, local)) {
                counted = true;
                ServingLoop chosen = due.nextLoop();
                number = due.nextNumber();
                long given = number; // for the task
                FaultPlan.Place planned = due.nextFaults();
                // on this thread, not on the chosen loop, so that recordings have the order of the accepts
                ConnectionReporter reporter = context.reporter(accepted, local, number);
                if (chosen == due.firstLoop()) {
                    open(chosen, accepted, number, planned, reporter);
                } else {
                    chosen.loop().post(() -> open(chosen, accepted, given, planned, reporter));
                }
            }
        } catch (Throwable failed) {
            String warning = HostAndPort.warning("accepting ", number, accepted, " failed: ");
            SocketChannels.reset(accepted);
            if (counted) {
                context.counts().ends(ConnectionCounters.Counts.Cause.FAILED);
            }
            context.warnings().warn(warning, failed);
        }
    }

    /**
     * Starts to serve the channel, or resets it if that fails. Never throws. The thread of the chosen loop calls it.
     */
    private void open(
            ServingLoop serving,
            SocketChannel channel,
            long number,
            FaultPlan.@Nullable Place planned,
            @Nullable ConnectionReporter reporter) {
        try {
            channel.configureBlocking(false);
            if (local instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                UrgentData.keepInline(channel);
            }
            ServerConnection.of(serving, channel, number, reporter).start(planned);
        } catch (Throwable failed) {
            String warning = HostAndPort.warning("", number, channel, " could not be served: ");
            SocketChannels.reset(channel);
            boolean closing = !serving.loop().isOpen(); // the server was closed after it accepted the connection
            if (reporter != null) {
                reporter.neverServed(closing ? ServerConnection.CLOSING : ServerConnection.FAILED, !closing);
            }
            serving.context()
                    .counts()
                    .ends(closing ? ConnectionCounters.Counts.Cause.SERVER : ConnectionCounters.Counts.Cause.FAILED);
            if (!closing) {
                serving.context().warnings().warn(warning, failed);
            }
        }
    }

    /** Pauses. It must load no class, since loading fails if no file descriptor is left. */
    private void pause(Throwable why) {
        if (!key.isValid()) {
            return;
        }
        long now = System.nanoTime();
        pausing = true;
        listen();
        first.loop().alarms().set(now + PAUSE_NANOS, this);
        admission.warnOfAccept(address, now, why.getMessage());
    }
}
