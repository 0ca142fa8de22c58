package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.echoharness.junit.EchoAssertions.assertThat;

import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

/** What TESTS.md shows of assertions. */
@EchoTest
class AssertionsTest {

    @Test
    void runsSnippetsOfPage(EchoServer server) throws Exception {
        try (EchoClient client = EchoClient.connect(server.address())) {
            client.expectEcho("hello".getBytes(UTF_8));
        }
        server.recording().awaitConnections(1).get(0).awaitEnd();
        assertThat(server.recording())
                .hasConnections(1)
                .connection(1)
                .hasReceived("hello".getBytes(UTF_8))
                .wasEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
    }
}
