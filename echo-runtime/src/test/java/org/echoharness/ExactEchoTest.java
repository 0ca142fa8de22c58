package org.echoharness;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that follow an echo, echoes that are streams, and the time for all of an exchange. */
@Timeout(120)
class ExactEchoTest {

    private static final byte[] HELLO = "hello".getBytes(US_ASCII);

    private static Peer answering(String answer) throws IOException {
        return new Peer(socket -> {
            socket.getInputStream().readNBytes(HELLO.length);
            socket.getOutputStream().write(answer.getBytes(US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        });
    }

    @Test
    void refusesBytesSentWithEcho() throws Exception {
        try (Peer peer = answering("hello+++");
                EchoClient client = EchoClient.connect(peer.address())) {
            assertThatThrownBy(() -> client.expectEcho(HELLO))
                    .isInstanceOfSatisfying(
                            EchoMismatchException.class,
                            more -> assertThat(more.offset()).isEqualTo(5))
                    .hasMessage("3 bytes more than were sent: \"+++\"");
        }
    }

    @Test
    void refusesBytesAfterExpectedAnswer() throws Exception {
        try (Peer peer = answering("answer!");
                EchoClient client = EchoClient.connect(peer.address())) {
            assertThatThrownBy(() -> client.expectEcho(HELLO, "answer".getBytes(US_ASCII)))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessage("1 byte more than were expected: \"!\"");
        }
    }

    @Test
    void closeAcceptsEchoOfLaterMessage() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            EchoClient client = EchoClient.connect(server.address());
            client.expectEcho(HELLO);
            client.send(HELLO);
            try (EchoClient other = EchoClient.connect(server.address())) {
                other.expectEcho(HELLO); // the loop has sent the answer by then
            }

            assertThatCode(client::close).doesNotThrowAnyException();
        }
    }

    @Test
    void errorShowsFirstBytesOfMany() throws Exception {
        try (Peer peer = answering("hello" + "+".repeat(1_000));
                EchoClient client = EchoClient.connect(peer.address())) {
            assertThatThrownBy(() -> {
                        client.expectEcho(HELLO);
                        client.expectEnd();
                    })
                    .hasMessageMatching("\\d+ bytes more than were sent: \"\\+{1,64}\"( \\(the first \\d+ shown\\))?");
        }
    }

    /** A peer that answers once, and sends one byte when the test says so. */
    private static Peer late(CountDownLatch echoed, CountDownLatch sent) throws IOException {
        return new Peer(socket -> {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(HELLO.length));
            await(echoed);
            socket.getOutputStream().write('x');
            sent.countDown();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        });
    }

    /** The kernel may take a moment to hand over what the peer has written. */
    private static void awaitUnread(EchoClient client, CountDownLatch sent)
            throws ReflectiveOperationException, IOException {
        await(sent);
        Field socket = EchoClient.class.getDeclaredField("socket");
        socket.setAccessible(true);
        Field channel = ClientSocket.class.getDeclaredField("channel");
        channel.setAccessible(true);
        SocketChannel of = (SocketChannel) channel.get(socket.get(client));
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (of.socket().getInputStream().available() == 0) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.onSpinWait();
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
    void findsLateBytesBeforeNextEcho() throws Exception {
        CountDownLatch echoed = new CountDownLatch(1);
        CountDownLatch sent = new CountDownLatch(1);
        try (Peer peer = late(echoed, sent);
                EchoClient client = EchoClient.connect(peer.address())) {
            client.expectEcho(HELLO);
            echoed.countDown();
            awaitUnread(client, sent);
            assertThatThrownBy(() -> client.expectEcho("x".getBytes(US_ASCII)))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessage("1 byte more than were sent: \"x\"");
        }
    }

    @Test
    void findsLateBytesAtClose() throws Exception {
        CountDownLatch echoed = new CountDownLatch(1);
        CountDownLatch sent = new CountDownLatch(1);
        try (Peer peer = late(echoed, sent)) {
            EchoClient client = EchoClient.connect(peer.address());
            client.expectEcho(HELLO);
            echoed.countDown();
            awaitUnread(client, sent);
            assertThatThrownBy(client::close)
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessage("1 byte more than were sent: \"x\"");
            client.close();
        }
    }

    @Test
    void leavesLateBytesToLaterRead() throws Exception {
        CountDownLatch echoed = new CountDownLatch(1);
        CountDownLatch sent = new CountDownLatch(1);
        try (Peer peer = late(echoed, sent);
                EchoClient client = EchoClient.connect(peer.address())) {
            client.expectEcho(HELLO);
            echoed.countDown();
            await(sent);
            assertThat(client.receive(1)).isEqualTo("x".getBytes(US_ASCII));
        }
    }

    @Test
    void acceptsEndWithoutMoreBytes() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.expectEcho(HELLO);
            client.expectEcho(HELLO);
            client.expectEnd();
        }
    }

    @Test
    void findsDuplicateAtEnd() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("duplicate 5").start();
                EchoClient client = EchoClient.connect(server.address())) {
            assertThatThrownBy(() -> {
                        client.expectEcho(HELLO);
                        client.expectEnd();
                    })
                    .hasMessage("5 bytes more than were sent: \"hello\"");
        }
    }

    /** A peer that sends the rest when it has read the FIN. */
    private static Peer endingWith(String rest) throws IOException {
        return new Peer(socket -> {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(HELLO.length));
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.getOutputStream().write(rest.getBytes(US_ASCII));
        });
    }

    @Test
    void findsBytesAfterFin() throws Exception {
        try (Peer peer = endingWith("+".repeat(1_000));
                EchoClient client = EchoClient.connect(peer.address())) {
            client.expectEcho(HELLO);
            assertThatThrownBy(client::expectEnd)
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessage("1000 bytes more than were sent: \"" + "+".repeat(64) + "\" (the first 64 shown)");
        }
        try (Peer peer = endingWith("+");
                EchoClient client = EchoClient.connect(peer.address())) {
            client.expectEcho(new ByteArrayInputStream(HELLO), new ByteArrayInputStream(HELLO));
            assertThatThrownBy(() -> client.expectEnd(Duration.ofSeconds(30)))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessage("1 byte more than were expected: \"+\"");
        }
    }

    @Test
    void timeoutReportsMissingEnd() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("slow-close 1h").start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .readTimeout(Duration.ofMillis(100))
                        .connect()) {
            client.expectEcho(HELLO);
            assertThatThrownBy(client::expectEnd)
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageStartingWith("waited 100ms for the end of the stream");
        }
    }

    /** Each form of {@code expectEcho} fails if bytes have come, even if it expects none. */
    @Test
    void eachFormFindsReceivedBytes() throws Exception {
        ByteArrayInputStream nothing = new ByteArrayInputStream(new byte[0]);
        List<ThrowingConsumer<EchoClient>> forms = List.of(
                client -> client.expectEcho(new byte[0]),
                client -> client.expectEcho(new byte[0], new byte[0]),
                client -> client.expectEcho(nothing, nothing));
        for (ThrowingConsumer<EchoClient> form : forms) {
            CountDownLatch sent = new CountDownLatch(1);
            try (Peer peer = new Peer(socket -> {
                        socket.getOutputStream().write('x');
                        sent.countDown();
                        assertThat(socket.getInputStream().read()).isEqualTo(-1);
                    });
                    EchoClient client = EchoClient.connect(peer.address())) {
                awaitUnread(client, sent);
                assertThatThrownBy(() -> form.acceptThrows(client))
                        .isInstanceOf(EchoMismatchException.class)
                        .hasMessageMatching("1 byte more than were (sent|expected): \"x\"");
            }
        }
    }

    /** The call fails soon if the peer never stops sending. Otherwise every byte would start another wait. */
    @Test
    void endsAfterFirstSurplusBytes() throws Exception {
        try (Peer trickling = new Peer(socket -> {
                    while (true) {
                        socket.getOutputStream().write('x');
                        LockSupport.parkNanos(20_000_000);
                    }
                });
                EchoClient client = EchoClient.builder()
                        .address(trickling.address())
                        .readTimeout(Duration.ofMillis(500))
                        .connect()) {
            assertThatThrownBy(client::expectEnd)
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageMatching("\\d+ bytes? more than were expected: \"x+\"");
        }
    }

    @Test
    void awaitsEndForAnyDuration() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("slow-close 1s").start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.expectEcho(HELLO);
            assertThat(client.expectEnd(Duration.ofSeconds(Long.MIN_VALUE))).isFalse();
            assertThat(client.expectEnd(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
        }
    }

    /** Bytes that are always the same, but for one that may be changed. */
    private static InputStream random(int count, int changedAt) {
        byte[] bytes = new byte[count];
        new Random(42).nextBytes(bytes);
        if (changedAt >= 0) {
            bytes[changedAt] ^= 1;
        }
        return new ByteArrayInputStream(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 5_000_000})
    void echoesStreamsOfAnyLength(int bytes) throws Exception {
        try (EchoServer server = EchoServer.builder().recording(0, 1).start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.expectEcho(random(bytes, -1), random(bytes, -1));
            client.expectEnd();
            assertThat(server.recording().connection(1).bytesReceived()).isEqualTo(bytes);
        }
    }

    @Test
    void comparesStreams() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            assertThatThrownBy(() -> client.expectEcho(random(200_000, -1), random(200_000, 150_000)))
                    .isInstanceOfSatisfying(
                            EchoMismatchException.class,
                            wrong -> assertThat(wrong.offset()).isEqualTo(150_000))
                    .hasMessageStartingWith("the echo differs at offset 150000: expected \"");
        }
    }

    /** The stream continues only when the server has its beginning. */
    @Test
    void sendsStreamAsItComes() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                EchoClient client = EchoClient.connect(server.address())) {
            InputStream message = new InputStream() {
                private int at;

                @Override
                public int read() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int read(byte[] to, int from, int length) throws IOException {
                    if (at == HELLO.length) {
                        return -1;
                    }
                    try {
                        server.recording()
                                .awaitConnections(1, Duration.ofSeconds(20))
                                .get(0)
                                .awaitReceived(Arrays.copyOf(HELLO, at), Duration.ofSeconds(20));
                    } catch (InterruptedException interrupted) {
                        throw new IOException(interrupted);
                    }
                    to[from] = HELLO[at++];
                    return 1;
                }
            };
            client.expectEcho(message, new ByteArrayInputStream(HELLO));
        }
    }

    @Test
    void shortStreamReportsReceivedBytes() throws Exception {
        try (Peer peer = answering("hel");
                EchoClient client = EchoClient.builder()
                        .address(peer.address())
                        .readTimeout(Duration.ofMillis(100))
                        .connect()) {
            assertThatThrownBy(
                            () -> client.expectEcho(new ByteArrayInputStream(HELLO), new ByteArrayInputStream(HELLO)))
                    .hasMessageStartingWith("3 bytes echoed by 127.0.0.1:")
                    .hasMessageEndingWith(", then nothing for 100ms");
        }
    }

    /** Sends a byte every 20 ms until the client is gone, so the stream is never idle and never ends. */
    private static Peer dribbling() throws IOException {
        return new Peer(socket -> {
            socket.setSoTimeout(20);
            do {
                socket.getOutputStream().write('h');
            } while (isSilent(socket));
        });
    }

    private static boolean isSilent(Socket socket) throws IOException {
        try {
            return socket.getInputStream().skip(Long.MAX_VALUE) > 0;
        } catch (SocketTimeoutException silent) {
            return true;
        }
    }

    interface Call {
        void on(EchoClient client) throws IOException;
    }

    private static void isOver(Call call, String seen) throws IOException {
        try (Peer peer = dribbling();
                EchoClient client = EchoClient.builder()
                        .address(peer.address())
                        .set("timeout", "300ms")
                        .connect()) {
            assertThatThrownBy(() -> call.on(client))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageMatching(
                            seen.replace("PEER", "127\\.0\\.0\\.1:\\d+") + " when timeout \\(300ms\\) was over");
        }
    }

    @Test
    void timeoutEndsSlowEcho() throws Exception {
        isOver(client -> client.echo(new byte[100_000]), "\\d+ of 100000 bytes echoed by PEER");
        isOver(
                client -> client.expectEcho(
                        new ByteArrayInputStream(HELLO),
                        new ByteArrayInputStream("h".repeat(90_000).getBytes(US_ASCII))),
                "\\d+ bytes echoed by PEER");
    }

    @Test
    void timeoutEndsOtherReads() throws Exception {
        isOver(client -> client.receive(100_000), "waited for 100000 bytes from PEER; \\d+ bytes came,");
        isOver(EchoClient::receiveToEnd, "waited for the end of the stream from PEER; \\d+ bytes came,");
    }

    @Test
    void timeoutEndsSendToStalledServer() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("stall").start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .timeout(Duration.ofMillis(300))
                        .connect()) {
            assertThatThrownBy(() -> client.send(new byte[64 << 20]))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageMatching("\\d+ of 67108864 bytes sent to .* when timeout \\(300ms\\) was over");
        }
    }

    @Test
    void noneRemovesTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("delay 300ms").start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .set("timeout", "100ms")
                        .set("timeout", "none")
                        .connect()) {
            client.expectEcho(HELLO);
        }
    }
}
