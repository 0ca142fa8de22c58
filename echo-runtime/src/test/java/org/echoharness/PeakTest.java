package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many connections are open at the same time. */
@Timeout(120)
class PeakTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void countsConcurrentConnections(int loops) throws Exception {
        try (EchoServer server =
                EchoServer.builder().eventLoops(loops).recording(0, 2).start()) {
            assertThat(server.counters().peak()).isZero();
            server.recording().assertAtMostConnections(0);
            try (Socket one = PlainSockets.connect(server.address());
                    Socket two = PlainSockets.connect(server.address());
                    Socket three = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(one, "x");
                PlainSockets.echoes(two, "x");
                PlainSockets.echoes(three, "x");
                server.resetConnection(2);
                server.resetConnection(3);
                try (Socket four = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(four, "x");
                }
            }
            assertThat(server.counters().peak()).isEqualTo(3);
            assertThat(server.recording().peak()).isEqualTo(3);
            server.recording().assertAtMostConnections(3);
            assertThatThrownBy(() -> server.recording().assertAtMostConnections(2))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith(
                            "expected at most 2 connections at the same time, but 3 were open: saw 4\n  connection ");
            assertThatThrownBy(() -> server.recording().assertAtMostConnections(1))
                    .hasMessageStartingWith("expected at most 1 connection at the same time, but 3 were open");
        }
    }

    @Test
    void ignoresRejectedConnections() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .maxConnections(1)
                        .recording()
                        .warnings(line -> {})
                        .start();
                Socket one = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(one, "x");
            for (int i = 0; i < 3; i++) {
                try {
                    PlainSockets.connect(server.address()).close();
                } catch (SocketException rejected) {
                    assertThat(rejected).hasMessage("Connection reset by peer");
                }
            }
            server.recording().awaitConnections(4);
            server.recording().assertAtMostConnections(1);
            assertThat(server.counters().peak()).isEqualTo(1);
        }
    }

    /** The selector reports both at once, the listening socket first. */
    @Test
    void countsFinBeforeLaterConnect() throws Exception {
        CountDownLatch accepting = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        AtomicInteger accepted = new AtomicInteger();
        try (EchoServer server = EchoServer.builder()
                        .conversation(line -> {
                            if (line.startsWith("connection from") && accepted.incrementAndGet() == 2) {
                                accepting.countDown();
                                await(goesOn);
                            }
                        })
                        .start();
                Socket second = connectAfterEcho(server, accepting)) {
            try (Socket third = PlainSockets.connect(server.address())) {
                goesOn.countDown();
                PlainSockets.echoes(third, "x");
            }
            PlainSockets.echoes(second, "x");
            assertThat(server.counters().peak()).isEqualTo(2);
        }
    }

    /** Returns while the server accepts it; a connection that was there before has been closed meanwhile. */
    private static Socket connectAfterEcho(EchoServer server, CountDownLatch accepting) throws IOException {
        try (Socket first = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "x");
            Socket second = PlainSockets.connect(server.address());
            await(accepting);
            return second;
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** The server reads a FIN that came before a connect before it accepts the connection. */
    @Test
    void countsSuccessiveConnectionsAsOne() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 0; i < 500; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
            }
            server.recording().assertAtMostConnections(1);
            assertThat(server.counters().peak()).isEqualTo(1);
        }
    }
}
