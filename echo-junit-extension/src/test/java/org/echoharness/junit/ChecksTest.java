package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is checked at the end of a test, and what is not held against it. */
class ChecksTest {

    private static final String TYPE = ChecksTest.class.getName();
    private static final String CLOSE_IT = "; close it in the test, or leave leaks out of checks";
    private static final String READ_ALL = "; read all that comes before you close, or leave resets out of checks";

    private static final List<Socket> OPEN = new ArrayList<>();

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        synchronized (OPEN) {
            for (Socket socket : OPEN) {
                socket.close();
            }
            OPEN.clear();
        }
    }

    static Socket connect(EchoServer server) throws IOException {
        Socket socket = new Socket(server.address().getAddress(), server.port());
        socket.setSoTimeout(50_000);
        return socket;
    }

    static void echoes(Socket socket) throws IOException {
        socket.getOutputStream().write("hello".getBytes(UTF_8));
        assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    }

    static void leak(EchoServer server) throws IOException {
        Socket socket = connect(server);
        echoes(socket);
        keepOpen(socket);
    }

    static void keepOpen(Socket socket) {
        synchronized (OPEN) {
            OPEN.add(socket);
        }
    }

    static void reset(EchoServer server) throws IOException {
        try (Socket socket = connect(server)) {
            echoes(socket);
            socket.setSoLinger(true, 0);
        }
    }

    /** The message of the only failure, its ports replaced. */
    private static String complaint(Run run) throws IOException {
        Throwable failure = run.failure();
        assertThat(failure).isExactlyInstanceOf(AssertionError.class);
        return failure.getMessage().replaceAll("127\\.0\\.0\\.1:\\d+", "HOST:PORT");
    }

    private static String on(Class<?> fixture) {
        return "server \"default\" (@EchoTest on class " + TYPE + "$" + fixture.getSimpleName() + "): ";
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
    void aConnectionThatIsLeftOpenFailsTheTestAndTellsItsConversation() throws IOException {
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
    void aConnectionThatSaidNothingIsFoundTooThoughNobodyHadAcceptedIt() throws IOException {
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
        void leavesItToOthers(EchoServer server, EchoClient injected) throws IOException {
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
    void whoClosesInTimeIsInnocent() throws IOException {
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
        void frozen(EchoServer server) throws IOException {
            server.freeze();
            connect(server).close();
        }

        @Test
        @EchoTest(readTimeout = "200ms")
        void refused(EchoServer server) throws IOException {
            connect(server).close();
            server.refuse();
        }

        @Test
        @EchoTest(readTimeout = "200ms")
        void closedByTheTest(EchoServer server) throws IOException {
            leak(server);
            server.close();
        }
    }

    @Test
    void whatTheServerHoldsUpIsNoLeak() throws IOException {
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
    void aLeakBehindAFaultIsOne() throws IOException {
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
    void whoOptsOutIsNotChecked() throws IOException {
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
    void theChecksNeverHideAnotherEnd() throws IOException {
        assertThat(Run.of(Failing.class).failure()).hasMessage("on purpose");
        assertThat(Run.of(Aborted.class).failures()).isEmpty();
    }

    @EchoTest(checks = "resets")
    static class Resets {
        @Test
        void resets(EchoServer server) throws Exception {
            reset(server);
        }

        @Test
        @EchoTest
        void isNotAsked(EchoServer server) throws Exception {
            reset(server);
        }
    }

    @Test
    void aResetThatNobodyAskedForFailsTheTestWhereThatIsChecked() throws IOException {
        assertThat(complaint(Run.of(Resets.class)))
                .isEqualTo(on(Resets.class)
                        + "connection 1 from HOST:PORT was reset by the client, which no fault"
                        + " asked for; it last sent 5 bytes \"hello\"" + READ_ALL);
    }

    @EchoTest(checks = "all", faults = "reset after 4")
    static class AskedFor {
        @Test
        void planned(EchoServer server) throws Exception {
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write("hello".getBytes(UTF_8));
                server.recording().awaitConnections(1).get(0).awaitEnd();
            }
        }

        @Test
        @EchoTest(checks = "all", idleTimeout = "1ms", maxConnections = "1")
        void byOptions(EchoServer server) throws Exception {
            try (Socket socket = connect(server);
                    Socket rejected = connect(server)) {
                server.recording().awaitConnections(2);
                server.recording().connection(1).awaitEnd();
                assertThat(socket.isClosed() || rejected.isClosed()).isFalse();
            }
        }

        @Test
        @EchoTest(checks = "all", faults = "discard")
        void afterAFault(EchoServer server, EchoClient injected) throws Exception {
            injected.send("unread".getBytes(UTF_8));
            server.recording().awaitConnections(1).get(0).awaitReceived("unread".getBytes(UTF_8));
            server.resetConnections();
        }

        @Test
        @EchoTest(checks = "all")
        void byTheExtension(EchoServer server, EchoClient injected) throws Exception {
            injected.send("unread".getBytes(UTF_8));
            injected.receive(1);
        }
    }

    @Test
    void aResetThatTheTestAskedForIsNone() throws IOException {
        Run.of(AskedFor.class).passed(4);
    }

    @EchoTest(checks = "faults", faults = "connection 1: fragment 1, reset after 9; connection 2: stall")
    static class Unconsumed {
        @Test
        void comesNotFarEnough(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
        }
    }

    @Test
    void aFaultThatNeverTookHoldFailsTheTestWhereThatIsChecked() throws IOException {
        String never = " never took hold, of the plan \"connection 1: fragment 1, reset after 9; connection 2: stall\","
                + " on 1 connection; let the test get there, or leave faults out of checks";
        assertThat(complaint(Run.of(Unconsumed.class)))
                .isEqualTo(on(Unconsumed.class) + "the fault \"reset after 9\"" + never + "\n" + on(Unconsumed.class)
                        + "the fault \"stall\"" + never);
    }

    @EchoTest(readTimeout = "200ms")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Shared {
        static Socket pool;

        @BeforeAll
        static void begin(EchoServer server, EchoClient injected) throws IOException {
            Seen.server(server);
            Seen.client(injected);
            pool = connect(server);
        }

        @Test
        void one(EchoServer server) throws IOException {
            keepOpen(connect(server));
            echoes(pool);
        }

        @Test
        void two(EchoServer server) throws Exception {
            leak(server);
            reset(server);
        }

        @AfterAll
        static void end() throws IOException {
            pool.close();
        }
    }

    @EchoTest(readTimeout = "200ms", checks = "all", faults = "none")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class SharedAndAsked extends Shared {}

    @EchoTest(readTimeout = "200ms", checks = "all")
    @TestInstance(Lifecycle.PER_CLASS)
    static class PerClass {
        @Nested
        class Inner {
            @Test
            void leaves(EchoServer server) throws IOException {
                leak(server);
            }

            @Test
            void isInnocent(EchoServer server) throws IOException {
                try (Socket socket = connect(server)) {
                    echoes(socket);
                }
            }
        }
    }

    @Test
    void whatOutlivesTheTestIsCheckedWhereItIsAskedFor() throws IOException {
        Run.of(Shared.class).passed(2);

        assertThat(Run.of(SharedAndAsked.class).failures())
                .extracting(failure -> failure.getMessage().replaceAll("127\\.0\\.0\\.1:\\d+", "HOST:PORT"))
                .containsExactly(
                        on(SharedAndAsked.class) + "the test left connection 3 from HOST:PORT open; it sent nothing"
                                + CLOSE_IT,
                        on(SharedAndAsked.class) + "connection 5 from HOST:PORT was reset by the client"
                                + ", which no fault asked for; it last sent 5 bytes \"hello\""
                                + READ_ALL + "\n" + on(SharedAndAsked.class)
                                + "the test left connection 4 from HOST:PORT open; it last sent 5 bytes \"hello\""
                                + CLOSE_IT);
        assertThat(complaint(Run.of(PerClass.class))).contains("open; it last sent 5 bytes \"hello\"");
    }

    @EchoTest(checks = "faults", faults = "connection 2: fragment 1; connection 3: stall")
    static class ConsumedByAnotherTest {
        @BeforeAll
        static void begin(EchoServer server) {
            Seen.server(server);
        }

        @RepeatedTest(2)
        void each(EchoClient client) throws IOException {
            Seen.client(client);
        }
    }

    @Test
    void theFaultsOfASharedServerAreCheckedAtItsEnd() throws IOException {
        assertThat(complaint(Run.of(ConsumedByAnotherTest.class)))
                .isEqualTo(on(ConsumedByAnotherTest.class)
                        + "the fault \"stall\" never took hold, of the plan \"connection 2: fragment 1; connection 3:"
                        + " stall\", on 2 connections; let the test get there, or leave faults out of checks");
    }

    @EchoTest(readTimeout = "200ms", checks = "leaks")
    @Execution(ExecutionMode.CONCURRENT)
    static class AtTheSameTime {
        private static final CyclicBarrier BOTH = new CyclicBarrier(2);

        @BeforeAll
        static void begin(EchoServer server) {
            Seen.server(server);
        }

        @RepeatedTest(2)
        void each(EchoServer server) throws Exception {
            BOTH.await(50, TimeUnit.SECONDS);
            leak(server);
            BOTH.await(50, TimeUnit.SECONDS);
        }
    }

    @Test
    void ofTestsThatShareAServerAtTheSameTimeNobodyIsBlamedButTheClass() throws IOException {
        Run run = Run.with(
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.config.strategy", "fixed",
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "4"),
                AtTheSameTime.class);

        assertThat(complaint(run)).contains("left connection 1 from", "left connection 2 from");
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(2);
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

    @EchoTest(checks = "leaks", source = Source.EXTERNAL)
    static class Elsewhere {
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
    void wrongChecksAreRefusedBeforeTheTest() throws IOException {
        String rest = ") must be all, none, or some of leaks, resets, faults, joined by commas";
        assertThat(Run.of(Misspelled.class).failure()).hasMessage(on(Misspelled.class) + "checks (leeks" + rest);
        assertThat(Run.of(Contradictory.class).failure())
                .hasMessage(on(Contradictory.class) + "checks (none, leaks" + rest);
        assertThat(Run.of(OfAMethod.class).failure())
                .hasMessage("server \"default\" (@EchoTest on " + TYPE + "$OfAMethod.test): checks (Leaks" + rest);
        assertThat(Run.with(Map.of("echo.checks", "resets,"), Leaks.class).failure())
                .hasMessage(on(Leaks.class) + "the configuration parameter echo.checks (resets," + rest);
        assertThat(Run.of(Elsewhere.class).failure())
                .hasMessage(on(Elsewhere.class) + "checks (leaks) need a server in this JVM, and this one is EXTERNAL;"
                        + " leave them out, or set source to EXTERNAL_OR_EMBEDDED");
        assertThat(Run.of(Blind.class).failure())
                .hasMessage(on(Blind.class)
                        + "checks (leaks) need a recording; leave recording out, or set checks to none");
    }
}
