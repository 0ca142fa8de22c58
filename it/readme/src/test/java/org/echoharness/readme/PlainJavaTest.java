package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.Socket;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the README shows of the runtime by itself. */
class PlainJavaTest {

    @Test
    @Timeout(60)
    void runsSnippetsOfReadme() throws Exception {
        try (EchoServer server = EchoServer.builder().bufferSize(16).start()) {

            try (Socket yours = new Socket(server.address().getAddress(), server.port())) { // your own client
                yours.getOutputStream().write("hello".getBytes(UTF_8));
                System.out.println(new String(yours.getInputStream().readNBytes(5), UTF_8));
            }

            try (EchoClient client = EchoClient.connect("localhost:" + server.port())) { // or to your own server
                client.expectEcho("hello".getBytes(UTF_8));
            }
        } // the port is free and the thread has ended
    }
}
