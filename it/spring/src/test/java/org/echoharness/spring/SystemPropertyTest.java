package org.echoharness.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

/** Where the code reads system properties, with Spring or without. */
@EchoTest(systemProperty = "my.upstream")
@SpringJUnitConfig(Upstream.class)
@DirtiesContext
class SystemPropertyTest {

    @Test
    void beanConnectsBeforeTest(@Autowired Upstream upstream, EchoServer server) throws Exception {
        assertEquals("hello", upstream.ask("hello"));
        server.recording().assertConnections(1);
    }
}
