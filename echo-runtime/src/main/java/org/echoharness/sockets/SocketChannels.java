package org.echoharness.sockets;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Resets sockets and sets how they close. Any thread may call it. */
public final class SocketChannels {

    /** How long the FIN of the other side may take that is to read an alert before the connection is closed. */
    public static final long LAST_FIN_NANOS = 3_000_000_000L;

    private static final int DROPPED = 4 << 10;
    private static final int READS = 16; // before other connections get a turn

    private SocketChannels() {}

    /** Closes the channel with an RST, even if bytes are unsent or unread. Never throws. */
    public static void reset(SocketChannel channel) {
        linger(channel, 0);
        try {
            channel.close();
        } catch (Throwable alreadyGone) {
            // the client has seen its end
        }
    }

    /** Closes what a call has opened that fails now. A failure of the close is added to that one. Never throws. */
    public static void closeAfter(Throwable failure, @Nullable Closeable opened) {
        if (opened == null) {
            return;
        }
        try {
            opened.close();
        } catch (Throwable worse) {
            failure.addSuppressed(worse);
        }
    }

    /** Closes each channel with an RST. */
    public static void reset(List<SocketChannel> channels) {
        for (SocketChannel channel : channels) {
            reset(channel);
        }
    }

    /**
     * Resets the connections that wait to be accepted: where a socket stops listening before they are, the kernel lets some
     * clients see a FIN. Never throws. The caller closes the socket.
     */
    public static void resetQueued(ServerSocketChannel listening) {
        try {
            listening.configureBlocking(false);
            for (SocketChannel next = listening.accept(); next != null; next = listening.accept()) {
                reset(next);
            }
        } catch (Throwable failed) {
            // the kernel ends those that are left
        }
    }

    /**
     * Drops what has come, or a part of it, so that other connections get a turn: unread bytes turn a close into an RST.
     *
     * @return whether the FIN of the other side has come
     */
    public static boolean dropInput(SocketChannel channel) throws IOException {
        ByteBuffer dropped = ByteBuffer.allocate(DROPPED);
        int n = 1;
        for (int i = 0; i < READS && n > 0; i++) {
            n = channel.read(dropped.clear());
        }
        return n < 0;
    }

    /** Sets SO_REUSEPORT off, after a failure. Never throws. */
    public static void unshare(NetworkChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, false);
        } catch (Throwable closed) {
            // nobody can share its port
        }
    }

    /**
     * Sets SO_LINGER: with 0, closing sends an RST and drops unsent bytes; -1 restores the default. Never throws. Returns
     * whether it is set; otherwise the client has seen its end, or the system does not let a close send an RST.
     */
    public static boolean linger(SocketChannel channel, int seconds) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, seconds);
            return true;
        } catch (Throwable refused) {
            return false;
        }
    }
}
