package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.junit.LeakyFixtures.RESET_UNASKED;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.leak;
import static org.echoharness.junit.LeakyFixtures.on;
import static org.echoharness.junit.LeakyFixtures.reset;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.time.Duration;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The optional checks: unexpected resets, and faults that were never applied. */
class ResetsAndFaultsTest {

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    @EchoTest(checks = "resets")
    static class Resets {
        @Test
        void resets(EchoServer server) throws Exception {
            reset(server);
        }

        @Test
        @EchoTest
        void resetsUnchecked(EchoServer server) throws Exception {
            reset(server);
        }
    }

    @Test
    void unaskedResetFailsTestIfChecked() throws IOException {
        assertThat(complaint(Run.of(Resets.class))).isEqualTo(on(Resets.class) + "connection 1" + RESET_UNASKED);
    }

    private static Socket connectWhenItIsUp(EchoServer server) throws IOException {
        while (true) {
            try {
                return connect(server);
            } catch (ConnectException refused) {
                Thread.onSpinWait();
            }
        }
    }

    @EchoTest
    static class Restarted {
        @Test
        void fails(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
                server.restart(Duration.ofMillis(20));
            }
            try (Socket again = connectWhenItIsUp(server)) {
                echoes(again);
            }
            throw new IllegalStateException("as planned");
        }
    }

    @Test
    void failureShowsRestartAndLaterConnections() throws IOException {
        assertThat(Run.of(Restarted.class).failure().getSuppressed()[0].getMessage())
                .containsPattern("connection 1 from .* ended by SERVER RST \\(the server restarts\\)")
                .containsPattern("resetting .*: the server restarts")
                .containsPattern("connection 2 from ");
    }

    @EchoTest(checks = "all", faults = "reset after 4")
    static class AskedFor {
        @Test
        void awaitsPlannedReset(EchoServer server) throws Exception {
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
                server.recording().awaitConnections(1).get(0).awaitEnd();
            }
        }

        @Test
        @EchoTest(checks = "all", idleTimeout = "1ms", maxConnections = "1")
        void exceedsLimitsOfServer(EchoServer server) throws Exception {
            try (Socket socket = connect(server);
                    Socket rejected = connect(server)) {
                server.recording().awaitConnections(2);
                server.recording().connection(1).awaitEnd();
                assertThat(socket.isClosed() || rejected.isClosed()).isFalse();
            }
        }

        @Test
        @EchoTest(checks = "all", faults = "discard")
        void resetsAfterFault(EchoServer server, EchoClient injected) throws Exception {
            injected.send("unread".getBytes(UTF_8));
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write("unanswered".getBytes(UTF_8));
                server.recording().awaitConnections(2).get(1).awaitReceived("unanswered".getBytes(UTF_8));
                socket.setSoLinger(true, 0);
            }
            server.recording().connection(2).awaitEnd();
            server.resetConnections();
        }

        @Test
        @EchoTest(checks = "all")
        void restartsServer(EchoServer server) throws Exception {
            try (Socket socket = connect(server)) {
                echoes(socket);
                server.restart(Duration.ofMillis(20));
                assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
                socket.getOutputStream().close();
            }
            try (Socket again = connectWhenItIsUp(server)) {
                echoes(again);
            }
        }

        @Test
        @EchoTest(checks = "all")
        void leavesBytesUnread(EchoServer server, EchoClient injected) throws Exception {
            injected.send("unread".getBytes(UTF_8));
            injected.receive(1);
        }
    }

    @Test
    void ignoresResetsTheTestRequested() throws IOException {
        Run.of(AskedFor.class).passed(5);
    }

    @EchoTest(checks = "faults", faults = "reset after 1KiB")
    static class ResetByItsClient {
        @Test
        void isReset(EchoServer server) throws IOException {
            reset(server);
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
        }
    }

    @Test
    void reportsClientResetBeforeFault() throws IOException {
        assertThat(complaint(Run.of(ResetByItsClient.class)))
                .isEqualTo(on(ResetByItsClient.class) + "the fault \"reset after 1KiB\" was never applied, of the plan"
                        + " \"reset after 1KiB\", on 2 connections, 1 of which the client reset; let the test get there, or"
                        + " leave faults out of checks");
    }

    @EchoTest(checks = "faults", faults = "connection 1: fragment 1, reset after 9; connection 2: stall")
    static class Unconsumed {
        @Test
        void endsBeforeFaults(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
        }
    }

    @Test
    void unappliedFaultFailsTestIfChecked() throws IOException {
        String never =
                " was never applied, of the plan \"connection 1: fragment 1, reset after 9; connection 2: stall\","
                        + " on 1 connection; let the test get there, or leave faults out of checks";
        assertThat(complaint(Run.of(Unconsumed.class)))
                .isEqualTo(on(Unconsumed.class) + "the fault \"reset after 9\"" + never + "\n" + on(Unconsumed.class)
                        + "the fault \"stall\"" + never);
    }

    @EchoTest(checks = "all", faults = "corrupt after 2")
    static class AlmostMissed {
        @RepeatedTest(300)
        void writesAndCloses(EchoServer server) throws IOException {
            writeAndClose(server);
        }

        @RepeatedTest(5)
        @EchoTest(checks = "faults", faults = "connection 1: delay 20ms, truncate 1; others: discard")
        void closesBeforeDelayedFault(EchoServer server) throws IOException {
            writeAndClose(server);
            writeAndClose(server);
        }

        @RepeatedTest(5)
        @EchoTest(checks = "faults", faults = "delay 20ms, truncate 1")
        void sendsByInjectedClient(EchoClient injected) throws IOException {
            injected.send("hello".getBytes(UTF_8));
        }

        private static void writeAndClose(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
            }
        }
    }

    @Test
    void judgesFaultsAfterAllInput() throws IOException {
        Run.of(AlmostMissed.class).passed(310);
    }

    static class ByCode {
        @RegisterExtension
        final EchoExtension own = EchoExtension.builder()
                .checks("resets")
                .systemProperty("its.checked")
                .build();

        @Test
        void resets(EchoServer server) throws IOException {
            assertThat(Integer.getInteger("its.checked.port")).isEqualTo(server.port());
            leak(server);
            reset(server);
        }
    }

    @Test
    void codeEnablesChecks() throws IOException {
        assertThat(complaint(Run.of(ByCode.class)))
                .startsWith("server \"default\" (@RegisterExtension on ")
                .endsWith("connection 2" + RESET_UNASKED);
        assertThat(System.getProperty("its.checked.port")).isNull();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoExtension.builder().checks("leek").build())
                .withMessage(
                        "server \"default\": checks (leek) must be all, none, or some of leaks, resets, faults, script,"
                                + " joined by commas");
    }
}
