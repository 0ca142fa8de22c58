package org.echoharness.sockets;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** What is done to the socket of a connection. Any thread may call it. */
public final class SocketChannels {

    private SocketChannels() {}

    /** Closes with an RST, whatever was written or read; never throws. */
    public static void reset(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | RuntimeException alreadyGone) {
            // then there is nobody left to tell
        }
        try {
            channel.close();
        } catch (IOException alreadyGone) {
            // as above
        }
    }
}
