package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(script = "repeat { expect frame u32 '{id:4}*', send frame u32 '{id}ok' }")
class FramedProtocolTest {

    @Test
    void answerHasIdOfRequest(EchoClient client) throws IOException {
        client.send("\0\0\0\11id-1hello\0\0\0\4id-2".getBytes(UTF_8)); // two requests at once
        assertEquals("\0\0\0\6id-1ok\0\0\0\6id-2ok", new String(client.receive(20), UTF_8));
    }
}
