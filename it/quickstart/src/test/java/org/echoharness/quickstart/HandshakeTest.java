package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(
        script = "send '220 ready\r\n', expect line 'EHLO *', send '250 hello\r\n'",
        faults = "first 1: reset after 14 sent") // the greeting, and 3 bytes of the answer
class HandshakeTest {

    @Test
    void secondHandshakeSucceeds(EchoServer server) throws IOException {
        assertThrows(IOException.class, () -> shakeHands(server));
        shakeHands(server);
    }

    private static void shakeHands(EchoServer server) throws IOException { // what your driver does
        try (EchoClient client = EchoClient.connect("127.0.0.1:" + server.port())) {
            client.receive("220 ready\r\n".length());
            client.send("EHLO me\r\n".getBytes(UTF_8));
            client.receive("250 hello\r\n".length());
        }
    }
}
