package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.echoharness.memory.HeldMemory;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers over sockets. */
@Timeout(120)
class HandlerTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final AwaitedLines warnings = new AwaitedLines();
    private final BlockingQueue<String> calls = new LinkedBlockingQueue<>();
    private final ExecutorService executor = Executors.newCachedThreadPool();

    @AfterEach
    void shutDown() throws InterruptedException {
        executor.shutdown();
        assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    private EchoServer.Builder handler(boolean byExecutor, Supplier<ConnectionHandler> handlers) {
        return byExecutor ? quiet().handler(handlers, executor) : quiet().handler(handlers);
    }

    private String call() throws InterruptedException {
        return String.valueOf(calls.poll(60, TimeUnit.SECONDS));
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(ISO_8859_1);
    }

    private static String text(ByteBuffer bytes) {
        return ISO_8859_1.decode(bytes).toString();
    }

    /** Notes each call, and answers each line with its length. */
    private class Lengths implements ConnectionHandler {
        @Override
        public void opened(ServedConnection connection) {
            calls.add("opened " + connection.number());
            connection.send(bytes("hello\n"));
        }

        @Override
        public void received(ServedConnection connection, ByteBuffer bytes) {
            for (int at = bytes.position(); at < bytes.limit(); at++) {
                if (bytes.get(at) == '\n') {
                    int length = at - bytes.position();
                    bytes.position(at + 1);
                    connection.send(bytes(length + "\n"));
                }
            }
        }

        @Override
        public void inputEnded(ServedConnection connection, ByteBuffer left) {
            calls.add("input ended, left " + text(left));
            connection.send(bytes("bye\n"));
            connection.close();
        }

        @Override
        public void lost(ServedConnection connection, String why) {
            calls.add("lost " + connection.number() + " " + connection.isOpen() + ": " + why);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isCalledInOrder(boolean byExecutor) throws Exception {
        long held = HeldMemory.used();
        try (EchoServer server = handler(byExecutor, Lengths::new).start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "hello\n");
            send(socket, "abc\nde");
            receives(socket, "3\n");
            send(socket, "f\n\nx");
            receives(socket, "3\n0\n");
            socket.shutdownOutput();
            receives(socket, "bye\n");
            assertEnd(socket);
            assertThat(call()).isEqualTo("opened 1");
            assertThat(call()).isEqualTo("input ended, left x");
            assertThat(calls).isEmpty();
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(server.unfinishedScripts()).isEmpty();
        }
        assertThat(calls).isEmpty();
        assertThat(warnings.seen()).isEmpty();
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void isCalledWithWhatCameDuringCall() throws Exception {
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        try (EchoServer server = quiet().handler(Lengths::new, tasks::add).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "ab");
            assertThat(server.catchUp(Duration.ofMillis(20))).isFalse();
            FutureTask<?> hello = Background.inThread("opened", Executors.callable(tasks.take()));
            receives(socket, "hello\n");
            Background.result(hello);
            Runnable received = tasks.take();
            send(socket, "c\n");
            assertThat(server.catchUp(Duration.ofMillis(20))).isFalse();
            received.run(); // takes nothing of "ab"
            FutureTask<?> answer = Background.inThread("received", Executors.callable(tasks.take()));
            receives(socket, "3\n");
            Background.result(answer);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isCalledWhenConnectionIsLost(boolean byExecutor) throws Exception {
        EchoServer server = handler(byExecutor, Lengths::new)
                .faults("connection 2: close after 3")
                .start();
        try {
            Socket reset = PlainSockets.connect(server.address());
            receives(reset, "hello\n");
            PlainSockets.reset(reset);
            assertThat(call()).isEqualTo("opened 1");
            assertThat(call()).isEqualTo("lost 1 false: Connection reset");
            try (Socket faulty = PlainSockets.connect(server.address());
                    Socket controlled = PlainSockets.connect(server.address())) {
                receives(faulty, "hello\n");
                receives(controlled, "hello\n");
                call();
                call();
                send(faulty, "abcd\n");
                if (byExecutor) {
                    receives(faulty, "4\n"); // the bytes count when the call is over
                }
                assertEnd(faulty);
                assertThat(call()).isEqualTo("lost 2 false: close after 3");
                server.resetConnection(3);
                assertReset(controlled);
                assertThat(call()).isEqualTo("lost 3 false: resetConnection(3)");
            }
            try (Socket last = PlainSockets.connect(server.address())) {
                receives(last, "hello\n");
                call();
                server.close();
                assertThat(call()).isEqualTo("lost 4 false: the server closes");
            }
        } finally {
            server.close();
        }
        assertThat(server.scriptProblems()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"opened", "received", "inputEnded"})
    void exceptionResets(String method) throws Exception {
        for (boolean byExecutor : new boolean[] {false, true}) {
            try (EchoServer server =
                    handler(byExecutor, () -> new Fails(method)).recording().start()) {
                Socket socket = new Socket(); // PlainSockets fails if the reset comes before its options are set
                socket.connect(server.address());
                try {
                    send(socket, "a");
                    socket.shutdownOutput();
                } catch (IOException wasReset) {
                    assertThat(method).isEqualTo("opened");
                }
                server.acceptPending();
                RecordedConnection recorded = server.recording().connection(1).awaitEnd();
                assertThat(recorded.hasFailed()).isTrue();
                assertThat(recorded.ending().orElseThrow().how()).isEqualTo(Ending.How.RST);
                ScriptProblem problem = server.scriptProblems().get(0);
                assertThat(problem.kind()).isEqualTo(ScriptProblem.Kind.FAILED);
                assertThat(problem.toString())
                        .matches("connection 1, " + method + "\\(\\): the handler failed: "
                                + "java.io.IOException: on purpose, at .*Fails.fail\\(HandlerTest.java:\\d+\\)");
                assertThat(server.scriptProblems()).hasSize(1);
                assertThat(server.counters().failed()).isEqualTo(1);
                assertThat(server.recording().transcript())
                        .contains("mismatch at " + method + "(): the handler failed");
                socket.close();
            }
        }
        assertThat(calls).isEmpty();
    }

    /** Throws in one of its methods. */
    private final class Fails implements ConnectionHandler {
        private final String method;

        Fails(String method) {
            this.method = method;
        }

        private void fail(String name) throws IOException {
            if (method.equals(name)) {
                throw new IOException("on purpose");
            }
        }

        @Override
        public void opened(ServedConnection connection) throws IOException {
            fail("opened");
        }

        @Override
        public void received(ServedConnection connection, ByteBuffer bytes) throws IOException {
            bytes.position(bytes.limit());
            fail("received");
        }

        @Override
        public void inputEnded(ServedConnection connection, ByteBuffer left) throws IOException {
            fail("inputEnded");
            connection.close();
        }

        @Override
        public void lost(ServedConnection connection, String why) throws IOException {
            calls.add("lost");
            fail("lost");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void exceptionAfterTheEndIsReported(boolean byExecutor) throws Exception {
        try (EchoServer server = handler(byExecutor, () -> new Fails("lost")).start()) {
            Socket socket = PlainSockets.connect(server.address());
            server.acceptPending();
            PlainSockets.reset(socket);
            assertThat(call()).isEqualTo("lost");
            assertThat(warnings.await(
                            "connection 1, lost\\(\\): the handler failed: java.io.IOException: on purpose, at .*"))
                    .isNotNull();
            assertThat(server.scriptProblems()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opened", "received", "inputEnded"})
    void closingServerInCallIsLost(String method) throws Exception {
        AtomicReference<EchoServer> server = new AtomicReference<>();
        class Closes extends Lengths {
            private void closes(String name) {
                calls.add(name);
                if (method.equals(name)) {
                    server.get().close();
                    calls.add("closed");
                }
            }

            @Override
            public void opened(ServedConnection connection) {
                closes("opened");
            }

            @Override
            public void received(ServedConnection connection, ByteBuffer bytes) {
                bytes.position(bytes.limit());
                closes("received");
            }

            @Override
            public void inputEnded(ServedConnection connection, ByteBuffer left) {
                closes("inputEnded");
            }
        }

        server.set(quiet().handler(Closes::new).build());
        server.get().start();
        Socket socket = new Socket();
        socket.connect(server.get().address());
        try {
            send(socket, "a");
            socket.shutdownOutput();
        } catch (IOException wasReset) {
            assertThat(method).isEqualTo("opened");
        }
        for (String each : List.of("opened", "received", "inputEnded")) {
            assertThat(call()).isEqualTo(each);
            if (each.equals(method)) {
                break;
            }
        }
        assertThat(call()).isEqualTo("closed");
        assertThat(call()).isEqualTo("lost 1 false: the server closes");
        server.get().close();
        assertThat(calls).isEmpty();
        assertThat(server.get().scriptProblems()).isEmpty();
        assertThat(warnings.seen()).isEmpty();
        socket.close();
    }

    @Test
    void exceptionIsOneLine() throws Exception {
        try (EchoServer server = quiet().handler(() -> (connection, bytes) -> {
                            throw new IllegalStateException("two\nlines" + "x".repeat(5_000));
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a");
            assertReset(socket);
            assertThat(server.scriptProblems().get(0).toString())
                    .startsWith(
                            "connection 1, received(): the handler failed: java.lang.IllegalStateException: two\\nlines")
                    .contains(", at org.echoharness.HandlerTest.")
                    .hasSizeLessThan(2_500);
        }
    }

    @Test
    void exceptionWithoutTextAndTraceResets() throws Exception {
        class Unreadable extends RuntimeException {
            private static final long serialVersionUID = 1L;

            @Override
            public StackTraceElement[] getStackTrace() {
                throw new IllegalStateException("no trace");
            }

            @Override
            public String getMessage() {
                throw new IllegalStateException("no text");
            }
        }
        for (boolean byExecutor : new boolean[] {false, true}) {
            try (EchoServer server = handler(byExecutor, () -> (connection, bytes) -> {
                                throw new Unreadable();
                            })
                            .start();
                    Socket socket = PlainSockets.connect(server.address())) {
                send(socket, "a");
                assertReset(socket);
                assertThat(server.scriptProblems())
                        .hasToString(
                                "[connection 1, received(): the handler failed: " + Unreadable.class.getName() + "]");
            }
        }
    }

    @Test
    void interruptDoesNotReachSockets() throws Exception {
        try (EchoServer server = quiet().handler(() -> (connection, bytes) -> {
                            byte[] echo = new byte[bytes.remaining()];
                            bytes.get(echo);
                            connection.send(echo);
                            Thread.currentThread().interrupt();
                        })
                        .start();
                Socket one = PlainSockets.connect(server.address());
                Socket two = PlainSockets.connect(server.address())) {
            for (int i = 0; i < 10; i++) {
                send(one, "a");
                send(two, "b");
                receives(one, "a");
                receives(two, "b");
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void supplierThatGivesNullResets() throws Exception {
        try (EchoServer server = quiet().handler(() -> null).start();
                Socket socket = new Socket()) {
            socket.connect(server.address());
            assertReset(socket);
            assertThat(server.scriptProblems().toString())
                    .startsWith("[connection 1, opened(): the handler failed: java.lang.NullPointerException:"
                            + " the supplier of handlers gave null, at ");
        }
    }

    @Test
    void handlerThatTakesNothingFails() throws Exception {
        for (boolean byExecutor : new boolean[] {false, true}) {
            try (EchoServer server = handler(byExecutor, () -> (connection, bytes) -> {})
                            .bufferSize(16)
                            .start();
                    Socket socket = PlainSockets.connect(server.address())) {
                send(socket, "0123456789abcdef");
                assertReset(socket);
                assertThat(server.scriptProblems())
                        .hasToString(
                                "[connection 1, received(): the handler has left all 16 bytes, and bufferSize holds"
                                        + " no more; take some, or raise bufferSize]");
            }
        }
    }

    @Test
    void silentHandlerLeavesSendingToTheTest() throws Exception {
        try (EchoServer server = quiet().handler(ConnectionHandler::silent).start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "x".repeat(100_000));
            ServedConnection connection = server.connection(1);
            connection.send(bytes("pushed"));
            receives(socket, "pushed");
            connection.halfClose();
            assertEnd(socket);
            assertThatIllegalStateException()
                    .isThrownBy(() -> connection.send(bytes("more")))
                    .withMessage("connection 1 cannot send: its output has ended");
            assertThat(connection.isOpen()).isTrue();
            socket.shutdownOutput();
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(connection.isOpen()).isFalse();
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void closeAfterHalfCloseEndsTheConnection() throws Exception {
        try (EchoServer server = quiet().handler(ConnectionHandler::silent).start();
                Socket socket = PlainSockets.connect(server.address())) {
            ServedConnection connection = server.connection(1);
            connection.halfClose();
            assertEnd(socket);
            connection.close();
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(connection.isOpen()).isFalse();
        }
    }

    /** The output has ended, and so has the input: nothing can follow. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void finAfterHalfCloseEndsTheConnection(boolean byExecutor) throws Exception {
        class HalfCloses extends Lengths {
            @Override
            public void opened(ServedConnection connection) {
                if (connection.number() == 1) {
                    connection.halfClose();
                }
            }

            @Override
            public void inputEnded(ServedConnection connection, ByteBuffer left) {
                calls.add("input ended");
                if (connection.number() == 2) {
                    connection.send(bytes("bye"));
                    connection.halfClose();
                }
            }
        }
        try (EchoServer server =
                        handler(byExecutor, HalfCloses::new).recording().start();
                Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address())) {
            assertEnd(first);
            first.shutdownOutput();
            second.shutdownOutput();
            receives(second, "bye");
            assertEnd(second);
            assertThat(List.of(call(), call())).containsOnly("input ended");
            for (int i = 1; i <= 2; i++) {
                assertThat(server.recording()
                                .connection(i)
                                .awaitEnd()
                                .ending()
                                .orElseThrow()
                                .how())
                        .isEqualTo(Ending.How.FIN);
            }
            assertThat(calls).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sendOfNoBytesKeepsNothingBack(boolean byExecutor) throws Exception {
        class Empties extends Lengths {
            @Override
            public void received(ServedConnection connection, ByteBuffer bytes) {
                connection.send(new byte[0]);
                calls.add("received " + (char) bytes.get());
            }

            @Override
            public void inputEnded(ServedConnection connection, ByteBuffer left) {
                connection.send(new byte[0]);
                connection.close();
            }
        }
        try (EchoServer server = handler(byExecutor, Empties::new).start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "hello\n");
            send(socket, "ab");
            assertThat(call()).isEqualTo("opened 1");
            assertThat(call()).isEqualTo("received a");
            assertThat(call()).isEqualTo("received b");
            socket.shutdownOutput();
            assertEnd(socket);
        }
    }

    @Test
    void resetReplacesClose() throws Exception {
        try (EchoServer server = quiet().handler(() -> (connection, bytes) -> {
                            bytes.position(bytes.limit());
                            connection.close();
                            connection.reset();
                            connection.close();
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a");
            assertReset(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void sendsLaterFromAnyThread() throws Exception {
        AtomicReference<ServedConnection> kept = new AtomicReference<>();
        try (EchoServer server = quiet().handler(() -> (connection, bytes) -> {
                            bytes.position(bytes.limit());
                            kept.set(connection);
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "a");
            assertThat(server.catchUp(LONG)).isTrue();
            FutureTask<?> sends = Background.inThread("sends", () -> {
                kept.get().send(bytes("later"));
                kept.get().close();
                return null;
            });
            receives(socket, "later");
            assertEnd(socket);
            Background.result(sends);
            server.catchUp(LONG);
            assertThatIllegalStateException()
                    .isThrownBy(() -> kept.get().send(bytes("x")))
                    .withMessage("connection 1 cannot send: it has ended");
        }
    }

    /** Handlers on different event loops send to one another's connections; none waits for another loop. */
    @Test
    void handlersSendToOtherConnections() throws Exception {
        Map<Long, ServedConnection> open = new ConcurrentHashMap<>();
        CountDownLatch both = new CountDownLatch(2);
        byte[] much = new byte[256 << 10];
        try (EchoServer server = quiet().eventLoops(2)
                        .handler(() -> new ConnectionHandler() {
                            @Override
                            public void opened(ServedConnection connection) {
                                open.put(connection.number(), connection);
                            }

                            @Override
                            public void received(ServedConnection connection, ByteBuffer bytes)
                                    throws InterruptedException {
                                bytes.position(bytes.limit());
                                both.countDown();
                                both.await(); // so that both loops send at the same time
                                open.get(3 - connection.number()).send(much);
                            }
                        })
                        .start();
                Socket one = PlainSockets.connect(server.address());
                Socket two = PlainSockets.connect(server.address())) {
            server.acceptPending();
            for (int i = 0; i < 10; i++) {
                send(one, "a");
                send(two, "b");
                assertThat(one.getInputStream().readNBytes(much.length)).hasSize(much.length);
                assertThat(two.getInputStream().readNBytes(much.length)).hasSize(much.length);
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientThatDoesNotReadStopsHandler(boolean byExecutor) throws Exception {
        long held = HeldMemory.used();
        byte[] answer = new byte[1 << 20];
        try (EchoServer server = handler(byExecutor, () -> (connection, bytes) -> {
                            calls.add("received");
                            bytes.get();
                            connection.send(answer);
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(new byte[1000]);
            for (int i = 0; i < 3; i++) {
                call();
            }
            server.catchUp(Duration.ofMillis(20)); // with the executor, send() waits
            assertThat(calls.size()).isLessThan(100);
            assertThat(HeldMemory.used() - held).isLessThan((1L << 20) + (256 << 10));
            for (int i = 0; i < 1000; i++) {
                assertThat(socket.getInputStream().readNBytes(answer.length)).hasSize(answer.length);
            }
            for (int i = 0; i < 997; i++) {
                assertThat(call()).isEqualTo("received");
            }
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void sendByExecutorEndsWithItsConnection() throws Exception {
        CountDownLatch sending = new CountDownLatch(1);
        BlockingQueue<Exception> thrown = new LinkedBlockingQueue<>();
        long held = HeldMemory.used();
        try (EchoServer server = quiet().handler(
                        () -> (connection, bytes) -> {
                            sending.countDown();
                            try {
                                connection.send(new byte[64 << 20]);
                            } catch (IllegalStateException ended) {
                                thrown.add(ended);
                                throw ended;
                            }
                        },
                        executor)
                .start()) {
            Socket socket = PlainSockets.connect(server.address());
            send(socket, "a");
            sending.await();
            PlainSockets.reset(socket);
            assertThat(thrown.poll(60, TimeUnit.SECONDS)).hasMessage("connection 1 cannot send: it has ended");
            shutDown(); // the call is over, and its end is posted to the loop
            assertThat(server.catchUp(LONG)).isTrue();
            assertThat(server.scriptProblems()).isEmpty();
        }
        assertThat(HeldMemory.used()).isEqualTo(held);
    }

    @Test
    void faultsApplyToWhatIsSent() throws Exception {
        try (EchoServer server = quiet().faults("reset after 3 sent")
                        .handler(Lengths::new)
                        .start();
                Socket cut = PlainSockets.connect(server.address())) {
            receives(cut, "hel");
            assertReset(cut);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeAnswersFin(boolean byExecutor) throws Exception {
        try (EchoServer server = handler(byExecutor, Lengths::new)
                        .recording()
                        .faults("connection 2: reset on fin")
                        .start();
                Socket socket = PlainSockets.connect(server.address());
                Socket faulty = PlainSockets.connect(server.address())) {
            for (Socket each : new Socket[] {socket, faulty}) {
                receives(each, "hello\n");
                each.shutdownOutput();
                receives(each, "bye\n");
            }
            assertEnd(socket);
            assertReset(faulty);
            Ending ending = server.recording().connection(1).awaitEnd().ending().orElseThrow();
            assertThat(ending.how()).isEqualTo(Ending.How.FIN);
            assertThat(ending.why()).isEmpty();
            assertThat(server.recording().appliedFaults()).hasToString("[reset on fin]");
        }
    }

    @Test
    void handlerCountsNoMessages() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().handler(ConnectionHandler::silent)
                        .faults("reset after 3 messages")
                        .build())
                .withMessage("faults (reset after 3 messages) count messages, and this server counts none; give it a"
                        + " script, or write after SIZE");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().handler(ConnectionHandler::silent).respond(Framings.lines(), line -> line))
                .withMessage("respond and handler are both given; leave one out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().handler(ConnectionHandler::silent)
                        .script("echo")
                        .build())
                .withMessage("script and handler are both given; leave one out");
    }

    @Test
    void builderMakesHandlersForEachServer() throws Exception {
        EchoServer.Builder builder = quiet().handler(Lengths::new);
        for (int i = 0; i < 2; i++) {
            try (EchoServer server = builder.start();
                    Socket socket = PlainSockets.connect(server.address())) {
                receives(socket, "hello\n");
            }
        }
    }
}
