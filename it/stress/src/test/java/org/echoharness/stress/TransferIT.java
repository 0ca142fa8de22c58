package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/** Large transfers: no byte is lost, none is held in memory, and no thread waits forever. */
class TransferIT {

    private static final Duration PAUSE = Duration.ofSeconds(3);

    @Stress(row = "slow reader, 1 GiB", pass = "≤ 1 MiB above start; every byte, then EOF")
    void echoesToSlowReader(Row row) throws Exception {
        long total = (long) row.scaled(1 << 10) * PlainSockets.MIB;
        Payload payload = new Payload(row.seed());
        try (MeasuredServer server = new MeasuredServer();
                Socket warm = PlainSockets.connect(server.address());
                Socket socket = PlainSockets.connect(server.address())) {
            MeasuredServer.Memory start = server.memory();
            Writing first = new Writing(warm, payload, 64 * PlainSockets.MIB); // so that RSS shows no compiler at work
            assertThat(payload.readAndCheck(warm.getInputStream())).isEqualTo(64 * PlainSockets.MIB);
            first.awaitEnd();
            long warmRss = Usage.rss(server.handle());

            long stopped = System.nanoTime();
            Writing writing = new Writing(socket, payload, total);
            long taken = writing.awaitStall();
            Waiting.span(PAUSE.minusNanos(System.nanoTime() - stopped));
            MeasuredServer.Memory stalled = server.memory().above(start);
            long rss = Usage.rss(server.handle()) - warmRss;
            long back = payload.readAndCheck(socket.getInputStream());
            writing.awaitEnd();

            row.figure("%d MiB, stalled at %d KiB", total / PlainSockets.MIB, taken / PlainSockets.KIB);
            row.figure(
                    "%d KiB heap, %d KiB direct",
                    stalled.heap() / PlainSockets.KIB, stalled.direct() / PlainSockets.KIB);
            row.figure("RSS %+d KiB", rss / PlainSockets.KIB);
            row.figure("%d bytes missing", total - back);
            assertThat(taken).as("bytes written before the stall").isLessThan(total);
            assertThat(stalled.heap() + stalled.direct()).isLessThanOrEqualTo(PlainSockets.MIB);
            assertThat(rss).isLessThanOrEqualTo(PlainSockets.MIB);
            assertThat(back).isEqualTo(total);
        }
    }

    /** A server that holds little stalls the writer; one that holds all has read the FIN before the client reads. */
    @Stress(row = "half-close 1, 16, 64, 256 MiB", pass = "every byte, then EOF")
    void echoesEveryByteAfterHalfClose(Row row) throws Exception {
        Payload payload = new Payload(row.seed());
        AwaitedLines fins = new AwaitedLines();
        EchoServer.Builder holding = EchoServer.builder()
                .bufferSize(64 * PlainSockets.MIB)
                .conversation(line -> {
                    if (line.startsWith("no data")) {
                        fins.accept(line);
                    }
                });
        try (EchoServer little = EchoServer.builder().start();
                EchoServer much = holding.start()) {
            for (int mib : new int[] {1, 16, 64, 256}) {
                halfClose(row, little, payload, mib, () -> {});
                int seen = fins.seen().size();
                halfClose(row, much, payload, mib, () -> fins.await("no data.*", seen + 1));
            }
        }
        assertThat(fins.seen())
                .as("connections of which the server saw the FIN")
                .hasSize(4);
    }

    private interface Await {
        void await() throws InterruptedException;
    }

    private static void halfClose(Row row, EchoServer server, Payload payload, int mib, Await fin) throws Exception {
        long total = (long) mib * PlainSockets.MIB;
        try (Socket socket = PlainSockets.connect(server.address())) {
            Writing writing = new Writing(socket, payload, total);
            long taken = writing.awaitStall();
            if (taken == total) {
                fin.await();
            }
            long back = payload.readAndCheck(socket.getInputStream());
            row.figure("%d MiB: %d before the read, %d missing", mib, taken, total - back);
            writing.awaitEnd();
            assertThat(back).isEqualTo(total);
        }
    }

    /** Never scaled: the kernel's buffers take a few MiB. */
    @Stress(row = "client writes before it reads, 64 MiB, also with 4 KiB socket buffers", pass = "no hang")
    void echoesToClientThatWritesBeforeReading(Row row) throws Exception {
        int total = 64 * PlainSockets.MIB;
        long seed = row.seed();
        Payload payload = new Payload(seed);
        byte[] message = new byte[total];
        new Random(seed).nextBytes(message);
        for (int buffer : new int[] {64 * PlainSockets.KIB, 4 * PlainSockets.KIB}) {
            try (EchoServer server = EchoServer.builder().bufferSize(buffer).start()) {
                long start = System.nanoTime();
                try (EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .bufferSize(buffer)
                        .connect()) {
                    assertThat(Arrays.mismatch(client.echo(message), message)).isEqualTo(-1);
                }
                row.figure("client with %d KiB: %.1f s", buffer / PlainSockets.KIB, Background.secondsSince(start));
                for (int system : new int[] {0, 4 * PlainSockets.KIB}) {
                    start = System.nanoTime();
                    try (Socket socket = PlainSockets.connect(server.address(), system, system)) {
                        Writing writing = new Writing(socket, payload, total);
                        assertThat(writing.awaitStall()).isLessThan(total);
                        assertThat(payload.readAndCheck(socket.getInputStream()))
                                .isEqualTo(total);
                        writing.awaitEnd();
                    }
                    row.figure(
                            "socket with %s: %.1f s",
                            system == 0 ? "the system's buffers" : "4 KiB", Background.secondsSince(start));
                }
            }
        }
    }

    @Stress(row = "10^6 random payloads, 1 to 2,048 B", pass = "0 mismatches")
    void echoesRandomPayloads(Row row) throws Exception {
        int count = row.scaled(1_000_000);
        Random random = new Random(row.seed());
        long bytes = 0;
        int mismatches = 0;
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            for (int i = 0; i < count; i++) {
                byte[] message = new byte[1 + random.nextInt(2_048)];
                random.nextBytes(message);
                mismatches += Arrays.equals(client.echo(message), message) ? 0 : 1;
                bytes += message.length;
            }
        }
        row.figure("%d payloads, %d MiB, %d mismatches", count, bytes / PlainSockets.MIB, mismatches);
        assertThat(mismatches).isZero();
    }
}
