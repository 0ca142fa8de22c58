package org.echoharness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.sockets.SocketChannels;
import org.jspecify.annotations.Nullable;

/**
 * One address of a server. The server accepts connections there, refuses connects, or leaves them unanswered. The port
 * always stays taken: before the listening socket is closed, a socket that does not listen is bound to the same port.
 * {@code SO_REUSEPORT} is on only for that moment, so that no other process can bind the port too.
 */
final class ListeningPort {

    /** Learns that the port listens again. */
    interface Observer {

        /** Called when the port listens again. The thread of the loop calls it. */
        void listensAgain();
    }

    private static final int MOST_FILLERS = 64;
    private static final long PROBE_MILLIS = 200;

    private final ServingLoop first;
    private final Admission admission;
    private final Observer observer;
    private final HostAndPort asked;
    private final InetSocketAddress address;
    private @Nullable ServerSocketChannel listening;
    private @Nullable Acceptor acceptor;
    private @Nullable SocketChannel holder; // bound while the port does not listen
    private boolean isClosed;
    private final List<SocketChannel> fillers = new ArrayList<>(); // of a queue from which no connection is accepted

    ListeningPort(
            ServingLoop first, Admission admission, Observer observer, HostAndPort asked, ServerSocketChannel bound)
            throws IOException {
        this.first = first;
        this.admission = admission;
        this.observer = observer;
        this.asked = asked;
        address = ListeningSockets.addressOf(bound);
        listening = bound;
        acceptor = new Acceptor(first, admission, bound);
        first.loop().atEnd(this::close);
    }

    InetSocketAddress address() {
        return address;
    }

    /** Refuses connects from now on. The loop's thread calls this, {@link #listen} and {@link #leaveUnanswered}. */
    void refuse() throws IOException {
        if (listening != null) {
            stopListening(listening);
        }
    }

    /** Accepts connects again from now on. */
    void listen() throws IOException {
        if (acceptor != null) {
            return;
        }
        refuse();
        ServerSocketChannel channel = bindBesideHolder(first.context().config().backlog());
        listening = channel;
        try {
            acceptor = new Acceptor(first, admission, channel);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
        observer.listensAgain();
    }

    boolean isListening() {
        return acceptor != null;
    }

    /** Accepts no connection from now on, and makes the kernel's queue as short as possible, for {@link #fill}. */
    void leaveUnanswered() throws IOException {
        if (acceptor != null || listening == null) {
            refuse();
            listening = bindBesideHolder(1);
        }
    }

    /**
     * Makes connections until a connect stays unanswered. Any thread may call it; it waits.
     *
     * @return the connections that fill the queue, for {@link #keep}
     * @throws UnsupportedOperationException if the system does something else when its queue is full
     */
    List<SocketChannel> fill() throws IOException {
        List<SocketChannel> filling = new ArrayList<>();
        try {
            fill(filling);
            return filling;
        } catch (IOException | RuntimeException failed) {
            SocketChannels.reset(filling);
            throw failed;
        }
    }

    /**
     * Keeps these connections until connects are answered or refused again, and then resets them. The loop's thread
     * calls it.
     */
    void keep(List<SocketChannel> filling) {
        if (isClosed) {
            SocketChannels.reset(filling);
        } else {
            fillers.addAll(filling);
        }
    }

    /** Accepts all that have connected so far. The loop's thread calls it. */
    void acceptAll() {
        if (acceptor != null) {
            acceptor.acceptAll();
        }
    }

    /** Stops accepting connections, or accepts them again. The loop's thread calls it. */
    void park(boolean parked) {
        if (acceptor != null) {
            acceptor.park(parked);
        }
    }

    private void fill(List<SocketChannel> filling) throws IOException {
        InetAddress host =
                address.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address.getAddress();
        for (int i = 0; i < MOST_FILLERS; i++) {
            SocketChannel filler = SocketChannel.open();
            try {
                if (!connects(filler, new InetSocketAddress(host, address.getPort()))) {
                    filler.close();
                    return;
                }
            } catch (IOException refused) {
                filler.close();
                EventLoopCalls.refuseInterrupted(); // an interrupt closes the channel, which is not a refusal
                throw unsupported("refuses connects when its queue is full: " + refused.getMessage());
            }
            filling.add(filler);
        }
        throw unsupported("queued " + MOST_FILLERS + " connections although the backlog was 1");
    }

    private static UnsupportedOperationException unsupported(String why) {
        return new UnsupportedOperationException("connects cannot be left unanswered: this system " + why);
    }

    private static boolean connects(SocketChannel channel, InetSocketAddress target) throws IOException {
        channel.configureBlocking(false);
        if (channel.connect(target)) {
            return true;
        }
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_CONNECT);
            boolean ready = selector.select(PROBE_MILLIS) > 0;
            EventLoopCalls.refuseInterrupted(); // an interrupt ends the wait too
            return ready && channel.finishConnect();
        }
    }

    private void stopListening(ServerSocketChannel channel) throws IOException {
        SocketChannel beside = ListeningSockets.openHolder(asked, address);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            shares(beside, true);
            beside.bind(ListeningSockets.local(asked, address));
            shares(beside, false);
        } catch (IOException | RuntimeException failed) {
            beside.close();
            throw failed;
        }
        holder = beside;
        if (acceptor != null) {
            acceptor.acceptAll(); // connections made before are served
            acceptor.close();
            acceptor = null;
            first.loop().closeNow();
        } else {
            channel.close();
        }
        listening = null;
        closeFillers();
    }

    /**
     * Lets the holder share the port with the listening socket, and with accepted ones, which have only SO_REUSEADDR.
     */
    private static void shares(SocketChannel holder, boolean on) throws IOException {
        holder.setOption(StandardSocketOptions.SO_REUSEPORT, on);
        holder.setOption(StandardSocketOptions.SO_REUSEADDR, on);
    }

    private ServerSocketChannel bindBesideHolder(int backlog) throws IOException {
        SocketChannel beside = holder;
        if (beside == null) {
            throw new IllegalStateException("the server is closed");
        }
        ServerSocketChannel channel = ListeningSockets.open(asked, address.getAddress());
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            beside.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            channel.bind(ListeningSockets.local(asked, address), backlog);
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, false);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
        beside.close();
        holder = null;
        return channel;
    }

    private void close() {
        isClosed = true;
        try {
            if (listening != null) {
                listening.close();
            }
            if (holder != null) {
                holder.close();
            }
        } catch (IOException e) {
            first.context().warnings().warn("closing a socket of " + HostAndPort.of(address) + " failed: ", e);
        }
        closeFillers();
    }

    private void closeFillers() {
        SocketChannels.reset(fillers);
        fillers.clear();
    }
}
