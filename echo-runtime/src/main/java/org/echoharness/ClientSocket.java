package org.echoharness;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.echoharness.memory.MessageInput;
import org.echoharness.sockets.ChannelReadiness;
import org.echoharness.sockets.ClientDeadline;
import org.echoharness.text.Quantities;
import org.echoharness.tls.TlsClientChannel;
import org.jspecify.annotations.Nullable;

/**
 * Reads, writes and waits for a client, on a non-blocking channel. At most one thread reads and one thread writes at a
 * time; any thread may close it.
 */
final class ClientSocket implements AutoCloseable {

    private static final int MOST_SURPLUS = 64 << 10;

    private final SocketChannel channel;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final int bufferSize;
    private final Duration readTimeout;
    private final long timeoutNanos; // of a whole call; 0 for no limit
    private final RecordedChannel recorded; // the same channel
    private final @Nullable ConnectionReporter reporter;
    private final Direction reading = new Direction();
    private final Direction writing = new Direction();
    private final RecordedChannel.SurplusCheck surplus;

    /**
     * One direction of the connection. One thread at a time uses it; its selector is made when a thread first waits.
     */
    private static final class Direction {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable ChannelReadiness readiness;
    }

    /** @param tls the text of the channel; null without TLS */
    ClientSocket(
            SocketChannel channel,
            @Nullable TlsClientChannel tls,
            int bufferSize,
            Duration readTimeout,
            long timeoutNanos,
            @Nullable ConnectionReporter reporter)
            throws IOException {
        this.channel = channel;
        local = HostAndPort.named(channel.getLocalAddress());
        remote = HostAndPort.named(channel.getRemoteAddress());
        this.bufferSize = bufferSize;
        this.readTimeout = readTimeout;
        this.timeoutNanos = timeoutNanos;
        this.reporter = reporter;
        recorded = new RecordedChannel(channel, tls, bufferSize, reporter);
        surplus = new RecordedChannel.SurplusCheck(recorded);
    }

    SocketAddress local() {
        return local;
    }

    SocketAddress remote() {
        return remote;
    }

    int bufferSize() {
        return bufferSize;
    }

    /** Returns a new deadline, for one call of the client. */
    ClientDeadline deadline() {
        return new ClientDeadline(readTimeout, timeoutNanos);
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        ClientDeadline deadline = deadline();
        surplus.end();
        writing.lock.lock();
        try {
            printSending(out);
            while (recorded.write(out) || !recorded.flush()) {
                if (deadline.isOver() || !await(writing, SelectionKey.OP_WRITE, deadline, true)) {
                    throw deadline.error(
                            out.position() + " of " + bytes.length + " bytes sent to " + peer(),
                            ", which took no more for " + Quantities.text(readTimeout));
                }
            }
        } catch (IOException e) {
            throw explained(e, out.position() + " of " + bytes.length + " bytes sent");
        } finally {
            writing.lock.unlock();
        }
    }

    /** Sends and reads at the same time, until everything is sent and everything that is expected has come. */
    void exchange(Exchange exchange) throws IOException {
        ClientDeadline deadline = deadline();
        writing.lock.lock();
        reading.lock.lock();
        try {
            surplus.failIfMoreCame();
            ChannelReadiness readiness = exchange.isWaiting() ? readiness(reading) : null;
            if (readiness != null) {
                exchange.onArrival(readiness::wakeup);
            }
            ByteBuffer out = exchange.outgoing();
            if (!exchange.isWaiting() || out.hasRemaining()) {
                printSending(out);
            }
            out = recorded.write(out) ? out : next(exchange);
            while (!exchange.isAnswered() || out.hasRemaining() || !recorded.flush()) {
                int n = exchange.isAnswered() ? 0 : recorded.read(exchange.incoming());
                if (n < 0) {
                    throw ended(exchange.answered() + " echoed");
                }
                exchange.received(n);
                int unsent = out.remaining();
                boolean moved = n > 0;
                if (unsent > 0) {
                    boolean isFull = recorded.write(out);
                    moved |= out.remaining() < unsent;
                    out = isFull ? out : next(exchange);
                } else if (exchange.isWaiting()) {
                    out = next(exchange);
                    moved |= out.hasRemaining();
                }
                if (deadline.isOver() && (!exchange.isAnswered() || out.hasRemaining())) {
                    throw late(exchange, out, deadline);
                }
                int awaited = (exchange.isAnswered() ? 0 : SelectionKey.OP_READ)
                        | (out.hasRemaining() || !recorded.flush() ? SelectionKey.OP_WRITE : 0);
                if (!moved && awaited != 0 && !await(reading, awaited, deadline, !exchange.isIdle())) {
                    throw late(exchange, out, deadline);
                }
            }
        } catch (IOException e) {
            throw explained(e, exchange.answered() + " echoed");
        } finally {
            reading.lock.unlock();
            writing.lock.unlock();
        }
    }

    private ByteBuffer next(Exchange exchange) throws IOException {
        ByteBuffer next = exchange.outgoing();
        if (next.hasRemaining()) {
            printSending(next);
        }
        return next;
    }

    private SocketTimeoutException late(Exchange exchange, ByteBuffer unsent, ClientDeadline deadline) {
        return deadline.error(
                unsent.hasRemaining()
                        ? exchange.sent(unsent.remaining()) + " sent to " + peer()
                        : exchange.answered() + " echoed by " + peer()
                                + (exchange.isIdle() ? ", and the message had not ended" : ""),
                ", then nothing for " + Quantities.text(readTimeout));
    }

    /**
     * Notes that an echo was checked. If a further byte has come already, this call fails. If one comes later, the next
     * {@link #exchange}, {@link #expectEnd} or {@link #close} fails, unless {@link #send} or {@link #readSome} is
     * called before it.
     */
    void echoIsChecked(String than, long bytes) throws EchoMismatchException {
        RecordedChannel.SurplusCheck.Expected echo = new RecordedChannel.SurplusCheck.Expected(than, bytes);
        surplus.begin(echo);
        EchoMismatchException more = surplus();
        if (more != null) {
            throw more;
        }
        surplus.begin(echo);
    }

    /**
     * Returns the error for bytes that were read after the end of an echo, or null; the buffer's position is that end.
     */
    @Nullable
    EchoMismatchException surplus(ByteBuffer first, String than) throws IOException {
        if (!first.hasRemaining()) {
            return null;
        }
        int more;
        reading.lock.lock();
        try {
            more = recorded.available();
        } finally {
            reading.lock.unlock();
        }
        return EchoMismatchException.more((long) first.remaining() + more, than, first.position(), first);
    }

    /**
     * Waits until bytes come and reads them.
     *
     * @param awaited what the caller waits for, for errors
     * @param before how many bytes the caller read before, for errors
     * @return false at the end of the stream
     */
    boolean readSome(ByteBuffer in, String awaited, int before, ClientDeadline deadline) throws IOException {
        reading.lock.lock();
        try {
            surplus.end();
            int n = recorded.read(in);
            while (n == 0) {
                if (deadline.isOver() || !await(reading, SelectionKey.OP_READ, deadline, true)) {
                    String came = before + in.position() == 0 ? "" : "; " + (before + in.position()) + " bytes came";
                    throw deadline.isOver()
                            ? deadline.error("waited for " + awaited + " from " + peer() + came + ",", "")
                            : new SocketTimeoutException("waited " + Quantities.text(readTimeout) + " for " + awaited
                                    + " from " + peer() + came);
                }
                n = recorded.read(in);
            }
            return n > 0;
        } catch (IOException e) {
            throw explained(e, before + in.position() + " bytes received");
        } finally {
            reading.lock.unlock();
        }
    }

    /**
     * Sends a FIN and returns whether the end of the stream has come. If {@code most} is null, this fails when the end
     * does not come within the read time-out.
     */
    boolean expectEnd(@Nullable Duration most) throws IOException {
        RecordedChannel.SurplusCheck.Expected expected = surplus.expected();
        ClientDeadline deadline = deadline();
        if (most != null) {
            deadline.waitAtMost(Quantities.nanos(most));
        }
        shutdownOutput();
        ByteBuffer more = ByteBuffer.allocate(MOST_SURPLUS);
        boolean hasEnded = false;
        try {
            while (!hasEnded && more.hasRemaining()) {
                hasEnded = !readSome(more, "the end of the stream", 0, deadline);
                deadline.waitOnceMore(); // a byte has come, so this fails: it reads more only for the message
            }
        } catch (IOException failed) {
            boolean isSilent = most != null && failed instanceof SocketTimeoutException;
            if (more.position() == 0 && !isSilent) {
                throw failed;
            }
        }
        if (more.flip().hasRemaining()) {
            throw expected.more(more.remaining(), more);
        }
        return hasEnded;
    }

    private boolean await(Direction direction, int operations, ClientDeadline deadline, boolean isForPeer)
            throws IOException {
        if ((operations & SelectionKey.OP_READ) != 0 && recorded.hasInput()) {
            return true;
        }
        return readiness(direction).await(recorded.interest(operations), deadline.endOfWait(isForPeer));
    }

    private ChannelReadiness readiness(Direction direction) throws IOException {
        ChannelReadiness readiness = direction.readiness;
        if (readiness == null) {
            readiness = new ChannelReadiness(channel);
            direction.readiness = readiness;
            if (!channel.isOpen()) {
                readiness.close(); // another thread has called close() and has not seen this selector
            }
        }
        return readiness;
    }

    private void printSending(ByteBuffer out) {
        if (reporter != null) {
            reporter.printSending(out);
        }
    }

    private void endAndClose() throws IOException {
        boolean isReader = reading.lock.tryLock(); // otherwise another thread is reading: it records what it reads
        try {
            if (isReader && recorded.recordUnread() && endTls()) {
                readRest();
            }
        } catch (IOException lost) {
            recordLost(lost);
        } finally {
            try {
                recorded.close();
            } finally {
                if (isReader) {
                    reading.lock.unlock();
                }
            }
        }
    }

    /** Sends the close_notify and the FIN of TLS. Returns whether this is TLS and the connection is not lost. */
    private boolean endTls() {
        if (!recorded.isTls()) {
            return false;
        }
        try {
            recorded.shutdownOutput();
            return true;
        } catch (IOException lost) {
            recordLost(lost);
            return false;
        }
    }

    /**
     * Reads until the server ends too, for a short time: the kernel would answer with an RST to what comes after the close, and
     * even a server that has nothing to say sends its session tickets and its close_notify.
     */
    private void readRest() throws IOException {
        long end = System.nanoTime() + Math.min(TlsClientChannel.LINGER_NANOS, readTimeout.toNanos());
        ByteBuffer rest = ByteBuffer.allocate(Math.min(bufferSize, MOST_SURPLUS));
        while (System.nanoTime() - end < 0 && recorded.readSilently(rest.clear()) >= 0) {
            if (!recorded.hasInput()) {
                readiness(reading).await(recorded.interest(SelectionKey.OP_READ), end);
            }
        }
    }

    private void recordLost(IOException e) {
        if (!(e instanceof ClosedChannelException || e instanceof InterruptedIOException)) {
            recorded.recordEnd(Ending.Side.SERVER, Ending.How.RST, String.valueOf(e.getMessage()));
        }
    }

    EOFException ended(String seen) {
        return new EOFException(seen + ", then the end of the stream from " + peer() + tlsCure());
    }

    /** Adds to an error of the system what happened before it; errors of this client contain that already. */
    private IOException explained(IOException e, String seen) {
        if (e instanceof EOFException
                || e instanceof SocketTimeoutException
                || e instanceof EchoMismatchException
                || e instanceof MessageInput.InputFailedException) {
            return e;
        }
        recordLost(e);
        String why = e instanceof ClosedChannelException ? closed() : e.getMessage();
        String message = seen + ", then: " + why + " (" + peer() + ")" + tlsCure();
        IOException explained = e instanceof InterruptedIOException
                ? new InterruptedIOException(message)
                : recorded.isTls() ? TlsClientChannel.explained(message, e) : new SocketException(message);
        explained.initCause(e);
        return explained;
    }

    private String tlsCure() {
        return recorded.gotTlsAlert() ? EchoMismatchException.TLS : "";
    }

    private String closed() {
        return channel.isOpen() ? "the output of this client was shut down" : "this client was closed";
    }

    private String peer() {
        return HostAndPort.text(remote);
    }

    void shutdownOutput() throws IOException {
        try {
            recorded.shutdownOutput();
        } catch (IOException e) {
            throw explained(e, "no FIN sent");
        }
    }

    @Override
    public void close() throws IOException {
        boolean wasOpen = channel.isOpen();
        EchoMismatchException more = null;
        try {
            more = wasOpen ? surplus() : null;
            if (wasOpen && reporter != null) {
                reporter.printClosing();
            }
        } finally {
            try {
                if (wasOpen) {
                    endAndClose();
                }
            } finally {
                closeSelectors();
            }
        }
        if (more != null) {
            throw more;
        }
    }

    /** The system closes the socket only now. */
    private void closeSelectors() throws IOException {
        ChannelReadiness ofReading = reading.readiness;
        ChannelReadiness ofWriting = writing.readiness;
        try (ofReading;
                ofWriting) {
            recorded.recordEnd(Ending.Side.CLIENT, Ending.How.FIN, "");
        }
    }

    /** Returns the error for bytes that have come since an echo was checked, or null. */
    private @Nullable EchoMismatchException surplus() {
        if (!surplus.isOn() || !reading.lock.tryLock()) {
            return null;
        }
        try {
            surplus.failIfMoreCame();
        } catch (EchoMismatchException more) {
            return more;
        } catch (IOException lost) {
            recordLost(lost);
        } finally {
            reading.lock.unlock();
        }
        return null;
    }

    @Override
    public String toString() {
        return HostAndPort.text(local) + " -> " + peer() + (channel.isOpen() ? "" : " CLOSED");
    }
}
