package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Talks to a server at a Unix socket, in a private temporary folder. */
@DisabledOnOs(OS.WINDOWS)
class UnixSocketTest {

    @Test
    @EchoTest(addresses = "unix:")
    void messageComesBack(@Echo UnixDomainSocketAddress address) throws IOException {
        try (SocketChannel yours = SocketChannel.open(address)) { // your own client
            yours.write(UTF_8.encode("hello"));
            ByteBuffer back = ByteBuffer.allocate(5);
            while (back.hasRemaining() && yours.read(back) >= 0) {}
            assertEquals("hello", UTF_8.decode(back.flip()).toString());
        }
    }
}
