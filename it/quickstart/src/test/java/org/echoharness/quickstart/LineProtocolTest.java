package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(script = "answer { line 'PING' -> send 'PONG\r\n', line 'ECHO {text}' -> send '{text}\r\n' }")
class LineProtocolTest {

    @Test
    void eachRequestHasItsAnswer(EchoClient client) throws IOException {
        client.send("PING\r\nECHO hello\r\n".getBytes(UTF_8));
        assertEquals("PONG\r\nhello\r\n", new String(client.receive(13), UTF_8));
    }
}
