package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.echoharness.junit.Source.EXTERNAL;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

/** Has the server that the Maven plugin started for itself, until its end. */
@EchoTest(source = EXTERNAL, faults = "first 1: reset after 4")
class ControlledServerIT {

    @Test
    void secondTrySucceeds(EchoServer server, @Echo Supplier<EchoClient> clients) throws Exception {
        assertThrows(IOException.class, () -> clients.get().expectEcho("hello".getBytes(UTF_8)));
        clients.get().expectEcho("hello".getBytes(UTF_8));

        server.recording().assertConnections(2);
    }
}
