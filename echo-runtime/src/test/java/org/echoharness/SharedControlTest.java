package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.list;

import java.io.IOException;
import java.net.ConnectException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several servers that share one HTTP interface. */
@Timeout(60)
class SharedControlTest {

    private EchoServer first;
    private EchoServer second;
    private HttpPeer peer;

    @BeforeEach
    void start() throws IOException {
        first = EchoServer.builder().control("127.0.0.1:0", "first").start();
        second = EchoServer.builder().control(first, "second").start();
        peer = new HttpPeer(first);
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
    }

    @Test
    void hasAddressAndTokenForAll() {
        assertThat(second.controlUri()).isEqualTo(first.controlUri());
        assertThat(second.controlToken()).isEqualTo(first.controlToken());
    }

    @Test
    void controlsEachServerByName() throws IOException {
        assertThat(peer.get("/servers").json().get("servers"))
                .asInstanceOf(list(Map.class))
                .extracting(server -> server.get("id"))
                .containsExactly("first", "second");

        assertThat(peer.send("PUT", "/servers/second/faults", "reset after 4").status())
                .isEqualTo(200);

        assertThat(second.faults()).isEqualTo(FaultPlan.parse("reset after 4"));
        assertThat(first.faults()).isEqualTo(FaultPlan.none());
        assertThat(second.recording().total()).isZero(); // it records
    }

    @Test
    void endsWithItsLastServer() throws IOException {
        first.close();
        HttpPeer.Answer gone = peer.get("/servers/first");
        assertThat(gone.status()).isEqualTo(404);
        assertThat(gone.error()).isEqualTo("there is no server \"first\"; there is second");
        assertThat(peer.get("/servers/second").json()).containsEntry("state", "accepting");

        second.close();
        assertThatThrownBy(() -> peer.get("/servers")).isInstanceOf(ConnectException.class);
        assertThatThrownBy(EchoServer.builder().control(second, "third")::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the HTTP interface at " + first.controlUri().orElseThrow()
                        + " has ended, since the last of its servers was closed; start another one with the option"
                        + " control");
    }

    @Test
    void secondCloseKeepsSuccessorOfSameName() throws IOException {
        first.close();
        try (EchoServer successor =
                EchoServer.builder().control(second, "first").start()) {
            first.close();
            assertThat(peer.get("/servers/first").json())
                    .containsEntry("addresses", List.of("127.0.0.1:" + successor.port()));
        }
    }

    @Test
    void refusesNameThatIsTaken() throws IOException {
        EchoServer other = EchoServer.builder().control(first, "second").build();
        assertThatThrownBy(other::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the HTTP interface at " + first.controlUri().orElseThrow()
                        + " has a server \"second\" already; give each server an id of its own");
        assertThat(other.isRunning()).isFalse();
        assertThat(peer.get("/servers/second").status()).isEqualTo(200);
    }

    @Test
    void refusesWrongNameAndServerWithoutInterface() throws IOException {
        assertThatThrownBy(() -> EchoServer.builder().control("127.0.0.1:0", "a/b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("id (a/b) of control must be of letters, digits, - and _ alone");
        try (EchoServer none = EchoServer.builder().start()) {
            assertThatThrownBy(() -> EchoServer.builder().control(none, "a"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "the other server has no HTTP interface; give it the option control, and start it first");
        }
    }
}
