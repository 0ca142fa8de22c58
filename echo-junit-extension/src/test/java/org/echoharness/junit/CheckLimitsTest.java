package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.leak;
import static org.echoharness.junit.LeakyFixtures.reset;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.FaultPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks of more connections than the report shows or the recording keeps, and of an interrupted test. */
class CheckLimitsTest {

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    private static EchoExtension keeping(int connections, String checks, String faults) {
        return EchoExtension.builder()
                .server(server -> server.recording(64, connections).faults(FaultPlan.parse(faults)))
                .client(client -> client.readTimeout(java.time.Duration.ofMillis(200)))
                .checks(checks)
                .build();
    }

    static class ManyLeaks {
        @RegisterExtension
        final EchoExtension own = keeping(5, "leaks", "none");

        @Test
        void leaves(EchoServer server) throws IOException {
            for (int i = 0; i < 30; i++) {
                leak(server);
            }
        }
    }

    @Test
    void countsLeaksBeyondKeptConnections() throws IOException {
        List<String> lines = complaint(Run.of(ManyLeaks.class)).lines().toList();

        assertThat(lines).hasSize(11);
        assertThat(lines.get(0))
                .contains("the test left connection 1 from HOST:PORT open; it sent 5 bytes, which are not");
        assertThat(lines.get(9)).contains("the test left connection 10 from ");
        assertThat(lines.get(10)).endsWith(": and 20 more connections that the test left open");
    }

    private static void keepThirtyOpen(EchoServer server) throws IOException {
        for (int i = 0; i < 30; i++) {
            keepOpen(connect(server));
        }
    }

    static class ManyUnclosed {
        @RegisterExtension
        final EchoExtension own = keeping(5, "leaks", "none");

        @Test
        void leaves(EchoServer server) throws IOException {
            keepThirtyOpen(server);
            server.closeConnections();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void countsUnclosedSocketsBeyondKeptConnections() throws IOException {
        List<String> lines = complaint(Run.of(ManyUnclosed.class)).lines().toList();

        assertThat(lines).hasSize(11);
        assertThat(lines.get(10)).contains(": and 20 more sockets that the test left open after the server");
    }

    static class ManyUnclosedThatAreKept {
        @RegisterExtension
        final EchoExtension own = keeping(100, "leaks", "none");

        @Test
        void leaves(EchoServer server) throws IOException {
            keepThirtyOpen(server);
            server.closeConnections();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void namesUnclosedSocketsInOrder() throws IOException {
        List<String> lines =
                complaint(Run.of(ManyUnclosedThatAreKept.class)).lines().toList();

        for (int i = 1; i <= 10; i++) {
            assertThat(lines.get(i - 1)).contains("left its socket of connection " + i + " from ");
        }
    }

    static class ManyResets {
        @RegisterExtension
        final EchoExtension own = keeping(100, "resets", "none");

        @Test
        void resets(EchoServer server) throws IOException {
            for (int i = 0; i < 30; i++) {
                reset(server);
            }
        }
    }

    @Test
    void showsFirstResetsAndCountsOthers() throws IOException {
        assertThat(complaint(Run.of(ManyResets.class)).lines())
                .hasSize(11)
                .last()
                .asString()
                .endsWith(": and 20 more connections that were reset unasked");
    }

    static class ManyResetsOfWhichSomeAreNotKept {
        @RegisterExtension
        final EchoExtension own = keeping(15, "resets", "none");

        @Test
        void resets(EchoServer server) throws Exception {
            for (int i = 1; i <= 30; i++) {
                reset(server);
                server.recording().connection(i).awaitEnd();
            }
        }
    }

    @Test
    void countsAtLeastTheKeptResets() throws IOException {
        List<String> lines =
                complaint(Run.of(ManyResetsOfWhichSomeAreNotKept.class)).lines().toList();

        assertThat(lines).hasSize(12);
        assertThat(lines.get(10)).endsWith(": and at least 5 more connections that were reset unasked");
        assertThat(lines.get(11)).contains(": resets could not be judged: 15 of the test's 30 connections ");
    }

    static class ResetThatIsNotKept {
        @RegisterExtension
        final EchoExtension own = keeping(2, "resets", "none");

        @Test
        void resets(EchoServer server) throws Exception {
            reset(server);
            server.recording().connection(1).awaitEnd();
            for (int i = 0; i < 3; i++) {
                try (Socket socket = connect(server)) {
                    echoes(socket);
                }
                server.recording().connection(i + 2).awaitEnd();
            }
        }
    }

    static class NoReset {
        @RegisterExtension
        final EchoExtension own = keeping(2, "resets", "none");

        @Test
        void closes(EchoServer server) throws Exception {
            for (int i = 0; i < 5; i++) {
                try (Socket socket = connect(server)) {
                    echoes(socket);
                }
            }
        }
    }

    @Test
    void reportsResetsThatCannotBeJudged() throws IOException {
        assertThat(complaint(Run.of(ResetThatIsNotKept.class)))
                .endsWith(
                        ": resets could not be judged: 2 of the test's 4 connections are not kept any more, and some of"
                                + " them may have been reset; record more connections (EchoServer.Builder.recording), or leave"
                                + " resets out of checks");
        Run.of(NoReset.class).passed(1);
    }

    static class FaultsThatAreNotKept {
        @RegisterExtension
        final EchoExtension own = keeping(2, "faults", "connection 1: fragment 1; connection 7: stall");

        @Test
        void opensSome(EchoServer server) throws Exception {
            for (int i = 1; i <= 5; i++) {
                try (Socket socket = connect(server)) {
                    echoes(socket);
                }
                server.recording().connection(i).awaitEnd();
            }
        }
    }

    @Test
    void judgesFaultsOfConnectionsNotKept() throws IOException {
        assertThat(complaint(Run.of(FaultsThatAreNotKept.class)))
                .contains("the fault \"stall\" was never applied")
                .contains(" on 5 connections;")
                .doesNotContain("\"fragment 1\"");
    }

    @EchoTest(readTimeout = "200ms")
    static class Interrupted {
        @Test
        void leaves(EchoServer server) throws IOException {
            leak(server);
            Thread.currentThread().interrupt();
        }
    }

    @EchoTest(checks = "all")
    static class InterruptedAndInnocent {
        @RepeatedTest(2)
        void closes(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void checksInterruptedTest() throws IOException {
        try {
            assertThat(complaint(Run.of(Interrupted.class))).contains("left connection 1 from");
            Run.of(InterruptedAndInnocent.class).passed(2);
        } finally {
            Thread.interrupted();
        }
    }

    @EchoTest(readTimeout = "10m")
    static class PatientClient {
        @Test
        void leaves(EchoServer server) throws IOException {
            leak(server);
        }
    }

    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void leakCheckDoesNotWaitForReadTimeout() throws IOException {
        assertThat(complaint(Run.of(PatientClient.class))).contains("left connection 1 from");
    }

    @EchoTest
    static class ManyThatHang {
        @Test
        @Timeout(value = 500, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server) throws IOException {
            keepThirtyOpen(server);
            server.acceptPending();
            hang(100, server);
        }

        private static void hang(int deep, EchoServer server) throws IOException {
            if (deep > 0) {
                hang(deep - 1, server);
            } else {
                try (Socket socket = connect(server)) {
                    socket.getInputStream().read();
                }
            }
        }
    }

    @Test
    void hangShowsFirstConnectionsAndFrames() throws IOException {
        String hang = Stream.of(Run.of(ManyThatHang.class).failure().getSuppressed())
                .map(Throwable::getMessage)
                .filter(message -> message.startsWith("the time of thread"))
                .findFirst()
                .orElseThrow();

        assertThat(hang).contains("and 31 connections are aborted:", "\nand 21 more connections\n", " more");
        assertThat(hang.lines()).hasSizeLessThan(100);
    }
}
