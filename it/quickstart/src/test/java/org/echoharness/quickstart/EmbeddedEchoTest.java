package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest
class EmbeddedEchoTest {

    @Test
    void messageComesBack(EchoServer server, EchoClient client) throws Exception {
        client.expectEcho("hello".getBytes(UTF_8)); // the client is connected to the server

        try (Socket yours = new Socket(server.address().getAddress(), server.port())) {
            yours.getOutputStream().write("hello".getBytes(UTF_8));
            assertEquals("hello", new String(yours.getInputStream().readNBytes(5), UTF_8));
        }
    }
}
