package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.script.Expectation.line;
import static org.echoharness.script.Step.answer;
import static org.echoharness.script.Step.on;
import static org.echoharness.script.Step.send;

import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What SCRIPTS shows of scripts in Java. */
@Timeout(60)
class ScriptInJavaTest {

    @Test
    void answersLines() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .script("answer { line 'PING' -> send 'PONG\\r\\n', line 'ECHO {text}' -> send '{text}\\r\\n' }")
                .start()) {
            assertThat(server.script())
                    .isEqualTo(Script.of(
                            answer(on(line("PING"), send("PONG\r\n")), on(line("ECHO {text}"), send("{text}\r\n")))));
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.send("ECHO hello\n".getBytes(UTF_8));
                assertThat(client.receive(7)).asString().isEqualTo("hello\r\n");
            }
        }
    }
}
