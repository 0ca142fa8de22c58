package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(script = "send '220 ready\n', expect line 'EHLO *', send '250 hello\n'", faults = "reset after 13 sent")
class HandshakeTest {
    @Test
    void cutOffAnswerIsError(EchoClient client) throws IOException { // in place of your driver
        client.receive(10); // the greeting
        client.send("EHLO me\n".getBytes(UTF_8));
        assertThrows(IOException.class, () -> client.receive(10)); // of the answer come 3 bytes, and a reset
    }
}
