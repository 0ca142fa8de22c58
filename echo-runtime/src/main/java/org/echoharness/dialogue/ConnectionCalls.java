package org.echoharness.dialogue;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.echoharness.loop.EventLoop;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.ServedConnection;
import org.jspecify.annotations.Nullable;

/**
 * What handlers and tests call on one connection. Bytes to send wait in a queue, from which the pump takes them when its
 * output has room. Only the thread of the connection's event loop uses the queue; other threads post to it.
 */
public final class ConnectionCalls implements ServedConnection {

    /** Whether this thread is one of an event loop, and must not wait for another loop, which may wait for this one. */
    private static final ThreadLocal<@Nullable Boolean> IS_LOOP = new ThreadLocal<>();

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final String START_TLS = "startTls()";

    private final Runnable turn;
    private final @Nullable EventLoop loop;
    private final long number;
    private final SocketAddress remote;
    private final ArrayDeque<Sending> queue = new ArrayDeque<>(0);
    private Dialogue.Next asked = Dialogue.Next.MORE; // what to do when the queue is empty
    private Consumer<Mismatch> failures = failed -> {};
    private @Nullable TlsUpgrade upgrade; // null if the connection cannot start TLS
    private @Nullable TlsStart tls; // which a call asks for
    private boolean isTlsAsked; // guarded by this
    private boolean awaitsTls; // the start is in the queue
    private boolean hasPassedFin;
    private boolean isInTurn;
    private boolean isReleased;
    private volatile boolean hasEnded;

    /** Thrown by {@link #send} after the end of the connection. */
    static final class EndedException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private final transient ConnectionCalls connection;

        private EndedException(ConnectionCalls connection, String message) {
            super(message);
            this.connection = connection;
        }

        boolean isOf(ConnectionCalls other) {
            return connection == other;
        }
    }

    /** Bytes to send, for which a thread may wait; or the start of TLS, which has no bytes. */
    private static final class Sending {
        private final ByteBuffer bytes;
        private final boolean startsTls;
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile long moved = System.nanoTime(); // when bytes were last put
        private volatile String failure = "";

        Sending(ByteBuffer of, boolean startsTls) {
            this.startsTls = startsTls;
            bytes = ByteBuffer.allocate(of.remaining()).put(of).flip();
        }
    }

    /**
     * @param turn lets the pump take a turn, on the thread of the loop
     * @param loop null where there is no thread, and therefore no call that sends or ends
     */
    public ConnectionCalls(long number, SocketAddress remote, Runnable turn, @Nullable EventLoop loop) {
        this.number = number;
        this.remote = remote;
        this.turn = turn;
        this.loop = loop;
        if (loop != null && loop.isCurrent()) {
            IS_LOOP.set(true);
        }
    }

    private EventLoop loop() {
        return Objects.requireNonNull(loop);
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public SocketAddress remoteSocketAddress() {
        return remote;
    }

    @Override
    public boolean isOpen() {
        return !hasEnded;
    }

    @Override
    public void send(ByteBuffer bytes) {
        Sending sending = new Sending(bytes, false);
        if (loop().isCurrent()) {
            add(sending);
        } else {
            loop().post(() -> add(sending));
            if (IS_LOOP.get() == null) {
                await(sending);
            }
        }
        if (!sending.failure.isEmpty()) {
            String text = "connection " + number + " cannot send: " + sending.failure;
            throw hasEnded ? new EndedException(this, text) : new IllegalStateException(text);
        }
    }

    private void add(Sending sending) {
        if (isReleased) {
            fail(sending, "it has ended");
        } else if (asked != Dialogue.Next.MORE) {
            fail(sending, "its output has ended");
        } else {
            queue.add(sending);
            HeldMemory.take(sending.bytes.capacity());
            if (awaitsTls) {
                sending.over.countDown(); // the handshake may wait for the call of the handler that sends
            }
            goOn();
        }
    }

    /** Runs the task on the thread of the loop, soon. Any thread. */
    void post(Runnable task) {
        loop().post(task);
    }

    /** Sets what is called, on the thread of the loop, when a handler fails after the end of the connection. */
    public void onFailure(Consumer<Mismatch> action) {
        failures = action;
    }

    /** Reports that a handler has failed after the end of the connection. */
    void fail(Mismatch why) {
        failures.accept(why);
    }

    /** Lets the pump take a turn soon, unless it is taking one. */
    void goOn() {
        if (!isInTurn) {
            loop().post(turn);
        }
    }

    /** Lets the pump take a turn now. */
    void takeTurn() {
        turn.run();
    }

    private static void fail(Sending sending, String why) {
        sending.failure = why;
        sending.over.countDown();
    }

    private void await(Sending sending) {
        try {
            long left = PATIENCE_NANOS;
            while (left > 0) {
                if (sending.over.await(left, TimeUnit.NANOSECONDS)) {
                    return;
                }
                left = sending.moved + PATIENCE_NANOS - System.nanoTime();
            }
            giveUp(sending);
            if (!sending.over.await(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
                sending.failure = "a callback keeps its thread from sending: " + loop().where();
            }
        } catch (InterruptedException interrupted) {
            giveUp(sending);
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(
                    "interrupted while connection " + number + " sent", new InterruptedIOException());
        }
    }

    private void giveUp(Sending sending) {
        loop().post(() -> {
            if (queue.remove(sending)) {
                HeldMemory.release(sending.bytes.capacity());
                fail(sending, "no byte could leave for 10s, and " + sending.bytes.remaining() + " are left");
            }
        });
    }

    @Override
    public void startTls() {
        if (upgrade == null) {
            throw new IllegalStateException("connection " + number + " cannot start TLS: its server does not begin in"
                    + " clear text; set tls, and call handlerStartsTls() on the builder");
        }
        if (!takesTls()) {
            throw new IllegalStateException("connection " + number + " cannot start TLS: it was started before");
        }
        Sending start = new Sending(ByteBuffer.allocate(0), true);
        if (loop().isCurrent()) {
            addTls(start);
        } else {
            loop().post(() -> addTls(start));
            if (IS_LOOP.get() == null) {
                awaitAdded(start); // what the client sends after that is no clear text
            }
        }
    }

    private void awaitAdded(Sending start) {
        try {
            if (!start.over.await(PATIENCE_NANOS, TimeUnit.NANOSECONDS)) {
                throw new IllegalStateException("connection " + number
                        + " cannot start TLS: a callback keeps its thread from doing so: " + loop().where());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(
                    "interrupted while connection " + number + " started TLS", new InterruptedIOException());
        }
    }

    /** Returns whether TLS was not started before. */
    private synchronized boolean takesTls() {
        boolean takes = !isTlsAsked;
        isTlsAsked = true;
        return takes;
    }

    private void addTls(Sending start) {
        if (!isReleased && asked == Dialogue.Next.MORE) {
            queue.add(start);
            awaitsTls = true;
            goOn();
        }
        start.over.countDown();
    }

    @Override
    public void close() {
        ask(Dialogue.Next.CLOSE);
    }

    @Override
    public void halfClose() {
        ask(Dialogue.Next.HALF_CLOSE);
    }

    @Override
    public void reset() {
        ask(Dialogue.Next.RESET);
    }

    private void ask(Dialogue.Next next) {
        if (loop().isCurrent()) {
            askNow(next);
        } else {
            loop().post(() -> askNow(next));
        }
    }

    /** An RST replaces a FIN that is not sent yet, and the end of the connection the end of its output. */
    private void askNow(Dialogue.Next next) {
        if (!isReleased && (asked == Dialogue.Next.MORE || asked.compareTo(next) < 0)) {
            asked = next;
            goOn();
        }
    }

    /** Called when the pump begins and ends a turn. On the loop's thread, as the methods below. */
    public void turns(boolean now) {
        isInTurn = now;
    }

    /** Sets what starts TLS on the connection. Before any other call; without this call, TLS cannot be started. */
    public void upgrade(@Nullable TlsUpgrade by) {
        upgrade = by;
    }

    /** Returns the start of TLS for a step of a script, or null if TLS was started before. */
    @Nullable
    TlsStart beginTls(String label) {
        return takesTls() ? newTlsStart(label) : null;
    }

    private TlsStart newTlsStart(String label) {
        return new TlsStart(Objects.requireNonNull(upgrade, "the connection cannot start TLS"), label);
    }

    /** Returns whether a call asks for the start of TLS, and what was sent before is put. */
    private boolean startsTls() {
        Sending first = queue.peek();
        return first != null && first.startsTls;
    }

    /**
     * Goes on with the start of TLS that a call asks for. Returns null if there is none, or if TLS has started. After FAILED,
     * {@link #tlsMismatch} is the reason.
     */
    Dialogue.@Nullable Next advanceTls(RingBuffer in, boolean inputEnded, Outlet out) {
        if (!startsTls()) {
            return null;
        }
        TlsStart start = tls == null ? newTlsStart(START_TLS) : tls;
        tls = start;
        TlsStart.State state = start.advance(in, inputEnded, out);
        if (state == TlsStart.State.STARTED) {
            queue.remove();
            awaitsTls = false;
            return null;
        }
        return start.next();
    }

    /** Returns why the start of TLS has failed that a call asked for. */
    Mismatch tlsMismatch() {
        return Objects.requireNonNull(tls).mismatch(START_TLS, MismatchText.HANDSHAKE);
    }

    /** Returns that the start of TLS, which a call asked for, is not complete; or null. */
    @Nullable
    Mismatch tlsLeftOver(RingBuffer in, String seen) {
        return tls == null || !startsTls() ? null : tls.leftOver(START_TLS, MismatchText.HANDSHAKE, in, seen);
    }

    /** Returns whether there is nothing to put now. */
    public boolean isEmpty() {
        return queue.isEmpty() || startsTls();
    }

    /** Puts bytes, as far as there is room. Returns whether it has put any, or has taken a send of no bytes. */
    public boolean putInto(Outlet outlet) {
        boolean some = false;
        for (Sending next = queue.peek(); next != null && !next.startsTls; next = queue.peek()) {
            int count = Math.min(outlet.room(), next.bytes.remaining());
            if (count > 0) {
                outlet.put(next.bytes.slice(next.bytes.position(), count));
                next.bytes.position(next.bytes.position() + count);
                next.moved = System.nanoTime();
                some = true;
            }
            if (next.bytes.hasRemaining()) {
                return some;
            }
            HeldMemory.release(next.bytes.capacity());
            queue.remove();
            next.over.countDown();
            some = true;
        }
        return some;
    }

    /**
     * Returns CLOSE, HALF_CLOSE or RESET if that is to be done when all bytes are put and sent. Returns DONE for the end of
     * the output after a handler got the client's FIN: nothing can follow. Otherwise returns MORE.
     */
    public Dialogue.Next asked() {
        if (startsTls() && (asked != Dialogue.Next.RESET || queue.size() > 1)) {
            return Dialogue.Next.MORE; // it comes after the start of TLS
        }
        return hasPassedFin && endsOutput() ? Dialogue.Next.DONE : asked;
    }

    private boolean endsOutput() {
        return asked == Dialogue.Next.CLOSE || asked == Dialogue.Next.HALF_CLOSE;
    }

    /** Returns whether the end of the connection was asked for. */
    boolean isEnding() {
        return asked == Dialogue.Next.RESET || asked == Dialogue.Next.CLOSE || (hasPassedFin && endsOutput());
    }

    /** Called when a handler gets the client's FIN: closing the connection answers it from now on. */
    void passesFin() {
        hasPassedFin = true;
    }

    /** Called when the connection has ended. */
    public void ended() {
        isReleased = true;
        hasEnded = true;
        for (Sending each : queue) {
            HeldMemory.release(each.bytes.capacity());
            fail(each, "it has ended");
        }
        queue.clear();
    }
}
