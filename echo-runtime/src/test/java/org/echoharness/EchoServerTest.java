package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // what close() does is what is tested
class EchoServerTest {

    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    @Test
    void echoesInputAndEndsWithClient() throws Exception {
        try (EchoServer server = quiet().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello");
            PlainSockets.echoes(socket, "again");
            socket.shutdownOutput();

            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void listensOnFreeLoopbackPortByDefault() throws Exception {
        try (EchoServer server = quiet().start()) {
            assertThat(server.address().getAddress()).isEqualTo(InetAddress.getLoopbackAddress());
            assertThat(server.port()).isPositive().isEqualTo(server.address().getPort());
            assertThat(server.addresses()).containsExactly(server.address());
            assertThat(server).hasToString("EchoServer 127.0.0.1:" + server.port() + " RUNNING");
        }
    }

    @Test
    void returnsNumericAddressForName() throws Exception {
        try (EchoServer server = quiet().addresses("localhost:0").start()) {
            assertThat(server.address().getHostName()).isIn("127.0.0.1", "::1");
            assertThat(server.configuredAddresses()).containsExactly(HostAndPort.parse("localhost:0"));
        }
    }

    @Test
    void listensOnSeveralAddressesOfBothFamilies() throws Exception {
        PlainSockets.assumeIpv6();
        try (EchoServer server =
                quiet().addresses("127.0.0.1:0", "[::1]:0", "127.0.0.1:0").start()) {
            assertThat(server.addresses()).hasSize(3).doesNotHaveDuplicates();
            for (InetSocketAddress address : server.addresses()) {
                try (Socket socket = PlainSockets.connect(address)) {
                    PlainSockets.echoes(socket, address.toString());
                }
            }
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void warnsOnceOfListeningEverywhere() throws Exception {
        PlainSockets.assumeIpv6();
        try (EchoServer server = quiet().addresses("*:0").start()) {
            for (String host : List.of("127.0.0.1", "::1")) {
                try (Socket socket = PlainSockets.connect(PlainSockets.at(host, server.port()))) {
                    PlainSockets.echoes(socket, host);
                }
            }
            assertThat(server.address().getAddress().isAnyLocalAddress()).isTrue();
            assertThat(warnings.seen())
                    .containsExactly("listening on [::]:" + server.port() + ": other machines may connect");
        }
    }

    @Test
    void ipv4WildcardDoesNotListenOnIpv6() throws Exception {
        PlainSockets.assumeIpv6();
        try (EchoServer server = quiet().addresses("0.0.0.0:0").start()) {
            PlainSockets.connect(PlainSockets.at("127.0.0.1", server.port())).close();
            assertThatThrownBy(() -> PlainSockets.connect(PlainSockets.at("::1", server.port())))
                    .isInstanceOf(java.net.ConnectException.class);
        }
    }

    @Test
    void busyPortErrorNamesAddressAndCure() throws Exception {
        try (ServerSocket busy = PlainSockets.listen(0)) {
            String address = "127.0.0.1:" + busy.getLocalPort();
            assertThatThrownBy(() -> quiet().addresses(address).start())
                    .isInstanceOf(BindException.class)
                    .hasMessage(
                            "cannot listen on " + address + ": Address already in use; end what listens there, or take"
                                    + " port 0 and let the kernel pick a free one");
        }
    }

    @Test
    void failedStartFreesPortsAndFiles() throws Exception {
        try (ServerSocket busy = PlainSockets.listen(0);
                EchoServer free = quiet().start()) {
            String freed = "127.0.0.1:" + free.port();
            free.close();
            EchoServer.Builder builder = quiet().addresses(freed, "127.0.0.1:" + busy.getLocalPort());
            assertThatThrownBy(builder::start).isInstanceOf(BindException.class);
            long before = FileDescriptors.open();
            for (int i = 0; i < 1_000; i++) {
                assertThatThrownBy(builder::start).isInstanceOf(BindException.class);
            }
            assertThat(FileDescriptors.open()).isLessThan(before + 10);
            quiet().addresses(freed).start().close();
        }
    }

    @Test
    void throwingCallbackFailsStartCleanly() throws Exception {
        EchoServer.Builder builder = quiet().addresses("127.0.0.1:0").conversation(line -> {
            lines.accept(line);
            throw new IllegalStateException("not now");
        });

        assertThatIllegalStateException().isThrownBy(builder::start).withMessage("not now");
        String port = lines.seen().get(0).replaceAll("\\D+ 127.0.0.1 port ", "");
        quiet().addresses("127.0.0.1:" + port).start().close();
    }

    @Test
    void unresolvedNameErrorNamesCure() {
        assertThatThrownBy(() -> quiet().addresses("no-such-host.invalid:1").start())
                .isInstanceOf(UnknownHostException.class)
                .hasMessage(
                        "cannot listen on no-such-host.invalid:1: the name does not resolve; check its spelling, or write an address");
    }

    @Test
    void foreignAddressErrorNamesCure() {
        assertThatThrownBy(() -> quiet().addresses("203.0.113.1:0").start())
                .isInstanceOf(BindException.class)
                .hasMessageStartingWith("cannot listen on 203.0.113.1:0: ")
                .hasMessageEndingWith("take an address of this machine, such as 127.0.0.1, or * for every interface");
    }

    @Test
    void startsOnce() throws Exception {
        try (EchoServer server = quiet().build()) {
            assertThatIllegalStateException()
                    .isThrownBy(server::address)
                    .withMessage("the server has no address yet; call start() first");
            server.start();
            assertThatIllegalStateException()
                    .isThrownBy(server::start)
                    .withMessage("this server was started before; build another one");
            server.close();
            assertThatIllegalStateException()
                    .isThrownBy(server::start)
                    .withMessage("this server was closed before; build another one");
            assertThat(server.port()).isPositive();
        }
    }

    @Test
    void startsThousandTimesOnSamePort() throws Exception {
        int port;
        try (EchoServer first = quiet().start()) {
            port = first.port();
        }
        long before = FileDescriptors.open();
        for (int i = 0; i < 1_000; i++) {
            try (EchoServer server = quiet().addresses("127.0.0.1:" + port).start();
                    Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "x");
            }
        }
        assertThat(FileDescriptors.open()).isLessThan(before + 10);
        assertThat(loopThreads(port)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4096})
    void echoesEveryByteAfterHalfClose(int receiveBuffer) throws Exception {
        byte[] sent = PlainSockets.random(16 * PlainSockets.MIB, 1);
        try (EchoServer server = quiet().start();
                Socket socket = PlainSockets.connect(server.address(), receiveBuffer)) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
                return null;
            });
            new Thread(writing, "writes 16 MiB").start();
            byte[] back = socket.getInputStream().readAllBytes();

            writing.get(30, TimeUnit.SECONDS);
            assertThat(Arrays.mismatch(sent, back)).isEqualTo(-1);
        }
    }

    @Test
    void finOfClientDoesNotCutEcho() throws Exception {
        byte[] sent = PlainSockets.random(16 * PlainSockets.MIB, 5);
        try (EchoServer server = quiet().bufferSize(64 * PlainSockets.MIB)
                        .conversation(lines)
                        .start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.send(sent);
            client.shutdownOutput();
            lines.await("no data from .*");

            assertThat(Arrays.mismatch(sent, client.receiveToEnd())).isEqualTo(-1);
        }
    }

    @Test
    void stopsReadingFromClientThatNeverReads() throws Exception {
        try (EchoServer server = quiet().bufferSize(1024).conversation(lines).start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .readTimeout(Duration.ofMillis(300))
                        .connect()) {
            assertThatThrownBy(() -> client.send(new byte[256 * PlainSockets.MIB]))
                    .isInstanceOf(java.net.SocketTimeoutException.class)
                    .hasMessageMatching("\\d+ of 268435456 bytes sent to 127.0.0.1:\\d+, which took no more for 300ms");
            List<String> seen = lines.seen();
            long received = total(seen, "received (\\d+) bytes? .*");
            long sentBack = total(seen, "sending (\\d+) bytes? back .*");
            assertThat(received - sentBack).isBetween(0L, 1024L);
        }
    }

    private static long total(List<String> lines, String regex) {
        return lines.stream()
                .filter(line -> line.matches(regex))
                .mapToLong(line -> Long.parseLong(line.replaceFirst(regex, "$1")))
                .sum();
    }

    @Test
    void closeResetsOpenConnections() throws Exception {
        try (EchoServer server = quiet().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "x");
            server.close();

            assertThatThrownBy(() -> socket.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("Connection reset");
        }
    }

    /** Each client sends, half-closes and reads; the server closes somewhere in between. */
    @Test
    void closeUnderLoadNeverSendsFinEarly() throws Exception {
        byte[] sent = PlainSockets.random(PlainSockets.MIB, 4);
        int whole = 0;
        int reset = 0;
        for (int round = 0; round < 50; round++) {
            List<FutureTask<Integer>> clients = new ArrayList<>();
            try (EchoServer server = quiet().eventLoops(1 + round % 2).start()) {
                for (int i = 0; i < 8; i++) {
                    Socket socket = PlainSockets.connect(server.address());
                    clients.add(new FutureTask<>(() -> echoed(socket, sent)));
                    new Thread(clients.get(i), "client " + i).start();
                }
                if (round % 5 != 0) {
                    PlainSockets.connect(server.address()).close();
                } else {
                    clients.get(0).get(30, TimeUnit.SECONDS);
                }
            }
            for (FutureTask<Integer> client : clients) {
                int echoed = client.get(30, TimeUnit.SECONDS);
                assertThat(echoed)
                        .as("bytes before a clean end, or -1 after a reset")
                        .isIn(-1, sent.length);
                whole += echoed < 0 ? 0 : 1;
                reset += echoed < 0 ? 1 : 0;
            }
        }
        assertThat(whole).isPositive();
        assertThat(reset).isPositive();
    }

    private static int echoed(Socket socket, byte[] sent) throws Exception {
        try (socket) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
                return null;
            });
            new Thread(writing, "writes").start();
            int read = socket.getInputStream().readAllBytes().length;
            writing.get(30, TimeUnit.SECONDS); // if a write meets the RST, Linux reports a normal end to the read
            return read;
        } catch (SocketException | ExecutionException reset) {
            assertThat(reset).hasStackTraceContaining("SocketException");
            return -1;
        }
    }

    @Test
    void closeIsIdempotentAndThreadSafe() throws Exception {
        quiet().build().close();
        for (int i = 0; i < 100; i++) {
            EchoServer server = quiet().eventLoops(2).start();
            PlainSockets.connect(server.address()).close();
            List<FutureTask<Boolean>> closers = new ArrayList<>();
            for (int j = 0; j < 3; j++) {
                FutureTask<Boolean> closer = new FutureTask<>(() -> {
                    server.close();
                    assertThat(server.awaitClose(Duration.ZERO)).isTrue();
                    PlainSockets.listen(server.port()).close();
                    return true;
                });
                closers.add(closer);
                new Thread(closer, "closes").start();
            }
            server.close();
            for (FutureTask<Boolean> closer : closers) {
                try {
                    assertThat(closer.get(30, TimeUnit.SECONDS)).isTrue();
                } catch (ExecutionException e) {
                    // two threads may have tried the port at the same time
                    assertThat(e).hasCauseInstanceOf(BindException.class);
                }
            }
            assertThat(loopThreads(server.port())).isEmpty();
            assertThat(server.isRunning()).isFalse();
            assertThat(server.awaitClose(Duration.ZERO)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"connection from", "received", "sending", "no data"})
    void callbackMayCloseServer(String when) throws Exception {
        Exchanger<EchoServer> handOver = new Exchanger<>();
        EchoServer server = quiet().eventLoops(2)
                .conversation(line -> {
                    if (line.startsWith(when)) {
                        EchoServer self = exchange(handOver, null);
                        self.close();
                        bindAndRelease(self.port());
                        lines.accept("closed");
                    }
                })
                .start();
        try (Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write('x');
            if (when.equals("no data")) {
                socket.shutdownOutput();
            }
            exchange(handOver, server);

            lines.await("closed");
            assertThat(server.awaitClose(Duration.ofSeconds(30))).isTrue();
            server.close();
        }
        assertThat(warnings.seen()).isEmpty();
    }

    private static void bindAndRelease(int port) {
        try {
            PlainSockets.listen(port).close();
        } catch (IOException e) {
            throw new AssertionError("the port is not free", e);
        }
    }

    private static EchoServer exchange(Exchanger<EchoServer> with, EchoServer server) {
        try {
            return with.exchange(server, 30, TimeUnit.SECONDS);
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error"})
    void throwingCallbackEndsOneConnectionOnly(String kind) throws Exception {
        try (EchoServer server = quiet().conversation(line -> {
                            if (line.contains("\"poison\"")) {
                                if (kind.equals("error")) {
                                    throw new AssertionError("boom");
                                }
                                throw new IllegalStateException("boom");
                            }
                        })
                        .start();
                Socket bystander = PlainSockets.connect(server.address());
                Socket poisoned = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(bystander, "before");
            poisoned.getOutputStream().write("poison".getBytes(StandardCharsets.US_ASCII));

            assertThatThrownBy(() -> poisoned.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("Connection reset");
            PlainSockets.echoes(bystander, "after");
            assertThat(warnings.await("reset connection \\d from 127.0.0.1:" + poisoned.getLocalPort()
                            + " to 127.0.0.1:" + server.port() + " after an exception: .*boom"))
                    .isNotEmpty();
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            2, 0, 0, 0, 1, server.counters().peak()));
        }
    }

    @Test
    void servesAfterInterruptInCallback() throws Exception {
        try (EchoServer server =
                quiet().conversation(line -> Thread.currentThread().interrupt()).start()) {
            assertThat(Thread.interrupted()).isTrue(); // start() reports in the caller's thread
            for (int i = 0; i < 3; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
            }
        }
    }

    enum Lull {
        NOTHING_TO_DO,
        RING_FULL,
        REST_OF_THE_ECHO_AFTER_THE_CLIENTS_FIN,
        INTERRUPT_LEFT_BY_A_CALLBACK
    }

    /** In each state a wrong interest set, or a pending interrupt, would make a selector return at once forever. */
    @ParameterizedTest
    @EnumSource(Lull.class)
    void usesNoProcessorTimeWhenIdle(Lull lull) throws Exception {
        boolean fin = lull == Lull.REST_OF_THE_ECHO_AFTER_THE_CLIENTS_FIN;
        try (EchoServer server = quiet().bufferSize(fin ? 64 * PlainSockets.MIB : 4096)
                        .conversation(line -> {
                            if (lull == Lull.INTERRUPT_LEFT_BY_A_CALLBACK && line.startsWith("sending")) {
                                Thread.currentThread().interrupt();
                            }
                            lines.accept(line);
                        })
                        .start();
                Socket bystander = PlainSockets.connect(server.address());
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .readTimeout(Duration.ofMillis(fin ? 10_000 : 500))
                        .connect()) {
            PlainSockets.echoes(bystander, "x");
            if (lull == Lull.RING_FULL) {
                assertThatThrownBy(() -> client.send(new byte[256 * PlainSockets.MIB]))
                        .isInstanceOf(java.net.SocketTimeoutException.class);
            } else if (fin) {
                client.send(new byte[16 * PlainSockets.MIB]);
                client.shutdownOutput();
                lines.await("no data from .*");
            }
            Thread loop = loopThreads(server.port()).get(0);
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long start = System.nanoTime();
            long used = threads.getThreadCpuTime(loop.getId());
            assertThat(server.awaitClose(Duration.ofMillis(500))).isFalse();
            used = threads.getThreadCpuTime(loop.getId()) - used;

            assertThat(used).as("nanoseconds of processor time").isLessThan((System.nanoTime() - start) / 4);
            PlainSockets.echoes(bystander, "y");
        }
    }

    @Test
    void resetsConnectionsBeyondLimit() throws Exception {
        try (EchoServer server = quiet().maxConnections(2).conversation(lines).start();
                Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "1");
            PlainSockets.echoes(second, "2");
            for (int i = 1; i <= 3; i++) {
                try (Socket third = new Socket()) {
                    // the reset may come as early as in the connect
                    assertThatThrownBy(() -> {
                                third.connect(server.address(), 10_000);
                                third.setSoTimeout(30_000);
                                third.getInputStream().read();
                            })
                            .isInstanceOf(SocketException.class)
                            .hasMessageContaining("Connection reset");
                    lines.await("rejecting 127.0.0.1:\\d+: 2 connections are open", i);
                }
            }
            assertThat(warnings.seen())
                    .containsExactly("maxConnections (2) is reached at 127.0.0.1:" + server.port()
                            + ": further connections are reset");
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            2, 3, 0, 0, 0, server.counters().peak()));
            first.close();
            lines.await("waiting for a connection", 2);
            try (Socket next = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(next, "reused");
            }
            assertThat(server.counters().accepted()).isEqualTo(3);
        }
    }

    @Test
    void resetsIdleConnectionsOnly() throws Exception {
        try (EchoServer server = quiet().idleTimeout(Duration.ofMillis(200))
                        .conversation(lines)
                        .start();
                Socket silent = PlainSockets.connect(server.address());
                Socket busy = PlainSockets.connect(server.address())) {
            FutureTask<Void> reading = new FutureTask<>(() -> {
                assertThatThrownBy(() -> silent.getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessageContaining("Connection reset");
                return null;
            });
            new Thread(reading, "reads").start();
            while (!reading.isDone()) {
                PlainSockets.echoes(busy, "x");
            }
            reading.get(30, TimeUnit.SECONDS);
            assertThat(lines.await("lost .*"))
                    .isEqualTo("lost 127.0.0.1:" + silent.getLocalPort() + ": idle for 200ms");
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            2, 0, 1, 0, 0, server.counters().peak()));
            PlainSockets.echoes(busy, "still here");
        }
    }

    @Test
    void spreadsConnectionsOverEventLoops() throws Exception {
        List<String> threads = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (EchoServer server = quiet().eventLoops(3)
                .conversation(line -> {
                    if (line.startsWith("received")) {
                        threads.add(Thread.currentThread().getName());
                    }
                })
                .start()) {
            for (int i = 0; i < 6; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
            }
            String name = "echo-server 127.0.0.1:" + server.port() + " loop ";
            assertThat(threads).containsExactly(name + 1, name + 2, name + 3, name + 1, name + 2, name + 3);
            assertThat(loopThreads(server.port())).hasSize(3).allMatch(Thread::isDaemon);
        }
    }

    @Test
    void reportsConversationOfTutorial() throws Exception {
        String from;
        try (EchoServer server = quiet().bufferSize(16).conversation(lines).start();
                Socket socket = PlainSockets.connect(server.address())) {
            from = "127.0.0.1:" + socket.getLocalPort();
            PlainSockets.echoes(socket, "This is the message.  It will be repeated.");
            socket.shutdownOutput();
            lines.await("waiting for a connection", 2);
            assertThat(lines.seen())
                    .containsExactly(
                            "starting up on 127.0.0.1 port " + server.port(),
                            "waiting for a connection",
                            "connection from " + from,
                            "received 16 bytes \"This is the mess\" from " + from,
                            "sending 16 bytes back to " + from,
                            "received 16 bytes \"age.  It will be\" from " + from,
                            "sending 16 bytes back to " + from,
                            "received 10 bytes \" repeated.\" from " + from,
                            "sending 10 bytes back to " + from,
                            "no data from " + from,
                            "waiting for a connection");
        }
    }

    @Test
    void reportsResetByClient() throws Exception {
        try (EchoServer server = quiet().conversation(lines).start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "x");
            PlainSockets.reset(socket);

            assertThat(lines.await("lost .*")).contains(": Connection reset");
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            1, 0, 0, 1, 0, server.counters().peak()));
            assertThat(warnings.seen()).isEmpty();
        }
    }

    private static List<Thread> loopThreads(int port) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("127.0.0.1:" + port + " "))
                .toList();
    }
}
