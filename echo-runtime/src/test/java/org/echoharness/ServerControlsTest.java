package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The controls of a running server. */
@SuppressWarnings("try") // what close() does is what is tested
class ServerControlsTest {

    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    private static void echoes(EchoServer server) throws IOException {
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "served");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "[::1]:0", "*:0"})
    void refusesAndAcceptsOnSamePort(String address) throws Exception {
        if (!address.startsWith("127")) {
            PlainSockets.assumeIpv6();
        }
        try (EchoServer server = quiet().addresses(address).start()) {
            int port = server.port();
            String host = address.startsWith("[") ? "::1" : "127.0.0.1";
            try (Socket open = PlainSockets.connect(PlainSockets.at(host, port))) {
                PlainSockets.echoes(open, "before");
                for (int i = 0; i < 20; i++) {
                    server.refuse();
                    server.refuse();
                    assertThatThrownBy(() -> PlainSockets.connect(PlainSockets.at(host, port)))
                            .isInstanceOf(ConnectException.class)
                            .hasMessage("Connection refused");
                    PlainSockets.echoes(open, "meanwhile");

                    server.resume();
                    server.resume();
                    try (Socket again = PlainSockets.connect(PlainSockets.at(host, port))) {
                        PlainSockets.echoes(again, "again");
                    }
                }
            }
            assertThat(server.port()).isEqualTo(port);
        }
    }

    @Test
    void keepsPortWhileRefusing() throws Exception {
        try (EchoServer server = quiet().start()) {
            server.refuse();

            assertThatThrownBy(() -> PlainSockets.listen(server.port())).isInstanceOf(BindException.class);
            assertThatThrownBy(() ->
                            quiet().addresses("127.0.0.1:" + server.port()).start())
                    .isInstanceOf(BindException.class);
        }
    }

    @Test
    void closeFreesRefusedPort() throws Exception {
        long before = FileDescriptors.open();
        for (int i = 0; i < 50; i++) {
            EchoServer server = quiet().start();
            server.refuse();
            server.close();
            PlainSockets.listen(server.port()).close();
        }
        assertThat(FileDescriptors.open()).isLessThan(before + 10);
    }

    @Test
    void leavesConnectsUnansweredUntilResume() throws Exception {
        try (EchoServer server = quiet().start();
                Socket open = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(open, "before");
            server.unanswered();
            PlainSockets.echoes(open, "meanwhile");
            for (int i = 0; i < 3; i++) {
                try (Socket late = new Socket()) {
                    assertThatThrownBy(() -> late.connect(server.address(), 300))
                            .isInstanceOf(SocketTimeoutException.class)
                            .hasMessageMatching("(?i)connect timed out");
                }
            }
            assertThatThrownBy(() -> EchoClient.builder()
                            .address(server.address())
                            .connectTimeout(Duration.ofMillis(300))
                            .connect())
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("(no answer)");

            server.refuse();
            assertThatThrownBy(() -> PlainSockets.connect(server.address())).isInstanceOf(ConnectException.class);
            server.unanswered();
            server.resume();
            echoes(server);
            assertThat(server.counters().accepted()).isEqualTo(2);
        }
    }

    @Test
    void closeReleasesUnansweredConnects() throws Exception {
        long before = FileDescriptors.open();
        for (int i = 0; i < 5; i++) {
            EchoServer server = quiet().start();
            server.unanswered();
            server.close();
            PlainSockets.listen(server.port()).close();
        }
        assertThat(FileDescriptors.open()).isLessThan(before + 10);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void freezeLosesNoBytes(int loops) throws Exception {
        byte[] sent = PlainSockets.random(PlainSockets.MIB, 7);
        try (EchoServer server = quiet().eventLoops(loops).conversation(lines).start()) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                sockets.add(PlainSockets.connect(server.address()));
                PlainSockets.echoes(sockets.get(i), "before");
            }
            server.freeze();
            int reported = lines.seen().size();
            List<FutureTask<Void>> writing = new ArrayList<>();
            for (Socket socket : sockets) {
                writing.add(new FutureTask<>(() -> {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                    return null;
                }));
                new Thread(writing.get(writing.size() - 1), "writes").start();
            }
            Socket late = PlainSockets.connect(server.address());
            late.getOutputStream().write("late".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            lines.await("connection from .*", 4);
            for (Socket socket : sockets) {
                socket.setSoTimeout(100);
                assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
                socket.setSoTimeout(30_000);
            }
            assertThat(lines.seen().subList(reported, lines.seen().size()))
                    .as("neither read nor sent")
                    .allMatch(line -> line.startsWith("connection from "));

            server.unfreeze();
            for (Socket socket : sockets) {
                assertThat(Arrays.mismatch(sent, socket.getInputStream().readAllBytes()))
                        .isEqualTo(-1);
                socket.close();
            }
            for (FutureTask<Void> each : writing) {
                each.get(30, TimeUnit.SECONDS);
            }
            assertThat(late.getInputStream().readNBytes(4)).asString().isEqualTo("late");
            late.close();
        }
    }

    @Test
    void frozenConnectionIsNotIdle() throws Exception {
        try (EchoServer server = quiet().idleTimeout(Duration.ofMillis(50))
                        .conversation(lines)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            lines.await("connection from .*");
            server.freeze();
            socket.setSoTimeout(300);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            assertThat(server.counters().idleClosed()).isZero();

            server.unfreeze();
            lines.await("lost .*: idle for 50ms");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void resetsGivenConnectionOnly(int loops) throws Exception {
        try (EchoServer server = quiet().eventLoops(loops).start();
                Socket one = PlainSockets.connect(server.address());
                Socket other = PlainSockets.connect(server.address())) {
            server.resetConnection(2);
            server.resetConnection(3); // there is none

            assertThatThrownBy(() -> other.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Connection reset");
            PlainSockets.echoes(one, "x");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void resetsOpenConnections(int loops) throws Exception {
        try (EchoServer server = quiet().eventLoops(loops).start()) {
            for (int i = 0; i < 20; i++) {
                try (Socket one = PlainSockets.connect(server.address());
                        Socket other = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(one, "x");
                    PlainSockets.echoes(other, "x");
                    server.resetConnections();

                    for (Socket socket : List.of(one, other)) {
                        assertThatThrownBy(() -> socket.getInputStream().read())
                                .isInstanceOf(SocketException.class)
                                .hasMessage("Connection reset");
                    }
                }
            }
            echoes(server);
        }
    }

    @Test
    void closesOpenConnectionsWithFin() throws Exception {
        try (EchoServer server = quiet().maxConnections(1).start()) {
            for (int i = 0; i < 20; i++) {
                Socket socket = PlainSockets.connect(server.address());
                PlainSockets.echoes(socket, "x");
                server.closeConnections();

                assertThat(socket.getInputStream().read()).isEqualTo(-1);
                socket.close();
            }
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            20, 0, 0, 0, 0, server.counters().peak()));
        }
    }

    @Test
    void newPlanCountsNewConnectionsFromOne() throws Exception {
        try (EchoServer server = quiet().start();
                Socket before = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(before, "before");
            server.setFaults(FaultPlan.parse("first 1: reset"));

            try (Socket first = new Socket()) {
                assertThatThrownBy(() -> {
                            first.connect(server.address());
                            first.setSoTimeout(30_000);
                            first.getInputStream().read();
                        })
                        .isInstanceOf(SocketException.class);
            }
            echoes(server);
            PlainSockets.echoes(before, "still good");
            assertThat(server.faults()).hasToString("first 1: reset");
            server.setFaults(FaultPlan.none());
            echoes(server);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void newPlanCountsOpenConnectionsFirst(int loops) throws Exception {
        try (EchoServer server = quiet().eventLoops(loops).start();
                Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address());
                Socket third = PlainSockets.connect(server.address())) {
            for (Socket socket : List.of(first, second, third)) {
                PlainSockets.echoes(socket, "before");
            }
            server.setFaultsOfAll(FaultPlan.parse("connection 2: reset; connection 4: greet \"hi\""));

            assertThatThrownBy(() -> second.getInputStream().read()).hasMessage("Connection reset");
            PlainSockets.echoes(first, "good");
            PlainSockets.echoes(third, "good");
            try (Socket fourth = PlainSockets.connect(server.address())) {
                assertThat(fourth.getInputStream().readNBytes(2)).asString().isEqualTo("hi");
            }
        }
    }

    /** Applies every way to stop or slow bytes, one after another, to a stream that must come back whole. */
    @Test
    void changeOfFaultsKeepsBytesInOrder() throws Exception {
        List<String> plans = List.of(
                "delay 5ms",
                "fragment 7",
                "stall",
                "none",
                "throttle 64MiB/s",
                "delay 3ms jitter 3ms seed 1, fragment 1000",
                "stall after 10000",
                "greet 'x' after 1h",
                "none");
        byte[] sent = PlainSockets.random(8 * PlainSockets.MIB, 11);
        try (EchoServer server = quiet().start();
                Socket socket = PlainSockets.connect(server.address())) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
                return null;
            });
            CountDownLatch ended = new CountDownLatch(1);
            AtomicReference<Throwable> failed = new AtomicReference<>();
            Thread changing = new Thread(
                    () -> {
                        try {
                            for (int i = 0; ended.getCount() > 0; i++) {
                                server.setFaultsOfAll(FaultPlan.parse(plans.get(i % plans.size())));
                            }
                            server.setFaultsOfAll(FaultPlan.none());
                        } catch (RuntimeException e) {
                            failed.set(e);
                        }
                    },
                    "changes faults");
            new Thread(writing, "writes 8 MiB").start();
            changing.start();

            byte[] back = socket.getInputStream().readAllBytes();
            ended.countDown();
            changing.join(30_000);
            writing.get(30, TimeUnit.SECONDS);
            assertThat(Arrays.mismatch(sent, back)).isEqualTo(-1);
            assertThat(failed.get()).isNull();
        }
    }

    @Test
    void changeOfPlanSendsNoDuplicateTwice() throws Exception {
        try (EchoServer server = quiet().faults("duplicate 100").start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "0123456789");
            server.setFaultsOfAll(FaultPlan.none());

            PlainSockets.echoes(socket, "abc");
        }
    }

    @Test
    void changeOfFaultsKeepsHalfClose() throws Exception {
        try (EchoServer server = quiet().faults("half-close after 2").start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "ab");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            server.setFaultsOfAll(FaultPlan.none());
            socket.getOutputStream().write(new byte[1000]);

            server.setFaultsOfAll(FaultPlan.of(Fault.reset()));
            assertThatThrownBy(() -> {
                        while (true) {
                            socket.getOutputStream().write(1);
                        }
                    })
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void controlsRequireRunningServer() throws Exception {
        EchoServer server = quiet().build();
        assertThatIllegalStateException()
                .isThrownBy(server::refuse)
                .withMessage("the server is not running: call start() first");
        server.start().close();

        assertThatIllegalStateException()
                .isThrownBy(() -> server.setFaultsOfAll(FaultPlan.none()))
                .withMessage("the server is not running: it was closed");
        assertThatIllegalStateException().isThrownBy(server::freeze);
        assertThatIllegalStateException().isThrownBy(server::resume);
        assertThatIllegalStateException().isThrownBy(server::resetConnections);
    }

    @Test
    void callbackMayChangeFaultsButNotWait() throws Exception {
        AtomicReference<EchoServer> own = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (EchoServer server = quiet().conversation(line -> {
                    if (line.startsWith("received")) {
                        own.get().setFaults(FaultPlan.of(Fault.reset()));
                        try {
                            own.get().refuse();
                        } catch (IllegalStateException e) {
                            thrown.set(e);
                        }
                    }
                })
                .build()) {
            own.set(server);
            server.start();
            echoes(server);

            assertThat(thrown.get())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a callback of the server must not wait for the server; call this from another thread");
            assertThat(server.faults()).hasToString("reset");
        }
    }

    @Test
    void duplicateMustFitBuffer() throws Exception {
        String message = "faults (duplicate 17) must fit into bufferSize (16); raise bufferSize";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> quiet().bufferSize(16).faults("duplicate 17").build())
                .withMessage(message);
        try (EchoServer server = quiet().bufferSize(16).faults("duplicate 16").start()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.setFaults(FaultPlan.of(Fault.duplicate(17))))
                    .withMessage(message);
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "0123456789abcdef");
                assertThat(socket.getInputStream().readNBytes(16)).asString().isEqualTo("0123456789abcdef");
            }
        }
    }

    @Test
    void resetsConnectionsNotYetAccepted() throws Exception {
        try (EchoServer server = quiet().start()) {
            for (int i = 0; i < 20; i++) {
                List<Socket> sockets = new ArrayList<>();
                for (int j = 0; j < 10; j++) {
                    sockets.add(PlainSockets.connect(server.address()));
                }
                server.resetConnections();
                for (Socket socket : sockets) {
                    assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
                    socket.close();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void acceptsPendingConnections(int loops) throws Exception {
        try (EchoServer server = quiet().eventLoops(loops).recording().start()) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 1; i <= 20; i++) {
                Socket socket = PlainSockets.connect(server.address());
                sockets.add(socket);
                server.acceptPending();

                assertThat(server.counters().accepted()).isEqualTo(i);
                RecordedConnection newest = server.recording().connections().get(i - 1);
                assertThat(newest.number()).isEqualTo(i);
                assertThat(newest.remote().getPort()).isEqualTo(socket.getLocalPort());
                server.resetConnection(i); // its loop knows it by now
                assertThat(server.recording().connections().get(i - 1).ending()).isPresent();
            }
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void interruptedControlChangesNothing() throws Exception {
        try (EchoServer server = quiet().start()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(server::unanswered)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessage("unanswered failed: interrupted while waiting for a thread of the server")
                    .hasCauseInstanceOf(InterruptedIOException.class);
            assertThat(Thread.interrupted()).isTrue();

            echoes(server);
        }
    }

    @Test
    void changeOfFaultsCorruptsNoByteTwice() throws Exception {
        int size = 16 * PlainSockets.MIB;
        try (EchoServer server = quiet().faults("corrupt").recording(0, 10).start();
                Socket socket = PlainSockets.connect(server.address(), 4096)) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                socket.getOutputStream().write(new byte[size]);
                socket.shutdownOutput();
                return null;
            });
            new Thread(writing, "writes 16 MiB").start();
            server.recording().awaitConnections(1);
            server.recording().awaitQuiet(Duration.ofMillis(200)); // all buffers are full
            server.setFaultsOfAll(FaultPlan.of(Fault.corrupt()));

            byte[] back = socket.getInputStream().readAllBytes();
            writing.get(30, TimeUnit.SECONDS);
            byte[] corrupted = new byte[size];
            Arrays.fill(corrupted, (byte) 0xFF);
            assertThat(Arrays.mismatch(corrupted, back)).isEqualTo(-1);
        }
    }

    @Test
    void frozenConnectionDoesNotAnswerFin() throws Exception {
        try (EchoServer server =
                        quiet().faults("slow-close 1h").conversation(lines).start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.shutdownOutput();
            lines.await("no data from .*");
            server.freeze();
            server.setFaultsOfAll(FaultPlan.none());

            socket.setSoTimeout(200);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            socket.setSoTimeout(30_000);
            server.unfreeze();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** The callback runs on one loop while the control waits: neither may wait for the other. */
    @Test
    void callbackMayCloseServerDuringControl() throws Exception {
        AtomicReference<EchoServer> own = new AtomicReference<>();
        try (EchoServer server = quiet().eventLoops(2)
                .conversation(line -> {
                    if (line.startsWith("applying")) {
                        own.get().close();
                    }
                })
                .build()) {
            own.set(server);
            server.start();
            try (Socket one = PlainSockets.connect(server.address());
                    Socket other = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(one, "x");
                PlainSockets.echoes(other, "x");
                server.setFaultsOfAll(FaultPlan.parse("delay 1h"));
                assertThat(server.awaitClose(Duration.ofSeconds(30))).isTrue();
            }
        }
        assertThat(warnings.seen()).isEmpty();
    }
}
