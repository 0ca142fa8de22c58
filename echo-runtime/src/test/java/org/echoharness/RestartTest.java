package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that refuses connects for a time, or restarts. */
@Timeout(120)
@SuppressWarnings("try") // what close() does is what is tested
class RestartTest {

    private static final Duration LONG = Duration.ofDays(1);
    private static final Duration SHORT = Duration.ofMillis(20);

    private final AwaitedLines warnings = new AwaitedLines();

    @TempDir
    Path folder;

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    private static void isServed(EchoServer server) throws IOException {
        try (Socket socket = connect(server)) {
            PlainSockets.echoes(socket, "served");
        }
    }

    /** Tries until a connect succeeds. */
    private static Socket connect(EchoServer server) throws IOException {
        while (true) {
            try {
                return PlainSockets.connect(server.address());
            } catch (ConnectException refused) {
                Thread.onSpinWait();
            }
        }
    }

    private static void isRefused(EchoServer server) {
        assertThatThrownBy(() -> PlainSockets.connect(server.address()))
                .isInstanceOf(ConnectException.class)
                .hasMessage("Connection refused");
    }

    @Test
    void controlsAreRunnables() throws Exception {
        Executor direct = Runnable::run;
        try (EchoServer server = quiet().start()) {
            direct.execute(server::refuse);
            isRefused(server);
            direct.execute(server::resume);
            direct.execute(server::unanswered);
            direct.execute(server::resume);
            direct.execute(server::freeze);
            direct.execute(server::unfreeze);
            direct.execute(server::resetConnections);
            direct.execute(server::closeConnections);
            direct.execute(() -> server.resetConnection(1));
            direct.execute(() -> server.setFaultsOfAll(FaultPlan.none()));
            isServed(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "*:0", "127.0.0.1:0,127.0.0.1:0"})
    void acceptsOnSamePortsAfterTimedRefusal(String addresses) throws Exception {
        try (EchoServer server = quiet().addresses(addresses.split(",")).start()) {
            List<Integer> ports =
                    server.addresses().stream().map(each -> each.getPort()).toList();
            try (Socket open = PlainSockets.connect(PlainSockets.at("127.0.0.1", ports.get(0)))) {
                PlainSockets.echoes(open, "before");
                server.refuse(SHORT);
                PlainSockets.echoes(open, "meanwhile");
            }
            for (int port : ports) {
                while (true) {
                    try (Socket again = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                        PlainSockets.echoes(again, "again");
                        break;
                    } catch (ConnectException refused) {
                        Thread.onSpinWait();
                    }
                }
            }
            assertThat(warnings.seen())
                    .filteredOn(line -> !line.contains("other machines"))
                    .isEmpty();
        }
    }

    @Test
    void resumeEndsTimedRefusal() throws Exception {
        try (EchoServer server = quiet().start()) {
            server.refuse(LONG);
            isRefused(server);
            server.resume();
            isServed(server);
        }
    }

    @Test
    void laterControlReplacesTime() throws Exception {
        try (EchoServer server = quiet().start()) {
            for (int i = 0; i < 20; i++) {
                server.refuse(Duration.ofMillis(1));
                server.refuse();
                assertStaysRefused(server);
                server.resume();
                server.refuse(Duration.ofMillis(1));
                server.refuse(LONG);
                assertStaysRefused(server);
                server.resume();
                server.restart(Duration.ofMillis(1));
                server.unanswered();
                assertThatThrownBy(() -> new Socket().connect(server.address(), 20))
                        .hasMessageMatching("(?i)connect timed out");
                server.resume();
                server.refuse(Duration.ofMillis(1));
                server.resume();
                isServed(server);
            }
        }
    }

    /** Far longer than the time that was replaced. */
    private static void assertStaysRefused(EchoServer server) {
        long until = System.nanoTime() + Duration.ofMillis(10).toNanos();
        while (System.nanoTime() < until) {
            isRefused(server);
        }
    }

    @Test
    void closeEndsTimedRefusal() throws Exception {
        long before = FileDescriptors.open();
        for (int i = 0; i < 50; i++) {
            EchoServer server = quiet().start();
            server.restart(Duration.ofMillis(1 + i % 3));
            server.close();
            PlainSockets.listen(server.port()).close();
        }
        assertThat(FileDescriptors.open()).isLessThan(before + 10);
        assertThat(warnings.seen()).isEmpty();
    }

    /** When the server closes, its own connects fail, which is no error of the system. */
    @Test
    void unansweredReportsClosingServer() throws Exception {
        for (int i = 0; i < 5; i++) {
            EchoServer server = quiet().start();
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Void> control = CompletableFuture.runAsync(() -> {
                while (true) {
                    server.unanswered(); // takes a while each time
                    begun.countDown();
                }
            });
            begun.await();
            server.close();
            assertThat(control)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withRootCauseExactlyInstanceOf(IllegalStateException.class)
                    .withMessageContaining("the server is not running: it was closed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void restartResetsAllAndKeepsPort(int loops) throws Exception {
        try (EchoServer server = quiet().eventLoops(loops).recording().start()) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sockets.add(PlainSockets.connect(server.address()));
                PlainSockets.echoes(sockets.get(i), "before");
            }
            server.restart(LONG);
            for (Socket socket : sockets) {
                assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
                socket.close();
            }
            isRefused(server);
            server.restart(SHORT);
            isServed(server);

            assertThat(server.recording().connection(5).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "the server restarts"));
            assertThat(server.recording().connection(6).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
            assertThat(server.recording().transcript()).contains("resetting ", ": the server restarts");
            assertThat(server.counters().accepted()).isEqualTo(6);
        }
    }

    @Test
    void recordsControlsWithoutOpenConnection() throws Exception {
        try (EchoServer server = quiet().recording().start()) {
            server.recording().note("<now>");
            server.refuse(LONG);
            server.resume();
            server.resume();
            server.restart(SHORT);
            isServed(server);
            server.recording().connection(1).awaitEnd();
            server.refuse();
            server.unanswered();
            server.unfreeze();
            server.freeze();
            server.unfreeze();
            String transcript = server.recording().transcript();
            String[] times =
                    transcript.substring(transcript.indexOf("the server\n")).split("\n");
            assertThat(times)
                    .extracting(line -> line.replaceFirst(" *-?\\d+\\.\\d{3}  ", ""))
                    .containsExactly(
                            "the server",
                            "note: <now>",
                            "refuses connects for 1440m",
                            "accepts connects again",
                            "restarts, and refuses connects for 20ms",
                            "accepts connects again",
                            "refuses connects",
                            "leaves connects unanswered",
                            "freezes",
                            "goes on after freeze()");
            assertThat(times[1]).matches(" *-\\d+\\.\\d{3}  note: <now>");
            Path page = folder.resolve("page.html");
            server.recording().writeHtml(page);
            assertThat(page)
                    .content()
                    .contains(
                            "<h2>What happened to the server</h2>",
                            "note: &lt;now&gt;",
                            "restarts, and refuses connects");
        }
    }

    @Test
    void keepsNewestServerEvents() throws Exception {
        try (EchoServer server = quiet().recording().start()) {
            for (int i = 0; i < 300; i++) {
                server.recording().note("note " + i);
            }
            assertThat(server.recording().transcript().lines())
                    .hasSize(258)
                    .contains("(44 earlier, not kept)")
                    .last()
                    .asString()
                    .endsWith("note: note 299");
        }
    }

    @Test
    void restartKeepsFaultsAndLimits() throws Exception {
        try (EchoServer server = quiet().maxConnections(1)
                        .faults("connection 2: greet \"again\"")
                        .start();
                Socket first = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "x");
            server.restart(SHORT);
            try (Socket second = connect(server)) {
                assertThat(second.getInputStream().readNBytes(5)).asString().isEqualTo("again");
            }
        }
    }

    @Test
    void refusesTimeOutOfRange() throws Exception {
        try (EchoServer server = quiet().start()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.refuse(Duration.ZERO))
                    .withMessage("refuse (0s) must be at least 1ms and at most 365 days");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.restart(Duration.ofSeconds(Long.MAX_VALUE)))
                    .withMessageStartingWith("restart (PT")
                    .withMessageEndingWith(") must be at least 1ms and at most 365 days");
            isServed(server);
        }
    }

    @Test
    void interruptedRestartKeepsListening() throws Exception {
        try (EchoServer server = quiet().start()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> server.restart(LONG))
                    .isInstanceOf(java.io.UncheckedIOException.class)
                    .hasMessageStartingWith("restart failed: interrupted");
            assertThat(Thread.interrupted()).isTrue();
            isServed(server);
        }
    }

    /** Without a file descriptor left the server cannot listen again. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void warnsOnceIfItCannotListenAgain() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String command = "ulimit -n 256 && exec '" + java + "' -cp '" + ForkedProcess.home(RestartTest.class) + ":"
                + ForkedProcess.home(EchoServer.class) + "' '" + OutOfDescriptors.class.getName() + "'";
        try (ForkedProcess process = new ForkedProcess(List.of("sh", "-c", command))) {
            assertThat(process.awaitExit()).as("%s", process.lines().seen()).isZero();
            assertThat(process.lines().seen()).hasSize(2);
            assertThat(process.lines().seen().get(0))
                    .matches("cannot listen again on 127\\.0\\.0\\.1:\\d+, trying every 100ms: .+");
            assertThat(process.lines().seen().get(1)).isEqualTo("served");
        }
    }

    /** Refuses, takes every descriptor, lets several tries to listen fail, and gives the descriptors back. */
    static final class OutOfDescriptors {
        private OutOfDescriptors() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            AwaitedLines warnings = new AwaitedLines();
            // Loads classes, which needs descriptors. A connection of the server below would give one back at its end.
            try (EchoServer other = EchoServer.builder().warnings(warnings).start()) {
                echoes(other);
            }
            try (EchoServer server = EchoServer.builder().warnings(warnings).start()) {
                ServerCore core = server.core();
                EventLoop loop = core.loops().get(0).loop();
                Signal later = new Signal();
                List<Closeable> taken = new ArrayList<>();
                EventLoopCalls.call(loop, () -> {
                    for (ListeningPort port : core.ports()) {
                        port.refuse();
                    }
                    takeAll(taken);
                    core.scheduledResume().set(Duration.ofMillis(1));
                    loop.alarms().set(System.nanoTime() + Duration.ofMillis(350).toNanos(), later);
                    return null;
                });
                later.gone.await();
                for (Closeable each : taken) {
                    each.close();
                }
                echoes(server);
                warnings.seen().forEach(System.out::println);
                System.out.println("served");
            }
        }

        /** Without the libraries of the tests. */
        private static void echoes(EchoServer server) throws IOException {
            while (true) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho(new byte[] {1});
                    return;
                } catch (ConnectException refused) {
                    Thread.onSpinWait();
                }
            }
        }

        private static void takeAll(List<Closeable> taken) {
            try {
                while (true) {
                    taken.add(new FileInputStream("/proc/self/cmdline"));
                }
            } catch (IOException noneLeft) {
                // as wanted
            }
        }
    }

    /** Counts down when its alarm goes off. */
    private static final class Signal implements EventLoopHandler {
        final CountDownLatch gone = new CountDownLatch(1);

        @Override
        public void ready() {}

        @Override
        public void alarm(long now) {
            gone.countDown();
        }

        @Override
        public void abort() {}
    }
}
