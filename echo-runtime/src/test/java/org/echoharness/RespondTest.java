package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.echoharness.memory.HeldMemory;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers by functions, over sockets. */
@Timeout(120)
class RespondTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    /** Sends the bytes one by one and all at once, and reads the answers until the end. */
    private <M> void answers(Framing<M> framing, Function<M, @Nullable M> answer, String sent, String expected)
            throws IOException {
        try (EchoServer server = quiet().respond(framing, answer).start()) {
            for (boolean whole : new boolean[] {true, false}) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    socket.setTcpNoDelay(true);
                    for (int i = 0; !whole && i < sent.length(); i++) {
                        send(socket, sent.substring(i, i + 1));
                    }
                    if (whole) {
                        send(socket, sent);
                    }
                    socket.shutdownOutput();
                    receives(socket, expected);
                    assertEnd(socket);
                }
            }
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(server.echoes()).isFalse();
            assertThat(server.script()).isEqualTo(Script.none());
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void answersLines() throws Exception {
        answers(Framings.lines(), line -> "<" + line + ">", "a\r\n\nb\rc\n\r\n", "<a>\r\n<>\r\n<b\rc>\r\n<>\r\n");
        answers(Framings.lines(ISO_8859_1, "\n"), line -> line, "\u00e4\r\n", "\u00e4\n");
        answers(Framings.lines(), line -> line, "\u00c3\u00a4\u00ff\n", "\u00c3\u00a4\u00ef\u00bf\u00bd\r\n");
    }

    @Test
    void answersNothingForNull() throws Exception {
        answers(Framings.lines(), line -> line.equals("PUB") ? null : line, "PUB\nPING\nPUB\n", "PING\r\n");
    }

    @Test
    void answersDelimitedMessages() throws Exception {
        answers(Framings.delimiter("\0"), message -> message, "a\0\0b\0", "a\0\0b\0");
        answers(Framings.delimiter("--"), message -> message, "a-b---c--", "a-b---c--");
    }

    @Test
    void answersFixedMessages() throws Exception {
        answers(Framings.fixed(2), RespondTest::reversed, "abcdef", "badcfe");
    }

    private static byte[] reversed(byte[] bytes) {
        return new StringBuilder(new String(bytes, ISO_8859_1))
                .reverse()
                .toString()
                .getBytes(ISO_8859_1);
    }

    @Test
    void answersFrames() throws Exception {
        answers(
                Framings.frame(FrameLength.U16.minus(2)),
                RespondTest::reversed,
                "\0\4ab\0\2\0\5xyz",
                "\0\4ba\0\2\0\5zyx");
        answers(Framings.frame(FrameLength.VARINT), body -> new byte[200], "\1a", "\u00c8\1" + "\0".repeat(200));
    }

    /** A type of one byte, and the number of bytes that follow it. */
    private record Packet(int type, int size) {}

    private static final class Packets implements Framing<Packet> {
        @Override
        public @Nullable Packet read(ByteBuffer bytes) {
            if (bytes.remaining() < 2 || bytes.remaining() < 2 + bytes.get(1)) {
                return null;
            }
            Packet packet = new Packet(bytes.get(), bytes.get());
            bytes.position(bytes.position() + packet.size);
            return packet;
        }

        @Override
        public byte[] write(Packet packet) {
            return ByteBuffer.allocate(2 + packet.size)
                    .put((byte) packet.type)
                    .put((byte) packet.size)
                    .array();
        }
    }

    @Test
    void answersByFramingOfUser() throws Exception {
        answers(new Packets(), packet -> new Packet(packet.type + 1, packet.size), "\5\2ab\7\0", "\6\2\0\0\10\0");
    }

    @Test
    void exceptionResetsOnlyItsConnection() throws Exception {
        try (EchoServer server = quiet().recording()
                        .respond(Framings.lines(), RespondTest::refusesKeys)
                        .start();
                Socket other = PlainSockets.connect(server.address());
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\nkey\n");
            assertReset(socket);
            ScriptProblem problem = server.scriptProblems().get(0);
            assertThat(problem.kind()).isEqualTo(ScriptProblem.Kind.FAILED);
            assertThat(problem.toString())
                    .matches("connection 2, message 2: the function of respond failed: "
                            + "java.lang.IllegalStateException: no such key, "
                            + "at .*org.echoharness.RespondTest.refusesKeys\\(RespondTest.java:\\d+\\)");
            assertThat(warnings.seen()).containsExactly(problem.toString());
            send(other, "b\n");
            receives(other, "b\r\n");
            assertThat(server.recording().connection(2).awaitEnd().hasFailed()).isTrue();
            assertThat(server.counters().failed()).isEqualTo(1);
            assertThat(server.recording().transcript())
                    .contains("mismatch at message 2: the function of respond failed");
        }
    }

    private static String refusesKeys(String line) {
        if (line.equals("key")) {
            throw new IllegalStateException("no such key");
        }
        return line;
    }

    private void fails(Framing<String> framing, String sent, String problem) throws Exception {
        try (EchoServer server =
                        quiet().bufferSize(16).respond(framing, line -> line).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, sent);
            assertReset(socket);
            assertThat(server.scriptProblems()).hasSize(1);
            assertThat(server.scriptProblems().get(0).toString()).startsWith(problem);
        }
    }

    private record Reads(Function<ByteBuffer, @Nullable String> reads) implements Framing<String> {
        @Override
        public @Nullable String read(ByteBuffer bytes) {
            return reads.apply(bytes);
        }

        @Override
        public byte[] write(String message) {
            return message.getBytes(UTF_8);
        }
    }

    @Test
    void framingThatFailsResets() throws Exception {
        fails(
                Framings.lines(),
                "0123456789abcdef",
                "connection 1, message 1: no whole message in 16 bytes, and bufferSize holds no more; raise bufferSize");
        fails(
                new Reads(bytes -> "x"),
                "a",
                "connection 1, message 1: the framing has returned a message and taken no byte for it");
        fails(
                new Reads(bytes -> String.valueOf(bytes.get(7))),
                "a",
                "connection 1, message 1: the framing failed: java.lang.IndexOutOfBoundsException");
        fails(
                new Reads(bytes -> String.valueOf(bytes.put((byte) 1))),
                "a",
                "connection 1, message 1: the framing failed: java.nio.ReadOnlyBufferException");
    }

    @Test
    void answerOfWrongSizeFails() throws Exception {
        try (EchoServer server = quiet().respond(Framings.fixed(2), message -> new byte[3])
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "ab");
            assertReset(socket);
            assertThat(server.scriptProblems().toString())
                    .contains("message 1: the function of respond failed: java.lang.IllegalArgumentException: an answer"
                            + " has 3 bytes, and the framing is fixed(2); return exactly as many");
        }
    }

    @Test
    void answerWithoutBytesFails() throws Exception {
        Framing<String> framing = new Framing<>() {
            @Override
            public String read(ByteBuffer bytes) {
                return String.valueOf((char) bytes.get());
            }

            @Override
            @SuppressWarnings("NullAway") // what a user may do
            public byte[] write(String message) {
                return null;
            }
        };
        fails(
                framing,
                "a",
                "connection 1, message 1: the function of respond failed: java.lang.NullPointerException:"
                        + " write() of the framing returned null");
    }

    @Test
    void finWithinMessageIsLeftOver() throws Exception {
        try (EchoServer server = quiet().respond(Framings.lines(), line -> line).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\nPI");
            socket.shutdownOutput();
            assertReset(socket);
            assertThat(server.scriptProblems()).hasSize(1);
            assertThat(server.scriptProblems().get(0).kind()).isEqualTo(ScriptProblem.Kind.LEFT_OVER);
            assertThat(server.scriptProblems().get(0))
                    .hasToString(
                            "connection 1, message 2: expected a whole message, seen \"PI\", then the client's FIN");
        }
    }

    @Test
    void beginningOfMessageIsUnfinished() throws Exception {
        try (EchoServer server = quiet().respond(Framings.lines(), line -> line).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\n");
            receives(socket, "a\r\n");
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(server.unfinishedScripts()).isEmpty();
            send(socket, "PI");
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(server.unfinishedScripts())
                    .hasToString("[connection 1, message 2: expected a whole message, seen \"PI\", then nothing more]");
            socket.setSoLinger(true, 0);
        }
    }

    @Test
    void faultsCountMessages() throws Exception {
        try (EchoServer server = quiet().faults("reset after 2 messages")
                        .respond(Framings.lines(), line -> line)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\nb\nc\n");
            receives(socket, "a\r\n");
            assertReset(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void answersByExecutorInOrder() throws Exception {
        long held = HeldMemory.used();
        List<String> threads = Collections.synchronizedList(new ArrayList<>());
        ExecutorService executor = Executors.newFixedThreadPool(4, task -> new Thread(task, "answers"));
        try (EchoServer server = quiet().respond(
                                Framings.lines(),
                                line -> {
                                    threads.add(Thread.currentThread().getName());
                                    return line;
                                },
                                executor)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            StringBuilder sent = new StringBuilder();
            for (int i = 0; i < 1000; i++) {
                sent.append(i).append("\r\n");
            }
            send(socket, sent.toString());
            socket.shutdownOutput();
            receives(socket, sent.toString());
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(threads).hasSize(1000).containsOnly("answers");
        } finally {
            executor.shutdown();
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void connectionsDoNotWaitForEachOther() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService executor = Executors.newCachedThreadPool();
        try (EchoServer server = quiet().respond(
                                Framings.lines(),
                                line -> {
                                    if (line.equals("wait")) {
                                        Background.await(go);
                                    }
                                    return line;
                                },
                                executor)
                        .start();
                Socket slow = PlainSockets.connect(server.address());
                Socket quick = PlainSockets.connect(server.address())) {
            send(slow, "wait\nafter\n");
            send(quick, "a\n");
            receives(quick, "a\r\n");
            assertThat(server.catchUp(Duration.ofMillis(1))).isFalse();
            go.countDown();
            assertThat(server.catchUp(LONG)).isTrue();
            receives(slow, "wait\r\nafter\r\n");
        } finally {
            executor.shutdown();
        }
    }

    /** The failure of a call that runs when catchUp begins is there when it returns. */
    @Test
    void catchUpWaitsForExecutor() throws Exception {
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        try (EchoServer server = quiet().respond(Framings.lines(), RespondTest::refusesKeys, tasks::add)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "key\n");
            Runnable task = tasks.take();
            FutureTask<Integer> seen = Background.inThread("catch up", () -> {
                assertThat(server.catchUp(LONG)).isTrue();
                return server.scriptProblems().size();
            });
            assertThat(server.catchUp(Duration.ofMillis(20))).isFalse();
            task.run();
            assertThat(Background.result(seen)).isEqualTo(1);
        }
    }

    /** It also waits for the calls that follow the one that runs. */
    @Test
    void catchUpWaitsForMessagesInBuffer() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        try (EchoServer server = quiet().respond(Framings.lines(), RespondTest::refusesKeys, executor)
                        .start();
                Socket one = PlainSockets.connect(server.address());
                Socket two = PlainSockets.connect(server.address())) {
            send(one, "a\n".repeat(200) + "key\n");
            send(two, "a\n".repeat(100) + "key\n");
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(server.scriptProblems())
                    .extracting(ScriptProblem::where)
                    .containsExactlyInAnyOrder("message 201", "message 101");
        } finally {
            executor.shutdown();
        }
    }

    /** New faults act on the answer of a call that has begun before. */
    @Test
    void faultsChangeDuringCall() throws Exception {
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        try (EchoServer server = quiet().respond(Framings.fixed(1), message -> message, tasks::add)
                        .maxConnections(1)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "ab");
            Runnable first = tasks.take();
            server.setFaultsOfAll(FaultPlan.parse("corrupt, close after 1 message"));
            try (Socket rejected = new Socket()) {
                rejected.connect(server.address());
                assertReset(rejected);
            }
            first.run();
            receives(socket, "\u009e"); // "a" with every bit flipped
            assertEnd(socket);
            assertThat(tasks).isEmpty();
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void refusingExecutorResets() throws Exception {
        Executor refuses = task -> {
            throw new RejectedExecutionException("full");
        };
        try (EchoServer server =
                        quiet().respond(Framings.lines(), line -> line, refuses).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\n");
            assertReset(socket);
            assertThat(server.scriptProblems().toString())
                    .startsWith("[connection 1, message 1: the executor refused the call:"
                            + " java.util.concurrent.RejectedExecutionException: full, at ");
        }
    }

    @Test
    void directExecutorAnswers() throws Exception {
        try (EchoServer server = quiet().respond(Framings.lines(), line -> line, Runnable::run)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a\nb\n");
            receives(socket, "a\r\nb\r\n");
        }
    }

    /** A client that does not read stops the function, and the memory that answers wait in is bounded. */
    @Test
    void clientThatDoesNotReadStopsFunction() throws Exception {
        long held = HeldMemory.used();
        AtomicInteger answered = new AtomicInteger();
        byte[] answer = new byte[1 << 20];
        Framing<byte[]> bytes = new Framing<>() {
            @Override
            public byte @Nullable [] read(ByteBuffer from) {
                return new byte[] {from.get()};
            }

            @Override
            public byte[] write(byte[] message) {
                return message;
            }
        };
        try (EchoServer server = quiet().respond(bytes, message -> {
                            answered.incrementAndGet();
                            return answer;
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(new byte[1000]);
            assertThat(server.catchUp(LONG)).isTrue();
            int before = answered.get();
            assertThat(before).isLessThan(100);
            assertThat(HeldMemory.used() - held).isBetween(1L << 20, (1L << 20) + (256 << 10));
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(answered).hasValue(before);
            for (int i = 0; i < 1000; i++) {
                assertThat(socket.getInputStream().readNBytes(answer.length)).hasSize(answer.length);
            }
            assertThat(answered).hasValue(1000);
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void optionsThatExcludeOneAnother() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().script("echo")
                        .respond(Framings.lines(), line -> line)
                        .build())
                .withMessage("script and respond are both given; leave one out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().respond(Framings.lines(), line -> line)
                        .scriptFile("some.echo")
                        .build())
                .withMessage("scriptFile and respond are both given; leave one out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Framings.fixed(0))
                .withMessage("bytes (0) must be at least 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Framings.delimiter(""))
                .withMessage("delimiter (0) must be at least 1");
    }
}
