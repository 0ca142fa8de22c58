package org.echoharness;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.echoharness.sockets.SocketChannels;

/**
 * Accepts the connections of one listening socket, on the thread of the server's first event loop, and gives each to one
 * of the loops in turn. When accepting fails (the process has no file descriptor left, say) it pauses and tries again.
 */
final class Acceptor implements EventLoopHandler {

    private static final long PAUSE_NANOS = 100_000_000;

    private final ServerCore server;
    private final EventLoop loop;
    private final SelectionKey key;
    private boolean pausing;
    private boolean parked;

    Acceptor(ServerCore server, EventLoop loop, ServerSocketChannel channel) throws IOException {
        this.server = server;
        this.loop = loop;
        channel.configureBlocking(false);
        key = channel.register(loop.selector(), SelectionKey.OP_ACCEPT, this);
    }

    @Override
    public void ready() {
        acceptOne(); // one at a time: to ask for another that is not there costs as much as to select again
    }

    /** Accepts all that have connected so far. */
    void acceptAll() {
        boolean more;
        do {
            more = acceptOne();
        } while (more);
    }

    private boolean acceptOne() {
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

    /** Accepts nobody until it is unparked. */
    void park(boolean now) {
        parked = now;
        listen();
    }

    private void listen() {
        if (key.isValid()) {
            key.interestOps(pausing || parked ? 0 : SelectionKey.OP_ACCEPT);
        }
    }

    @Override
    public void abort() {
        try {
            key.channel().close();
        } catch (IOException e) {
            server.warn("closing a listening socket failed: ", e);
        }
    }

    private void serve(SocketChannel accepted) {
        boolean counted = false;
        try {
            if (server.mayServe(accepted)) {
                counted = true;
                EventLoop chosen = server.nextLoop();
                long number = server.nextNumber();
                PlannedFaults planned = server.nextPlanned();
                ConnectionReporter witness =
                        ConnectionReporter.of(server, accepted, number); // here: in the order of accept
                if (chosen == loop) {
                    ServerConnection.open(server, loop, accepted, number, planned, witness);
                } else {
                    chosen.post(() -> ServerConnection.open(server, chosen, accepted, number, planned, witness));
                }
            }
        } catch (Throwable failed) {
            SocketChannels.reset(accepted);
            if (counted) {
                server.tally().ends();
                server.tally().failed.increment();
            }
            server.warn("accepting a connection failed: ", failed);
        }
    }

    /** Loads no class: without a file descriptor left, that would fail. */
    private void pause(Throwable why) {
        if (!key.isValid()) {
            return;
        }
        long now = System.nanoTime();
        pausing = true;
        listen();
        loop.alarms().set(now + PAUSE_NANOS, this);
        server.warnOfAccept(now, why.getMessage());
    }
}
