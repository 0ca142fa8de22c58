package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.CLOSE_IT;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.leak;
import static org.echoharness.junit.LeakyFixtures.on;

import java.io.IOException;
import java.net.Socket;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** What the extension checks at the end of a test, and what it permits. */
class ChecksTest {

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    @EchoTest(readTimeout = "200ms")
    static class Leaks {
        @Test
        void leaves(EchoServer server, EchoClient injected) throws IOException {
            injected.expectEcho("mine".getBytes(UTF_8));
            leak(server);
        }
    }

    @Test
    void openConnectionFailsTestWithConversation() throws IOException {
        Run run = Run.of(Leaks.class);

        assertThat(complaint(run))
                .isEqualTo(on(Leaks.class)
                        + "the test left connection 2 from HOST:PORT open; it last sent 5 bytes \"hello\"" + CLOSE_IT);
        assertThat(run.failure().getSuppressed()[0])
                .isInstanceOf(EchoTranscript.class)
                .asString()
                .contains("connection 1 from", "connection 2 from", "received 5 bytes \"hello\"", "(still open)");
    }

    @EchoTest(readTimeout = "200ms")
    static class OnlyConnects {
        @Test
        void leaves(EchoServer server) throws IOException {
            keepOpen(connect(server));
            keepOpen(connect(server));
        }
    }

    @Test
    void findsSilentConnectionBeforeItIsAccepted() throws IOException {
        String open = " from HOST:PORT open; it sent nothing" + CLOSE_IT;
        assertThat(complaint(Run.of(OnlyConnects.class)))
                .isEqualTo(on(OnlyConnects.class) + "the test left connection 1" + open + "\n" + on(OnlyConnects.class)
                        + "the test left connection 2" + open);
    }

    @EchoTest
    static class ClosesAtTheLastInstant {
        @RepeatedTest(200)
        void closes(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
        }

        @RepeatedTest(100)
        void writesOnly(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
            }
        }
    }

    @EchoTest
    static class ClosesLate {
        @AutoClose
        Socket closedByJUnit;

        Socket closedAfterEach;

        @Test
        void leavesClosingToOthers(EchoServer server, EchoClient injected) throws IOException {
            injected.send("unread".getBytes(UTF_8));
            closedByJUnit = connect(server);
            closedAfterEach = connect(server);
            Socket closedByAnother = connect(server);
            new Thread(() -> close(closedByAnother)).start();
        }

        @AfterEach
        void close() throws IOException {
            closedAfterEach.close();
        }

        private static void close(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void acceptsConnectionsClosedInTime() throws IOException {
        Run.of(ClosesAtTheLastInstant.class).passed(300);
        Run.of(ClosesLate.class).passed(1);
    }

    @EchoTest(faults = "stall", readTimeout = "200ms")
    static class HeldUp {
        @Test
        void closes(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write(new byte[100_000]);
            }
        }

        @Test
        @EchoTest(readTimeout = "200ms")
        void freezesServer(EchoServer server) throws IOException {
            server.freeze();
            connect(server).close();
        }

        @Test
        @EchoTest(readTimeout = "200ms")
        void refusesConnects(EchoServer server) throws IOException {
            connect(server).close();
            server.refuse();
        }

        @Test
        @EchoTest(readTimeout = "200ms")
        void closesServer(EchoServer server) throws IOException {
            leak(server);
            server.close();
        }
    }

    @Test
    void connectionHeldByServerIsNoLeak() throws IOException {
        Run.of(HeldUp.class).passed(4);
    }

    @EchoTest(faults = "stall", readTimeout = "200ms")
    static class LeaksBehindAFault {
        @Test
        void leaves(EchoServer server) throws IOException {
            Socket socket = connect(server);
            socket.getOutputStream().write("hello".getBytes(UTF_8));
            keepOpen(socket);
        }
    }

    @Test
    void findsLeakDespiteFault() throws IOException {
        assertThat(complaint(Run.of(LeaksBehindAFault.class)))
                .isEqualTo(on(LeaksBehindAFault.class)
                        + "the test left connection 1 from HOST:PORT open; it last sent 5 bytes \"hello\"" + CLOSE_IT);
    }

    @EchoTest(checks = "none")
    static class OptedOut {
        @Test
        void leaves(EchoServer server) throws IOException {
            leak(server);
        }
    }

    @EchoTest(recording = "none")
    static class Unrecorded {
        @Test
        void leaves(EchoServer server) throws IOException {
            leak(server);
        }
    }

    @Test
    void skipsTestThatOptsOut() throws IOException {
        Run.of(OptedOut.class).passed(1);
        Run.with(Map.of("echo.checks", "all"), OptedOut.class).passed(1);
        Run.with(Map.of("echo.checks", "none"), Leaks.class).passed(1);
        Run.with(Map.of("echo.checks", "all"), Unrecorded.class).passed(1);
    }

    @EchoTest
    static class Failing {
        @Test
        void fails(EchoServer server) throws IOException {
            leak(server);
            throw new IllegalStateException("on purpose");
        }
    }

    @EchoTest
    static class Aborted {
        @Test
        void aborts(EchoServer server) throws IOException {
            leak(server);
            Assumptions.abort("on purpose");
        }
    }

    @Test
    void checksNeverHideAnotherFailure() throws IOException {
        assertThat(Run.of(Failing.class).failure()).hasMessage("on purpose");
        assertThat(Run.of(Aborted.class).failures()).isEmpty();
    }

    @EchoTest(checks = "leeks")
    static class Misspelled {
        @Test
        void test() {}
    }

    @EchoTest(checks = "none, leaks")
    static class Contradictory {
        @Test
        void test() {}
    }

    @EchoTest(checks = "leaks", recording = "none")
    static class Blind {
        @Test
        void test() {}
    }

    static class OfAMethod {
        @Test
        @EchoTest(checks = "Leaks")
        void test() {}
    }

    @Test
    void refusesWrongChecksBeforeTest() throws IOException {
        String rest = ") must be all, none, or some of leaks, resets, faults, script, joined by commas";
        assertThat(Run.of(Misspelled.class).failure()).hasMessage(on(Misspelled.class) + "checks (leeks" + rest);
        assertThat(Run.of(Contradictory.class).failure())
                .hasMessage(on(Contradictory.class) + "checks (none, leaks" + rest);
        assertThat(Run.of(OfAMethod.class).failure())
                .hasMessage("server \"default\" (@EchoTest on " + ChecksTest.class.getName()
                        + "$OfAMethod.test): checks (Leaks" + rest);
        assertThat(Run.with(Map.of("echo.checks", "resets,"), Leaks.class).failure())
                .hasMessage("the configuration parameter echo.checks (resets," + rest);
        assertThat(Run.of(Blind.class).failure())
                .hasMessage(on(Blind.class)
                        + "checks (leaks) need a recording; leave recording out, or set checks to none");
    }
}
