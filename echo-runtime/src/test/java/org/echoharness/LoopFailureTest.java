package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.echoharness.failing.FailingProvider;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The effect of an error that ends an event loop's thread, and of one in a connection. */
@Timeout(120)
class LoopFailureTest {

    private final AwaitedLines warnings = new AwaitedLines();

    /** An alarm whose handler fails, as it would where memory is short. */
    private record Failing(Error error) implements EventLoopHandler {
        @Override
        public void ready() {}

        @Override
        public void alarm(long now) {
            throw error;
        }

        @Override
        public void abort() {}
    }

    private static void fail(EchoServer server, int loop, Error error) {
        EventLoop failing = server.core().loops().get(loop).loop();
        failing.post(() -> failing.alarms().set(System.nanoTime(), new Failing(error)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void closesServerAndReportsCause(int loop) throws Exception {
        OutOfMemoryError error = new OutOfMemoryError("Java heap space");
        EchoServer server =
                EchoServer.builder().eventLoops(2).warnings(warnings).start();
        try (Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "hello");
            PlainSockets.echoes(second, "hello");
            assertThat(server.failure()).isEmpty();
            fail(server, loop, error);
            assertThat(server.awaitClose(Duration.ofSeconds(60))).isTrue();
            assertThat(server.isRunning()).isFalse();
            assertThat(server.failure()).containsSame(error);
            assertThatThrownBy(() -> first.getInputStream().read()).hasMessageContaining("reset");
            assertThatThrownBy(() -> second.getInputStream().read()).hasMessageContaining("reset");
        }
        PlainSockets.listen(server.port()).close();
        assertThat(warnings.seen())
                .containsExactly("the event loop of 127.0.0.1:" + server.port()
                        + " failed, so the server closes: java.lang.OutOfMemoryError: Java heap space");
        assertThatIllegalStateException()
                .isThrownBy(server::refuse)
                .withMessage("the server is not running: its event loop failed: java.lang.OutOfMemoryError: Java heap"
                        + " space");
        server.close();
    }

    /** Whole processes: the command line, and a program that uses the library with default options. */
    @ParameterizedTest
    @ValueSource(strings = {"command line", "--quiet", "library"})
    void processReportsCauseAndExitsWith1(String front, @TempDir Path folder) throws Exception {
        boolean isLibrary = front.equals("library");
        List<String> arguments = new ArrayList<>(List.of("server", "127.0.0.1:0", "--record", folder.toString()));
        if (front.startsWith("--")) {
            arguments.add(front);
        }
        List<String> command = isLibrary
                ? EchoProcess.program(FailingProvider.failingSelect(20), Program.class)
                : EchoProcess.program(
                        FailingProvider.failingSelect(20), EchoProcess.COMMAND_LINE, arguments.toArray(String[]::new));
        try (ForkedProcess server = new ForkedProcess(command)) {
            String starts = server.lines().await("starting up on .* port \\d+");
            int port = Integer.parseInt(starts.replaceFirst(".* port (\\d+).*", "$1"));
            try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                assertThatThrownBy(() -> {
                            while (true) {
                                PlainSockets.echoes(socket, "x");
                            }
                        })
                        .hasMessageMatching("Connection reset( by peer)?|Broken pipe");
            }
            assertThat(server.awaitExit()).isEqualTo(1);
            assertThat(server.lines().seen())
                    .containsOnlyOnce((isLibrary ? "echo server" : "echo")
                            + ": the event loop of 127.0.0.1:" + port
                            + " failed, so the server closes: java.lang.OutOfMemoryError: made to fail: SELECT at call 20 of its"
                            + " kind");
        }
        if (isLibrary) {
            assertThat(folder).isEmptyDirectory();
        } else {
            assertThat(ProcessTest.onlyFolder(folder).toFile().list())
                    .hasSize(RecordingFiles.names().size());
        }
    }

    /** Serves until the server closes, as a user's program may. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            EchoServer server = EchoServer.builder().start();
            System.out.println("starting up on 127.0.0.1 port " + server.port());
            server.awaitClose(Duration.ofDays(1));
            System.exit(server.failure().isPresent() ? 1 : 0);
        }
    }

    @Test
    void survivesThrowingWarningListener() throws Exception {
        AtomicBoolean called = new AtomicBoolean();
        EchoServer server = EchoServer.builder()
                .warnings(line -> {
                    called.set(true);
                    throw new OutOfMemoryError("again");
                })
                .start();
        fail(server, 0, new AssertionError("boom"));
        assertThat(server.awaitClose(Duration.ofSeconds(60))).isTrue();
        PlainSockets.listen(server.port()).close();
        assertThat(called).isTrue();
    }

    @Test
    void reportsErrorWithoutMessage() throws Exception {
        EchoServer server = EchoServer.builder().warnings(warnings).start();
        fail(server, 0, new Unprintable());
        assertThat(server.awaitClose(Duration.ofSeconds(60))).isTrue();
        assertThat(warnings.seen())
                .containsExactly("the event loop of 127.0.0.1:" + server.port() + " failed, so the server closes: "
                        + Unprintable.class.getName());
    }

    @SuppressWarnings("serial")
    private static final class Unprintable extends Error {
        @Override
        public String getMessage() {
            throw new OutOfMemoryError("no room for the text");
        }
    }

    @Test
    void listenerErrorEndsItsConnectionOnly() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .warnings(warnings)
                        .conversation(line -> {
                            if (line.contains("\"oom\"")) {
                                throw new OutOfMemoryError("Java heap space");
                            } else if (line.contains("\"unprintable\"")) {
                                throw new Unprintable();
                            }
                        })
                        .start();
                Socket bystander = PlainSockets.connect(server.address())) {
            for (String message : new String[] {"oom", "unprintable"}) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    socket.getOutputStream().write(message.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    assertThatThrownBy(() -> socket.getInputStream().read()).hasMessageContaining("reset");
                }
                PlainSockets.echoes(bystander, "unhurt");
            }
            warnings.await("reset connection \\d from .* to 127.0.0.1:" + server.port() + " after an exception: .*", 2);
            assertThat(server.isRunning()).isTrue();
            assertThat(server.counters().failed()).isEqualTo(2);
        }
    }
}
