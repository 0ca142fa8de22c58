package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.echoharness.EchoClient;
import org.echoharness.junit.EchoExtension;
import org.echoharness.script.Framings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What HANDLERS shows of a handler in the extension. */
@Timeout(60)
class HandlerOfExtensionTest {

    @RegisterExtension
    static EchoExtension echo = EchoExtension.builder()
            .server(server -> server.respond(Framings.lines(), line -> line.equals("PING") ? "PONG" : "ERR"))
            .build();

    @Test
    void pings(EchoClient client) throws Exception {
        client.send("PING\n".getBytes(UTF_8));
        assertThat(client.receive(6)).asString().isEqualTo("PONG\r\n");
    }
}
