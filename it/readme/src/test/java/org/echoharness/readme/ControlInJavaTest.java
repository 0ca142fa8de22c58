package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.FaultPlan;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What CONTROL shows. A server of this process stands for one of another process. */
@Timeout(60)
class ControlInJavaTest {

    private EchoServer other;

    @BeforeEach
    void startOther() throws IOException {
        other = EchoServer.builder().control("127.0.0.1:0").start();
    }

    @AfterEach
    void closeOther() {
        other.close();
    }

    @Test
    void controlsServerOfAnotherProcess() throws Exception {
        String url = other.controlUri().orElseThrow().toString();
        String token = other.controlToken().orElseThrow();
        try (EchoServer server = EchoServer.connect(URI.create(url), token)) {
            server.setFaults(FaultPlan.parse("first 1: reset after 4; others: none"));
            try (EchoClient client = EchoClient.connect(server.address())) { // in place of your client
                client.send("hello".getBytes(UTF_8));
            }
            RecordedConnection first = server.recording().awaitConnections(1).get(0);
            first.awaitEnd().assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
        } // the server goes on
        assertThat(other.isRunning()).isTrue();
    }

    @Test
    void hasSession() throws Exception {
        EchoServer server = EchoServer.connect(
                other.controlUri().orElseThrow(), other.controlToken().orElseThrow());
        try (EchoServer session = server.session(Map.of("faults", "first 1: reset after 4"), Duration.ofSeconds(5))) {
            try (EchoClient client = EchoClient.connect(session.address())) { // in place of your client
                client.send("hello".getBytes(UTF_8));
            }
            session.recording().awaitConnections(1).get(0).awaitEnd().assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
        } // the server has no faults again
        assertThat(other.faults()).isEqualTo(FaultPlan.none());
        assertThat(other.counters().accepted()).isEqualTo(1);
        server.close();
    }

    @Test
    void saysThatTheServerIsGone() throws Exception {
        EchoServer server = EchoServer.connect(
                other.controlUri().orElseThrow(), other.controlToken().orElseThrow());
        other.close();

        assertThat(server.isRunning()).isFalse();
        assertThatThrownBy(server::refuse)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("is it still running?");
        server.close();
    }
}
