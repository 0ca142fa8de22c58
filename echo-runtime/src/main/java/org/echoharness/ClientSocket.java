package org.echoharness;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The reads, writes and waits of a client, on a non-blocking channel. At most one thread reads and one writes at a time;
 * any thread may close.
 */
final class ClientSocket implements AutoCloseable {

    private static final int SLICE = 64 << 10; // the JDK keeps direct memory as large as a thread's largest write

    private final SocketChannel channel;
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private final int bufferSize;
    private final Duration readTimeout;
    private final @Nullable Conversation conversation;
    private final @Nullable Tape tape;
    private final Direction reading = new Direction();
    private final Direction writing = new Direction();

    /** One direction of the connection: one thread at a time uses it, with a selector made when it first has to wait. */
    private static final class Direction {
        private final ReentrantLock lock = new ReentrantLock();
        private volatile @Nullable Readiness readiness;
    }

    ClientSocket(
            SocketChannel channel,
            int bufferSize,
            Duration readTimeout,
            @Nullable Conversation conversation,
            @Nullable Tape tape)
            throws IOException {
        this.channel = channel;
        local = HostAndPort.numeric((InetSocketAddress) channel.getLocalAddress());
        remote = HostAndPort.numeric((InetSocketAddress) channel.getRemoteAddress());
        this.bufferSize = bufferSize;
        this.readTimeout = readTimeout;
        this.conversation = conversation;
        this.tape = tape;
    }

    InetSocketAddress local() {
        return local;
    }

    InetSocketAddress remote() {
        return remote;
    }

    int bufferSize() {
        return bufferSize;
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        writing.lock.lock();
        try {
            tellSending(out);
            while (write(out)) {
                if (!await(writing, SelectionKey.OP_WRITE)) {
                    throw new SocketTimeoutException(out.position() + " of " + bytes.length + " bytes sent to " + peer()
                            + ", which took no more for " + Options.text(readTimeout));
                }
            }
        } catch (IOException e) {
            throw explained(e, out.position() + " of " + bytes.length + " bytes sent");
        } finally {
            writing.lock.unlock();
        }
    }

    /**
     * Sends the message while it reads, until all is sent and so many bytes are there. What they are is not checked.
     */
    byte[] exchange(byte[] message, int length) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(message);
        ByteBuffer in = ByteBuffer.allocate(length);
        writing.lock.lock();
        reading.lock.lock();
        try {
            tellSending(out);
            boolean unsent = write(out);
            while (in.hasRemaining() || unsent) {
                int n = in.hasRemaining() ? read(in) : 0;
                if (n < 0) {
                    throw ended(in.position(), length, "echoed");
                }
                int before = out.position();
                unsent = unsent && write(out);
                if (n == 0 && out.position() == before) {
                    int awaited = (in.hasRemaining() ? SelectionKey.OP_READ : 0) | (unsent ? SelectionKey.OP_WRITE : 0);
                    if (awaited != 0 && !await(reading, awaited)) {
                        throw new SocketTimeoutException((unsent
                                        ? progress(out.position(), message.length, "sent to " + peer())
                                        : progress(in.position(), length, "echoed by " + peer()))
                                + ", then nothing for " + Options.text(readTimeout));
                    }
                }
            }
            return in.array();
        } catch (IOException e) {
            throw explained(e, progress(in.position(), length, "echoed"));
        } finally {
            reading.lock.unlock();
            writing.lock.unlock();
        }
    }

    /** Returns whether anything came: false at the end of the stream. What came before it is for the errors. */
    boolean readSome(ByteBuffer in, String awaited, int before) throws IOException {
        reading.lock.lock();
        try {
            int n = read(in);
            while (n == 0) {
                if (!await(reading, SelectionKey.OP_READ)) {
                    throw new SocketTimeoutException("waited " + Options.text(readTimeout) + " for " + awaited
                            + " from " + peer()
                            + (before + in.position() == 0 ? "" : "; " + (before + in.position()) + " bytes came"));
                }
                n = read(in);
            }
            return n > 0;
        } catch (IOException e) {
            throw explained(e, before + in.position() + " bytes received");
        } finally {
            reading.lock.unlock();
        }
    }

    private int read(ByteBuffer in) throws IOException {
        int start = in.position();
        int limit = in.limit();
        in.limit(Math.min(limit, start + bufferSize));
        int n = tape == null ? channel.read(in) : readRecorded(tape, in);
        in.limit(limit);
        if (n > 0 && conversation != null) {
            conversation.receivedBack(in.duplicate().flip().position(start));
        }
        return n;
    }

    /** Writes what the kernel takes now, in slices. Returns whether something is left. */
    private boolean write(ByteBuffer out) throws IOException {
        int limit = out.limit();
        while (out.hasRemaining()) {
            int before = out.position();
            out.limit(Math.min(limit, before + SLICE));
            if (tape == null) {
                channel.write(out);
            } else {
                writeRecorded(tape, out);
            }
            boolean full = out.hasRemaining();
            out.limit(limit);
            if (full) {
                return true;
            }
        }
        return false;
    }

    private boolean await(Direction direction, int operations) throws IOException {
        Readiness readiness = direction.readiness;
        if (readiness == null) {
            readiness = new Readiness(channel);
            direction.readiness = readiness;
            if (!channel.isOpen()) {
                readiness.close(); // close() came in between and has not seen it
            }
        }
        return readiness.await(operations, System.nanoTime() + readTimeout.toNanos());
    }

    private void tellSending(ByteBuffer out) {
        if (conversation != null) {
            conversation.sending(out);
        }
    }

    // One thread may send while another receives: each call that does not wait is made and recorded under the
    // recorder's lock, so that the order is that in which it happened.

    private int readRecorded(Tape to, ByteBuffer in) throws IOException {
        synchronized (to.recorder()) {
            int start = in.position();
            int n = channel.read(in);
            if (n > 0) {
                to.recorder().received(to, in.duplicate().flip().position(start));
            } else if (n < 0) {
                to.recorder().note(to, RecordedEvent.Kind.SERVER_FIN, "", System.nanoTime());
            }
            return n;
        }
    }

    private void writeRecorded(Tape to, ByteBuffer out) throws IOException {
        synchronized (to.recorder()) {
            int start = out.position();
            long before = System.nanoTime();
            int n = channel.write(out);
            if (n > 0) {
                to.recorder().sent(to, out.duplicate().flip().position(start), n, before);
            }
        }
    }

    private void shutdownOutputRecorded(Tape to) throws IOException {
        synchronized (to.recorder()) {
            long before = System.nanoTime();
            channel.shutdownOutput();
            to.recorder().note(to, RecordedEvent.Kind.CLIENT_FIN, "", before);
        }
    }

    /** What has come and nobody has read: the close is a FIN only where nothing has. */
    private void recordUnread(Tape to) {
        if (!reading.lock.tryLock()) {
            return; // who waits there sees it
        }
        try {
            int unread = channel.socket().getInputStream().available();
            int n = unread > 0 ? unread : readRecorded(to, ByteBuffer.allocate(1));
            if (n > 0) {
                channel.setOption(
                        StandardSocketOptions.SO_LINGER, 0); // else the one byte that was read could make it a FIN
                recordEnd(Ending.Side.CLIENT, Ending.How.RST, "closed with bytes unread");
            }
        } catch (IOException lost) {
            recordLost(lost);
        } finally {
            reading.lock.unlock();
        }
    }

    private void recordLost(IOException e) {
        if (!(e instanceof ClosedChannelException || e instanceof InterruptedIOException)) {
            recordEnd(Ending.Side.SERVER, Ending.How.RST, String.valueOf(e.getMessage()));
        }
    }

    private void recordEnd(Ending.Side by, Ending.How how, String why) {
        if (tape != null) {
            tape.recorder().end(tape, by, how, why);
        }
    }

    EOFException ended(int seen, int expected, String what) {
        return new EOFException(progress(seen, expected, what) + ", then the end of the stream from " + peer());
    }

    private static String progress(int seen, int expected, String what) {
        return seen + " of " + expected + " bytes " + what;
    }

    /** Adds what was seen to what the system says; our own errors have it already. */
    private IOException explained(IOException e, String seen) {
        if (e instanceof EOFException || e instanceof SocketTimeoutException) {
            return e;
        }
        recordLost(e);
        String why = e instanceof ClosedChannelException ? closed() : e.getMessage();
        String message = seen + ", then: " + why + " (" + peer() + ")";
        IOException explained = e instanceof InterruptedIOException
                ? new InterruptedIOException(message)
                : new SocketException(message);
        explained.initCause(e);
        return explained;
    }

    private String closed() {
        return channel.isOpen() ? "the output of this client was shut down" : "this client was closed";
    }

    private HostAndPort peer() {
        return HostAndPort.of(remote);
    }

    void shutdownOutput() throws IOException {
        try {
            if (tape == null) {
                channel.shutdownOutput();
            } else {
                shutdownOutputRecorded(tape);
            }
        } catch (IOException e) {
            throw explained(e, "the output is not shut down");
        }
    }

    @Override
    public void close() throws IOException {
        boolean wasOpen = channel.isOpen();
        try {
            if (wasOpen && conversation != null) {
                conversation.closing();
            }
        } finally {
            if (wasOpen && tape != null) {
                recordUnread(tape);
            }
            channel.close();
            recordEnd(Ending.Side.CLIENT, Ending.How.FIN, "");
            for (Direction direction : List.of(reading, writing)) {
                Readiness waiting = direction.readiness;
                if (waiting != null) {
                    waiting.close(); // only now is the socket really closed
                }
            }
        }
    }

    @Override
    public String toString() {
        return HostAndPort.of(local) + " -> " + peer() + (channel.isOpen() ? "" : " CLOSED");
    }
}
