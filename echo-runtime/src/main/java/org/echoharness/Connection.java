package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection, on its event loop's thread: reads into a ring, lets what may pass out of it, and derives from
 * its state what to wait for. An idle connection holds no buffer.
 *
 * <p>It ends with a FIN when the client's FIN has come and every byte before it went back, and in any other case with an
 * RST, so that a clean end of stream always means a whole echo.
 */
final class Connection implements Served {

    private final ServerCore server;
    private final EventLoop loop;
    private final SelectionKey key;
    private @Nullable Ring ring; // held only while it holds bytes
    private boolean inputEnded;
    private Alarms.@Nullable Alarm idleAlarm;
    private long lastMoved; // when bytes last moved; kept only where there is an idle time-out

    private Connection(ServerCore server, EventLoop loop, SocketChannel channel) throws IOException {
        this.server = server;
        this.loop = loop;
        key = channel.register(loop.selector(), SelectionKey.OP_READ, this);
        if (server.config().idleNanos() > 0) {
            lastMoved = System.nanoTime();
            idleAlarm = loop.alarms().set(lastMoved + server.config().idleNanos(), this);
        }
    }

    /** Starts to serve the channel, or resets it where that fails. Never throws. */
    static void open(ServerCore server, EventLoop loop, SocketChannel channel) {
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            // from here on whatever closes the socket resets it, the end of the process too; see end()
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            new Connection(server, loop, channel).tellStart();
        } catch (Throwable failed) {
            Acceptor.reset(channel);
            server.tally().ends();
            if (loop.selector().isOpen()) { // else the server was closed in between
                server.tally().failed.increment();
                server.warn("a connection could not be served: " + failed);
            }
        }
    }

    @Override
    public void ready() {
        try {
            if (key.isReadable()) {
                receive();
            }
            if (isOpen() && ring != null) {
                send(ring, judge(ring));
            }
            if (isOpen()) {
                settle();
            }
        } catch (IOException lost) {
            end(false, server.tally().reset, String.valueOf(lost.getMessage()));
        } catch (Throwable failed) {
            fail(failed);
        }
    }

    @Override
    public void alarm(long now) {
        idleAlarm = null;
        if (!isOpen()) {
            return;
        }
        long idle = server.config().idleNanos();
        if (now - lastMoved >= idle) {
            end(false, server.tally().idleClosed, "idle for " + Options.text(Duration.ofNanos(idle)));
        } else {
            idleAlarm = loop.alarms().set(lastMoved + idle, this);
        }
    }

    @Override
    public void abort() {
        if (isOpen()) {
            end(false, null, "the server closes");
        }
    }

    private void receive() throws IOException {
        Ring into = ring != null ? ring : loop.borrow();
        ring = into;
        int n = into.readFrom(channel());
        if (n < 0) {
            inputEnded = true;
        }
        moved(n);
        Conversation conversation = server.config().conversation();
        if (conversation != null && n > 0) {
            conversation.receivedFrom(peerText(), into.newest(n));
        } else if (conversation != null && n < 0) {
            conversation.noDataFrom(peerText());
        }
    }

    /** How many of the oldest bytes may leave now. Here faults will judge; without one, all may. */
    private int judge(Ring held) {
        return held.size();
    }

    private void send(Ring from, int passing) throws IOException {
        int n = passing == 0 ? 0 : from.writeTo(channel(), passing);
        moved(n);
        Conversation conversation = server.config().conversation();
        if (conversation != null && n > 0) {
            conversation.sendingBack(peerText(), n);
        }
    }

    /** Gives back an empty ring, then ends the connection or derives its interest set. */
    private void settle() {
        if (ring != null && ring.isEmpty()) {
            loop.giveBack(ring);
            ring = null;
        }
        if (inputEnded && ring == null) {
            end(true, null, "");
            return;
        }
        int reading = !inputEnded && (ring == null || ring.isHalfFree()) ? SelectionKey.OP_READ : 0;
        int writing = ring != null ? SelectionKey.OP_WRITE : 0;
        if (key.interestOps() != (reading | writing)) {
            key.interestOps(reading | writing);
        }
    }

    private void fail(Throwable failure) {
        if (isOpen()) { // else a callback closed the server, and with it this connection
            String peer = peerText();
            end(false, server.tally().failed, "an exception in the server");
            server.warn("reset " + peer + " after an exception: " + failure);
        }
    }

    /**
     * Closes the socket, with a FIN after a whole echo and else with an RST, and then tells. The selector lets go of the
     * socket when it runs next: a listener that blocks holds an RST back so long. The counter, if any, counts it.
     */
    private void end(boolean clean, @Nullable LongAdder counter, String why) {
        if (!isOpen()) {
            return; // a callback closed the server, and with it this connection
        }
        String peer = server.config().conversation() != null ? peerText() : "";
        lingers(clean ? -1 : 0);
        loop.close(key);
        if (ring != null) {
            loop.giveBack(ring);
            ring = null;
        }
        if (idleAlarm != null) {
            loop.alarms().cancel(idleAlarm);
            idleAlarm = null;
        }
        server.tally().ends();
        if (counter != null) {
            counter.increment();
        }
        tellEnd(clean, peer, why);
    }

    /** How long closing waits for what is not yet sent: 0 sends an RST instead, -1 takes that back. */
    private void lingers(int seconds) {
        try {
            channel().setOption(StandardSocketOptions.SO_LINGER, seconds);
        } catch (IOException | RuntimeException alreadyGone) {
            // then there is nobody left to tell
        }
    }

    private void tellStart() {
        Conversation conversation = server.config().conversation();
        if (conversation != null) {
            try {
                conversation.connectionFrom(peerText());
            } catch (Throwable failed) {
                fail(failed);
            }
        }
    }

    private void tellEnd(boolean clean, String peer, String why) {
        Conversation conversation = server.config().conversation();
        if (conversation == null) {
            return;
        }
        try {
            if (!clean) {
                conversation.lost(peer, why);
            }
            if (server.isRunning()) {
                conversation.waiting();
            }
        } catch (Throwable failed) {
            server.warn("a listener failed: " + failed);
        }
    }

    private void moved(int bytes) {
        if (idleAlarm != null && bytes > 0) {
            lastMoved = System.nanoTime();
        }
    }

    private boolean isOpen() {
        return key.isValid();
    }

    private SocketChannel channel() {
        return (SocketChannel) key.channel();
    }

    private String peerText() {
        return text(channel());
    }

    /** Where the other end of an accepted channel is. */
    static String text(SocketChannel channel) {
        try {
            return HostAndPort.of((InetSocketAddress) channel.getRemoteAddress())
                    .toString();
        } catch (IOException closed) {
            return "a closed connection";
        }
    }
}
