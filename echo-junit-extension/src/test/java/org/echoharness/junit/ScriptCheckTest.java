package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.on;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Objects;
import org.echoharness.EchoServer;
import org.echoharness.script.Framings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The check {@code script}: whether clients did what the script of the server expects. */
class ScriptCheckTest {

    private static final String PING = "expect line 'PING', send 'PONG\n', expect line 'QUIT', send 'BYE\n'";
    private static final String CORRECT = "; correct the client or the script, or leave script out of checks";

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    private static void says(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    }

    private static void says(Socket socket, String bytes, String answer) throws IOException {
        says(socket, bytes);
        assertThat(new String(socket.getInputStream().readNBytes(answer.length()), ISO_8859_1))
                .isEqualTo(answer);
    }

    private static void speaks(EchoServer server, String first, String second) throws IOException {
        try (Socket socket = connect(server)) {
            says(socket, first, "PONG\n");
            says(socket, second, "BYE\n");
        }
    }

    /** Sends something wrong, and hides that the server reset the connection. */
    private static void sendsWrong(EchoServer server) {
        sendsWrong(server, "PONG\n");
    }

    private static void sendsWrong(EchoServer server, String answer) {
        try (Socket socket = connect(server)) {
            says(socket, "PING\r\n", answer);
            says(socket, "QIUT\r\n");
            assertThat(socket.getInputStream().read()).isNegative();
        } catch (IOException swallowed) {
            assertThat(swallowed).hasMessageContaining("reset");
        }
    }

    private static String unmet(Class<?> fixture, String problem) {
        return on(fixture) + "the script was not met: " + problem + CORRECT;
    }

    @EchoTest(script = PING)
    static class Meets {
        @Test
        void meets(EchoServer server) throws IOException {
            speaks(server, "PING\n", "QUIT\n");
            speaks(server, "PING\r\n", "QUIT\r\n");
        }

        @Test
        @EchoTest(script = "answer { line 'PING' -> send 'PONG\n' }")
        void maySayNothing(EchoServer server) throws IOException {
            connect(server).close();
            try (Socket socket = connect(server)) {
                says(socket, "PING\nPING\n", "PONG\nPONG\n");
            }
        }

        @Test
        @EchoTest(script = "connection 9: expect 'never'")
        void ruleWithoutConnection(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "hello", "hello");
            }
        }
    }

    @Test
    void passesTestThatMeetsScript() throws IOException {
        Run.of(Meets.class).passed(3);
        Run.with(Map.of("echo.checks", "all"), Meets.class).passed(3);
    }

    static class HandlerFails {
        @RegisterExtension
        final EchoExtension echo = EchoExtension.builder()
                .server(server -> server.respond(Framings.lines(), line -> line.substring(9)))
                .build();

        @Test
        void swallowsTheReset(EchoServer server) {
            sendsWrong(server, "");
        }
    }

    @Test
    void exceptionInHandlerFailsTest() throws IOException {
        assertThat(Run.of(HandlerFails.class).failure().getMessage())
                .contains("a connection could not be served: connection 1, message 1: the function of respond failed:"
                        + " java.lang.StringIndexOutOfBoundsException: ")
                .contains("; correct the client or the handler, or leave script out of checks");
    }

    @EchoTest(script = PING)
    static class Swallows {
        @Test
        void sendsSomethingElse(EchoServer server) {
            sendsWrong(server);
        }
    }

    @EchoTest(script = PING, recording = "none")
    static class Unrecorded extends Swallows {}

    @EchoTest(script = PING, checks = "script", recording = "none")
    static class AskedUnrecorded extends Swallows {}

    @EchoTest(script = PING, checks = "all")
    static class AskedForAll extends Swallows {}

    @EchoTest(script = PING, checks = "none")
    static class OptedOut extends Swallows {}

    @EchoTest(script = PING, checks = "leaks")
    static class LeaksAlone extends Swallows {}

    @Test
    void swallowedMismatchFailsTest() throws IOException {
        String problem = "connection 1, step 3 of 4: expected line \"QUIT\", seen \"QIUT\\r\\n\"";

        Run run = Run.of(Swallows.class);
        assertThat(complaint(run)).isEqualTo(unmet(Swallows.class, problem));
        assertThat(run.failure().getSuppressed()[0])
                .isInstanceOf(EchoTranscript.class)
                .asString()
                .contains("mismatch at step 3 of 4: expected line \"QUIT\", seen \"QIUT\\r\\n\"");
        assertThat(complaint(Run.of(Unrecorded.class))).isEqualTo(unmet(Unrecorded.class, problem));
        assertThat(complaint(Run.of(AskedUnrecorded.class))).isEqualTo(unmet(AskedUnrecorded.class, problem));
        assertThat(complaint(Run.of(AskedForAll.class))).isEqualTo(unmet(AskedForAll.class, problem));
    }

    @Test
    void skipsTestThatOptsOut() throws IOException {
        Run.of(OptedOut.class).passed(1);
        Run.of(LeaksAlone.class).passed(1);
        Run.with(Map.of("echo.checks", "none"), Swallows.class).passed(1);
    }

    @EchoTest(script = PING)
    static class LeavesSteps {
        @Test
        void closesEarly(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "PONG\n");
            }
        }
    }

    @EchoTest(script = PING)
    static class Resets {
        @Test
        @EchoTest(script = PING, checks = "resets, script")
        void resets(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "PONG\n");
                socket.setSoLinger(true, 0);
            }
        }
    }

    @EchoTest(script = PING, checks = "script", readTimeout = "100ms")
    static class StaysOpen {
        @Test
        void leavesOpen(EchoServer server) throws IOException {
            Socket socket = connect(server);
            keepOpen(socket);
            says(socket, "PING\nQU", "PONG\n");
        }
    }

    @EchoTest(script = PING)
    static class ServerClosed {
        @Test
        void closesServer(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "PONG\n");
                server.close();
            }
        }
    }

    @Test
    void stepsLeftOverFailTest() throws IOException {
        String step = "connection 1, step 3 of 4: expected line \"QUIT\", seen ";

        assertThat(complaint(Run.of(LeavesSteps.class))).isEqualTo(unmet(LeavesSteps.class, step + "the client's FIN"));
        assertThat(complaint(Run.of(Resets.class)))
                .isEqualTo("server \"default\" (@EchoTest on " + Resets.class.getName()
                        + ".resets): the script was not met: " + step + "a reset by the client" + CORRECT);
        assertThat(complaint(Run.of(StaysOpen.class)))
                .isEqualTo(unmet(StaysOpen.class, step + "\"QU\", then nothing more"));
        assertThat(complaint(Run.of(ServerClosed.class)))
                .startsWith(unmet(ServerClosed.class, step).replace(CORRECT, ""));
    }

    @EchoTest(script = "expect line 'PING', send 'PONG\n'")
    static class SendsTooMuch {
        @Test
        void sendsMore(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\nabc", "PONG\n");
            }
        }
    }

    @Test
    void bytesTooManyFailTest() throws IOException {
        assertThat(complaint(Run.of(SendsTooMuch.class)))
                .isEqualTo(unmet(
                        SendsTooMuch.class,
                        "connection 1, after step 2 of 2: expected the client's FIN, seen 3 bytes more: \"abc\""));
    }

    @EchoTest(script = "answer { line 'PING' -> send 'PONG\n' }")
    static class OftenWrong {
        @Test
        void sendsWrong(EchoServer server) throws IOException {
            for (int i = 0; i < 12; i++) {
                try (Socket socket = connect(server)) {
                    says(socket, "x\n");
                }
            }
        }
    }

    @Test
    void countsProblemsBeyondTen() throws IOException {
        assertThat(complaint(Run.of(OftenWrong.class)).lines())
                .hasSize(11)
                .startsWith(unmet(OftenWrong.class, "connection 1, step 1 of 1: expected line \"PING\", seen \"x\\n\""))
                .endsWith(on(OftenWrong.class) + "and 2 more problems of the script");
    }

    @EchoTest(script = PING)
    static class Failing {
        @Test
        void fails(EchoServer server) {
            sendsWrong(server);
            throw new IllegalStateException("on purpose");
        }
    }

    @EchoTest(script = PING, recording = "none")
    static class FailingInTheMiddle {
        @Test
        void fails(EchoServer server) throws IOException {
            Socket socket = connect(server);
            keepOpen(socket);
            says(socket, "PING", "");
            throw new IllegalStateException("on purpose");
        }
    }

    @EchoTest(name = "idle")
    @EchoTest(name = "scripted", script = PING)
    static class FailingWithTwoServers {
        @Test
        void fails(@Echo("idle") EchoServer idle, @Echo("scripted") EchoServer scripted) {
            sendsWrong(scripted);
            throw new IllegalStateException("on purpose");
        }
    }

    @Test
    void problemsComeBeforeConversations() throws IOException {
        assertThat(Run.of(FailingWithTwoServers.class).failure().getSuppressed())
                .extracting(Throwable::toString)
                .filteredOn(text -> !text.contains("could not be written")) // by this launcher
                .satisfiesExactly(
                        problem -> assertThat(problem).contains("step 3 of 4: expected line"),
                        idle -> assertThat(idle).contains("no connection came"),
                        scripted -> assertThat(scripted).contains("mismatch at step 3 of 4"));
    }

    @Test
    void failedTestShowsProblemFirst() throws IOException {
        Throwable failure = Run.of(Failing.class).failure();
        assertThat(failure).hasMessage("on purpose");
        assertThat(failure.getSuppressed()[0])
                .hasMessage(on(Failing.class)
                        + "the script was not met: connection 1, step 3 of 4: expected line \"QUIT\", seen"
                        + " \"QIUT\\r\\n\"");
        assertThat(failure.getSuppressed()[1]).asString().contains("mismatch at step 3 of 4");

        assertThat(Run.of(FailingInTheMiddle.class).failure().getSuppressed())
                .singleElement()
                .asString()
                .endsWith(on(FailingInTheMiddle.class) + "the script was not met: connection 1, step 1 of 4: expected"
                        + " line \"PING\", seen \"PING\", then nothing more");
    }

    @EchoTest(script = PING, faults = "reset after 2 sent")
    static class CutOff {
        @Test
        void losesConnection(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "PO");
                assertThat(socket.getInputStream().read()).isNegative();
            } catch (IOException lost) {
                assertThat(lost).hasMessageContaining("reset");
            }
        }

        @Test
        @EchoTest(script = PING, faults = "stall after 1 sent", readTimeout = "200ms")
        void givesUp(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "P");
            }
        }

        @Test
        @EchoTest(script = PING, faults = "discard after 1 sent")
        void closesEarly(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n", "P");
            }
        }

        @Test
        @EchoTest(script = PING, readTimeout = "200ms")
        void freezes(EchoServer server) throws IOException {
            server.freeze();
            try (Socket socket = connect(server)) {
                says(socket, "PING\n");
            }
        }
    }

    @EchoTest(script = PING, faults = "delay 1ms")
    static class WrongAfterFault {
        @Test
        void sendsWrong(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, "PING\n");
                assertThat(socket.getInputStream().readNBytes(5)).hasSize(5);
                says(socket, "what?\n");
            }
        }
    }

    @Test
    void earlyEndAfterFaultIsNoProblem() throws IOException {
        Run.of(CutOff.class).passed(4);
        assertThat(complaint(Run.of(WrongAfterFault.class)))
                .isEqualTo(unmet(
                        WrongAfterFault.class, "connection 1, step 3 of 4: expected line \"QUIT\", seen \"what?\\n\""));
    }

    @EchoTest(script = PING)
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Shared {
        static Socket pool;

        @BeforeAll
        static void begin(EchoServer server) throws IOException {
            InjectedLog.server(server);
            pool = connect(server);
            says(pool, "PING\n", "PONG\n");
        }

        @Test
        void one(EchoServer server) {
            sendsWrong(server);
        }

        @Test
        void two(EchoServer server) throws IOException {
            speaks(server, "PING\n", "QUIT\n");
        }

        @AfterAll
        static void end() throws IOException {
            says(pool, "QUIT\n", "BYE\n");
            pool.close();
        }
    }

    @EchoTest(script = PING, checks = "script")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class SharedAndAsked extends Shared {}

    @Test
    void judgesSharedServerAtItsEnd() throws IOException {
        String problem = "connection 2, step 3 of 4: expected line \"QUIT\", seen \"QIUT\\r\\n\"";

        Run atEnd = Run.of(Shared.class);
        assertThat(complaint(atEnd)).isEqualTo(unmet(Shared.class, problem));
        assertThat(atEnd.results().testEvents().succeeded().count()).isEqualTo(2);

        Run asked = Run.of(SharedAndAsked.class);
        assertThat(complaint(asked)).isEqualTo(unmet(SharedAndAsked.class, problem));
        assertThat(asked.results().testEvents().succeeded().count()).isEqualTo(1);
    }

    static class ByCode {
        @RegisterExtension
        final EchoExtension echo =
                EchoExtension.builder().server(builder -> builder.script(PING)).build();

        @Test
        void sendsSomethingElse(EchoServer server) {
            sendsWrong(server);
        }
    }

    @Test
    void checksServerDeclaredByCode() throws IOException {
        assertThat(complaint(Run.of(ByCode.class)))
                .startsWith("server \"default\" (@RegisterExtension on ")
                .endsWith("seen \"QIUT\\r\\n\"" + CORRECT);
    }

    @EchoTest(script = PING, scriptFile = "ping.echo")
    static class Twice {
        @Test
        void test() {}
    }

    @EchoTest(scriptFile = "absent.echo")
    static class Absent {
        @Test
        void test() {}
    }

    @EchoTest(script = "sedn 'x'")
    static class Misspelled {
        @Test
        void test() {}
    }

    @EchoTest(script = PING, checks = "leaks, script", recording = "none")
    static class Blind {
        @Test
        void test() {}
    }

    @Test
    void refusesWrongDeclarationBeforeTest() throws IOException {
        assertThat(Run.of(Twice.class).failure())
                .hasMessage(on(Twice.class) + "script and scriptFile are both given; leave one out");
        assertThat(Run.of(Absent.class).failure())
                .hasMessageStartingWith(on(Absent.class) + "scriptFile")
                .hasMessageContaining("absent.echo");
        assertThat(Run.of(Misspelled.class).failure())
                .hasMessageStartingWith(on(Misspelled.class) + "script: \"sedn\" at position 1: expected a step")
                .hasMessageEndingWith("did you mean send?");
        assertThat(Run.of(Blind.class).failure())
                .hasMessage(on(Blind.class)
                        + "checks (leaks, script) need a recording; leave recording out, or set checks to script");
    }

    @EchoTest(scriptFile = "org/echoharness/junit/ping.echo")
    static class FromClassPath {
        @Test
        void meets(EchoServer server) throws IOException {
            speaks(server, "PING\n", "QUIT\n");
        }
    }

    @EchoTest(scriptFile = FILE)
    static class FromFile extends FromClassPath {}

    /** In the module that runs the tests. */
    private static final String FILE = "target/ping-of-test.echo";

    @Test
    void readsScriptFromClassPathOrFile() throws IOException {
        Run.of(FromClassPath.class).passed(1);
        try (InputStream script = Objects.requireNonNull(ScriptCheckTest.class.getResourceAsStream("ping.echo"))) {
            Files.copy(script, Path.of(FILE), StandardCopyOption.REPLACE_EXISTING);
        }
        Run.of(FromFile.class).passed(1);
    }
}
