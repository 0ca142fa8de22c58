package org.echoharness.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

@EchoTest
@SpringJUnitConfig(Upstream.class)
@DirtiesContext // otherwise Spring keeps the context, with the address of a stopped server, for other classes
class DynamicPropertyTest {

    @Echo
    static InetSocketAddress address;

    @DynamicPropertySource
    static void upstream(DynamicPropertyRegistry registry) {
        registry.add("my.upstream.host", () -> address.getHostString());
        registry.add("my.upstream.port", () -> address.getPort());
    }

    @Test
    void beanConnectsBeforeTest(@Autowired Upstream upstream, EchoServer server) throws Exception {
        assertEquals("hello", upstream.ask("hello"));
        server.recording().assertConnections(1);
    }
}
