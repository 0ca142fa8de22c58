package org.echoharness.maven;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoMismatchException;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.junit.jupiter.api.Test;

class RoundTripsTest {

    private static final Duration NEVER = Duration.ofDays(365);
    private static final byte[] HELLO = "hello".getBytes(US_ASCII);

    private final LogLines log = new LogLines();

    @Test
    void opensAllConnectionsBeforeSending() throws Exception {
        try (ServerSocket listening = Build.listen(0)) {
            List<Socket> accepted = new CopyOnWriteArrayList<>();
            AtomicInteger asked = new AtomicInteger();
            CountDownLatch beforeLast = new CountDownLatch(2);
            Supplier<EchoClient.Builder> options = () -> {
                if (asked.incrementAndGet() > 1) { // the connection before is open, the next one is not
                    accepted.add(accepted(listening));
                    accepted.forEach(RoundTripsTest::assertHasReceivedNothing);
                    beforeLast.countDown();
                }
                return options(listening.getLocalPort()).get();
            };
            RunningGoal running = RunningGoal.start(() -> trips(2, 3).run(options, NEVER));
            assertThat(beforeLast.await(30, TimeUnit.SECONDS)).isTrue();
            accepted.add(accept(listening));
            for (int trip = 0; trip < 2; trip++) {
                for (Socket socket : accepted) { // the same trip on all, before the next on any
                    echo(socket);
                }
            }
            running.await();
            for (Socket socket : accepted) {
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
                socket.close();
            }
        }
    }

    @Test
    void firstFailureNamesRoundTripAndEndsAll() throws Exception {
        try (ServerSocket listening = Build.listen(0)) {
            RunningGoal running = running(listening.getLocalPort(), 9, 2, NEVER);
            try (Socket first = accept(listening);
                    Socket second = accept(listening)) {
                echo(second);
                assertThat(first.getInputStream().readNBytes(HELLO.length)).isEqualTo(HELLO); // it waits now
                second.getInputStream().readNBytes(HELLO.length);
                second.getOutputStream().write("hel?o".getBytes(US_ASCII));
                assertThat(first.getInputStream().read()).isEqualTo(-1);
            }
            assertThatThrownBy(running::await)
                    .cause()
                    .hasMessageStartingWith("connection 2 of 2: round trip 2 of 9: the echo differs at offset 3: ")
                    .hasCauseInstanceOf(EchoMismatchException.class);
            assertThat(log.seen()).last().isEqualTo("INFO closing socket");
        }
    }

    @Test
    void failedConnectNamesConnection() throws Exception {
        try (Socket bound = new Socket()) {
            bound.bind(Build.loopback(0)); // taken, and not listening
            assertThatThrownBy(() -> trips(2, 3).run(options(bound.getLocalPort()), NEVER))
                    .hasMessageStartingWith("connection 1 of 3: cannot connect to 127.0.0.1:" + bound.getLocalPort());
        }
    }

    @Test
    void printsFirstConnectionOnly() throws Exception {
        try (ServerSocket listening = Build.listen(0)) {
            RunningGoal running = running(listening.getLocalPort(), 1, 2, NEVER);
            try (Socket first = accept(listening);
                    Socket second = accept(listening)) {
                echo(second);
                echo(first);
                running.await();
            }
            assertThat(log.seen())
                    .startsWith(
                            "INFO connecting to 127.0.0.1 port " + listening.getLocalPort(),
                            "INFO sending 5 bytes \"hello\"",
                            "INFO received 5 bytes \"hello\"",
                            "INFO closing socket")
                    .hasSize(7);
        }
    }

    @Test
    void reportsProgress() throws Exception {
        try (ServerSocket listening = Build.listen(0)) {
            RunningGoal running = running(listening.getLocalPort(), 2, 1, Duration.ofMillis(1));
            try (Socket socket = accept(listening)) {
                echo(socket);
                log.await("INFO 1 of 2 round trips, ");
                echo(socket);
                running.await();
            }
            assertThat(log.seen()).last().asString().endsWith(": 2 round trips, 10 bytes sent, 10 received");
        }
    }

    @Test
    void interruptClosesConnections() throws Exception {
        try (ServerSocket listening = Build.listen(0)) {
            RunningGoal running = running(listening.getLocalPort(), 1, 1, NEVER);
            try (Socket socket = accept(listening)) {
                assertThat(socket.getInputStream().readNBytes(HELLO.length)).isEqualTo(HELLO);
                running.interrupt();
                assertThatThrownBy(running::await).hasCauseInstanceOf(InterruptedException.class);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void figuresCoverEveryRoundTrip() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .faults("connection 1: delay 100ms")
                .warnings(line -> {})
                .start()) {
            trips(1, 4).run(options(server.port()), NEVER);
        }
        String latency = log.await("INFO latency in ms: ");
        double most = Double.parseDouble(latency.replaceAll(".* ([0-9.]+) \\(most\\)", "$1"));
        double half = Double.parseDouble(latency.replaceAll("([0-9.]+) \\(50%\\).*", "$1"));
        assertThat(most).isGreaterThanOrEqualTo(100);
        assertThat(half).isPositive().isLessThan(most);
    }

    @Test
    void leavesNoThread() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoServer wrong = EchoServer.builder().faults("corrupt").start()) {
            for (int i = 0; i < 20; i++) {
                trips(1, 8).run(options(server.port()), NEVER);
                assertThat(threads()).isEmpty();
                RoundTrips failing = trips(1, 8);
                assertThatThrownBy(() -> failing.run(options(wrong.port()), NEVER))
                        .isInstanceOf(IOException.class);
                assertThat(threads()).isEmpty();
            }
        }
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("echo-client"))
                .toList();
    }

    private RunningGoal running(int port, int repeat, int connections, Duration betweenProgress) {
        return RunningGoal.start(() -> trips(repeat, connections).run(options(port), betweenProgress));
    }

    private RoundTrips trips(int repeat, int connections) {
        return new RoundTrips(Message.of(HELLO), Message.of(HELLO), repeat, connections, log::info);
    }

    private static Supplier<EchoClient.Builder> options(int port) {
        return () ->
                EchoClient.builder().address(new HostAndPort("127.0.0.1", port)).readTimeout(Duration.ofSeconds(30));
    }

    private static Socket accept(ServerSocket listening) throws IOException {
        listening.setSoTimeout(30_000);
        Socket socket = listening.accept();
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static Socket accepted(ServerSocket listening) {
        try {
            return accept(listening);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertHasReceivedNothing(Socket socket) {
        assertThat(socket)
                .satisfies(of -> assertThat(of.getInputStream().available()).isZero());
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write(socket.getInputStream().readNBytes(HELLO.length));
    }
}
