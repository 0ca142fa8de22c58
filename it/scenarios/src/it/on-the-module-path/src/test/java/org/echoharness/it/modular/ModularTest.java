package org.echoharness.it.modular;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoExtension;
import org.echoharness.junit.EchoScope;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@EchoTest
@EchoTest(name = "of the class", scope = EchoScope.CLASS)
@EchoTest(name = "of the run", scope = EchoScope.RUN)
@ParameterizedClass
@ValueSource(ints = {1, 2})
class ModularTest {

    @RegisterExtension
    static final EchoExtension UPSTREAM = EchoExtension.builder()
            .name("upstream")
            .server(server -> server.bufferSize(16))
            .build();

    private static EchoServer ofOneTest;
    private static EchoServer ofTheClass;
    static EchoServer ofTheRun;

    @Parameter
    private int number;

    @Echo("upstream")
    private static EchoServer upstream;

    @Echo
    private Supplier<EchoClient> clients;

    @Test
    void modulesAreNamed() {
        assertEquals("org.echoharness.it.modular", getClass().getModule().getName());
        assertEquals("org.echoharness.junit", EchoTest.class.getModule().getName());
        assertEquals("org.echoharness", EchoServer.class.getModule().getName());
    }

    @Test
    void eachScopeHolds(
            @Echo EchoServer own,
            @Echo("of the class") EchoServer forClass,
            @Echo("of the run") EchoServer forRun,
            @Echo("upstream") EchoServer same)
            throws Exception {
        clients.get().expectEcho("hello".getBytes(UTF_8));
        assertSame(upstream, same);
        if (number == 2) {
            assertNotSame(ofOneTest, own);
            assertTrue(!ofOneTest.isRunning());
            assertSame(ofTheClass, forClass);
        }
        ofOneTest = own;
        ofTheClass = forClass;
        checkRun(forRun);
    }

    /** The first class stores the value, and the others compare theirs with it. */
    static void checkRun(EchoServer server) {
        assertTrue(server.isRunning());
        assertSame(ofTheRun == null ? server : ofTheRun, server);
        ofTheRun = server;
    }
}
