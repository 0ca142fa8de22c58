package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.echoharness.dialogue.Dialogue;
import org.echoharness.dialogue.DialogueFactory;
import org.echoharness.dialogue.Mismatch;
import org.echoharness.dialogue.Outlet;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.ServedConnection;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server does with a dialogue, whatever the dialogue is. */
@Timeout(120)
class DialoguePumpTest {

    private final AwaitedLines warnings = new AwaitedLines();
    private final AwaitedLines lines = new AwaitedLines();

    /** Answers each line with "ok", and does what a line says if it is a word of {@link Dialogue.Next}. */
    private static final class Words implements Dialogue {
        private static final String BAD = "FAILED";
        private final byte[] answer;
        private boolean isOwed;
        private long wake = NEVER;
        private String last = "";

        Words(byte[] answer) {
            this.answer = answer;
        }

        @Override
        public Next advance(RingBuffer in, boolean inputEnded, Outlet out, long now) {
            while (true) {
                if (wake != NEVER && wake - now <= 0) {
                    return Next.FAILED;
                }
                if (isOwed && out.room() < answer.length) {
                    return Next.ROOM;
                }
                if (isOwed) {
                    out.put(answer, 0, answer.length);
                    isOwed = false;
                }
                byte[] held = in.copy(0, in.size()).array();
                String text = new String(held, ISO_8859_1);
                int end = text.indexOf('\n');
                if (end < 0) {
                    last = text;
                    boolean early = inputEnded && !text.isEmpty();
                    return early ? Next.FAILED : inputEnded ? Next.DONE : Next.MORE;
                }
                last = text.substring(0, end);
                in.discard(end + 1);
                out.matched(end + 1);
                out.step("line");
                wake = last.equals("WAIT") ? now + 300_000_000 : NEVER;
                isOwed = wake == NEVER && !last.equals(BAD);
                if (List.of("CLOSE", "HALF_CLOSE", "RESET", BAD).contains(last)) {
                    return Next.valueOf(last);
                }
            }
        }

        @Override
        public long wake() {
            return wake;
        }

        @Override
        public boolean readsAtWake() {
            return true;
        }

        @Override
        public Mismatch mismatch() {
            boolean isEarlyEnd = !last.equals(BAD) && wake == NEVER;
            return new Mismatch(
                    "line", "a word", isEarlyEnd ? "the client's FIN" : wake == NEVER ? last : "WAIT", isEarlyEnd);
        }

        @Override
        public @Nullable Mismatch leftOver(RingBuffer in, String seen) {
            return in.isEmpty() && wake == NEVER ? null : new Mismatch("line", "a word", seen);
        }

        @Override
        public void stoodStill(long nanos) {
            wake += wake == NEVER ? 0 : nanos;
        }

        @Override
        public void release() {}
    }

    private EchoServer.Builder words() {
        return words(connection -> new Words("ok\n".getBytes(ISO_8859_1)));
    }

    private EchoServer.Builder words(DialogueFactory dialogues) {
        return EchoServer.builder()
                .warnings(warnings)
                .pumps(new DialoguePumps(List.of(new DialoguePumps.Rule(Connections.others(), dialogues)), List.of()));
    }

    private static String exchange(Socket socket, String sent, int count) throws IOException {
        socket.getOutputStream().write(sent.getBytes(ISO_8859_1));
        return new String(socket.getInputStream().readNBytes(count), ISO_8859_1);
    }

    private static void assertReset(Socket socket) {
        assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
    }

    @Test
    void answersAndThenAnswersFin() throws Exception {
        try (EchoServer server = words().recording().conversation(lines).start();
                Socket socket = PlainSockets.connect(server.address())) {
            assertThat(exchange(socket, "a\nb\n", 6)).isEqualTo("ok\nok\n");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);

            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            assertThat(connection.ending()).contains(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
            assertThat(Recordings.events(connection)).contains("STEP line", "SENT 0+6");
            assertThat(lines.matching("sending .*").get(0)).startsWith("sending 6 bytes \"ok\\nok\\n\" to 127.0.0.1:");
            assertThat(server.scriptProblems()).isEmpty();
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void failureResetsOneConnectionAtOnce() throws Exception {
        try (EchoServer server = words().recording().start();
                Socket other = PlainSockets.connect(server.address())) {
            assertThat(exchange(other, "a\n", 3)).isEqualTo("ok\n");
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write("a\nFAILED\n".getBytes(ISO_8859_1));
                server.recording().awaitConnections(2).get(1).awaitEnd();
                assertThat(socket.getInputStream().readNBytes(3)).isEqualTo("ok\n".getBytes(ISO_8859_1));
                assertReset(socket);
            }
            assertThat(server.scriptProblems())
                    .containsExactly(
                            new ScriptProblem(2, ScriptProblem.Kind.MISMATCH, "line", "a word", "FAILED", false));
            assertThat(warnings.seen()).containsExactly("connection 2, line: expected a word, seen FAILED");
            RecordedConnection connection = server.recording().connection(2);
            assertThat(connection.ending())
                    .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "line: expected a word, seen FAILED"));
            assertThat(Recordings.events(connection)).contains("MISMATCH line: expected a word, seen FAILED");
            assertThat(exchange(other, "b\n", 3)).isEqualTo("ok\n");
        }
    }

    @Test
    void failureDoesNotWaitForClientToRead() throws Exception {
        byte[] answer = new byte[100_000];
        try (EchoServer server = words(connection -> new Words(answer))
                        .bufferSize(1 << 20)
                        .recording()
                        .start();
                Socket socket = PlainSockets.connect(server.address(), 4 << 10)) {
            socket.getOutputStream().write("a\nFAILED\n".getBytes(ISO_8859_1));
            assertThat(server.catchUp(Duration.ofSeconds(30))).isTrue();
            RecordedConnection connection = server.recording().connection(1);
            assertThat(connection.bytesSent()).isPositive();
            assertThat(connection.ending()).map(Ending::how).contains(Ending.How.RST);
        }
    }

    @Test
    void earlyFinAndResetAreLeftOver() throws Exception {
        try (EchoServer server = words().faults("delay 1ms").recording().start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write('a');
                socket.shutdownOutput();
                assertReset(socket);
            }
            try (Socket socket = PlainSockets.connect(server.address())) {
                exchange(socket, "b\na", 3);
                socket.setSoLinger(true, 0);
            }
            server.recording().connection(2).awaitEnd();
            assertThat(server.scriptProblems())
                    .containsExactly(
                            new ScriptProblem(
                                    1, ScriptProblem.Kind.LEFT_OVER, "line", "a word", "the client's FIN", true),
                            new ScriptProblem(
                                    2, ScriptProblem.Kind.LEFT_OVER, "line", "a word", "a reset by the client", true));
        }
    }

    @Test
    void closeReportsWhatIsLeft() throws Exception {
        EchoServer server = words().start();
        try (Socket left = PlainSockets.connect(server.address());
                Socket done = PlainSockets.connect(server.address())) {
            exchange(left, "a\nb", 3);
            exchange(done, "a\n", 3);
            server.catchUp(Duration.ofSeconds(10));
            assertThat(server.unfinishedScripts())
                    .containsExactly(new ScriptProblem(
                            1, ScriptProblem.Kind.LEFT_OVER, "line", "a word", "nothing more", false));
            assertThat(server.scriptProblems()).isEmpty();
            server.freeze();
            done.getOutputStream().write("half".getBytes(ISO_8859_1)); // never read
            server.close();
        }
        assertThat(server.scriptProblems())
                .extracting(ScriptProblem::toString)
                .containsExactly("connection 1, line: expected a word, seen nothing more by the end of the server");
    }

    @Test
    void closeReadsWhatHasComeBefore() throws Exception {
        CountDownLatch isBlocked = new CountDownLatch(1);
        CountDownLatch blocks = new CountDownLatch(1);
        EchoServer server = words().conversation(line -> {
                    if (line.startsWith("received 2")) {
                        isBlocked.countDown();
                        awaitLatch(blocks);
                    }
                })
                .start();
        try (Socket blocking = PlainSockets.connect(server.address());
                Socket socket = PlainSockets.connect(server.address())) {
            exchange(socket, "aa\n", 3);
            exchange(socket, "b", 0);
            server.catchUp(Duration.ofSeconds(10));
            blocking.getOutputStream().write("a\n".getBytes(ISO_8859_1));
            awaitLatch(isBlocked);
            socket.getOutputStream().write("bb\n".getBytes(ISO_8859_1));
            FutureTask<@Nullable Void> closing = new FutureTask<>(server::close, null);
            new Thread(closing, "closes").start();
            while (server.isRunning()) {
                Thread.onSpinWait();
            }
            blocks.countDown();
            closing.get(30, TimeUnit.SECONDS);
        }
        assertThat(server.scriptProblems()).isEmpty();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void controlLeavesNoProblem() throws Exception {
        try (EchoServer server = words().start();
                Socket socket = PlainSockets.connect(server.address())) {
            exchange(socket, "a\nb", 3);
            server.resetConnections();
            assertReset(socket);
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(server.unfinishedScripts()).isEmpty();
        }
    }

    @Test
    void closesHalfClosesAndResets() throws Exception {
        try (EchoServer server = words().recording().start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write("a\nCLOSE\nignored\n".getBytes(ISO_8859_1));
                assertThat(socket.getInputStream().readAllBytes()).hasSize(3);
            }
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write("a\nHALF_CLOSE\n".getBytes(ISO_8859_1));
                assertThat(socket.getInputStream().readAllBytes()).hasSize(3);
                socket.getOutputStream().write("b\nHALF_CLOSE\nc\n".getBytes(ISO_8859_1));
                socket.shutdownOutput();
                assertThat(server.recording().connection(2).awaitEnd().ending())
                        .contains(new Ending(Ending.Side.SERVER, Ending.How.FIN, ""));
                assertThat(server.recording().connection(2).bytesSent()).isEqualTo(3);
            }
            try (Socket socket = PlainSockets.connect(server.address())) {
                assertThat(exchange(socket, "a\nRESET\n", 3)).isEqualTo("ok\n");
                assertReset(socket);
                assertThat(server.recording().connection(3).awaitEnd().ending())
                        .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "reset by the script"));
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void deadlineFailsUnlessFrozen() throws Exception {
        try (EchoServer server = words().start();
                Socket socket = PlainSockets.connect(server.address())) {
            server.freeze();
            socket.getOutputStream().write("WAIT\n".getBytes(ISO_8859_1));
            assertThat(server.scriptProblems()).isEmpty();
            server.unfreeze();
            assertReset(socket);
            assertThat(server.scriptProblems()).extracting(ScriptProblem::seen).containsExactly("WAIT");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "fragment 3", "delay 1ms", "throttle 100MiB/s"})
    void keepsOrderOfPipelinedLines(String faults) throws Exception {
        byte[] answer = "0123456789abcdef\n".repeat(100).getBytes(ISO_8859_1);
        int count = faults.startsWith("fragment") ? 30 : 1_000;
        try (EchoServer server = words(connection -> new Words(answer))
                        .bufferSize(4 << 10)
                        .faults(faults)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            FutureTask<byte[]> reading =
                    new FutureTask<>(() -> socket.getInputStream().readAllBytes());
            new Thread(reading, "reads").start();
            socket.getOutputStream().write("line\n".repeat(count).getBytes(ISO_8859_1));
            socket.shutdownOutput();
            assertThat(reading.get(60, TimeUnit.SECONDS))
                    .isEqualTo("0123456789abcdef\n".repeat(100 * count).getBytes(ISO_8859_1));
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void slowReaderStopsReadingOfServer() throws Exception {
        byte[] answer = new byte[1 << 10];
        long before = HeldMemory.used();
        try (EchoServer server = words(connection -> new Words(answer))
                        .bufferSize(16 << 10)
                        .start();
                SocketChannel client = SocketChannel.open(server.address())) {
            client.configureBlocking(false);
            ByteBuffer sent = ByteBuffer.wrap("x\n".repeat(50_000_000).getBytes(ISO_8859_1));
            int blocked = 0;
            while (blocked < 3) {
                blocked = client.write(sent) == 0 ? blocked + 1 : 0;
                assertThat(sent.hasRemaining()).isTrue();
                assertThat(server.catchUp(Duration.ofSeconds(30))).isTrue();
            }
            assertThat(HeldMemory.used() - before).isLessThan(1 << 20);
        }
    }

    @Test
    void idleConnectionIsResetWithoutProblem() throws Exception {
        try (EchoServer server = words().idleTimeout(Duration.ofMillis(50)).start();
                Socket socket = PlainSockets.connect(server.address())) {
            exchange(socket, "a\nb", 3);
            assertReset(socket);
            assertThat(server.counters().idleClosed()).isEqualTo(1);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void changedFaultsApplyToOpenConnections() throws Exception {
        try (EchoServer server = words().start();
                Socket socket = PlainSockets.connect(server.address())) {
            assertThat(exchange(socket, "a\n", 3)).isEqualTo("ok\n");
            server.setFaultsOfAll(FaultPlan.parse("truncate 1"));
            assertThat(exchange(socket, "a\n", 2)).isEqualTo("k\n");
            server.setFaultsOfAll(FaultPlan.parse("stall"));
            socket.getOutputStream().write("a\n".getBytes(ISO_8859_1));
            server.catchUp(Duration.ofSeconds(10));
            server.setFaultsOfAll(FaultPlan.none());
            assertThat(exchange(socket, "a\n", 6)).isEqualTo("ok\nok\n");
        }
    }

    @Test
    void stallSuspendsDeadline() throws Exception {
        try (EchoServer server =
                        words().faults("first 1: stall after 4; others: none").start();
                Socket stalled = PlainSockets.connect(server.address())) {
            stalled.getOutputStream().write("a\na\nWAIT\n".getBytes(ISO_8859_1));
            server.catchUp(Duration.ofSeconds(10));
            try (Socket later = PlainSockets.connect(server.address())) {
                later.getOutputStream().write("WAIT\n".getBytes(ISO_8859_1));
                assertReset(later);
            }
            assertThat(server.scriptProblems())
                    .extracting(ScriptProblem::connection)
                    .containsExactly(2L);
            stalled.getOutputStream().write("in time\n".getBytes(ISO_8859_1));
            server.setFaultsOfAll(FaultPlan.none());
            assertThat(stalled.getInputStream().readNBytes(9)).hasSize(9);
        }
    }

    @Test
    void connectionWithoutRuleEchoes() throws Exception {
        DialoguePumps.Rule first =
                new DialoguePumps.Rule(Connections.first(1), connection -> new Words("ok\n".getBytes(ISO_8859_1)));
        try (EchoServer server = words().pumps(new DialoguePumps(List.of(first), List.of()))
                        .start();
                Socket words = PlainSockets.connect(server.address())) {
            assertThat(exchange(words, "a\n", 3)).isEqualTo("ok\n");
            try (Socket echo = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(echo, "echo\n");
                assertThat(exchange(words, "b\n", 3)).isEqualTo("ok\n");
                PlainSockets.echoes(echo, "again\n");
                assertThatIllegalStateException()
                        .isThrownBy(() -> server.connection(2))
                        .withMessage("connection (2) has no script and no handler; the server echoes on it");
                assertThatIllegalStateException()
                        .isThrownBy(() -> server.connection(3))
                        .withMessage("connection (3) has not been accepted; the server has accepted 2 connections");
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> server.connection(0))
                        .withMessage("connection (0) must be at least 1");
                server.resetConnection(1);
                assertThatIllegalStateException()
                        .isThrownBy(() -> server.connection(1))
                        .withMessage("connection (1) has ended");
            }
        }
    }

    @Test
    void callsSendAndEndConnection() throws Exception {
        try (EchoServer server = words().bufferSize(1 << 10).recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            ServedConnection connection = server.connection(1);
            assertThat(connection.number()).isEqualTo(1);
            assertThat(connection.remote()).isEqualTo(socket.getLocalSocketAddress());
            connection.send("push\n".getBytes(ISO_8859_1));
            assertThat(exchange(socket, "", 5)).isEqualTo("push\n");
            byte[] large = PlainSockets.random(1 << 20, 1);
            FutureTask<byte[]> reading =
                    new FutureTask<>(() -> socket.getInputStream().readNBytes(large.length));
            new Thread(reading, "reads").start();
            connection.send(large);
            assertThat(reading.get(30, TimeUnit.SECONDS)).isEqualTo(large);
            assertThat(exchange(socket, "a\n", 3)).isEqualTo("ok\n");
            connection.halfClose();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> connection.send(large))
                    .withMessage("connection 1 cannot send: its output has ended");
            assertThat(connection.isOpen()).isTrue();
            connection.reset();
            assertThat(server.recording().connection(1).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "reset()"));
            assertThat(connection.isOpen()).isFalse();
            assertThatIllegalStateException()
                    .isThrownBy(() -> connection.send(large))
                    .withMessage("connection 1 cannot send: it has ended");
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void excusedProblemsLeaveRoomForOthers() {
        ScriptProblem.Log log = new ScriptProblem.Log(new org.echoharness.loop.Warnings(new AwaitedLines()));
        for (int i = 1; i <= ScriptProblem.Log.MOST + 3; i++) {
            log.add(new ScriptProblem(i, ScriptProblem.Kind.LEFT_OVER, "step 1 of 2", "fin", "nothing", true));
        }
        ScriptProblem wrong = new ScriptProblem(999, ScriptProblem.Kind.MISMATCH, "step 1 of 1", "fin", "x", true);
        log.add(wrong);
        assertThat(log.list()).hasSize(ScriptProblem.Log.MOST + 1).endsWith(wrong);
        assertThat(log.leftOut()).isEqualTo(3);
        assertThat(log.list().stream().filter(problem -> !problem.isExcused())).containsExactly(wrong);
    }

    @Test
    void problemsBeyondLimitAreCounted() {
        AwaitedLines reported = new AwaitedLines();
        ScriptProblem.Log log = new ScriptProblem.Log(new org.echoharness.loop.Warnings(reported));
        for (int i = 1; i <= ScriptProblem.Log.MOST + 3; i++) {
            log.add(new ScriptProblem(i, ScriptProblem.Kind.FAILED, "message 1", "", "the handler failed", false));
        }
        assertThat(log.list()).hasSize(ScriptProblem.Log.MOST);
        assertThat(log.leftOut()).isEqualTo(3);
        assertThat(reported.seen())
                .hasSize(ScriptProblem.Log.MOST + 1)
                .startsWith("connection 1, message 1: the handler failed")
                .endsWith("further problems of the script are counted, not shown");
    }
}
