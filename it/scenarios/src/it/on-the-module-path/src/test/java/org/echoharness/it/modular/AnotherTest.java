package org.echoharness.it.modular;

import org.echoharness.EchoServer;
import org.echoharness.junit.EchoScope;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(name = "of the run", scope = EchoScope.RUN)
class AnotherTest {

    @Test
    void usesServerOfRun(EchoServer server) {
        ModularTest.checkRun(server);
    }
}
