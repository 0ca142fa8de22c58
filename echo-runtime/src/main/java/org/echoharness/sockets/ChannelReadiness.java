package org.echoharness.sockets;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Lets one thread at a time wait, with a deadline, until a non-blocking channel is ready. Any thread may close it. */
public final class ChannelReadiness implements AutoCloseable {

    private final Selector selector;
    private final SelectionKey key;
    private volatile boolean isWoken;

    public ChannelReadiness(SocketChannel channel) throws IOException {
        selector = Selector.open();
        try {
            key = channel.register(selector, 0);
        } catch (Throwable closed) {
            SocketChannels.closeAfter(closed, selector);
            throw closed;
        }
    }

    /**
     * Waits until the channel is ready for one of the operations, or until {@link #wakeup}.
     *
     * @return true if the channel is ready or {@link #wakeup} was called; false if the deadline has passed
     * @throws InterruptedIOException if the thread is interrupted; its interrupt status stays set
     * @throws ClosedChannelException if the channel is closed during the wait
     */
    public boolean await(int operations, long deadlineNanos) throws IOException {
        try {
            key.interestOps(operations);
            while (!isWoken) {
                long left = deadlineNanos - System.nanoTime();
                if (left <= 0) {
                    return selector.selectNow() > 0;
                }
                int ready = selector.select((left + 999_999) / 1_000_000);
                selector.selectedKeys().clear();
                if (ready > 0) {
                    return true;
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted");
                }
                if (!key.isValid()) {
                    throw new ClosedChannelException();
                }
            }
            isWoken = false;
            return true;
        } catch (ClosedSelectorException | CancelledKeyException closed) {
            throw new ClosedChannelException();
        }
    }

    /**
     * Waits until the channel, which must be the one that this was made for, is connected.
     *
     * @return false if the deadline has passed
     * @throws IOException as {@link #await} and {@link SocketChannel#finishConnect} say
     */
    public boolean awaitConnected(SocketChannel channel, long deadlineNanos) throws IOException {
        while (!channel.finishConnect()) {
            if (!await(SelectionKey.OP_CONNECT, deadlineNanos)) {
                return false;
            }
        }
        return true;
    }

    /** Ends the wait of another thread. If no thread waits, the next wait ends at once. */
    public void wakeup() {
        isWoken = true;
        selector.wakeup();
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
