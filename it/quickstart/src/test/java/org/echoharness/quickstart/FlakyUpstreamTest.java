package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.SocketException;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.Recording;
import org.echoharness.junit.Echo;
import org.junit.jupiter.api.Test;

@FlakyUpstream
class FlakyUpstreamTest {

    @Test
    void secondConnectionEchoes(@Echo("upstream") Supplier<EchoClient> upstream, Recording recording)
            throws IOException {
        assertThrows(SocketException.class, () -> upstream.get().echo("hello".getBytes(UTF_8)));
        upstream.get().expectEcho("hello".getBytes(UTF_8));
        recording.assertConnections(2);
    }
}
