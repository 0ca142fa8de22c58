package org.echoharness.relay;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.sockets.SocketChannels;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose other side is to read an alert: sends a FIN, and drops what comes until the FIN of the other side,
 * for a limited time. A close with unread bytes would send an RST, which makes the kernel of the other side discard the alert.
 * The thread of the event loop uses it.
 */
final class LingeringClose implements EventLoopHandler {

    private final EventLoop loop;
    private final SelectionKey key;
    private final SocketChannel socket;
    private Alarms.@Nullable Alarm alarm;

    private LingeringClose(EventLoop loop, SelectionKey key) {
        this.loop = loop;
        this.key = key;
        socket = (SocketChannel) key.channel();
    }

    /** Takes over the connection of this key. */
    static void begin(EventLoop loop, SelectionKey key) {
        LingeringClose close = new LingeringClose(loop, key);
        key.attach(close);
        try {
            close.socket.shutdownOutput();
            key.interestOps(SelectionKey.OP_READ);
            close.alarm = loop.alarms().set(System.nanoTime() + SocketChannels.LAST_FIN_NANOS, close);
        } catch (Throwable lost) {
            close.end(0);
        }
    }

    @Override
    public void ready() {
        if (!key.isValid()) {
            return;
        }
        try {
            if (SocketChannels.dropInput(socket)) {
                end(-1);
            }
        } catch (Throwable lost) {
            end(0);
        }
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        end(0);
    }

    @Override
    public void abort() {
        end(0);
    }

    private void end(int linger) {
        loop.alarms().cancel(alarm);
        SocketChannels.linger(socket, linger);
        loop.close(key);
    }
}
