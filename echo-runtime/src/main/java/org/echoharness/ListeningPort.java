package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.loop.Warnings;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.sockets.UnixSocketFile;
import org.jspecify.annotations.Nullable;

/**
 * One address of a server. The server accepts connections there, refuses connects, or leaves them unanswered. The port
 * always stays taken: before the listening socket is closed, a socket that does not listen is bound to the same port.
 * {@code SO_REUSEPORT} is on only for that moment, so that no other process can bind the port too. The file of a Unix
 * socket stays too: connects to it are refused when nobody listens.
 */
final class ListeningPort implements Runnable {

    private static final int MOST_FILLERS = 64;
    private static final long PROBE_MILLIS = 200;
    private static final String ACCEPTING = "accepting";

    private final ServingLoop first;
    private final Admission admission;
    private final ServerAddress asked;
    private final SocketAddress address;
    private final @Nullable UnixSocketFile file; // null for TCP
    private @Nullable ServerSocketChannel listening;
    private @Nullable Acceptor acceptor;
    private @Nullable SocketChannel holder; // bound while the port does not listen
    private boolean isClosed;
    private volatile String state = ACCEPTING;
    private final List<SocketChannel> fillers = new ArrayList<>(); // of a queue from which no connection is accepted

    ListeningPort(ServingLoop first, Admission admission, ListeningSockets.Bound bound) throws IOException {
        this.first = first;
        this.admission = admission;
        asked = bound.asked();
        address = bound.address();
        file = bound.file();
        listening = bound.channel();
        acceptor = acceptor(bound.channel());
        first.loop().atEnd(this);
    }

    private Acceptor acceptor(ServerSocketChannel channel) throws IOException {
        return new Acceptor(first, admission, channel, address, file);
    }

    SocketAddress address() {
        return address;
    }

    /** Refuses connects from now on. The loop's thread calls this, {@link #listen} and {@link #leaveUnanswered}. */
    void refuse() throws IOException {
        try {
            if (listening != null) {
                stopListening(listening);
            }
        } finally {
            state = listening == null ? "refusing" : state;
        }
    }

    /** Accepts connects again from now on. */
    void listen() throws IOException {
        if (acceptor != null) {
            return;
        }
        ServerSocketChannel channel = listenAgain(first.context().config().backlog());
        try {
            acceptor = acceptor(channel);
        } catch (Throwable failed) {
            SocketChannels.resetQueued(channel);
            SocketChannels.closeAfter(failed, channel);
            if (holder != null) { // it still has the port
                SocketChannels.unshare(holder);
            }
            throw failed;
        }
        listening = channel;
        releaseHolder();
        state = ACCEPTING;
        first.context().server().listensAgain();
    }

    boolean isListening() {
        return acceptor != null;
    }

    /** Accepts no connection from now on, and makes the kernel's queue as short as possible, for {@link #fill}. */
    void leaveUnanswered() throws IOException {
        if (acceptor != null || listening == null) {
            listening = listenAgain(1);
            releaseHolder();
        }
        state = "unanswered";
    }

    /** Returns whether all ports accept connections. Any thread may call it. */
    static boolean isAccepting(List<ListeningPort> ports) {
        return state(ports).equals(ACCEPTING);
    }

    /** Returns the state in which a server's ports are, all alike except for a moment. Any thread may call it. */
    static String state(List<ListeningPort> ports) {
        for (ListeningPort port : ports) {
            if (!port.state.equals(ACCEPTING)) {
                return port.state;
            }
        }
        return ACCEPTING;
    }

    /** Stops listening, if it does, and listens with a queue of another length. The caller then releases the holder. */
    private ServerSocketChannel listenAgain(int backlog) throws IOException {
        if (file == null) {
            refuse();
            return bindBesideHolder((InetSocketAddress) address, backlog);
        }
        mustBeOpen();
        ServerSocketChannel next = file.listen(backlog);
        try {
            refuse(); // only now, so that a connect that waits for room in the old queue finds the new socket
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, next);
            throw failed;
        }
        return next;
    }

    private void mustBeOpen() {
        if (isClosed) {
            throw new IllegalStateException("the server is closed");
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
        } catch (Throwable failed) {
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

    /** Holds back the connections that clients make, until it is known which server they are for. The loop's thread calls it. */
    void hold(boolean held) {
        if (acceptor != null) {
            acceptor.hold(held);
        }
    }

    private void fill(List<SocketChannel> filling) throws IOException {
        for (int i = 0; i < MOST_FILLERS; i++) {
            SocketChannel filler;
            try {
                filler = address instanceof InetSocketAddress inet
                        ? connected(inet)
                        : UnixConnector.connectUnlessFull(
                                Objects.requireNonNull(file).path());
            } catch (IOException refused) {
                EventLoopCalls.refuseInterrupted(); // an interrupt closes the channel, which is not a refusal
                throw unsupported("refuses connects when its queue is full: " + refused.getMessage());
            }
            if (filler == null) {
                return;
            }
            filling.add(filler);
        }
        throw unsupported("queued " + MOST_FILLERS + " connections although the backlog was 1");
    }

    /** Returns a new connection, or null if the connect stays unanswered. */
    private static @Nullable SocketChannel connected(InetSocketAddress to) throws IOException {
        SocketChannel filler = SocketChannel.open();
        try {
            if (connects(filler, ConnectAttempts.reachable(to))) {
                return filler;
            }
        } catch (Throwable refused) {
            SocketChannels.closeAfter(refused, filler);
            throw refused;
        }
        filler.close();
        return null;
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
        if (address instanceof InetSocketAddress inet) {
            hold(inet, channel);
        }
        Acceptor last = acceptor;
        acceptor = null; // first, so that nothing below is done twice if it fails
        listening = null;
        try {
            if (last != null) {
                last.acceptAll(); // connections made before are served
                last.close();
                first.loop().closeNow();
            } else {
                channel.close();
            }
        } finally {
            closeFillers();
        }
    }

    /** Binds a socket that does not listen to the same port. */
    private void hold(InetSocketAddress port, ServerSocketChannel channel) throws IOException {
        HostAndPort tcp = (HostAndPort) asked;
        if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
            throw new UnsupportedOperationException(
                    "connects cannot be refused or left unanswered while the port stays taken:"
                            + " this system has no SO_REUSEPORT");
        }
        SocketChannel beside = ListeningSockets.openHolder(tcp, port);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            shares(beside, true);
            beside.bind(ListeningSockets.local(tcp, port));
            shares(beside, false);
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, beside);
            SocketChannels.unshare(channel);
            throw failed;
        }
        holder = beside;
    }

    /**
     * Lets the holder share the port with the listening socket, and with accepted ones, which have only SO_REUSEADDR.
     */
    private static void shares(SocketChannel holder, boolean on) throws IOException {
        holder.setOption(StandardSocketOptions.SO_REUSEPORT, on);
        holder.setOption(StandardSocketOptions.SO_REUSEADDR, on);
    }

    private ServerSocketChannel bindBesideHolder(InetSocketAddress port, int backlog) throws IOException {
        mustBeOpen();
        HostAndPort tcp = (HostAndPort) asked;
        SocketChannel beside = Objects.requireNonNull(holder);
        ServerSocketChannel channel = ListeningSockets.open(tcp, port.getAddress());
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            beside.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            channel.bind(ListeningSockets.local(tcp, port), backlog);
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, false);
            return channel;
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, channel);
            SocketChannels.unshare(beside);
            throw failed;
        }
    }

    /** Lets go of the port, which a listening socket has by now. */
    private void releaseHolder() {
        if (holder != null) {
            SocketChannels.reset(holder);
            holder = null;
        }
    }

    /** Closes the port, when its loop has ended. */
    @Override
    public void run() {
        isClosed = true;
        SocketChannel held = holder;
        ServerSocketChannel last = listening;
        try (held;
                last) {
            if (file != null) {
                file.close(); // if connects are refused or left unanswered; otherwise the acceptor has closed it
            }
        } catch (Throwable e) {
            first.context().warnings().warn("closing a socket of " + HostAndPort.text(address) + " failed: ", e);
        }
        closeFillers();
    }

    private void closeFillers() {
        SocketChannels.reset(fillers);
        fillers.clear();
    }

    /** Makes a server that refuses connects accept them again after a time. The thread of its first event loop calls it. */
    static final class ScheduledResume implements EventLoopHandler {

        private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

        private final Alarms alarms;
        private final List<ListeningPort> ports;
        private final Warnings warnings;
        private Alarms.@Nullable Alarm alarm;
        private boolean hasWarned;

        ScheduledResume(Alarms alarms, List<ListeningPort> ports, Warnings warnings) {
            this.alarms = alarms;
            this.ports = ports;
            this.warnings = warnings;
        }

        /** Sets the time after which the server accepts connects again. Replaces an earlier one. */
        void set(Duration time) {
            cancel();
            hasWarned = false;
            alarm = alarms.set(System.nanoTime() + time.toNanos(), this);
        }

        void cancel() {
            if (alarm != null) {
                alarms.cancel(alarm);
                alarm = null;
            }
        }

        /** Listens again. Retries an address on which that fails. Loads no class: see {@link Preload}. */
        @Override
        public void alarm(long now) {
            alarm = null;
            for (ListeningPort port : ports) {
                try {
                    port.listen();
                } catch (Throwable failed) {
                    alarm = alarm != null ? alarm : alarms.set(System.nanoTime() + RETRY_NANOS, this);
                    warn(port, failed);
                }
            }
        }

        private void warn(ListeningPort port, Throwable failed) {
            if (!hasWarned) {
                hasWarned = true;
                warnings.warn("cannot listen again on "
                        .concat(HostAndPort.text(port.address()))
                        .concat(", trying every 100ms: ")
                        .concat(String.valueOf(failed.getMessage())));
            }
        }

        /** It has no socket. */
        @Override
        public void ready() {}

        @Override
        public void abort() {}
    }
}
