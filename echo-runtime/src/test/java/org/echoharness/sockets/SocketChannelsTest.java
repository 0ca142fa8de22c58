package org.echoharness.sockets;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SocketChannelsTest {

    @Test
    void resetsConnectionsThatWaitToBeAccepted() throws Exception {
        try (ServerSocketChannel listening = ServerSocketChannel.open().bind(PlainSockets.loopback(0))) {
            InetSocketAddress address = (InetSocketAddress) listening.getLocalAddress();
            try (Socket first = PlainSockets.connect(address);
                    Socket second = PlainSockets.connect(address)) {
                SocketChannels.resetQueued(listening);
                PlainSockets.assertReset(first);
                PlainSockets.assertReset(second);
            }
            assertThat(listening.isOpen()).isTrue();
        }
    }

    @Test
    void socketThatIsClosedHasNoneToReset() throws Exception {
        ServerSocketChannel closed = ServerSocketChannel.open();
        closed.close();
        SocketChannels.resetQueued(closed);
        assertThat(closed.isOpen()).isFalse();
    }
}
