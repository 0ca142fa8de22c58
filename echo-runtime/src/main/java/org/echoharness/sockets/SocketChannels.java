package org.echoharness.sockets;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.List;

/** Resets sockets and sets how they close. Any thread may call it. */
public final class SocketChannels {

    private SocketChannels() {}

    /** Closes the channel with an RST, even if bytes are unsent or unread. Never throws. */
    public static void reset(SocketChannel channel) {
        linger(channel, 0);
        try {
            channel.close();
        } catch (IOException alreadyGone) {
            // the client has seen its end
        }
    }

    /** Closes each channel with an RST. */
    public static void reset(List<SocketChannel> channels) {
        for (SocketChannel channel : channels) {
            reset(channel);
        }
    }

    /** Sets SO_LINGER: with 0, closing sends an RST and drops unsent bytes; -1 restores the default. Never throws. */
    public static void linger(SocketChannel channel, int seconds) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, seconds);
        } catch (IOException | RuntimeException alreadyGone) {
            // the client has seen its end
        }
    }
}
