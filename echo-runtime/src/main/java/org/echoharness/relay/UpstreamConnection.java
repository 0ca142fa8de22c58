package org.echoharness.relay;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.loop.Warnings;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.StartupClasses;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a relay to the server behind it, for one client: finds its address, tries each candidate within one
 * deadline, and then owns the socket. The thread of the event loop uses it.
 */
public final class UpstreamConnection implements EventLoopHandler, UnsentBytes.Waiter {

    /** The relay. The thread of the event loop calls it. */
    public interface Owner {

        /** Called when the socket is ready, connected or failed. It must not throw. */
        void upstreamIsReady();

        /** Returns whether a connect to this address reaches the relay itself, and so would never end. */
        boolean listensAt(SocketAddress address);
    }

    private final EventLoop loop;
    private final Upstream upstream;
    private final Owner owner;
    private final @Nullable UpstreamTls tls;
    private final long timeoutNanos;
    private final ConnectAttempts<SocketAddress> attempts = new ConnectAttempts<>();
    private long deadline;
    private Upstream.@Nullable Target target;
    private int next; // of the candidates
    private @Nullable SocketAddress candidate; // that is connecting
    private @Nullable SelectionKey key;
    private @Nullable ByteBuffer beginning; // that the server gets first
    private @Nullable ByteBuffer unsent; // of it; null before the connect
    private @Nullable UpstreamChannel channel; // once it is open
    private Alarms.@Nullable Alarm alarm;
    private @Nullable Thread lookup; // of the target; it may block
    private String failure = "";
    private boolean isReset; // by the server, before the connect was finished
    private boolean isFull; // the queue of the server at a Unix socket, so that the candidate is tried again
    private boolean isOpen;
    private boolean isClosed;
    private boolean waits; // for the end, until the server's kernel has all that was sent
    private boolean endsCleanly;

    /**
     * @param connectTimeout for the lookup, all candidates and the handshake of TLS together
     * @param tls null without TLS
     */
    public UpstreamConnection(
            EventLoop loop, Upstream upstream, Duration connectTimeout, Owner owner, @Nullable UpstreamTls tls) {
        this.loop = loop;
        this.upstream = upstream;
        this.owner = owner;
        this.tls = tls;
        timeoutNanos = connectTimeout.toNanos();
    }

    /** Loads the classes that a connection needs, also those for a failure. */
    public static void load() {
        InetSocketAddress nowhere = new InetSocketAddress(0);
        ConnectAttempts<SocketAddress> none = new ConnectAttempts<>();
        none.failed(nowhere, new LostUpstreamException(new IOException("")));
        none.exception("", address -> "");
        StartupClasses.load(
                UpstreamChannel.class,
                Upstream.Target.class,
                NameResolver.class,
                UnixDomainSocketAddress.class,
                UnixConnector.QueueFullException.class);
    }

    /**
     * Begins to connect. It calls the owner when that has succeeded or failed, unless it has at return.
     *
     * @param begin what to send first, before TLS too; null for nothing
     */
    public void connect(@Nullable ByteBuffer begin) {
        beginning = begin;
        deadline = System.nanoTime() + timeoutNanos;
        Upstream.Target known = upstream.known();
        if (known != null) {
            target = known;
            tryNext();
            return;
        }
        setAlarm(deadline);
        Thread thread = new Thread(this::lookUp, "echo upstream lookup");
        thread.setDaemon(true);
        thread.start();
        lookup = thread;
    }

    private void lookUp() {
        Runnable then;
        try {
            Upstream.Target found = upstream.lookUp(deadline);
            then = () -> found(found);
        } catch (Throwable failed) {
            String why = failed instanceof IOException
                    ? String.valueOf(failed.getMessage())
                    : "the upstream is not known: " + Warnings.text(failed);
            then = () -> fail(why);
        }
        Runnable result = then;
        loop.post(() -> {
            lookup = null;
            if (target == null && !isOver()) {
                try {
                    result.run();
                } catch (Throwable failed) {
                    failBy(failed);
                }
                owner.upstreamIsReady();
            }
        });
    }

    private void found(Upstream.Target found) {
        target = found;
        tryNext();
    }

    private boolean isOver() {
        return isClosed || !failure.isEmpty();
    }

    /** Connects to the next candidate, or to one after it if that refuses at once. Fails if there is none. */
    private void tryNext() {
        Upstream.Target of = Objects.requireNonNull(target);
        while (next < of.candidates().size() && !isClosed) {
            SocketAddress chosen = of.candidates().get(next++);
            try {
                if (owner.listensAt(chosen)) {
                    throw new ConnectException("the relay itself listens there; name the real server");
                }
                if (connects(chosen, of)) {
                    return;
                }
            } catch (UnixConnector.QueueFullException full) {
                long left = deadline - System.nanoTime();
                if (left > 0) {
                    isFull = true;
                    next--;
                    setAlarm(deadline - left + Math.min(left, UnixConnector.RETRY_NANOS));
                    return;
                }
                attempts.failed(chosen, full);
            } catch (IOException | RuntimeException refused) {
                if (refuses(chosen, refused instanceof IOException io ? io : new IOException(refused))) {
                    return;
                }
            }
        }
        boolean isLate = System.nanoTime() - deadline >= 0;
        String what = cannotConnect(isLate ? " within " + Quantities.text(Duration.ofNanos(timeoutNanos)) : "");
        fail(String.valueOf(attempts.exception(what, upstream::text).getMessage()));
    }

    /** Takes note that a candidate has failed. Returns whether that decides the connection. */
    private boolean refuses(SocketAddress chosen, IOException refused) {
        closeAttempt();
        isReset = tls == null && ConnectAttempts.wasAccepted(refused);
        if (isReset) {
            fail("upstream " + peer() + ": Connection reset");
        } else {
            attempts.failed(chosen, refused);
        }
        return isReset;
    }

    private boolean connects(SocketAddress chosen, Upstream.Target of) throws IOException {
        candidate = chosen;
        SocketChannel channel = ConnectAttempts.begin(chosen);
        try {
            boolean connected = channel.isConnected() || channel.finishConnect(); // on loopback it is by now
            key = loop.register(channel, connected ? 0 : SelectionKey.OP_CONNECT, this);
            if (connected) {
                open(channel);
            } else {
                // each candidate gets an equal share of the time left, so that one without an answer does not use it up
                long now = System.nanoTime();
                setAlarm(now + Math.max(1, (deadline - now) / (of.candidates().size() - next + 1)));
            }
            return true;
        } catch (Throwable failed) {
            if (key == null) {
                SocketChannels.closeAfter(failed, channel);
            }
            throw failed;
        }
    }

    private void setAlarm(long at) {
        loop.alarms().cancel(alarm);
        alarm = loop.alarms().set(at, this);
    }

    private void open(SocketChannel channel) throws IOException {
        ConnectAttempts.refuseSelfConnect(channel);
        SocketChannels.linger(channel, 0); // from here on, every close sends an RST, unless it is a clean one
        unsent = beginning == null ? null : beginning.duplicate();
        begin(channel);
    }

    /** Sends what the server gets first. When its kernel has all of that, opens the connection, or begins the handshake. */
    private void begin(SocketChannel channel) throws IOException {
        ByteBuffer first = unsent;
        if (first != null) {
            while (first.hasRemaining() && channel.write(first) > 0) {
                // the kernel may take it in pieces
            }
            if (first.hasRemaining()) {
                setAlarm(deadline);
                Objects.requireNonNull(key).interestOps(SelectionKey.OP_WRITE);
                return;
            }
            unsent = null;
            Objects.requireNonNull(key).interestOps(0);
        }
        if (tls == null) {
            opened(new UpstreamChannel(channel, null));
        } else {
            Upstream.Target of = Objects.requireNonNull(target);
            tls.begin(of.host(), candidate instanceof InetSocketAddress inet ? inet.getPort() : -1, channel);
            setAlarm(deadline);
            shakeHands(tls, channel);
        }
    }

    private void opened(UpstreamChannel ready) {
        loop.alarms().cancel(alarm);
        alarm = null;
        channel = ready;
        isOpen = true;
    }

    /** Goes on with the handshake of TLS. A server that fails it is not replaced by another candidate. */
    private void shakeHands(UpstreamTls handshake, SocketChannel socket) {
        SelectionKey mine = Objects.requireNonNull(key);
        try {
            if (handshake.advances()) {
                opened(new UpstreamChannel(socket, handshake.text(socket)));
                mine.interestOps(0);
            } else {
                mine.interestOps(handshake.interest());
            }
        } catch (IOException | RuntimeException failed) {
            giveUp(Escaping.escape(cannotConnect(" with TLS: ")) + handshake.reason(failed));
            SocketChannels.linger(socket, -1);
            handshake.release();
            key = null;
            LingeringClose.begin(loop, mine); // lets the server read the alert
        }
    }

    private String cannotConnect(String how) {
        return "cannot connect to upstream " + Objects.requireNonNull(target).name() + how;
    }

    private void closeAttempt() {
        unsent = null;
        if (tls != null) {
            tls.release();
        }
        SelectionKey tried = key;
        key = null;
        if (tried != null) {
            loop.close(tried);
        }
    }

    private void endLookup() {
        if (lookup != null) {
            lookup.interrupt();
            lookup = null;
        }
    }

    private void fail(String why) {
        giveUp(Escaping.escape(why));
    }

    private void giveUp(String escaped) {
        endLookup();
        loop.alarms().cancel(alarm);
        alarm = null;
        failure = Escaping.cut(escaped);
    }

    @Override
    public void ready() {
        SelectionKey mine = key;
        if (mine == null || !mine.isValid() || waits) {
            return;
        }
        try {
            if (!isOpen && tls != null && tls.hasBegun()) {
                shakeHands(tls, (SocketChannel) mine.channel());
            } else if (!isOpen) {
                finish((SocketChannel) mine.channel(), unsent != null);
            }
        } catch (Throwable failed) {
            failBy(failed);
        }
        owner.upstreamIsReady();
    }

    /** Ends only this connection, as its owner does with an exception that it can see. */
    private void failBy(Throwable thrown) {
        fail("an exception in the relay: " + Warnings.text(thrown));
        isOpen = false;
        closeAttempt();
    }

    private void finish(SocketChannel channel, boolean isConnected) {
        try {
            if (isConnected) {
                begin(channel);
            } else if (channel.finishConnect()) {
                Objects.requireNonNull(key).interestOps(0);
                open(channel);
            }
        } catch (IOException refused) {
            if (!refuses(Objects.requireNonNull(candidate), refused)) {
                tryNext();
            }
        }
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        if (isOpen || isOver()) {
            return;
        }
        try {
            goOn();
        } catch (Throwable failed) {
            failBy(failed);
        }
        owner.upstreamIsReady();
    }

    /** Goes on when the time of a step is over. */
    private void goOn() {
        if (target == null) {
            fail("the upstream is not known within " + Quantities.text(Duration.ofNanos(timeoutNanos)));
        } else if (tls != null && tls.hasBegun()) {
            fail(cannotConnect(" with TLS within " + Quantities.text(Duration.ofNanos(timeoutNanos)) + ": ")
                    + tls.late());
            closeAttempt();
        } else if (isFull) {
            isFull = false;
            tryNext();
        } else {
            attempts.failed(Objects.requireNonNull(candidate), new SocketTimeoutException("no answer"));
            closeAttempt();
            tryNext();
        }
    }

    /** Returns whether it is connected and not closed. */
    public boolean isOpen() {
        return isOpen && !isClosed;
    }

    /** Returns why it cannot connect, or is reset, or an empty text. */
    public String failure() {
        return failure;
    }

    /** Returns whether the server accepted the connection and reset it before the relay could use it. */
    public boolean isReset() {
        return isReset;
    }

    /** Returns which addresses it has tried before the one that it is connected to, and why they failed; or an empty text. */
    public String detour() {
        return Escaping.cut(Escaping.escape(attempts.text(upstream::text)));
    }

    /** Returns the address of the server in words. Called when it is connected. */
    public String peer() {
        return upstream.text(Objects.requireNonNull(candidate));
    }

    /** Returns what reads and writes it. Called when it is connected. */
    public UpstreamChannel channel() {
        return Objects.requireNonNull(channel);
    }

    /** Returns whether there is something to read: the selector has found it, or a record of TLS has more. */
    public boolean isReadable() {
        UpstreamChannel mine = channel;
        return mine != null && isOpen() && (Objects.requireNonNull(key).isReadable() || mine.hasInput());
    }

    /** Returns whether it waits for something to read. */
    public boolean isRead() {
        SelectionKey mine = key;
        return mine != null && isOpen() && (mine.interestOps() & SelectionKey.OP_READ) != 0;
    }

    /** Sets the operations of the socket to wait for. Does nothing unless it is connected. */
    public void interest(int operations) {
        SelectionKey mine = key;
        if (mine != null && isOpen() && mine.interestOps() != operations) {
            mine.interestOps(operations);
        }
    }

    /**
     * Closes the connection, or gives up to connect. Further calls do nothing.
     *
     * @param clean whether with a FIN; otherwise with an RST
     * @param unsent waits before an RST, and after a FIN, until the server's kernel has all that was sent, since an RST makes
     *     the kernel discard unsent bytes; null to close at once
     */
    public void close(boolean clean, @Nullable UnsentBytes unsent) {
        if (isClosed) {
            return;
        }
        boolean was = isOpen;
        isClosed = true;
        endLookup();
        loop.alarms().cancel(alarm);
        endsCleanly = clean;
        release(clean);
        SelectionKey mine = key;
        if (mine == null) {
            return;
        }
        try {
            SocketChannel socket = (SocketChannel) mine.channel();
            if (was && unsent != null && mine.isValid()) {
                if (clean) {
                    socket.shutdownOutput();
                }
                waits = unsent.await(this, socket);
            }
        } catch (Throwable gone) {
            waits = false;
        }
        if (waits) {
            mine.interestOps(0);
        } else {
            closeNow(mine);
        }
    }

    private void release(boolean clean) {
        if (channel != null) {
            channel.release(clean);
        } else if (tls != null) {
            tls.release();
        }
    }

    private void closeNow(SelectionKey mine) {
        SocketChannels.linger((SocketChannel) mine.channel(), endsCleanly ? -1 : 0);
        loop.close(mine);
    }

    @Override
    public boolean isWaiting() {
        return waits;
    }

    @Override
    public void endWaited() {
        waits = false;
        closeNow(Objects.requireNonNull(key));
    }

    @Override
    public void abort() {
        if (!isClosed) {
            release(false);
        }
        isClosed = true;
        waits = false;
        SelectionKey mine = key;
        if (mine != null) {
            closeNow(mine);
        }
    }
}
