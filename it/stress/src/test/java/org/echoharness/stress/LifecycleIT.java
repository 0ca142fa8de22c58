package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;

/** Start and close: repeated, failing, concurrent, too early and in a callback. */
@SuppressWarnings("try") // what close() does is what is tested
class LifecycleIT {

    @Stress(
            row = "10,000 start, echo, stop, bind again on the same port",
            pass = "0 leaks, 0 BindException, under 60 s")
    void startsAndClosesRepeatedly(Row row) throws Exception {
        int count = row.scaled(10_000);
        int port = onePort();
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        int threads = Usage.threads();
        int refused = 0;
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            try (EchoServer server = serverOn(port);
                    Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "x");
                if (i % 2 == 0) {
                    PlainSockets.finish(socket); // TIME_WAIT stays on the client's side
                }
                server.close();
                PlainSockets.listen(port).close();
            } catch (BindException e) {
                refused++;
            }
        }
        double seconds = Background.secondsSince(start);
        row.figure("%d times in %.1f s, %d BindException", count, seconds, refused);
        Usage.awaitFiles(row, files, threads);
        assertThat(refused).isZero();
        assertThat(Usage.threads()).isLessThanOrEqualTo(threads);
        assertThat(seconds).isLessThan(60);
    }

    private static EchoServer serverOn(int port) throws IOException {
        return EchoServer.builder()
                .addresses(PlainSockets.LOOPBACK + ":" + port)
                .start();
    }

    /** Returns a port that a server used before, so that the JVM has allocated what it keeps after the first use. */
    private static int onePort() throws IOException {
        try (EchoServer first = EchoServer.builder().start();
                Socket socket = PlainSockets.connect(first.address())) {
            PlainSockets.echoes(socket, "x");
            return first.port();
        }
    }

    @Stress(row = "10,000 failed starts, port busy", pass = "fds unchanged; the message names host and port")
    void failedStartLeavesNothing(Row row) throws Exception {
        int count = row.scaled(10_000);
        int free = onePort();
        try (ServerSocket busy = PlainSockets.listen(0)) {
            String named = PlainSockets.LOOPBACK + ":" + busy.getLocalPort();
            EchoServer.Builder builder = EchoServer.builder().addresses(PlainSockets.LOOPBACK + ":" + free, named);
            assertThat(catchThrowable(builder::start)).isInstanceOf(BindException.class);
            FileDescriptors.Snapshot files = FileDescriptors.snapshot();
            int threads = Usage.threads();
            int naming = 0;
            for (int i = 0; i < count; i++) {
                Throwable refused = catchThrowable(builder::start);
                naming +=
                        refused instanceof BindException && refused.getMessage().contains(named) ? 1 : 0;
            }
            row.figure("%d of %d errors name %s", naming, count, named);
            Usage.awaitFiles(row, files, threads);
            assertThat(naming).isEqualTo(count);
            assertThat(Usage.threads()).isLessThanOrEqualTo(threads);
        }
        PlainSockets.listen(free).close();
    }

    @Stress(
            row = "close three times, concurrently, before start, in a callback",
            pass = "no exception; port free at return")
    void closesInEveryState(Row row) throws Exception {
        int count = row.scaled(1_000);
        for (int i = 0; i < count; i++) {
            EchoServer never = EchoServer.builder().build();
            never.close();
            never.close();

            EchoServer server = EchoServer.builder().eventLoops(1 + i % 2).start();
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "x");
                List<FutureTask<Boolean>> closers = new ArrayList<>();
                for (int j = 0; j < 3; j++) {
                    closers.add(Background.inThread("closes", () -> {
                        server.close();
                        return hasNoListener(server);
                    }));
                }
                for (FutureTask<Boolean> closer : closers) {
                    assertThat(Background.result(closer)).isTrue();
                }
            }
            server.close();
            PlainSockets.listen(server.port()).close();
            closeInACallback(i);
        }
        row.figure("%d of each, 0 exceptions, every port free", count);
        assertThat(Usage.serverThreads()).isEmpty();
    }

    /** The closing threads must not bind, since they would take each other's port. */
    private static boolean hasNoListener(EchoServer server) {
        try (Socket socket = PlainSockets.connect(server.address())) {
            return socket.getLocalPort() == server.port(); // connected to itself
        } catch (IOException refused) {
            return true;
        }
    }

    private static void closeInACallback(int i) throws Exception {
        String when =
                List.of("connection from", "received", "sending", "no data").get(i % 4);
        CompletableFuture<EchoServer> self = new CompletableFuture<>();
        CompletableFuture<String> closed = new CompletableFuture<>();
        EchoServer server = EchoServer.builder()
                .conversation(line -> {
                    if (line.startsWith(when)) {
                        closed.complete(closeAndBind(
                                self.orTimeout(30, TimeUnit.SECONDS).join()));
                    }
                })
                .start();
        self.complete(server);
        try (Socket socket = new Socket()) {
            talk(server, socket, when.equals("no data"));
            assertThat(closed.get(30, TimeUnit.SECONDS)).isEqualTo("free");
            assertThat(server.awaitClose(Duration.ofSeconds(30))).isTrue();
            server.close();
        }
    }

    /** The server may close, and reset the connection, at any point of it. */
    private static void talk(EchoServer server, Socket socket, boolean end) throws IOException {
        try {
            socket.connect(server.address(), 30_000);
            socket.getOutputStream().write('x');
            if (end) {
                socket.shutdownOutput();
            }
        } catch (SocketException reset) {
            assertThat(reset).hasMessageMatching("Connection reset.*|Broken pipe.*|Socket output is .*");
        }
    }

    private static String closeAndBind(EchoServer server) {
        server.close();
        try {
            PlainSockets.listen(server.port()).close();
            return "free";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Stress(row = "two servers, one port, same and other address family", pass = "clear error")
    void refusesBusyPort(Row row) throws Exception {
        PlainSockets.assumeIpv6();
        int refusals = 0;
        String[][] pairs = {
            {"127.0.0.1", "127.0.0.1"}, {"127.0.0.1", "0.0.0.0"}, {"127.0.0.1", "*"}, {"*", "127.0.0.1"},
            {"*", "[::1]"}, {"[::1]", "*"}, {"*", "*"}, {"0.0.0.0", "*"}
        };
        for (String[] pair : pairs) {
            EchoServer.Builder builder = EchoServer.builder().warnings(line -> {});
            try (EchoServer first = builder.addresses(pair[0] + ":0").start()) {
                String second = pair[1] + ":" + first.port();
                Throwable refused = catchThrowable(builder.addresses(second)::start);
                assertThat(refused)
                        .as(first + ", then " + second)
                        .isInstanceOf(BindException.class)
                        .hasMessageContaining(second)
                        .hasMessageContaining("in use");
                refusals++;
            }
        }
        row.figure("%d of %d pairs refused by host, port and cure", refusals, pairs.length);
    }
}
