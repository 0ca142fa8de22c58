package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.Socket;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(faults = "first 2: reset after 4; others: fragment 1")
class RetryTest {

    @Test
    void thirdAttemptSucceeds(EchoServer server) {
        int tries = 1;
        while (!succeeds(server)) {
            tries++;
        }
        assertEquals(3, tries);
    }

    /** What your client would do. */
    private static boolean succeeds(EchoServer server) {
        try (Socket socket = new Socket(server.address().getAddress(), server.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write("hello".getBytes(UTF_8));
            return new String(socket.getInputStream().readNBytes(5), UTF_8).equals("hello");
        } catch (IOException reset) {
            return false;
        }
    }
}
