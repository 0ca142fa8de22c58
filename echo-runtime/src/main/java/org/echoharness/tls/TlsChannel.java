package org.echoharness.tls;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The text of a connection with TLS 1.2 or 1.3: what is read and written here travels in records, which an engine makes and
 * reads. It never blocks: a read or a write goes on with the handshake, and returns 0 while that waits for the peer or for
 * a task. One thread at a time uses it; only the tasks of the handshake may run on others.
 *
 * <p>A read returns -1 only after the peer's close_notify (RFC 8446, section 6.1). A FIN without it is a {@link
 * TlsException}, since somebody else may have cut the text.
 */
public final class TlsChannel implements ByteChannel {

    /** How far a handshake has got. */
    public enum Stage {
        /** The whole ClientHello has come, and nothing was answered. */
        CLIENT_HELLO,
        /** The first record of the server was sent. */
        SERVER_HELLO,
        /** The handshake is complete, and no text was sent. */
        HANDSHAKE
    }

    /** Is told what happens below the text. The thread that uses the channel calls it, but for {@link #tasksDone}. */
    public interface Observer {

        /** Called once for each stage. Returns whether to go on; if not, the channel does nothing until {@link #resume}. */
        default boolean reached(Stage stage) {
            return true;
        }

        /** Called when the handshake is complete. */
        default void agreed(HandshakeSummary summary) {}

        /** Called for each fatal alert, with its name. */
        default void alerted(String alert, boolean byPeer) {}

        /** Called when a task of the handshake is over, so that the channel can go on. The thread of the task calls it. */
        default void tasksDone() {}
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final String TLS_1_3 = "TLSv1.3";

    private ByteChannel wire;
    private final SSLEngine engine;
    private final boolean isClient;
    private final String peer; // in words
    private final Executor tasks;
    private final Observer observer;
    private @Nullable ByteBuffer in; // records that have come; null if there are none
    private @Nullable ByteBuffer text; // of a record that did not fit into the buffer of the reader
    private @Nullable ByteBuffer out; // records that wait for the wire
    private HandshakeStatus status = HandshakeStatus.NOT_HANDSHAKING;
    private boolean isClear; // no TLS yet
    private boolean hasBegun;
    private boolean isAgreed;
    private boolean holdsAlert; // of TLS 1.2, at the position of "in"
    private boolean lacksBytes; // the record in "in" is not whole
    private boolean hasReceived;
    private boolean wireEnded; // the peer's FIN has come
    private boolean hasSaidHello;
    private boolean hasHeardHello;
    private boolean isPaused;
    private boolean outputEnded;
    private int start; // of the text of this read, in the buffer of the reader
    private volatile boolean isBusy; // a task runs
    private volatile @Nullable Throwable taskFailure;
    private @Nullable IOException failure;

    /**
     * @param wire where records come from and go to; it must not block
     * @param engine of either mode
     * @param tasks runs the slow steps of the handshake
     */
    public TlsChannel(ByteChannel wire, SSLEngine engine, Executor tasks, Observer observer) {
        this.wire = wire;
        this.engine = engine;
        isClient = engine.getUseClientMode();
        peer = isClient ? "the server" : "the client";
        this.tasks = tasks;
        this.observer = observer;
    }

    /** Loads the classes that a connection needs, also those for a failure: later there may be no file descriptor for that. */
    public static void load() {
        HandshakeThreads.executor();
        for (Class<?> each : List.of(
                Delegated.class,
                HandshakeSummary.class,
                Stage.class,
                TlsAlert.class,
                TlsBuffers.class,
                TlsException.class,
                TlsRecord.class)) {
            try {
                MethodHandles.lookup().ensureInitialized(each);
            } catch (IllegalAccessException impossible) {
                throw new AssertionError(impossible); // they are in this package
            }
        }
    }

    /** Takes records from this wire, and writes them to it, from now on. */
    public void wire(ByteChannel other) {
        wire = other;
    }

    /** Passes bytes on as they are until {@link #startTls}. Called before anything else. */
    public TlsChannel inClear() {
        isClear = true;
        return this;
    }

    /** Returns whether {@link #startTls} is still to be called. */
    public boolean isClear() {
        return isClear;
    }

    /** Speaks TLS from here on. The bytes, which were read too early, are the first of it. */
    public void startTls(ByteBuffer early) {
        isClear = false;
        if (early.hasRemaining()) {
            boolean isLong = early.remaining() > TlsBuffers.BYTES;
            ByteBuffer first = isLong ? ByteBuffer.allocate(early.remaining()) : TlsBuffers.borrow();
            in = first.put(early).flip();
            hasReceived = true;
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (isClear) {
            return wire.read(into);
        }
        start = into.position();
        takeText(into);
        if (into.position() == start) {
            pull(into);
        }
        int n = into.position() - start;
        return n > 0 || !inputEnded() ? n : -1;
    }

    /** Sends all of it or a part, in records that the wire has taken or that wait for it; nothing while some wait. */
    @Override
    public int write(ByteBuffer from) throws IOException {
        if (isClear) {
            return wire.write(from);
        }
        if (outputEnded) {
            throw new ClosedChannelException();
        }
        int before = from.position();
        while (from.hasRemaining() && advance() && status == HandshakeStatus.NOT_HANDSHAKING && flush()) {
            if (!wrap(from)) {
                throw new ClosedChannelException();
            }
        }
        return from.position() - before;
    }

    /**
     * Goes on with the handshake, and sends records that wait.
     *
     * @return whether the handshake is complete
     */
    public boolean advance() throws IOException {
        if (isClear) {
            return true;
        }
        if (!isAgreed || status != HandshakeStatus.NOT_HANDSHAKING) {
            pull(null);
        } else {
            flush();
        }
        return isAgreed && !isPaused;
    }

    /** Sends records that wait. Returns whether none does any more. */
    public boolean flush() throws IOException {
        ByteBuffer pending = out;
        if (pending == null) {
            return true;
        }
        wire.write(pending);
        if (pending.hasRemaining()) {
            return false;
        }
        out = null;
        TlsBuffers.giveBack(pending);
        return true;
    }

    /**
     * Ends the output with a close_notify. The caller then sends the FIN. Further calls only send what waits.
     *
     * @return whether everything was sent
     */
    public boolean endOutput() throws IOException {
        if (isClear) {
            return true;
        }
        if (outputEnded || !flush()) {
            return outputEnded && flush();
        }
        outputEnded = true;
        if (!hasBegun || isBusy) {
            return true; // the peer has said nothing that asks for an answer, or an engine at work cannot be closed
        }
        if (holdsAlert) {
            holdsAlert = false;
            pull(NOTHING.duplicate()); // the engine answers a close_notify of TLS 1.2 itself
        }
        engine.closeOutbound();
        boolean hasMore = true;
        while (hasMore && !engine.isOutboundDone()) {
            hasMore = flush() && wrap(NOTHING.duplicate());
        }
        return flush();
    }

    /** Returns the operations of the socket to wait for, given those that the user of the text waits for. */
    public int interest(int wanted) {
        if (isClear) {
            return wanted;
        }
        int writes = out == null ? 0 : SelectionKey.OP_WRITE;
        if (isPaused || isBusy || failure != null) {
            return writes;
        }
        if (isAgreed || outputEnded) {
            return wanted | writes;
        }
        return out != null || wireEnded ? writes : SelectionKey.OP_READ;
    }

    /** Returns whether a read has a result although the wire may have nothing. */
    public boolean hasInput() {
        if (isPaused || isBusy || isClear) {
            return false;
        }
        return text != null || (in != null && !lacksBytes && !holdsAlert) || (isAgreed && wireEnded);
    }

    /** Returns whether the handshake is not complete. */
    public boolean isHandshaking() {
        return !isClear && !isAgreed;
    }

    /** Returns whether the peer's FIN has come. */
    public boolean hasEnded() {
        return wireEnded;
    }

    /** Goes on after an observer has stopped the channel. The caller then calls {@link #advance}. */
    public void resume() {
        isPaused = false;
    }

    /** A task holds the lock of the engine while it runs, so that a call of the engine would wait for it. */
    private boolean inputEnded() {
        return holdsAlert || (wireEnded && !hasReceived) || (!isBusy && engine.isInboundDone());
    }

    private void takeText(ByteBuffer into) {
        ByteBuffer held = text;
        if (held == null) {
            return;
        }
        int n = Math.min(held.remaining(), into.remaining());
        into.put(into.position(), held, held.position(), n).position(into.position() + n);
        held.position(held.position() + n);
        if (!held.hasRemaining()) {
            text = null;
            TlsBuffers.giveBack(held);
        }
    }

    /**
     * Goes on with the handshake, and reads text, until something waits.
     *
     * @param into for the text; null to read none
     */
    private void pull(@Nullable ByteBuffer into) throws IOException {
        if (failure != null) {
            throw failure;
        }
        try {
            begin();
            while (!isPaused && !isBusy) {
                Throwable failed = taskFailure;
                if (failed != null) {
                    throw fail(phase(failed), failed);
                }
                if (status == HandshakeStatus.NEED_TASK) {
                    runTasks();
                } else if (status == HandshakeStatus.NEED_WRAP) {
                    if (!flush() || !wrap(NOTHING.duplicate())) {
                        break;
                    }
                } else if (!flushed() || !unwraps(into)) {
                    break;
                }
            }
        } catch (IOException failed) {
            failure = failed;
            throw failed;
        }
    }

    /** During the handshake, what is to be sent goes out before more is read. Text flows both ways at once. */
    private boolean flushed() throws IOException {
        boolean sent = flush();
        return sent || isAgreed;
    }

    private void begin() throws IOException {
        if (!hasBegun && (isClient || fill())) {
            hasBegun = true;
            engine.beginHandshake();
            status = engine.getHandshakeStatus();
            ByteBuffer first = in;
            if (first != null && !TlsRecord.beginsHandshake(first)) {
                notTls(first);
            }
        }
    }

    private void notTls(ByteBuffer first) throws IOException {
        String seen = TlsRecord.beginning(first);
        String why = peer + " does not speak TLS: it " + (isClient ? "answered " : "sent ") + seen;
        try {
            engine.unwrap(first, TlsBuffers.borrow());
        } catch (IOException | RuntimeException refused) {
            throw fail(why, refused); // with the engine's alert
        }
        throw new TlsException(why, null, true, false);
    }

    /** Reads the wire unless records wait to be read. Returns whether there is something to unwrap. */
    private boolean fill() throws IOException {
        ByteBuffer held = in;
        if (held != null && !lacksBytes) {
            return true;
        }
        if (wireEnded) {
            return false;
        }
        ByteBuffer to = held == null ? TlsBuffers.borrow() : held.compact();
        int n = 0;
        try {
            n = wire.read(to);
        } finally {
            to.flip();
            in = to;
            dropEmpty();
        }
        wireEnded = n < 0;
        hasReceived |= n > 0;
        lacksBytes &= n <= 0;
        return n > 0;
    }

    private void dropEmpty() {
        ByteBuffer held = in;
        if (held != null && !held.hasRemaining()) {
            in = null;
            lacksBytes = false;
            TlsBuffers.giveBack(held);
        }
    }

    /** Reads one record. Returns whether to go on. */
    private boolean unwraps(@Nullable ByteBuffer into) throws IOException {
        boolean again = status == HandshakeStatus.NEED_UNWRAP_AGAIN;
        if (!hasBegun
                || engine.isInboundDone()
                || holdsAlert
                || (isAgreed && into == null && !again && status != HandshakeStatus.NEED_UNWRAP)) {
            return false;
        }
        if (into != null && into.position() > start && (in == null || lacksBytes)) {
            return false; // one read of the wire is enough
        }
        if (!again && !fill()) {
            ends();
            return false;
        }
        ByteBuffer records = in == null ? NOTHING : in;
        if (isAgreed && !again && holds(records)) {
            holdsAlert = true;
            return false;
        }
        if (hasReceived && !isAgreed && !hasHeardHello && isClient) {
            hasHeardHello = true;
            if (!TlsRecord.beginsHandshake(records)) {
                notTls(records);
            }
        }
        return unwrap(records, into);
    }

    /**
     * Returns whether an alert of TLS 1.2 has come while there may be more to send. The engine would answer a close_notify at
     * once (RFC 5246, section 7.2.1) and drop the rest, so that it gets the alert when the output ends.
     */
    private boolean holds(ByteBuffer records) {
        return !outputEnded
                && TlsRecord.isWhole(records)
                && TlsRecord.type(records) == TlsRecord.ALERT
                && !engine.getSession().getProtocol().equals(TLS_1_3);
    }

    private boolean unwrap(ByteBuffer records, @Nullable ByteBuffer into) throws IOException {
        SSLEngineResult result = into == null || text != null ? unwrapAside(records) : unwrapTo(into, records);
        if (into != null && text == null && result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            result = unwrapAside(records);
        }
        lacksBytes = result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW;
        if (result.bytesConsumed() > 0) {
            dropEmpty();
        }
        follow(result.getHandshakeStatus());
        if (into != null) {
            takeText(into);
        }
        boolean hasRoom = text == null && (into == null || into.hasRemaining());
        return (hasRoom || status != HandshakeStatus.NOT_HANDSHAKING)
                && result.getStatus() != SSLEngineResult.Status.BUFFER_OVERFLOW;
    }

    private SSLEngineResult unwrapTo(ByteBuffer to, ByteBuffer records) throws IOException {
        String alert = isAgreed ? "" : TlsAlert.inClear(records);
        try {
            return engine.unwrap(records, to);
        } catch (IOException | RuntimeException failed) {
            Exception named = TlsAlert.named(failed, alert);
            throw fail(phase(named), named);
        }
    }

    /** Keeps the text of the record until it is read. */
    private SSLEngineResult unwrapAside(ByteBuffer records) throws IOException {
        ByteBuffer held = text;
        ByteBuffer to = held == null ? TlsBuffers.borrow() : held.compact();
        text = null;
        try {
            return unwrapTo(to, records);
        } finally {
            to.flip();
            if (to.hasRemaining()) {
                text = to;
            } else {
                TlsBuffers.giveBack(to);
            }
        }
    }

    /** Called when nothing more has come. Throws if it should have. */
    private void ends() throws IOException {
        if (!wireEnded || !hasReceived || inputEnded()) {
            return;
        }
        throw new TlsException(
                isAgreed
                        ? peer + " ended the connection without a close_notify, so that the text may be truncated"
                        : peer + " ended the connection during the TLS handshake",
                null,
                true,
                false);
    }

    /** Puts one record or more for the wire, and sends them as far as it takes them. Returns whether anything was put. */
    private boolean wrap(ByteBuffer from) throws IOException {
        ByteBuffer to = TlsBuffers.borrow();
        boolean hasPut = false;
        SSLEngineResult result = null;
        Exception failed = null;
        try {
            do {
                result = engine.wrap(from, to);
                hasPut |= result.bytesProduced() > 0;
                follow(result.getHandshakeStatus());
                if (hasPut && !hasSaidHello && !isAgreed && !isPaused) {
                    hasSaidHello = true;
                    isPaused = !isClient && !observer.reached(Stage.SERVER_HELLO);
                }
            } while (!isPaused
                    && result.getStatus() == SSLEngineResult.Status.OK
                    && to.remaining() >= TlsBuffers.RECORD
                    && hasMoreToWrap(from));
        } catch (IOException | RuntimeException thrown) {
            failed = thrown;
        }
        to.flip();
        if (to.hasRemaining()) {
            out = to;
        } else {
            TlsBuffers.giveBack(to);
        }
        if (failed != null) {
            throw fail(phase(failed), failed);
        }
        flush();
        return hasPut || (result != null && result.getHandshakeStatus() == HandshakeStatus.FINISHED);
    }

    private boolean hasMoreToWrap(ByteBuffer from) {
        boolean isText = isAgreed && status == HandshakeStatus.NOT_HANDSHAKING;
        return isText ? from.hasRemaining() : status == HandshakeStatus.NEED_WRAP;
    }

    private void follow(HandshakeStatus next) {
        if (next == HandshakeStatus.FINISHED) {
            if (!isAgreed) {
                isAgreed = true;
                observer.agreed(HandshakeSummary.of(engine));
                isPaused = !observer.reached(Stage.HANDSHAKE);
            }
            status = engine.getHandshakeStatus();
        } else {
            status = next;
        }
    }

    private void runTasks() {
        if (!hasHeardHello) {
            hasHeardHello = true;
            if (!isClient && !observer.reached(Stage.CLIENT_HELLO)) {
                isPaused = true;
                return;
            }
        }
        isBusy = true;
        tasks.execute(new Delegated());
    }

    /** The tasks of the engine that are due. A class, because the first use of a lambda is slow. */
    private final class Delegated implements Runnable {
        @Override
        public void run() {
            try {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            } catch (Throwable failed) {
                taskFailure = failed;
            } finally {
                status = engine.getHandshakeStatus();
                isBusy = false; // publishes the status
                observer.tasksDone();
            }
        }
    }

    /** Returns the exception of a failure, when the engine has put its alert for the wire. */
    private IOException fail(String why, Throwable cause) {
        String received = TlsAlert.received(cause);
        if (!received.isEmpty()) {
            observer.alerted(received, true);
        } else {
            putAlert(cause);
        }
        IOException reported = new TlsException(why, cause, !received.isEmpty(), true);
        failure = reported;
        return reported;
    }

    private void putAlert(Throwable cause) {
        try {
            if (!flush()) {
                return; // the alert would come within a record
            }
            ByteBuffer to = TlsBuffers.borrow();
            engine.wrap(NOTHING.duplicate(), to);
            to.flip();
            if (to.hasRemaining()) {
                observer.alerted(TlsAlert.sent(to, cause), false);
                out = to;
                flush();
            } else {
                TlsBuffers.giveBack(to);
            }
        } catch (IOException | RuntimeException worse) {
            cause.addSuppressed(worse);
        }
    }

    private String phase(Throwable failed) {
        String received = TlsAlert.received(failed);
        String what = isAgreed ? "TLS failed: " : "the TLS handshake failed: ";
        if (!received.isEmpty()) {
            return what + peer + " sent the alert " + received;
        }
        return what + Escaping.cut(Escaping.escape(String.valueOf(failed.getMessage())));
    }

    @Override
    public boolean isOpen() {
        return wire.isOpen();
    }

    /** Gives up what it holds. It does not close the wire, and sends nothing. */
    @Override
    public void close() {
        for (ByteBuffer held : new ByteBuffer[] {in, out, text}) {
            if (held != null && !isBusy) {
                TlsBuffers.giveBack(held);
            }
        }
        in = null;
        out = null;
        text = null;
        if (failure == null) {
            failure = new IOException("the connection is closed");
        }
    }
}
