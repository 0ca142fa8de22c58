package org.echoharness.sockets;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.List;

/** What is done to the socket of a connection. Any thread may call it. */
public final class SocketChannels {

    private SocketChannels() {}

    /** Closes with an RST, whatever was written or read; never throws. */
    public static void reset(SocketChannel channel) {
        linger(channel, 0);
        try {
            channel.close();
        } catch (IOException alreadyGone) {
            // as below
        }
    }

    /** Closes each with an RST. */
    public static void reset(List<SocketChannel> channels) {
        for (SocketChannel channel : channels) {
            reset(channel);
        }
    }

    /** How long closing waits for what is not yet sent: 0 sends an RST instead, -1 takes that back. Never throws. */
    public static void linger(SocketChannel channel, int seconds) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, seconds);
        } catch (IOException | RuntimeException alreadyGone) {
            // the client has seen its end
        }
    }
}
