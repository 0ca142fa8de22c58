package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the transport tests of other servers check, applied to this server; CONTRIBUTING.md has the table. */
@SuppressWarnings("try") // what close() does is what is tested
class TransportTest {

    /** More than the kernel takes for a client that does not read: the server holds the rest. */
    private static final int MUCH = 8 * PlainSockets.MIB;

    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder quiet() {
        return EchoServer.builder().warnings(warnings);
    }

    private static <T> FutureTask<T> inThread(String name, Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        new Thread(task, name).start();
        return task;
    }

    private static String nameOf(Socket client) {
        return "127.0.0.1:" + client.getLocalPort();
    }

    private long count(String regex) {
        return lines.seen().stream().filter(line -> line.matches(regex)).count();
    }

    private void assertReported(int ends, int losses) {
        assertThat(count("no data from .*")).as("ends reported").isEqualTo(ends);
        assertThat(count("lost .*")).as("losses reported").isEqualTo(losses);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void echoesRandomChunksConcurrently(int eventLoops) throws Exception {
        try (EchoServer server =
                quiet().eventLoops(eventLoops).bufferSize(10_000).start()) {
            List<FutureTask<Integer>> clients = new ArrayList<>();
            for (int seed = 1; seed <= 8; seed++) {
                Random random = new Random(seed);
                clients.add(inThread("client", () -> differenceInTheEcho(server, random)));
            }
            for (int seed = 1; seed <= 8; seed++) {
                assertThat(clients.get(seed - 1).get(60, TimeUnit.SECONDS))
                        .as("offset of the first difference with seed %d", seed)
                        .isEqualTo(-1);
            }
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            8, 0, 0, 0, 0, server.counters().peak()));
        }
    }

    /** Writes and reads in chunks of random sizes. Returns where the echo first differs, or -1. */
    private static int differenceInTheEcho(EchoServer server, Random random) throws Exception {
        byte[] sent = PlainSockets.random(
                (4 + random.nextInt(3)) * PlainSockets.MIB + random.nextInt(1000), random.nextLong());
        byte[] back = new byte[sent.length];
        Random others = new Random(random.nextLong());
        try (Socket socket = PlainSockets.connect(server.address(), 4096)) {
            FutureTask<Void> writing = inThread("writes", () -> {
                for (int at = 0, n; at < sent.length; at += n) {
                    n = Math.min(1 + others.nextInt(30_000), sent.length - at);
                    socket.getOutputStream().write(sent, at, n);
                }
                socket.shutdownOutput();
                return null;
            });
            InputStream in = socket.getInputStream();
            for (int at = 0, n; at < sent.length; at += n) {
                n = in.read(back, at, Math.min(1 + random.nextInt(30_000), sent.length - at));
                assertThat(n).as("bytes read at %d of %d", at, sent.length).isPositive();
            }
            assertThat(in.read()).isEqualTo(-1);
            writing.get(30, TimeUnit.SECONDS);
        }
        return Arrays.mismatch(sent, back);
    }

    /** Sends much, reads nothing and half-closes; returns when the server has seen that end. */
    private Socket halfClosed(EchoServer server, byte[] sent) throws Exception {
        Socket client = PlainSockets.connect(server.address(), 4096);
        client.getOutputStream().write(sent);
        client.shutdownOutput();
        lines.await("no data from " + nameOf(client));
        return client;
    }

    @Test
    void reportsEndOfInputOnce() throws Exception {
        byte[] sent = PlainSockets.random(MUCH, 21);
        try (EchoServer server =
                        quiet().bufferSize(2 * MUCH).conversation(lines).start();
                Socket client = halfClosed(server, sent)) {
            assertThat(Arrays.mismatch(sent, client.getInputStream().readAllBytes()))
                    .as("offset of the first difference with seed 21")
                    .isEqualTo(-1);
            lines.await("waiting for a connection", 2);
            assertReported(1, 0);
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            1, 0, 0, 0, 0, server.counters().peak()));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void reportsLostHalfClosedClientOnce(boolean linger0) throws Exception {
        try (EchoServer server =
                        quiet().bufferSize(2 * MUCH).conversation(lines).start();
                Socket bystander = PlainSockets.connect(server.address());
                Socket client = halfClosed(server, new byte[MUCH])) {
            if (linger0) {
                client.setSoLinger(true, 0);
            } // otherwise the kernel resets it because of the unread bytes
            String name = nameOf(client);
            client.close();

            lines.await("lost " + name + ": .*");
            PlainSockets.echoes(bystander, "after");
            assertReported(1, 1);
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            2, 0, 0, 1, 0, server.counters().peak()));
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void clientWithoutUnreadBytesEndsCleanly(boolean inOneGo) throws Exception {
        try (EchoServer server = quiet().conversation(lines).start();
                Socket client = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(client, "first");
            if (inOneGo) {
                client.close();
            } else {
                client.shutdownInput();
                client.getOutputStream().write('x');
                lines.await("sending 1 byte back to .*");
                client.shutdownOutput();
            }
            lines.await("waiting for a connection", 2);
            assertReported(1, 0);
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            1, 0, 0, 0, 0, server.counters().peak()));
        }
    }

    enum Left {
        NOTHING,
        UNREAD_BY_THE_CLIENT,
        UNSENT_BY_THE_SERVER
    }

    @ParameterizedTest
    @EnumSource(Left.class)
    void resetEndsOnlyItsConnection(Left left) throws Exception {
        AtomicLong received = new AtomicLong();
        try (EchoServer server = quiet().bufferSize(2 * MUCH)
                        .conversation(line -> {
                            lines.accept(line);
                            if (line.startsWith("received")
                                    && received.addAndGet(Long.parseLong(line.split(" ", 3)[1])) == MUCH) {
                                lines.accept("all is received");
                            }
                        })
                        .start();
                Socket client = PlainSockets.connect(server.address(), 4096)) {
            if (left == Left.UNSENT_BY_THE_SERVER) {
                client.getOutputStream().write(new byte[MUCH]);
                lines.await("all is received");
            } else if (left == Left.NOTHING) {
                PlainSockets.echoes(client, "x");
            } else {
                client.getOutputStream().write(new byte[1000]);
                assertThat(client.getInputStream().read()).isZero();
                assertThat(client.getInputStream().available()).isPositive();
            }
            try (Socket bystander = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(bystander, "before");
                client.setSoLinger(true, 0);
                String name = nameOf(client);
                client.close();

                lines.await("lost " + name + ": .*");
                PlainSockets.echoes(bystander, "after");
                assertReported(0, 1);
                assertThat(server.counters())
                        .isEqualTo(new ConnectionCounters(
                                2, 0, 0, 1, 0, server.counters().peak()));
            }
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void resumedReaderGetsEveryByteInOrder() throws Exception {
        byte[] cycle = PlainSockets.random(1_000_003, 22);
        try (EchoServer server = quiet().bufferSize(4096).start();
                SocketChannel client = SocketChannel.open(server.address());
                Selector selector = Selector.open()) {
            client.configureBlocking(false);
            client.register(selector, 0);
            long written = 0;
            long read = 0;
            for (int round = 1; round <= 3; round++) {
                assertThat(becomes(SelectionKey.OP_WRITE, selector, 30_000))
                        .as("writable in round %d, when %d bytes are back", round, read)
                        .isTrue();
                while (becomes(SelectionKey.OP_WRITE, selector, 300)) {
                    written += client.write(from(cycle, written));
                    assertThat(written - read).as("bytes on their way").isLessThan(256 * PlainSockets.MIB);
                }
                while (read < written) {
                    read += readAndCheck(client, selector, from(cycle, read));
                }
            }
            client.shutdownOutput();
            assertThat(becomes(SelectionKey.OP_READ, selector, 30_000)).isTrue();
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    private static boolean becomes(int operation, Selector selector, long millis) throws IOException {
        selector.keys().iterator().next().interestOps(operation);
        selector.selectedKeys().clear();
        return selector.select(millis) > 0;
    }

    private static ByteBuffer from(byte[] cycle, long position) {
        int at = (int) (position % cycle.length);
        return ByteBuffer.wrap(cycle, at, cycle.length - at);
    }

    private static int readAndCheck(SocketChannel client, Selector selector, ByteBuffer expected) throws IOException {
        assertThat(becomes(SelectionKey.OP_READ, selector, 30_000)).isTrue();
        ByteBuffer back = ByteBuffer.allocate(expected.remaining());
        int n = client.read(back);
        assertThat(n).isPositive();
        assertThat(back.flip().mismatch(expected.limit(expected.position() + n)))
                .as("offset of the first difference in a chunk, with seed 22")
                .isEqualTo(-1);
        return n;
    }

    @Test
    void interruptEndsUnansweredConnect() throws Exception {
        List<EchoClient> queued = new ArrayList<>();
        try (ServerSocket full = PlainSockets.listen(0)) {
            InetSocketAddress address = PlainSockets.at("127.0.0.1", full.getLocalPort());
            EchoClient.Builder impatient = EchoClient.builder().address(address).connectTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> {
                        while (queued.size() < 64) {
                            queued.add(impatient.connect());
                        }
                    })
                    .isInstanceOf(ConnectException.class);
            FileDescriptors.Snapshot files = FileDescriptors.snapshot();
            FutureTask<Boolean> connecting = new FutureTask<>(() -> {
                assertThatThrownBy(() -> EchoClient.builder()
                                .address(address)
                                .connectTimeout(Duration.ofMinutes(1))
                                .connect())
                        .isInstanceOf(InterruptedIOException.class);
                return Thread.interrupted(); // the flag stays set
            });
            Thread thread = new Thread(connecting, "connects");
            thread.start();
            EchoClientTest.awaitSelecting(thread);
            thread.interrupt();

            assertThat(connecting.get(30, TimeUnit.SECONDS)).isTrue();
            files.await();
        } finally {
            for (EchoClient client : queued) {
                client.close();
            }
        }
    }

    @Test
    void listensOnPortInTimeWait() throws Exception {
        String address;
        try (ServerSocket before = PlainSockets.listen(0);
                Socket client = PlainSockets.connect(PlainSockets.at("127.0.0.1", before.getLocalPort()))) {
            address = "127.0.0.1:" + before.getLocalPort();
            before.accept().close(); // the side that closes first keeps the connection
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        try (EchoServer server = quiet().addresses(address).start();
                Socket client = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(client, "here");
        }
    }

    /** The client reads nothing until the server is gone and another one has its port. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sentEchoOutlivesServer(boolean closedInTheCallback) throws Exception {
        byte[] sent = PlainSockets.random(64 << 10, 23);
        CompletableFuture<EchoServer> self = new CompletableFuture<>();
        try (EchoServer server = quiet().conversation(line -> {
                            lines.accept(line);
                            if (closedInTheCallback && count("waiting for a connection") == 2) {
                                self.join().close();
                            }
                        })
                        .start();
                Socket client = PlainSockets.connect(server.address(), 4096)) {
            self.complete(server);
            client.getOutputStream().write(sent);
            client.shutdownOutput();
            lines.await("waiting for a connection", 2);
            server.close();
            try (EchoServer next =
                            quiet().addresses("127.0.0.1:" + server.port()).start();
                    Socket other = PlainSockets.connect(next.address())) {
                PlainSockets.echoes(other, "next");
                assertThat(Arrays.mismatch(sent, client.getInputStream().readAllBytes()))
                        .as("offset of the first difference with seed 23")
                        .isEqualTo(-1);
            }
        }
        assertThat(warnings.seen()).isEmpty();
    }
}
