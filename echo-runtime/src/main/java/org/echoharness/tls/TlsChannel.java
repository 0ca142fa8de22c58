package org.echoharness.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.echoharness.sockets.StartupClasses;
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

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final String TLS_1_3 = "TLSv1.3";

    private ByteChannel wire;
    private final SSLEngine engine;
    private final boolean isClient;
    private final String self; // in words, as the next
    private final String peer;
    private final Executor tasks;
    private final TlsObserver observer;
    private final HandshakeProgress handshake;
    private final RecordInput input = new RecordInput();
    private final RecordOutput output = new RecordOutput();
    private HandshakeStatus status = HandshakeStatus.NOT_HANDSHAKING;
    private boolean isClear; // no TLS yet
    private boolean isPrepared; // the engine
    private boolean hasBegun;
    private boolean holdsAlert; // of TLS 1.2, the next of the input
    private boolean outputEnded;
    private int start; // of the text of this read, in the buffer of the reader
    private boolean hasRead; // the wire, in this turn
    private boolean asksEngine; // whether a task has failed
    private volatile boolean isBusy; // a task runs
    private volatile @Nullable Throwable taskFailure;
    private @Nullable IOException failure;

    /**
     * @param wire where records come from and go to; it must not block
     * @param engine of either mode
     * @param tasks runs the slow steps of the handshake
     */
    public TlsChannel(ByteChannel wire, SSLEngine engine, Executor tasks, TlsObserver observer) {
        this.wire = wire;
        this.engine = engine;
        isClient = engine.getUseClientMode();
        self = isClient ? "the client" : "the server";
        peer = isClient ? "the server" : "the client";
        this.tasks = tasks;
        this.observer = observer;
        handshake = new HandshakeProgress(isClient, observer);
    }

    /** Loads the classes that a connection needs, also those for a failure: later there may be no file descriptor for that. */
    public static void load() {
        StartupClasses.load(
                Delegated.class,
                HandshakeProgress.class,
                HandshakeSummary.class,
                RecordInput.class,
                RecordOutput.class,
                TlsAlert.class,
                TlsBuffers.class,
                TlsException.class,
                TlsObserver.Stage.class,
                TlsRecord.class);
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
        input.begin(early);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (isClear) {
            return wire.read(into);
        }
        start = into.position();
        input.takeText(into);
        if (into.position() == start && !input.hasText()) {
            pull(into);
        }
        int n = into.position() - start;
        return n > 0 || input.hasText() || !inputEnded() ? n : -1; // text stays where the reader has no room for it
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
        if (!handshake.isComplete() || status != HandshakeStatus.NOT_HANDSHAKING) {
            pull(null);
        } else {
            flush();
        }
        return handshake.isComplete() && !handshake.isPaused();
    }

    /** Sends records that wait. Returns whether none does any more. */
    public boolean flush() throws IOException {
        return output.flush(wire);
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
            if (!engine.isInboundDone()) {
                failure = TlsException.warned(peer);
                throw failure;
            }
        }
        engine.closeOutbound();
        boolean hasMore = true;
        while (hasMore && !engine.isOutboundDone()) {
            hasMore = flush() && wrap(NOTHING.duplicate());
        }
        return flush();
    }

    /** Called when the caller has sent its FIN: what the engine answers from now on is dropped. */
    public void outputCut() {
        output.cut();
    }

    /** Returns the operations of the socket to wait for, given those that the user of the text waits for. */
    public int interest(int wanted) {
        if (isClear) {
            return wanted;
        }
        int writes = output.isEmpty() ? 0 : SelectionKey.OP_WRITE;
        if (handshake.isPaused() || isBusy || failure != null) {
            return writes;
        }
        if (status == HandshakeStatus.NEED_WRAP && !output.isEmpty()) {
            return writes; // an answer to the peer is due before more is read
        }
        if (handshake.isComplete() || outputEnded) {
            return wanted | writes;
        }
        return output.isEmpty() && !input.hasEnded() ? SelectionKey.OP_READ : writes;
    }

    /** Returns whether a read has a result although the wire may have nothing. */
    public boolean hasInput() {
        if (handshake.isPaused() || isBusy || isClear) {
            return false;
        }
        return input.hasText() || (input.hasRecords() && !holdsAlert) || (handshake.isComplete() && input.hasEnded());
    }

    /** Returns whether the handshake is not complete. */
    public boolean isHandshaking() {
        return !isClear && !handshake.isComplete();
    }

    /** Returns whether the peer's FIN has come. */
    public boolean hasEnded() {
        return input.hasEnded();
    }

    /** Returns whether records of the peer have come since the last call, which may hold no text. */
    public boolean hasMoved() {
        return input.hasMoved();
    }

    /** Goes on after an observer has stopped the channel. The caller then calls {@link #advance}. */
    public void resume() {
        handshake.resume();
    }

    /** A task holds the lock of the engine while it runs, so that a call of the engine would wait for it. */
    private boolean inputEnded() {
        return holdsAlert || (input.hasEnded() && !input.hasReceived()) || (!isBusy && engine.isInboundDone());
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
        hasRead = false;
        try {
            begin();
            while (!handshake.isPaused() && !isBusy) {
                Throwable failed = taskFailure;
                if (failed != null) {
                    throw fail(failed);
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
        return sent || handshake.isComplete();
    }

    private void begin() throws IOException {
        if (!isPrepared) {
            isPrepared = true;
            try {
                engine.beginHandshake(); // a server's takes time, while the client makes its ClientHello
            } catch (IOException | RuntimeException impossible) {
                throw fail(impossible); // no protocol or cipher suite is enabled that can be used
            }
            status = engine.getHandshakeStatus();
        }
        if (!hasBegun && (isClient || input.fill(wire))) {
            hasBegun = true;
            if (!isClient) {
                hasRead = true;
                checkSpeaksTls();
            }
        }
    }

    /** Throws if the first bytes of the peer begin no handshake. */
    private void checkSpeaksTls() throws IOException {
        ByteBuffer first = input.records();
        if (TlsRecord.beginsHandshake(first)) {
            return;
        }
        String why =
                peer + " does not speak TLS: it " + (isClient ? "answered " : "sent ") + TlsRecord.beginning(first);
        ByteBuffer unused = TlsBuffers.borrow();
        try {
            engine.unwrap(first, unused);
        } catch (IOException | RuntimeException refused) {
            throw fail(why, refused); // with the engine's alert
        } finally {
            TlsBuffers.giveBack(unused);
        }
        throw new TlsException(why, null, true, false);
    }

    /** Reads one record. Returns whether to go on. */
    private boolean unwraps(@Nullable ByteBuffer into) throws IOException {
        boolean again = status == HandshakeStatus.NEED_UNWRAP_AGAIN;
        if (!hasBegun
                || engine.isInboundDone()
                || holdsAlert
                || (handshake.isComplete() && into == null && !again && status != HandshakeStatus.NEED_UNWRAP)) {
            return false;
        }
        boolean goesOn = again || asksEngine || input.hasRecords();
        asksEngine = false;
        boolean hasText = into != null && into.position() > start;
        if (!goesOn && (hasText || !reads())) {
            return false;
        }
        ByteBuffer records = input.records();
        if (handshake.isComplete() && !again && holds(records)) {
            holdsAlert = true;
            return false;
        }
        if (isClient && input.hasReceived() && !handshake.hasHeardHello()) {
            handshake.heardHello();
            checkSpeaksTls();
        }
        return unwrap(records, into);
    }

    /**
     * Reads the wire, once in a turn: a peer that floods it with records without text would keep the thread otherwise. Returns
     * whether records have come.
     */
    private boolean reads() throws IOException {
        if (hasRead) {
            return false;
        }
        hasRead = true;
        boolean came = input.fill(wire);
        if (!came) {
            ends();
        }
        return came;
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
        SSLEngineResult result = into == null || input.hasText() ? unwrapAside(records) : unwrapTo(into, records);
        if (into != null && !input.hasText() && result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            result = unwrapAside(records);
        }
        input.unwrapped(result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW);
        follow(result.getHandshakeStatus());
        if (into != null) {
            input.takeText(into);
        }
        boolean hasRoom = !input.hasText() && (into == null || into.hasRemaining());
        return (hasRoom || status != HandshakeStatus.NOT_HANDSHAKING)
                && result.getStatus() != SSLEngineResult.Status.BUFFER_OVERFLOW;
    }

    private SSLEngineResult unwrapTo(ByteBuffer to, ByteBuffer records) throws IOException {
        String alert = handshake.isComplete() ? "" : TlsAlert.inClear(records);
        try {
            return engine.unwrap(records, to);
        } catch (IOException | RuntimeException failed) {
            throw fail(TlsAlert.named(failed, alert));
        }
    }

    /** Keeps the text of the record until it is read. */
    private SSLEngineResult unwrapAside(ByteBuffer records) throws IOException {
        ByteBuffer to = input.openText();
        try {
            return unwrapTo(to, records);
        } finally {
            input.keepText(to);
        }
    }

    /** Called when nothing more has come. Throws if it should have. */
    private void ends() throws IOException {
        if (input.hasEnded() && input.hasReceived() && !inputEnded()) {
            throw TlsException.truncated(peer, handshake.isComplete());
        }
    }

    /** Puts one record or more for the wire, and sends them as far as it takes them. Returns whether anything was put. */
    private boolean wrap(ByteBuffer from) throws IOException {
        ByteBuffer to = output.open();
        boolean hasPut = false;
        SSLEngineResult result = null;
        Exception failed = null;
        try {
            do {
                result = engine.wrap(from, to);
                hasPut |= result.bytesProduced() > 0;
                follow(result.getHandshakeStatus());
                if (hasPut) {
                    handshake.saidHello();
                }
            } while (!handshake.isPaused()
                    && result.getStatus() == SSLEngineResult.Status.OK
                    && to.remaining() >= TlsBuffers.RECORD
                    && hasMoreToWrap(from));
        } catch (IOException | RuntimeException thrown) {
            failed = thrown;
        }
        output.keep(to);
        if (failed == null
                && !hasPut
                && result != null
                && result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            failed = new SSLException("the engine wants to make a record of more than " + TlsBuffers.BYTES + " bytes");
        }
        if (failed != null) {
            throw fail(failed);
        }
        flush();
        return hasPut || (result != null && result.getHandshakeStatus() == HandshakeStatus.FINISHED);
    }

    private boolean hasMoreToWrap(ByteBuffer from) {
        boolean isText = handshake.isComplete() && status == HandshakeStatus.NOT_HANDSHAKING;
        return isText ? from.hasRemaining() : status == HandshakeStatus.NEED_WRAP;
    }

    private void follow(HandshakeStatus next) {
        if (next == HandshakeStatus.FINISHED) {
            handshake.complete(engine);
            status = engine.getHandshakeStatus();
        } else {
            status = next;
        }
    }

    private void runTasks() {
        handshake.heardHello();
        if (handshake.isPaused()) {
            return;
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
                asksEngine = true; // it keeps the exception of a task, such as one of a key manager, for its next call
                isBusy = false; // publishes the status
                observer.tasksDone();
            }
        }
    }

    private IOException fail(Throwable cause) {
        return fail(TlsException.message(peer, handshake.isComplete(), cause), cause);
    }

    /** Returns the exception of a failure, when the engine has put its alert for the wire. */
    private IOException fail(String why, Throwable cause) {
        String received = TlsAlert.received(cause);
        if (!received.isEmpty()) {
            observer.alerted(received + " by " + peer);
        } else {
            putAlert(cause);
        }
        IOException reported = new TlsException(why, cause, !received.isEmpty(), true);
        failure = reported;
        return reported;
    }

    /** Puts what the engine had made before its failure, and its alert, which comes last; an Error in a task has none. */
    private void putAlert(Throwable cause) {
        try {
            if (!flush()) {
                return; // the alert would come within a record
            }
            ByteBuffer to = output.open();
            try {
                int start = wrapRest(to);
                ByteBuffer last = to.duplicate().flip().position(start);
                if (last.hasRemaining() && TlsAlert.isOne(last)) {
                    observer.alerted(TlsAlert.sent(last, cause) + " by " + self);
                }
            } finally {
                output.keep(to);
            }
            flush();
        } catch (IOException | RuntimeException worse) {
            cause.addSuppressed(worse);
        }
    }

    /** Puts all that the engine still has to send. Returns where the last record begins. */
    private int wrapRest(ByteBuffer to) throws SSLException {
        int last = 0;
        int before;
        do {
            before = to.position();
            engine.wrap(NOTHING.duplicate(), to);
            last = to.position() > before ? before : last;
        } while (to.position() > before && to.remaining() >= TlsBuffers.RECORD);
        return last;
    }

    @Override
    public boolean isOpen() {
        return wire.isOpen();
    }

    /** Gives up what it holds. It does not close the wire, and sends nothing. */
    @Override
    public void close() {
        boolean isReusable = !isBusy; // a task may use what the engine has
        input.release(isReusable);
        output.release(isReusable);
        if (failure == null) {
            failure = new IOException("the connection is closed");
        }
    }
}
