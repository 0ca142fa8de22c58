package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.SocketException;
import java.net.URI;
import org.echoharness.Connections;
import org.echoharness.EchoClient;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class UpstreamByCodeTest {

    private static final FaultPlan FLAKY = FaultPlan.none()
            .on(Connections.from(remote -> remote.getAddress().isLoopbackAddress()), Fault.reset().after(4));

    @RegisterExtension
    static final EchoExtension UPSTREAM = EchoExtension.builder()
            .name("upstream")
            .server(server -> server.faults(FLAKY).conversation(System.out::println))
            .build();

    @Test
    void upstreamResetsConnection(@Echo("upstream") URI uri, EchoClient client) {
        assertEquals(client.remoteAddress().getPort(), uri.getPort());
        assertThrows(SocketException.class, () -> client.echo("hello".getBytes(UTF_8)));
    }
}
