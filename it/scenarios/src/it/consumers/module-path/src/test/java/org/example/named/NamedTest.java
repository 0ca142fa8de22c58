package org.example.named;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

@EchoTest(checks = "all", systemProperty = "my.upstream")
class NamedTest {

    @Echo
    private static EchoServer shared;

    @Echo
    private EchoServer same;

    @Test
    void runsInModules(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
        Assertions.assertSame(shared, same);
        Assertions.assertEquals(shared.port(), Integer.getInteger("my.upstream.port"));
        Assertions.assertEquals("org.example.named", getClass().getModule().getName());
        Assertions.assertEquals(
                "org.echoharness.junit", EchoTest.class.getModule().getName());
        Assertions.assertEquals("org.echoharness", EchoServer.class.getModule().getName());
    }
}
