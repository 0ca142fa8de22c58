package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.echoharness.junit.Source.EXTERNAL_OR_EMBEDDED;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

/** Talks to the server of the build, or, run from an IDE, to one of its own. */
@EchoTest(source = EXTERNAL_OR_EMBEDDED)
class BuildOrIdeIT {

    @Test
    void messageComesBack(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
    }
}
