package org.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.echoharness.junit.Source.EXTERNAL_OR_EMBEDDED;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.echoharness.EchoClient;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

@EchoTest(source = EXTERNAL_OR_EMBEDDED)
class ClientIT {

    @Echo
    private InetSocketAddress address;

    @Test
    void messageComesBack(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
        Assertions.assertEquals(address, client.remoteAddress());
        System.out.println("talked to port " + address.getPort());
    }
}
