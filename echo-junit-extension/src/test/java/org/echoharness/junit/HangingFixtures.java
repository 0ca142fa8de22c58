package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.Socket;
import org.echoharness.EchoServer;

/** Code that hangs until the extension ends its connection. */
final class HangingFixtures {

    private HangingFixtures() {}

    /** Sends 8 bytes, and reads until the connection ends, or until the deadline of the tests. */
    static void hang(EchoServer server) throws IOException {
        try (Socket socket = LeakyFixtures.connect(server)) {
            socket.getOutputStream().write("anybody?".getBytes(UTF_8));
            while (socket.getInputStream().read() >= 0) {}
        }
    }
}
