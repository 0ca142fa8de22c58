package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;

/** Many connections: open together, in turn, beyond the limit, and idle. */
class ConnectionsIT {

    private final List<Socket> held = new ArrayList<>();

    @AfterEach
    void release() throws IOException {
        for (Socket socket : held) {
            socket.close();
        }
    }

    private void hold(InetSocketAddress server, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            held.add(PlainSockets.connect(server));
        }
    }

    /** Never scaled: the figure is an average, and fewer connections would show less. */
    @Stress(
            row = "10,000 connections held, two JVMs, 3 × 1 KiB each",
            pass = "0 errors, ≤ 1 KiB heap a connection, direct memory ≤ 1 MiB")
    void holdsManyConnections(Row row) throws Exception {
        int count = 10_000;
        FileDescriptors.assumeAllowed(count + 500);
        byte[] message = new byte[PlainSockets.KIB];
        new Random(row.seed()).nextBytes(message);
        try (MeasuredServer server = new MeasuredServer()) {
            for (int i = 0; i < 2_000; i++) { // so that RSS shows the connections, not the compiler at work
                Socket warm = PlainSockets.connect(server.address());
                for (int j = 0; j < 30; j++) {
                    PlainSockets.echoes(warm, message);
                }
                PlainSockets.finish(warm);
            }
            MeasuredServer.Memory start = server.memory();
            hold(server.address(), count);
            for (int round = 0; round < 3; round++) {
                for (Socket socket : held) {
                    PlainSockets.echoes(socket, message);
                }
            }
            MeasuredServer.Memory holding = server.memory();
            MeasuredServer.Memory more = holding.above(start);

            row.figure("%d held, 0 errors", held.size());
            row.figure("%d B heap and %d B RSS a connection", more.heap() / count, more.rss() / count);
            row.figure("%d KiB direct", holding.direct() / PlainSockets.KIB);
            assertThat(more.heap() / count).as("heap a connection").isLessThanOrEqualTo(PlainSockets.KIB);
            assertThat(holding.direct()).as("direct memory").isLessThanOrEqualTo(PlainSockets.MIB);
            // not in the row, because the figure is noisy; it shows memory that the pool of direct buffers does not
            // count
            assertThat(more.rss()).as("RSS beside the heap").isLessThanOrEqualTo(4L * count * PlainSockets.KIB);
        }
    }

    @Stress(row = "1,000,000 connect, echo, close", pass = "0 errors; fds and threads back at the baseline")
    void servesConnectionsInTurn(Row row) throws Exception {
        int count = row.scaled(1_000_000);
        echoInTurn(10);
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        int threads = Usage.threads();
        double seconds = echoInTurn(count);
        row.figure("%d echoed, 0 errors, %.0f a second", count, count / seconds);
        Usage.awaitFiles(row, files, threads);
        assertThat(Usage.threads()).isLessThanOrEqualTo(threads);
    }

    /** Returns the seconds. No descriptor of a closed client may be open while the server still runs. */
    private static double echoInTurn(int count) throws Exception {
        byte[] message = EchoClient.DEFAULT_MESSAGE.getBytes(StandardCharsets.US_ASCII);
        try (EchoServer server = EchoServer.builder().start()) {
            FileDescriptors.Snapshot serving = FileDescriptors.snapshot();
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho(message);
                }
            }
            double seconds = Background.secondsSince(start);
            Usage.awaitCounters(server, new ConnectionCounters(count, 0, 0, 0, 0, 0));
            serving.awaitAtMost(serving.count() + 2); // the JDK keeps a pair of its own from the first use on
            return seconds;
        }
    }

    @Stress(row = "max connections N, N + 100 clients", pass = "N served, 100 reset at once, slots reused")
    void resetsConnectionsBeyondLimit(Row row) throws Exception {
        int limit = row.scaled(1_000);
        try (EchoServer server =
                EchoServer.builder().maxConnections(limit).warnings(line -> {}).start()) {
            for (int round = 1; round <= 3; round++) {
                int early = fill(server, limit);
                int reset = 0;
                double longest = 0;
                for (int i = 0; i < 100; i++) {
                    long start = System.nanoTime();
                    reset += isReset(server) ? 1 : 0;
                    longest = Math.max(longest, Background.secondsSince(start));
                }
                row.figure("%d served, %d reset within %.3f s", held.size(), reset, longest);
                assertThat(reset).isEqualTo(100);
                assertThat(longest).as("seconds to the reset").isLessThan(1);
                assertThat(early).as("resets while slots are free").isZero();
                for (Socket socket : held) {
                    PlainSockets.echoes(socket, "still served");
                    PlainSockets.finish(socket);
                }
                held.clear();
            }
            assertThat(server.counters().failed() + server.counters().reset()).isZero();
        }
    }

    /** Takes every slot. A slot is free a moment after its client's end: the first connect of a round may be early. */
    private int fill(EchoServer server, int limit) throws Exception {
        int early = 0;
        Waiting.await("a free slot").until(() -> hasSlot(server));
        while (held.size() < limit) {
            if (!hasSlot(server)) {
                early++;
                assertThat(early).as("resets while slots are free").isLessThan(10);
            }
        }
        return early;
    }

    private boolean hasSlot(EchoServer server) {
        try {
            Socket socket = PlainSockets.connect(server.address());
            try {
                PlainSockets.echoes(socket, "a slot");
                held.add(socket);
                return true;
            } catch (IOException reset) {
                socket.close();
                return false;
            }
        } catch (IOException resetInTheConnect) {
            return false;
        }
    }

    private static boolean isReset(EchoServer server) throws IOException {
        try (Socket socket = PlainSockets.connect(server.address())) {
            return PlainSockets.nextRead(socket).equals("reset");
        } catch (SocketException resetInTheConnect) {
            return resetInTheConnect.getMessage().startsWith("Connection reset");
        }
    }

    @Stress(row = "idle: 1,000 connections, 60 s", pass = "< 0.5 % CPU")
    void usesLittleProcessorTimeWhenIdle(Row row) throws Exception {
        Duration length = row.scaled(Duration.ofSeconds(60));
        try (MeasuredServer server = new MeasuredServer()) {
            hold(server.address(), 1_000);
            for (Socket socket : held) {
                PlainSockets.echoes(socket, "x");
            }
            server.memory();
            Waiting.span(Duration.ofSeconds(1)); // the compiler's threads finish
            Duration before = Usage.cpu(server.handle());
            long start = System.nanoTime();
            Waiting.span(length);
            double used = Usage.cpu(server.handle()).minus(before).toNanos() / 1e9;
            double percent = 100 * used / Background.secondsSince(start);
            row.figure("%d connections, %d s, %.2f %%", held.size(), length.toSeconds(), percent);
            assertThat(percent).isLessThan(0.5);
            PlainSockets.echoes(held.get(0), "still there");
        }
    }
}
