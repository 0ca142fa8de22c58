package org.echoharness.sockets;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Connects to Unix sockets. Such a connect succeeds or fails at once; only if the queue of the server is full, a later try
 * may succeed. Any thread may call the methods.
 */
public final class UnixConnector {

    /** After how long to try again if the queue of the server is full, since the system does not report that it has room. */
    public static final long RETRY_NANOS = 2_000_000;

    /** Thrown if a server listens there and its queue has no room for a further connection. */
    public static final class QueueFullException extends ConnectException {
        private static final long serialVersionUID = 1L;

        QueueFullException(SocketException cause) {
            super("the queue of the server is full: " + cause.getMessage());
            initCause(cause);
        }
    }

    /** Thrown if there is no file of this name. */
    public static final class MissingFileException extends SocketException {
        private static final long serialVersionUID = 1L;

        MissingFileException(SocketException cause) {
            super(cause.getMessage());
            initCause(cause);
        }
    }

    private UnixConnector() {}

    /**
     * Connects, or throws at once. Messages give the reason, without the path.
     *
     * @return a connected, non-blocking channel
     * @throws QueueFullException if a later try may succeed
     * @throws ConnectException if nothing listens there
     * @throws MissingFileException if there is no such file
     * @throws IOException if the system refuses for another reason
     */
    public static SocketChannel tryConnect(Path path) throws IOException {
        SocketChannel channel = open();
        try {
            channel.configureBlocking(false);
            if (!channel.connect(UnixDomainSocketAddress.of(path))) {
                throw new SocketException("the system connects later");
            }
            return channel;
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, channel);
            if (failed instanceof SocketException refused) {
                throw explained(path, refused);
            }
            throw failed;
        }
    }

    /** Connects like {@link #tryConnect}, but returns null if the queue of the server is full. */
    public static @Nullable SocketChannel connectUnlessFull(Path path) throws IOException {
        try {
            return tryConnect(path);
        } catch (QueueFullException full) {
            return null;
        }
    }

    /** The reason of the system has no code, and may be in any language; so it is found by what the file is. */
    private static SocketException explained(Path path, SocketException refused) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return new MissingFileException(refused);
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            return new ConnectException("that file is no socket");
        }
        boolean isRefused = refused instanceof ConnectException || !Files.isWritable(path);
        return isRefused || !UnixNames.fits(path) ? refused : new QueueFullException(refused);
    }

    /**
     * Connects, and waits as long as the queue of the server is full.
     *
     * @return a connected, non-blocking channel
     * @throws QueueFullException if the queue is still full at the deadline
     * @throws InterruptedIOException if the thread is interrupted while it waits; its interrupt status stays set
     * @throws IOException as {@link #tryConnect} says
     */
    public static SocketChannel connect(Path path, long deadlineNanos) throws IOException {
        while (true) {
            try {
                return tryConnect(path);
            } catch (QueueFullException full) {
                if (deadlineNanos - System.nanoTime() <= 0) {
                    throw full;
                }
                LockSupport.parkNanos(RETRY_NANOS);
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted");
                }
            }
        }
    }

    private static SocketChannel open() throws IOException {
        try {
            return SocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (UnsupportedOperationException none) {
            throw new SocketException("this system has no Unix sockets; take an address of the form host:port");
        }
    }
}
