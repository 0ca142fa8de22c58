package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.SocketException;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoExtension;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@EchoTest(name = "real") // in place of your database or broker
class RealServerTest {

    @Echo("real")
    static EchoServer real;

    @RegisterExtension
    static final EchoExtension RELAY = EchoExtension.builder()
            .name("relay")
            .server(server ->
                    server.upstream(() -> "localhost:" + real.port()).faults("first 1: reset after 4 to server"))
            .build();

    @Test
    void secondConnectionReachesRealServer(@Echo("relay") Supplier<EchoClient> clients) throws IOException {
        assertThrows(SocketException.class, () -> clients.get().echo("hello".getBytes(UTF_8)));
        clients.get().expectEcho("hello".getBytes(UTF_8));
    }
}
