package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.echoharness.junit.Source.EXTERNAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.echoharness.EchoClient;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

/** Talks to the server that the Maven plugin started for the build. */
@EchoTest(source = EXTERNAL)
class PluginServerIT {

    @Test
    void messageComesBack(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
    }

    @Test
    void injectsAddressForOwnCode(@Echo InetSocketAddress address, EchoClient client) {
        assertEquals(address, client.remoteAddress());
    }
}
