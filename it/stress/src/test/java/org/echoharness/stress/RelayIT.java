package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;

/** A relay before an echo server, or before sockets of the test. */
@SuppressWarnings("try") // what close() does is what is tested
class RelayIT {

    private static EchoServer.Builder before(int port) {
        return EchoServer.builder().upstream("127.0.0.1:" + port);
    }

    @Stress(
            row = "relay: close under load, 300 times, 16 connections",
            pass = "< 1 s each; no hung client; on both legs a clean EOF only after every byte")
    void closeCutsNoStream(Row row) throws Exception {
        int rounds = row.scaled(300);
        int clients = 16;
        long seed = row.seed();
        Random random = new Random(seed);
        Payload payload = new Payload(seed);
        Map<Crowd.End, Integer> ends = new EnumMap<>(Crowd.End.class);
        Map<Ending.How, Integer> behindEnds = new EnumMap<>(Ending.How.class);
        double longest = 0;
        for (int round = 0; round < rounds; round++) {
            long share = 1L + random.nextInt(512 * PlainSockets.KIB);
            long moment = (long) (random.nextDouble() * clients * share);
            try (EchoServer behind = EchoServer.builder().recording(0, clients).start();
                    EchoServer relay =
                            before(behind.port()).eventLoops(1 + round % 2).start();
                    Crowd crowd = new Crowd(relay.address(), clients, payload, share)) {
                FutureTask<Map<Crowd.End, Integer>> talk = crowd.talk();
                while (crowd.received() < moment && !talk.isDone()) {
                    LockSupport.parkNanos(20_000);
                }
                long start = System.nanoTime();
                relay.close();
                longest = Math.max(longest, Background.secondsSince(start));
                Background.result(talk).forEach((end, count) -> ends.merge(end, count, Integer::sum));
                for (RecordedConnection each : behind.recording().connections()) {
                    Ending ending = each.awaitEnd().ending().orElseThrow();
                    behindEnds.merge(ending.how(), 1, Integer::sum);
                    if (ending.how() == Ending.How.FIN) {
                        assertThat(each.awaitEnd().bytesReceived()).isEqualTo(share);
                    }
                }
            }
        }
        row.figure("%d times, longest close %.3f s", rounds, longest);
        row.figure("clients: %s; behind: %s", ends, behindEnds);
        assertThat(ends).doesNotContainKeys(Crowd.End.CUT, Crowd.End.WRONG, Crowd.End.HUNG);
        assertThat(ends).containsKeys(Crowd.End.WHOLE, Crowd.End.RESET);
        assertThat(longest).as("seconds of a close").isLessThan(1);
    }

    @Stress(
            row = "relay: 10,000 connections, 16 at a time",
            pass = "every byte; fds, threads and memory back at the baseline: ≤ 256 KiB heap, ≤ 256 KiB direct more")
    void relaysConnectionsInTurn(Row row) throws Exception {
        int rounds = row.scaled(10_000) / 16;
        long seed = row.seed();
        Payload payload = new Payload(seed);
        Random random = new Random(seed);
        Map<Crowd.End, Integer> ends = new EnumMap<>(Crowd.End.class);
        try (EchoServer behind = EchoServer.builder().start();
                EchoServer relay = before(behind.port()).start()) {
            crowd(relay, payload, 1_000, ends);
            FileDescriptors.Snapshot files = FileDescriptors.snapshot();
            int threads = Usage.threads();
            long heap = Usage.heap();
            long direct = Usage.direct();
            long start = System.nanoTime();
            for (int round = 0; round < rounds; round++) {
                crowd(relay, payload, 1L + random.nextInt(64 * PlainSockets.KIB), ends);
            }
            row.figure("%d relayed, %.0f a second", 16 * rounds, 16 * rounds / Background.secondsSince(start));
            row.figure("clients: %s", ends);
            assertThat(ends).containsOnlyKeys(Crowd.End.WHOLE);
            Usage.awaitFiles(row, files, threads);
            Waiting.await("threads").until(() -> Usage.threads() <= threads);
            long moreHeap = Usage.heap() - heap;
            long moreDirect = Usage.direct() - direct;
            row.figure(
                    "%d KiB heap and %d KiB direct more", moreHeap / PlainSockets.KIB, moreDirect / PlainSockets.KIB);
            assertThat(moreHeap).as("growth of the heap").isLessThanOrEqualTo(256L * PlainSockets.KIB);
            assertThat(moreDirect).as("growth of direct memory").isLessThanOrEqualTo(256L * PlainSockets.KIB);
        }
    }

    private static void crowd(EchoServer relay, Payload payload, long share, Map<Crowd.End, Integer> ends)
            throws Exception {
        try (Crowd crowd = new Crowd(relay.address(), 16, payload, share)) {
            Background.result(crowd.talk()).forEach((end, count) -> ends.merge(end, count, Integer::sum));
        }
    }

    /** Never scaled: the kernel's buffers take a few MiB. */
    @Stress(row = "relay: 64 MiB each way, half-closed by either end or both", pass = "every byte, then EOF")
    void relaysEveryByteBothWays(Row row) throws Exception {
        long total = 64L * PlainSockets.MIB;
        Payload payload = new Payload(row.seed());
        try (ServerSocket listening = PlainSockets.listen(0);
                EchoServer relay = before(listening.getLocalPort()).start()) {
            for (List<Long> sizes : List.of(List.of(total, total), List.of(total, 0L), List.of(0L, total))) {
                try (Socket client = PlainSockets.connect(relay.address());
                        Socket server = listening.accept()) {
                    long start = System.nanoTime();
                    Writing ofClient = new Writing(client, payload, sizes.get(0));
                    Writing ofServer = new Writing(server, payload, sizes.get(1));
                    InputStream atServer = server.getInputStream();
                    FutureTask<Long> read = Background.inThread("server", () -> payload.readAndCheck(atServer));
                    assertThat(payload.readAndCheck(client.getInputStream())).isEqualTo(sizes.get(1));
                    assertThat(Background.result(read)).isEqualTo(sizes.get(0));
                    ofClient.awaitEnd();
                    ofServer.awaitEnd();
                    row.figure(
                            "%d MiB and %d MiB: %.2f s",
                            sizes.get(0) / PlainSockets.MIB,
                            sizes.get(1) / PlainSockets.MIB,
                            Background.secondsSince(start));
                }
            }
        }
    }
}
