package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.FutureTask;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/** One connection, callback or thread does not affect the others. */
@SuppressWarnings("try")
class BystandersIT {

    @Stress(row = "server survives its callbacks: exception, error, a block of 100 ms", pass = "0 bystanders hurt")
    void failingCallbackAffectsNoOther(Row row) throws Exception {
        int count = row.scaled(300);
        Map<String, Integer> ends = new TreeMap<>();
        try (EchoServer server = EchoServer.builder()
                        .warnings(line -> {
                            throw new AssertionError("a warning that is not wanted");
                        })
                        .conversation(BystandersIT::misbehave)
                        .start();
                Socket bystander = PlainSockets.connect(server.address())) {
            for (int i = 0; i < count; i++) {
                String kind = List.of("exception", "error", "block").get(i % 3);
                try (Socket socket = PlainSockets.connect(server.address())) {
                    socket.getOutputStream().write(kind.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    ends.merge(kind + ": " + PlainSockets.nextRead(socket), 1, Integer::sum);
                }
                PlainSockets.echoes(bystander, "unhurt");
            }
            int failed = count - ends.getOrDefault("block: data", 0);
            Usage.awaitCounters(server, new ConnectionCounters(count + 1, 0, 0, 0, failed, 0));
        }
        row.figure("%d callbacks, %s, bystander echoes on", count, ends);
        assertThat(ends.keySet()).isSubsetOf("exception: reset", "error: reset", "block: data");
    }

    private static void misbehave(String line) {
        if (line.startsWith("received") && line.contains("\"exception\"")) {
            throw new IllegalStateException("boom");
        } else if (line.startsWith("received") && line.contains("\"error\"")) {
            throw new AssertionError("boom");
        } else if (line.startsWith("received") && line.contains("\"block\"")) {
            try {
                Waiting.span(Duration.ofMillis(100));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Stress(row = "interrupts of threads that use a shared server", pass = "server and other connections live on")
    void interruptAffectsNoOther(Row row) throws Exception {
        int count = row.scaled(1_000);
        Map<String, Integer> ends = new TreeMap<>();
        try (EchoServer shared = EchoServer.builder().start();
                Socket bystander = PlainSockets.connect(shared.address());
                EchoClient other = EchoClient.connect(shared.address())) {
            for (int i = 0; i < count; i++) {
                FutureTask<Boolean> early = Background.inThread("interrupted early", () -> lives(shared));
                assertThat(Background.result(early)).isTrue();
                EchoClient waiting = EchoClient.connect(shared.address());
                Waits late = new Waits(waiting);
                late.interrupt();
                ends.merge(late.end(), 1, Integer::sum);
                waiting.close();
                PlainSockets.echoes(bystander, "unhurt");
                other.expectEcho(new byte[] {1, 2, 3});
            }
            assertThat(shared.isRunning()).isTrue();
        }
        row.figure("%d of each; interrupted reads: %s; bystanders echo on", count, ends);
        assertThat(ends.keySet()).noneMatch(end -> end.contains("hangs"));
    }

    /** All that a test may do with a server, with an interrupt pending: it stays pending, and the server serves. */
    private static boolean lives(EchoServer shared) throws Exception {
        Thread.currentThread().interrupt();
        EchoServer own = EchoServer.builder().start();
        Socket socket = PlainSockets.connect(own.address());
        PlainSockets.echoes(socket, "x");
        own.close();
        boolean pending = Thread.interrupted();
        PlainSockets.listen(own.port()).close();
        socket.close();
        return pending && shared.isRunning() && !own.isRunning();
    }

    /** A thread that waits for bytes that never come, until it is interrupted. */
    private static final class Waits {
        private final Thread thread;
        private volatile String end = "hangs";

        Waits(EchoClient client) {
            thread = new Thread(() -> wait(client), "waits");
            thread.start();
        }

        private void wait(EchoClient client) {
            try {
                client.receive();
                end = "data";
            } catch (java.io.IOException e) {
                end = e.getClass().getSimpleName();
            }
        }

        void interrupt() {
            thread.interrupt();
        }

        String end() throws InterruptedException {
            thread.join(Background.LONGEST.toMillis());
            return end;
        }
    }

    @Stress(row = "threads: named, daemon, none outlives close()", pass = "0 left")
    void closeEndsAllThreads(Row row) throws Exception {
        int count = row.scaled(1_000);
        for (int i = 0; i < count; i++) {
            String name;
            try (EchoServer server = EchoServer.builder().eventLoops(3).start()) {
                PlainSockets.secondsToEcho(server.address());
                name = "echo-server 127.0.0.1:" + server.port() + " loop ";
                assertThat(Usage.serverThreads())
                        .allMatch(Thread::isDaemon)
                        .extracting(Thread::getName)
                        .containsExactlyInAnyOrder(name + 1, name + 2, name + 3);
            }
            assertThat(Usage.serverThreads()).isEmpty();
        }
        row.figure("%d servers of 3 threads, 0 left", count);
    }

    @Stress(row = "eventLoops n", pass = "connections spread evenly over n threads")
    void spreadsConnectionsOverLoops(Row row) throws Exception {
        List<String> all = new ArrayList<>();
        for (int loops : new int[] {1, 2, 8}) {
            Map<String, Integer> turns = new ConcurrentSkipListMap<>();
            try (EchoServer server = EchoServer.builder()
                    .eventLoops(loops)
                    .conversation(line -> {
                        if (line.startsWith("received")) {
                            turns.merge(Thread.currentThread().getName(), 1, Integer::sum);
                        }
                    })
                    .start()) {
                for (int i = 0; i < 20 * loops; i++) {
                    PlainSockets.secondsToEcho(server.address());
                }
            }
            all.add(loops + ": " + turns.values());
            assertThat(turns).hasSize(loops);
            assertThat(turns.values()).allMatch(count -> count == 20);
        }
        row.figure("%s", all);
    }
}
