package org.echoharness.tls;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLException;
import org.echoharness.sockets.ChannelReadiness;

/**
 * The text of a client's connection with TLS, whose handshake is complete. No call waits. One thread may read while another
 * writes; any thread may close it.
 */
public final class TlsClientChannel implements ByteChannel {

    /** The longest wait, when this end has ended, for the end of the server. */
    public static final long LINGER_NANOS = 250_000_000L;

    private static final int DROPPED = 16 << 10;

    private final SocketChannel socket;
    private final TlsChannel channel; // this and the rest are guarded by this
    private boolean isEnding;
    private boolean hasSentFin;

    /** @param channel of this socket; its handshake is complete */
    public TlsClientChannel(SocketChannel socket, TlsChannel channel) {
        this.socket = socket;
        this.channel = channel;
    }

    /**
     * Completes the handshake on a connected, non-blocking socket. The caller closes the socket if this fails.
     *
     * @param host the server's name, which is sent and checked
     * @param target how errors name the server
     * @param deadlineNanos when the handshake must be complete
     * @param within the time until then, for the error, such as {@code 5s}
     * @throws SocketTimeoutException if it is not complete by then
     * @throws javax.net.ssl.SSLHandshakeException if client and server do not agree, or the certificate is refused
     * @throws SocketException if the connection is lost
     */
    public static TlsClientChannel connect(
            SocketChannel socket,
            ClientTls tls,
            String host,
            int port,
            String target,
            long deadlineNanos,
            String within,
            TlsObserver observer)
            throws IOException {
        String what = "cannot connect to " + target + " with TLS";
        ClientHandshake wire = new ClientHandshake(socket);
        TlsChannel channel = new TlsChannel(wire, tls.engine(host, port), Runnable::run, observer);
        try (ChannelReadiness readiness = new ChannelReadiness(socket)) {
            while (!channel.advance() || !channel.flush()) {
                wire.checkNotEnded();
                boolean isReady = readiness.await(channel.interest(SelectionKey.OP_READ), deadlineNanos);
                if (!isReady || deadlineNanos - System.nanoTime() < 0) {
                    throw wire.late(what + " within " + within);
                }
            }
            return new TlsClientChannel(socket, channel);
        } catch (InterruptedIOException over) { // or a time-out, which is one
            channel.close();
            throw over;
        } catch (IOException failed) {
            endFailed(socket, channel);
            throw wire.failed(what, failed);
        }
    }

    /** Lets the server read the alert: reads what it still sends, since unread bytes would make the close send an RST. */
    private static void endFailed(SocketChannel socket, TlsChannel channel) {
        try (ChannelReadiness readiness = new ChannelReadiness(socket)) {
            channel.flush();
            socket.shutdownOutput();
            long end = System.nanoTime() + LINGER_NANOS;
            ByteBuffer dropped = ByteBuffer.allocate(DROPPED);
            while (System.nanoTime() - end < 0 && socket.read(dropped.clear()) >= 0) {
                readiness.await(SelectionKey.OP_READ, end);
            }
        } catch (IOException lost) {
            // the server cannot read the alert
        } finally {
            channel.close();
        }
    }

    /** Returns an error with this message for a call that has failed, of TLS or of the socket. */
    public static IOException explained(String message, IOException failure) {
        return failure instanceof TlsException ? new SSLException(message) : new SocketException(message);
    }

    /** Reads what has come, when what waits to be sent is sent as far as possible. */
    @Override
    public synchronized int read(ByteBuffer into) throws IOException {
        checkOpen();
        flush();
        return channel.read(into);
    }

    @Override
    public synchronized int write(ByteBuffer bytes) throws IOException {
        checkOpen();
        if (isEnding) {
            throw new ClosedChannelException();
        }
        return channel.write(bytes);
    }

    private void checkOpen() throws ClosedChannelException {
        if (!socket.isOpen()) {
            throw new ClosedChannelException();
        }
    }

    /** Sends what waits to be sent. Returns whether nothing waits any more. */
    public synchronized boolean flush() throws IOException {
        if (!isEnding || hasSentFin) {
            return channel.flush();
        }
        hasSentFin = channel.endOutput();
        if (hasSentFin) {
            socket.shutdownOutput();
        }
        return hasSentFin;
    }

    /** Ends the output with a close_notify and a FIN, once what waits is sent. */
    public synchronized void endOutput() throws IOException {
        checkOpen();
        isEnding = true;
        flush();
    }

    /** Returns the operations of the socket to wait for, given those that the user of the text waits for. */
    public synchronized int interest(int wanted) {
        return channel.interest(wanted) | (isEnding && !hasSentFin ? SelectionKey.OP_WRITE : 0);
    }

    /** Returns whether a read has a result although the socket has nothing to read. */
    public synchronized boolean hasInput() {
        return channel.hasInput();
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    /** Sends nothing more, not even a close_notify: the close resets the connection. */
    public synchronized void endWithReset() {
        isEnding = true;
        hasSentFin = true;
    }

    /** Gives up what it holds, and leaves the socket as it is. */
    public synchronized void release() {
        channel.close();
    }

    /** Ends the output as far as it can be done at once, and closes the socket. */
    @Override
    public synchronized void close() throws IOException {
        try {
            if (socket.isOpen()) {
                endOutput();
            }
        } catch (IOException lost) {
            // the socket is closed all the same
        } finally {
            socket.close();
            channel.close();
        }
    }
}
