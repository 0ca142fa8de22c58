package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.echoharness.sockets.SocketLooks;
import org.echoharness.sockets.SocketTable;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A fault that ends a connection leaves the client every byte that was sent before. */
@Timeout(120)
class UnsentBytesTest {

    @BeforeEach
    void assumeLinux() {
        Assumptions.assumeTrue(SocketTable.isReadable(), "no list of sockets here");
    }

    private static EchoServer start(String faults) throws IOException {
        return EchoServer.builder()
                .faults(FaultPlan.parse(faults))
                .warnings(line -> {})
                .start();
    }

    /** How many bytes come before the reset. */
    private static long readUntilReset(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[10_000];
        long read = 0;
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                read += n;
            }
        } catch (SocketException reset) {
            return read;
        }
        throw new AssertionError("the stream ended after " + read + " bytes");
    }

    private static CompletableFuture<Void> sends(Socket socket, int bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                socket.getOutputStream().write(new byte[bytes]);
            } catch (IOException reset) {
                // the rest of what it sends is of no interest
            }
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "reset after 300, fragment 1",
                "fragment 7, reset after 300 sent",
                "reset after 300, duplicate 5 after 5, truncate 5 after 100, fragment 1"
            })
    void resetFollowsAllWrittenBytes(String faults) throws Exception {
        try (EchoServer server = start(faults)) {
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < 200; i++) {
                    Socket socket = PlainSockets.connect(server.address());
                    sockets.add(socket);
                    socket.getOutputStream().write(new byte[400]);
                }
                for (Socket socket : sockets) {
                    assertThat(readUntilReset(socket)).isEqualTo(300);
                }
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"200KiB, 204800", "1MiB, 1048576", "1MiB sent, 1048576"})
    void resetWaitsForLateReader(String size, int bytes) throws Exception {
        AwaitedLines lines = new AwaitedLines();
        try (EchoServer server = EchoServer.builder()
                .faults(FaultPlan.parse("reset after " + size))
                .conversation(lines)
                .start()) {
            for (int i = 1; i <= 5; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    CompletableFuture<Void> sent = sends(socket, bytes + 100_000);
                    lines.await("applying reset after .*", i);
                    assertThat(readUntilReset(socket)).isEqualTo(bytes);
                    sent.join();
                }
            }
        }
    }

    @Test
    void closeLosesNoByteDespiteUnreadInput() throws Exception {
        try (EchoServer server = start("close after 1MiB")) {
            for (int i = 0; i < 5; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    CompletableFuture<Void> sent = sends(socket, 5 * PlainSockets.MIB);
                    assertThat(socket.getInputStream().readAllBytes()).hasSize(PlainSockets.MIB);
                    sent.join();
                }
            }
        }
    }

    /**
     * After the client's FIN, no byte can come that the kernel would answer with an RST. After both FINs, the kernel
     * sends no RST of its own.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "close after 5                                       | FIN",
                "close after 5 sent, fragment 1                      | FIN",
                "greet \"hello\" after 3, close after 8 sent          | FIN",
                "half-close after 7 sent, reset on fin               | RST",
                "half-close after 5, reset after 9                   | RST",
                "half-close after 5, close after 8                   | FIN",
                "greet \"hello\", half-close after 6 sent, reset on fin | RST"
            })
    void endsAtOnceAfterFinOfClient(String faults, Ending.How how) throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .faults(FaultPlan.parse(faults))
                        .recording()
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            server.freeze();
            socket.getOutputStream().write(new byte[10]);
            socket.shutdownOutput();
            server.unfreeze();
            server.catchUp(Duration.ofSeconds(30));

            assertThat(server.recording().connection(1).ending())
                    .map(Ending::how)
                    .contains(how);
            assertThat(socket.getInputStream().readAllBytes()).hasSizeBetween(5, 8);
        }
    }

    @Test
    void resetsClientThatNeverReads() throws Exception {
        try (EchoServer server = start("reset after 1MiB");
                Socket socket = PlainSockets.connect(server.address(), 4096)) {
            assertThatThrownBy(() -> {
                        while (true) {
                            socket.getOutputStream().write(new byte[1024]);
                        }
                    })
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void servesOthersWhileConnectionWaits() throws Exception {
        try (EchoServer server = start("connection 1: reset after 1MiB; connection 2: reset after 5; others: none");
                Socket slow = PlainSockets.connect(server.address());
                Socket quick = PlainSockets.connect(server.address());
                Socket good = PlainSockets.connect(server.address())) {
            CompletableFuture<Void> sent = sends(slow, PlainSockets.MIB);
            sent.join();
            for (int i = 0; i < 100; i++) {
                PlainSockets.echoes(good, "hello");
            }
            quick.getOutputStream().write(new byte[5]);
            assertThat(readUntilReset(quick)).isEqualTo(5);
            assertThat(readUntilReset(slow)).isEqualTo(PlainSockets.MIB);
            PlainSockets.echoes(good, "hello");
        }
    }

    private static boolean looks() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("echo unsent bytes"));
    }

    /** On the loop's thread, the checks would delay its other connections. */
    @Test
    void threadOfChecksEndsWithServer() throws Exception {
        try (EchoServer server = start("first 1: reset after 1MiB");
                Socket good = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(good, "hello");
            assertThat(looks()).isFalse();
        }
        AwaitedLines lines = new AwaitedLines();
        EchoServer server = EchoServer.builder()
                .faults("reset after 1MiB")
                .conversation(lines)
                .start();
        try (Socket socket = PlainSockets.connect(server.address())) {
            sends(socket, PlainSockets.MIB).join();
            lines.await("applying reset after 1MiB .*");
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (!looks()) {
                assertThat(System.nanoTime() - deadline).isNegative();
                Thread.onSpinWait();
            }
        } finally {
            server.close();
        }
        assertThat(looks()).isFalse();
    }

    @Test
    void controlsAndCloseEndWaitingConnections() throws Exception {
        AwaitedLines lines = new AwaitedLines();
        EchoServer server = EchoServer.builder()
                .faults(FaultPlan.parse("reset after 1MiB"))
                .conversation(lines)
                .start();
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                Socket socket = PlainSockets.connect(server.address());
                sockets.add(socket);
                sends(socket, PlainSockets.MIB).join();
                lines.await("applying reset after 1MiB to 127.0.0.1:" + socket.getLocalPort());
            }
            server.setFaultsOfAll(FaultPlan.none());
            server.freeze();
            server.unfreeze();
            server.resetConnections();
            for (Socket socket : sockets) {
                assertThat(readUntilReset(socket)).isLessThan(PlainSockets.MIB);
            }
        } finally {
            server.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "[::1]:0", "*:0"})
    void findsSocketInTable(String address) throws Exception {
        if (address.startsWith("[")) {
            PlainSockets.assumeIpv6();
        }
        try (EchoServer server = EchoServer.builder()
                        .addresses(address)
                        .faults(Fault.stall())
                        .warnings(line -> {})
                        .start();
                Socket socket = PlainSockets.connect(
                        address.startsWith("*")
                                ? PlainSockets.at("127.0.0.1", server.address().getPort())
                                : server.address())) {
            socket.getOutputStream().write(1);
            String client = SocketTable.name((InetSocketAddress) socket.getLocalSocketAddress(), (InetSocketAddress)
                    socket.getRemoteSocketAddress());
            String accepted = SocketTable.name((InetSocketAddress) socket.getRemoteSocketAddress(), (InetSocketAddress)
                    socket.getLocalSocketAddress());

            assertThat(SocketLooks.unacknowledged(java.util.Set.of(client, accepted, client.replace("A", "B") + "0")))
                    .containsOnlyKeys(client, accepted);
        }
    }
}
