package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // what close() does is what is tested
class EchoClientTest {

    private final AwaitedLines lines = new AwaitedLines();

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void returnsAddressesOfConnection() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            assertThat(client.echo(ascii("hello"))).isEqualTo(ascii("hello"));
            assertThat(client.remoteAddress()).isEqualTo(server.address());
            assertThat(client.remoteAddress().getHostName()).isEqualTo("127.0.0.1");
            assertThat(client.localAddress().getAddress().isLoopbackAddress()).isTrue();
            assertThat(client.family()).isEqualTo(StandardProtocolFamily.INET);
            assertThat(client.failedCandidates()).isEmpty();
            assertThat(client)
                    .hasToString(
                            "EchoClient " + HostAndPort.of(client.localAddress()) + " -> 127.0.0.1:" + server.port());
        }
    }

    @Test
    void connectsByIpv6AndWildcard() throws Exception {
        PlainSockets.assumeIpv6();
        try (EchoServer server =
                EchoServer.builder().addresses("*:0").warnings(lines).start()) {
            for (String address : new String[] {"[::1]:", "*:", "127.0.0.1:", "localhost:"}) {
                try (EchoClient client = EchoClient.connect(address + server.port())) {
                    client.expectEcho(ascii(address));
                    assertThat(client.family())
                            .isEqualTo(
                                    client.remoteAddress().getAddress() instanceof java.net.Inet6Address
                                            ? StandardProtocolFamily.INET6
                                            : StandardProtocolFamily.INET);
                }
            }
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.expectEcho(ascii("by the address that the server returns"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"65536, 65536", "7, 65536", "65536, 7", "1048576, 1"})
    void echoesAnySizeWithAnyBuffers(int clientBuffer, int serverBuffer) throws Exception {
        int size = Math.min(clientBuffer, serverBuffer) < 16 ? 100_000 : 16 * PlainSockets.MIB;
        byte[] message = PlainSockets.random(size, 2);
        try (EchoServer server = EchoServer.builder().bufferSize(serverBuffer).start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .bufferSize(clientBuffer)
                        .readTimeout(Duration.ofSeconds(30))
                        .connect()) {
            assertThat(Arrays.mismatch(message, client.echo(message))).isEqualTo(-1);
            assertThat(client.echo(new byte[0])).isEmpty();
        }
    }

    @Test
    void showsEachChunk() throws Exception {
        InetSocketAddress address;
        try (Peer slowly = new Peer(socket -> {
                    byte[] message = socket.getInputStream().readNBytes(42);
                    for (int i = 0; i < 42; i += 16) {
                        socket.getOutputStream().write(message, i, Math.min(16, 42 - i));
                    }
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                });
                EchoClient client = EchoClient.builder()
                        .address(slowly.address())
                        .bufferSize(16)
                        .conversation(lines)
                        .connect()) {
            address = client.remoteAddress();
            client.expectEcho(ascii("This is the message.  It will be repeated."));
        }
        assertThat(lines.seen())
                .containsExactly(
                        "connecting to 127.0.0.1 port " + address.getPort(),
                        "sending 42 bytes \"This is the message.  It will be repeated.\"",
                        "received 16 bytes \"This is the mess\"",
                        "received 16 bytes \"age.  It will be\"",
                        "received 10 bytes \" repeated.\"",
                        "closing socket");
    }

    @Test
    void halfClosesAndReadsToEnd() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect("127.0.0.1:" + server.port())) {
            client.send(ascii("one two"));
            assertThat(client.receive(4)).isEqualTo(ascii("one "));
            client.shutdownOutput();

            assertThat(client.receiveToEnd()).isEqualTo(ascii("two"));
            assertThat(client.receive()).isEmpty();
        }
    }

    @Test
    void sendsAndReceivesConcurrently() throws Exception {
        byte[] message = PlainSockets.random(16 * PlainSockets.MIB, 3);
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            FutureTask<Void> sending = new FutureTask<>(() -> {
                client.send(message);
                client.shutdownOutput();
                return null;
            });
            new Thread(sending, "sends").start();

            assertThat(Arrays.mismatch(message, client.receiveToEnd())).isEqualTo(-1);
            sending.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void earlyEndReportsEchoedBytes() throws Exception {
        try (Peer shortEcho = new Peer(socket -> {
                    byte[] message = socket.getInputStream().readNBytes(42);
                    socket.getOutputStream().write(message, 0, 12);
                });
                EchoClient client = EchoClient.connect(shortEcho.address())) {
            assertThatThrownBy(() -> client.echo(new byte[42]))
                    .isInstanceOf(EOFException.class)
                    .hasMessage("12 of 42 bytes echoed, then the end of the stream from "
                            + HostAndPort.of(shortEcho.address()));
        }
    }

    @Test
    void earlyEndReportsReceivedBytes() throws Exception {
        try (Peer three = new Peer(socket -> socket.getOutputStream().write(ascii("abc")));
                EchoClient client = EchoClient.connect(three.address())) {
            assertThatThrownBy(() -> client.receive(4))
                    .isInstanceOf(EOFException.class)
                    .hasMessageStartingWith("3 of 4 bytes received, then the end of the stream");
        }
    }

    @Test
    void wrongEchoErrorNamesFirstOffset() throws Exception {
        try (Peer wrong = new Peer(socket -> {
                    byte[] message = socket.getInputStream().readNBytes(42);
                    message[17] = '\n';
                    socket.getOutputStream().write(message);
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                });
                EchoClient client = EchoClient.connect(wrong.address())) {
            assertThatThrownBy(() -> client.expectEcho(ascii("This is the message.  It will be repeated.")))
                    .isInstanceOfSatisfying(
                            EchoMismatchException.class,
                            e -> assertThat(e.offset()).isEqualTo(17))
                    .hasMessage("the echo differs at offset 17: expected \"ge.  It will be repeated\", received"
                            + " \"\\ne.  It will be repeated\"");
        }
    }

    @Test
    void acceptsExpectedAnswer() throws Exception {
        try (Peer polite = new Peer(socket -> {
                    assertThat(socket.getInputStream().read()).isEqualTo('?');
                    socket.getOutputStream().write(ascii("a longer answer"));
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                });
                EchoClient client = EchoClient.connect(polite.address())) {
            client.expectEcho(ascii("?"), ascii("a longer answer"));
        }
    }

    @Test
    void timeoutBeforeEndReportsReceivedBytes() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (Peer stalls = new Peer(socket -> {
                    socket.getOutputStream().write(ascii("0123456789"));
                    await(done);
                });
                EchoClient client = EchoClient.builder()
                        .address(stalls.address())
                        .readTimeout(Duration.ofMillis(200))
                        .connect()) {
            assertThatThrownBy(client::receiveToEnd)
                    .hasMessage("waited 200ms for the end of the stream from " + HostAndPort.of(stalls.address())
                            + "; 10 bytes came");
            done.countDown();
        }
    }

    @Test
    void resetReportsEchoedBytes() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        try (Peer resets = new Peer(socket -> {
                    socket.getOutputStream().write(socket.getInputStream().readNBytes(12));
                    await(read);
                    socket.setSoLinger(true, 0);
                });
                EchoClient client = EchoClient.builder()
                        .address(resets.address())
                        .conversation(line -> {
                            if (line.startsWith("received 12")) {
                                read.countDown();
                            }
                        })
                        .connect()) {
            assertThatThrownBy(() -> client.echo(new byte[42]))
                    .isInstanceOf(SocketException.class)
                    .hasMessageStartingWith("12 of 42 bytes echoed, then: Connection reset")
                    .hasMessageEndingWith("(" + HostAndPort.of(resets.address()) + ")");
        }
    }

    @Test
    void timeoutEndsReadFromSilentPeer() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (Peer silent = new Peer(socket -> {
                    socket.getOutputStream().write(ascii("abc"));
                    await(done);
                });
                EchoClient client = EchoClient.builder()
                        .address(silent.address())
                        .readTimeout(Duration.ofMillis(100))
                        .connect()) {
            String peer = HostAndPort.of(silent.address()).toString();
            assertThatThrownBy(() -> client.echo(new byte[42]))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("3 of 42 bytes echoed by " + peer + ", then nothing for 100ms");
            assertThatThrownBy(() -> client.receive(5))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("waited 100ms for 5 bytes from " + peer);
            assertThatThrownBy(client::receive).hasMessage("waited 100ms for anything from " + peer);
            assertThatThrownBy(client::receiveToEnd).hasMessage("waited 100ms for the end of the stream from " + peer);
            done.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void refusedConnectNamesAddressAndCause() throws Exception {
        int port;
        try (EchoServer gone = EchoServer.builder().start()) {
            port = gone.port();
        }
        assertThatThrownBy(() -> EchoClient.connect("127.0.0.1:" + port))
                .isInstanceOf(ConnectException.class)
                .hasMessage("cannot connect to 127.0.0.1:" + port + "; tried 127.0.0.1:" + port
                        + " (Connection refused); is a server listening there?")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }

    @Test
    void namesUnresolvedHost() {
        assertThatThrownBy(() -> EchoClient.connect("no-such-host.invalid:1"))
                .isInstanceOf(UnknownHostException.class)
                .hasMessage(
                        "cannot connect to no-such-host.invalid:1: the name does not resolve; check its spelling, or"
                                + " write an address");
    }

    @Test
    void resolvesWithoutConnecting() throws Exception {
        assertThat(EchoClient.builder().address("127.0.0.1:1").resolve()).isEqualTo(PlainSockets.at("127.0.0.1", 1));
        assertThatThrownBy(() ->
                        EchoClient.builder().address("no-such-host.invalid:1").resolve())
                .isInstanceOf(UnknownHostException.class)
                .hasMessageStartingWith("cannot connect to no-such-host.invalid:1: the name does not resolve; ");
    }

    @Test
    void connectTimeoutEndsUnansweredConnect() throws Exception {
        assertGivesUp(builder -> builder.connectTimeout(Duration.ofMillis(200)), "200ms");
    }

    /** The shorter of both timeouts ends the connect, and the error names it. */
    @Test
    void timeoutLimitsConnect() throws Exception {
        Duration year = Duration.ofDays(365);
        assertGivesUp(builder -> builder.connectTimeout(year).timeout(Duration.ofMillis(200)), "200ms (timeout)");
        assertGivesUp(builder -> builder.connectTimeout(Duration.ofMillis(200)).timeout(year), "200ms");
    }

    private static void assertGivesUp(UnaryOperator<EchoClient.Builder> options, String within) throws Exception {
        try (java.net.ServerSocket full = PlainSockets.listen(0)) {
            InetSocketAddress address = PlainSockets.at("127.0.0.1", full.getLocalPort());
            EchoClient.Builder builder = options.apply(EchoClient.builder().address(address));
            java.util.List<EchoClient> queued = new java.util.ArrayList<>();
            try {
                assertThatThrownBy(() -> {
                            for (int i = 0; i < 64; i++) {
                                queued.add(builder.connect());
                            }
                        })
                        .isInstanceOf(ConnectException.class)
                        .hasMessage("cannot connect to " + HostAndPort.of(address) + " within " + within + "; tried "
                                + HostAndPort.of(address) + " (no answer); is a server listening there?");
            } finally {
                for (EchoClient client : queued) {
                    client.close();
                }
            }
        }
    }

    @Test
    void refusesSelfConnectedSocket() throws Exception {
        try (SocketChannel self = SocketChannel.open()) {
            self.bind(PlainSockets.at("127.0.0.1", 0));
            self.connect(self.getLocalAddress());
            self.write(ByteBuffer.wrap(ascii("hello me")));

            assertThatThrownBy(() -> ConnectAttempts.refuseSelfConnect(self))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("nothing listens there: the kernel connected the socket to itself");
        }
    }

    @Test
    void requiresAddress() {
        assertThatIllegalStateException()
                .isThrownBy(() -> EchoClient.builder().connect())
                .withMessage("no address to connect to; call address(...) first");
    }

    @ParameterizedTest
    @ValueSource(strings = {"receive", "echo", "send"})
    void closeEndsWaitsOfOtherThreads(String wait) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (Peer silent = new Peer(
                        socket -> socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream()));
                Peer deaf = new Peer(socket -> await(done));
                EchoClient client = EchoClient.builder()
                        .address(wait.equals("send") ? deaf.address() : silent.address())
                        .readTimeout(Duration.ofMinutes(1))
                        .connect()) {
            FutureTask<Void> waiting = new FutureTask<>(() -> {
                switch (wait) {
                    case "receive" -> client.receive();
                    case "echo" -> client.echo(new byte[10]);
                    default -> client.send(new byte[256 * PlainSockets.MIB]);
                }
                return null;
            });
            Thread thread = new Thread(waiting, "waits");
            thread.start();
            awaitSelecting(thread);
            client.close();
            client.close();

            assertThatThrownBy(() -> waiting.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("closed");
            assertThat(client).asString().endsWith(" CLOSED");
        } finally {
            done.countDown();
        }
    }

    @Test
    void interruptEndsWaitAndKeepsFlag() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (Peer silent = new Peer(socket -> await(done));
                EchoClient client = EchoClient.connect(silent.address())) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(client::receive)
                    .isInstanceOf(InterruptedIOException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            done.countDown();
            assertThat(client.receive()).isEmpty();
        }
    }

    @Test
    void leavesNoFileOpen() throws Exception {
        try (EchoServer server = EchoServer.builder().conversation(lines).start()) {
            EchoClient.connect(server.address()).close();
            long before = FileDescriptors.open();
            for (int i = 0; i < 200; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho(ascii("x"));
                }
            }
            lines.await("waiting for a connection", 202);
            assertThat(FileDescriptors.open()).isLessThan(before + 10);
        }
    }

    /** Waits until the thread blocks in its selector, which no event reports. */
    static void awaitSelecting(Thread thread) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (Arrays.stream(thread.getStackTrace())
                .noneMatch(frame -> frame.getMethodName().equals("select"))) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void refusesToSendAfterOwnFin() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.shutdownOutput();
            assertThatThrownBy(() -> client.send(new byte[5]))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("0 of 5 bytes sent, then: the output of this client was shut down ("
                            + HostAndPort.of(server.address()) + ")");
        }
    }
}
