package org.echoharness.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.Warnings;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The connection to the server behind a relay, step by step: the thread of the test stands in for that of the event loop. */
@Timeout(60)
class UpstreamConnectionTest implements UpstreamConnection.Owner, Upstream {

    private static final Duration HOUR = Duration.ofHours(1);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Set<SocketAddress> own = new HashSet<>();
    private List<SocketAddress> candidates = List.of();
    private boolean isBroken; // the naming of addresses
    private int calls;
    private EventLoop loop;

    @BeforeEach
    void createLoop() throws IOException {
        loop = new EventLoop("loop", new Warnings(line -> {}), new EventLoop.Owner() {
            @Override
            public void failing(Throwable why) {}

            @Override
            public void reportFailure(Throwable why) {}

            @Override
            public void ended(EventLoop ended) {}
        });
    }

    @AfterEach
    void closeAll() throws Exception {
        loop.end();
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    @Override
    public void upstreamIsReady() {
        calls++;
    }

    @Override
    public boolean listensAt(SocketAddress address) {
        return own.contains(address);
    }

    @Override
    public Target known() {
        return new Target("db:1", "db", candidates);
    }

    @Override
    public Target lookUp(long deadlineNanos) {
        throw new AssertionError("it is known");
    }

    @Override
    public String text(SocketAddress address) {
        if (isBroken) {
            throw new IllegalStateException("no name");
        }
        return address instanceof InetSocketAddress inet ? "port " + inet.getPort() : "a file";
    }

    private <C extends AutoCloseable> C keep(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    private ServerSocket listening() throws IOException {
        ServerSocket server = keep(PlainSockets.listen(0));
        server.setSoTimeout((int) Background.LONGEST.toMillis());
        return server;
    }

    private Socket accepted(ServerSocket server) throws IOException {
        Socket socket = keep(server.accept());
        socket.setSoTimeout((int) Background.LONGEST.toMillis());
        return socket;
    }

    /** A bound socket that does not listen refuses connects. */
    private SocketAddress refusing() throws IOException {
        Socket bound = keep(new Socket());
        bound.bind(PlainSockets.loopback(0));
        return bound.getLocalSocketAddress();
    }

    private InetSocketAddress silent() throws IOException {
        return filled(listening());
    }

    /** Fills the queue of a server. Its kernel does not answer then. */
    private InetSocketAddress filled(ServerSocket server) throws IOException {
        InetSocketAddress full = PlainSockets.loopback(server.getLocalPort());
        keep(PlainSockets.connect(full));
        keep(PlainSockets.connect(full));
        return full;
    }

    private UpstreamConnection connection(Duration timeout, SocketAddress... addresses) {
        candidates = List.of(addresses);
        return new UpstreamConnection(loop, this, timeout, this, null);
    }

    private UpstreamConnection connected(ServerSocket server) {
        UpstreamConnection connection = connection(HOUR, server.getLocalSocketAddress());
        connection.connect(null);
        assertThat(connection.isOpen()).isTrue();
        return connection;
    }

    private void serveUntil(BooleanSupplier isDone) throws IOException {
        long start = System.nanoTime();
        while (!isDone.getAsBoolean()) {
            assertThat(Background.secondsSince(start)).isLessThan((double) Background.LONGEST.toSeconds());
            loop.serveReady();
        }
    }

    /** Checks that the next alarm is this time after a moment between the two. */
    private void assertAlarm(Duration after, long first, long last) {
        assertThat(loop.alarms().isEmpty()).isFalse();
        assertThat(loop.alarms().untilNext(first)).isGreaterThanOrEqualTo(after.toNanos());
        assertThat(loop.alarms().untilNext(last)).isLessThanOrEqualTo(after.toNanos());
    }

    /** Lets the next alarm go off, whose time need not have come. */
    private void soundNext() {
        long now = System.nanoTime();
        loop.alarms().sound(now + loop.alarms().untilNext(now));
    }

    private static String tried(SocketAddress address, String why) {
        return "port " + ((InetSocketAddress) address).getPort() + " (" + why + ")";
    }

    @Test
    void triesCandidatesInOrder() throws Exception {
        SocketAddress dead = refusing();
        ServerSocket relay = listening();
        own.add(relay.getLocalSocketAddress());
        ServerSocket server = listening();
        UpstreamConnection connection =
                connection(HOUR, dead, relay.getLocalSocketAddress(), server.getLocalSocketAddress());
        assertThat(connection.isOpen()).isFalse();
        connection.connect(null);
        assertThat(connection.isOpen()).isTrue();
        assertThat(connection.failure()).isEmpty();
        assertThat(connection.isReset()).isFalse();
        assertThat(connection.peer()).isEqualTo("port " + server.getLocalPort());
        assertThat(connection.detour())
                .isEqualTo("tried " + tried(dead, "Connection refused") + ", "
                        + tried(relay.getLocalSocketAddress(), "the relay itself listens there; name the real server"));
        assertThat(calls).as("calls before the return").isZero();
        assertThat(loop.alarms().isEmpty()).isTrue();
        Socket accepted = accepted(server);
        connection.channel().write(ByteBuffer.wrap(new byte[] {'a'}));
        PlainSockets.receives(accepted, "a");
    }

    @Test
    void failsAfterLastCandidate() throws Exception {
        SocketAddress one = refusing();
        SocketAddress other = refusing();
        UpstreamConnection connection = connection(HOUR, one, other);
        connection.connect(null);
        assertThat(connection.failure())
                .isEqualTo("cannot connect to upstream db:1; tried " + tried(one, "Connection refused") + ", "
                        + tried(other, "Connection refused") + "; is a server listening there?");
        assertThat(connection.isOpen()).isFalse();
        assertThat(calls).isZero();
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.handlers()).isEmpty();
    }

    @Test
    void candidatesWithoutAnswerShareTheTime() throws Exception {
        SocketAddress one = silent();
        SocketAddress other = silent();
        ServerSocket server = listening();
        UpstreamConnection connection = connection(HOUR, one, other, server.getLocalSocketAddress());
        long first = System.nanoTime();
        connection.connect(null);
        long last = System.nanoTime();
        assertAlarm(Duration.ofMinutes(20), first, last);
        assertThat(loop.serveReady()).isZero();

        soundNext();
        assertThat(calls).isEqualTo(1);
        assertThat(connection.isOpen()).isFalse();
        assertThat(connection.failure()).isEmpty();
        assertThat(loop.handlers()).containsExactly(connection);
        long next = loop.alarms().untilNext(first);
        assertThat(next).isGreaterThanOrEqualTo(Duration.ofMinutes(30).toNanos());

        soundNext();
        assertThat(calls).isEqualTo(2);
        assertThat(connection.isOpen()).isTrue();
        assertThat(connection.detour())
                .isEqualTo("tried " + tried(one, "no answer") + ", " + tried(other, "no answer"));
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.handlers()).containsExactly(connection);
    }

    @Test
    void saysWithinWhatTimeItFailed() throws Exception {
        SocketAddress dead = refusing();
        UpstreamConnection connection = connection(Duration.ZERO, dead);
        connection.connect(null);
        assertThat(connection.failure()).startsWith("cannot connect to upstream db:1 within 0s; tried port ");
    }

    /** A connect to a silent server that answers in the end, here because its queue has room again. */
    @Test
    void connectMayBeFinishedLater() throws Exception {
        ServerSocket server = listening();
        InetSocketAddress full = filled(server);
        UpstreamConnection connection = connection(HOUR, full);
        connection.connect(null);
        assertThat(connection.isOpen()).isFalse();
        accepted(server);
        accepted(server);
        serveUntil(connection::isOpen);
        assertThat(calls).isEqualTo(1);
        assertThat(connection.isReadable()).isFalse();
        assertThat(connection.isRead()).isFalse();
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.serveReady()).as("it waits for nothing").isZero();
        assertThat(connection.peer()).isEqualTo("port " + server.getLocalPort());
    }

    /** The kernel tries again to connect, and finds that nothing listens there any more. */
    @Test
    void triesNextCandidateIfConnectIsRefusedLater() throws Exception {
        ServerSocket closing = listening();
        InetSocketAddress full = filled(closing);
        ServerSocket server = listening();
        UpstreamConnection connection = connection(HOUR, full, server.getLocalSocketAddress());
        connection.connect(null);
        assertThat(connection.isOpen()).isFalse();
        closing.close();
        serveUntil(connection::isOpen);
        assertThat(connection.detour()).isEqualTo("tried " + tried(full, "Connection refused"));
        assertThat(connection.peer()).isEqualTo("port " + server.getLocalPort());
        assertThat(loop.alarms().isEmpty()).isTrue();
    }

    @Test
    void waitsForWhatItIsToldTo() throws Exception {
        ServerSocket server = listening();
        UpstreamConnection connection = connected(server);
        Socket accepted = accepted(server);
        assertThat(connection.isRead()).isFalse();
        send(accepted, "a");
        assertThat(loop.serveReady()).isZero();
        connection.interest(SelectionKey.OP_READ);
        assertThat(connection.isRead()).isTrue();
        serveUntil(() -> calls == 1);
        assertThat(connection.isReadable()).isTrue();
        connection.interest(SelectionKey.OP_WRITE);
        assertThat(connection.isRead()).isFalse();
        assertThat(loop.serveReady()).isEqualTo(1);
        assertThat(connection.isReadable()).isFalse();
        connection.interest(0);
        assertThat(loop.serveReady()).isZero();

        connection.interest(SelectionKey.OP_READ);
        connection.close(true, null);
        connection.interest(0);
        connection.ready();
        connection.alarm(0);
        assertThat(connection.isOpen() || connection.isRead() || connection.isReadable())
                .isFalse();
        assertThat(calls).isEqualTo(2);
    }

    @Test
    void endsWithFinOrReset() throws Exception {
        ServerSocket server = listening();
        UpstreamConnection clean = connected(server);
        Socket first = accepted(server);
        clean.close(true, null);
        clean.close(false, null); // too late
        loop.closeNow();
        assertEnd(first);
        assertThat(loop.handlers()).isEmpty();

        UpstreamConnection broken = connected(server);
        Socket second = accepted(server);
        broken.close(false, null);
        loop.closeNow();
        assertReset(second);

        UpstreamConnection aborted = connected(server);
        Socket third = accepted(server);
        aborted.abort();
        assertThat(aborted.isOpen() || aborted.isWaiting()).isFalse();
        loop.closeNow();
        assertReset(third);
    }

    @Test
    void canBeClosedAtAnyTime() throws Exception {
        connection(HOUR, refusing()).close(false, null);
        UpstreamConnection aborted = connection(HOUR, refusing());
        aborted.abort();
        assertThat(aborted.isOpen()).isFalse();

        UpstreamConnection connecting = connection(HOUR, silent());
        connecting.connect(null);
        assertThat(loop.alarms().isEmpty()).isFalse();
        connecting.close(true, null);
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.handlers()).isEmpty();
        connecting.alarm(0);
        assertThat(calls).isZero();
    }

    /** The kernel takes only a part at once. */
    @Test
    void sendsLongBeginningFirst() throws Exception {
        ServerSocket server = listening();
        byte[] beginning = PlainSockets.random(16 * PlainSockets.MIB, 7);
        UpstreamConnection connection = connection(HOUR, server.getLocalSocketAddress());
        long first = System.nanoTime();
        connection.connect(ByteBuffer.wrap(beginning));
        assertThat(connection.isOpen()).isFalse();
        assertAlarm(HOUR, first, System.nanoTime());
        Socket accepted = accepted(server);
        FutureTask<byte[]> read =
                Background.inThread("server", () -> accepted.getInputStream().readNBytes(beginning.length));
        serveUntil(connection::isOpen);
        assertThat(Arrays.equals(Background.result(read), beginning)).isTrue();
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.serveReady()).as("it waits for nothing").isZero();
        assertThat(calls).isPositive();
    }

    /** The next server gets the whole beginning, although one before it has got a part. */
    @Test
    void beginsAgainWithNextCandidate() throws Exception {
        ServerSocket broken = listening();
        ServerSocket server = listening();
        byte[] beginning = PlainSockets.random(16 * PlainSockets.MIB, 7);
        UpstreamConnection connection =
                connection(HOUR, broken.getLocalSocketAddress(), server.getLocalSocketAddress());
        connection.connect(ByteBuffer.wrap(beginning));
        connection.alarm(0); // as at the end of the time: its kernel takes no more
        assertThat(connection.detour()).startsWith("tried port " + broken.getLocalPort() + " (no answer)");
        loop.closeNow();
        assertReset(accepted(broken));
        Socket accepted = accepted(server);
        FutureTask<byte[]> read =
                Background.inThread("server", () -> accepted.getInputStream().readNBytes(beginning.length));
        serveUntil(connection::isOpen);
        assertThat(Arrays.equals(Background.result(read), beginning)).isTrue();
    }

    /** It has accepted, so that no other one is tried. */
    @Test
    void serverMayResetBeforeItHasTheBeginning() throws Exception {
        ServerSocket server = listening();
        UpstreamConnection connection =
                connection(HOUR, server.getLocalSocketAddress(), listening().getLocalSocketAddress());
        connection.connect(ByteBuffer.wrap(new byte[16 * PlainSockets.MIB]));
        PlainSockets.reset(accepted(server));
        serveUntil(() -> calls > 0);
        assertThat(connection.failure()).isEqualTo("upstream port " + server.getLocalPort() + ": Connection reset");
        assertThat(connection.isReset()).isTrue();
        assertThat(connection.isOpen()).isFalse();
        assertThat(loop.alarms().isEmpty()).isTrue();
        assertThat(loop.handlers()).isEmpty();
    }

    @Test
    void fullQueueOfUnixSocketIsTriedAgain(@TempDir Path folder) throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address, 1);
            fill(address);
            UpstreamConnection connection = connection(HOUR, address);
            long first = System.nanoTime();
            connection.connect(null);
            assertAlarm(Duration.ofNanos(UnixConnector.RETRY_NANOS), first, System.nanoTime());
            assertThat(connection.isOpen()).isFalse();
            soundNext();
            assertThat(connection.failure()).isEmpty();
            assertThat(calls).isEqualTo(1);
            keep(server.accept());
            soundNext();
            assertThat(connection.isOpen()).isTrue();
            assertThat(calls).isEqualTo(2);
            assertThat(connection.detour()).isEmpty();
            assertThat(connection.peer()).isEqualTo("a file");
            assertThat(loop.alarms().isEmpty()).isTrue();

            fill(address);
            UpstreamConnection late = connection(Duration.ZERO, address);
            late.connect(null);
            assertThat(late.failure())
                    .startsWith(
                            "cannot connect to upstream db:1 within 0s; tried a file (the queue of the server is full: ");

            UpstreamConnection quick = connection(Duration.ofNanos(UnixConnector.RETRY_NANOS / 2), address);
            long second = System.nanoTime();
            quick.connect(null);
            if (quick.failure().isEmpty()) { // the time is not up yet
                assertAlarm(Duration.ofNanos(UnixConnector.RETRY_NANOS / 2), second, System.nanoTime());
            }
        }
        assertThat(Files.exists(address.getPath())).isTrue();
    }

    private void fill(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        for (SocketChannel more = UnixConnector.connectUnlessFull(path);
                more != null;
                more = UnixConnector.connectUnlessFull(path)) {
            keep(more);
        }
    }

    /** An exception ends this connection only. */
    @Test
    void exceptionIsFailure() throws Exception {
        UpstreamConnection connection = connection(HOUR, silent());
        connection.connect(null);
        isBroken = true;
        soundNext();
        assertThat(connection.failure())
                .isEqualTo("an exception in the relay: java.lang.IllegalStateException: no name");
        assertThat(connection.isOpen()).isFalse();
        assertThat(calls).isEqualTo(1);
        assertThat(loop.handlers()).isEmpty();
    }
}
