package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the README shows of the runtime by itself. */
@Timeout(60)
class PlainJavaTest {

    @Test
    void aServerForYourOwnClient() throws Exception {
        try (EchoServer server = EchoServer.builder().bufferSize(16).start();
                Socket yours = new Socket()) {
            yours.connect(server.address());
            yours.getOutputStream().write("hello".getBytes(UTF_8));
            assertThat(yours.getInputStream().readNBytes(5)).isEqualTo("hello".getBytes(UTF_8));
        } // the port is free, the thread has ended
    }

    @Test
    void aClientForYourOwnServer() throws Exception {
        try (EchoServer yours = EchoServer.builder().start()) {
            try (EchoClient client = EchoClient.connect("localhost:" + yours.port())) {
                client.expectEcho("hello".getBytes(UTF_8));
            }
        }
    }
}
