package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/** What TESTS.md shows of JUnit 4. The vintage engine runs it. */
public class WithJUnit4Test {

    private EchoServer server;

    @Before
    public void startServer() throws IOException {
        server = EchoServer.builder().recording().start();
    }

    @After
    public void closeServer() {
        server.close();
    }

    @Test(timeout = 60_000)
    public void messageComesBack() throws IOException {
        try (EchoClient client = EchoClient.connect(server.address())) { // or your own client
            client.expectEcho("hello".getBytes(UTF_8));
        }
        server.recording().assertConnections(1);
    }
}
