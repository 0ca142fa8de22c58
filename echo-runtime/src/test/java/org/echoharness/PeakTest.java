package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.net.SocketException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many connections are open at the same time. */
@Timeout(120)
class PeakTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void countsThoseThatAreOpenAtTheSameTime(int loops) throws Exception {
        try (EchoServer server =
                EchoServer.builder().eventLoops(loops).recording(0, 2).start()) {
            assertThat(server.counters().peak()).isZero();
            server.recording().assertAtMostConnections(0);
            try (Socket one = Sockets.connect(server.address());
                    Socket two = Sockets.connect(server.address());
                    Socket three = Sockets.connect(server.address())) {
                Sockets.echoes(one, "x");
                Sockets.echoes(two, "x");
                Sockets.echoes(three, "x");
                server.resetConnection(2);
                try (Socket four = Sockets.connect(server.address())) {
                    Sockets.echoes(four, "x");
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
    void leavesRejectedOnesOut() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .maxConnections(1)
                        .recording()
                        .warnings(line -> {})
                        .start();
                Socket one = Sockets.connect(server.address())) {
            Sockets.echoes(one, "x");
            for (int i = 0; i < 3; i++) {
                try {
                    Sockets.connect(server.address()).close();
                } catch (SocketException rejected) {
                    assertThat(rejected).hasMessage("Connection reset by peer");
                }
            }
            server.recording().awaitConnections(4);
            server.recording().assertAtMostConnections(1);
            assertThat(server.counters().peak()).isEqualTo(1);
        }
    }

    /** A FIN that came before a connect is read before it is accepted. */
    @Test
    void countsOneAfterTheOtherAsOne() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 0; i < 500; i++) {
                try (Socket socket = Sockets.connect(server.address())) {
                    Sockets.echoes(socket, "x");
                }
            }
            server.recording().assertAtMostConnections(1);
            assertThat(server.counters().peak()).isEqualTo(1);
        }
    }
}
