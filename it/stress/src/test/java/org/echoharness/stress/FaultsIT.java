package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/** Repeated faults: a real RST every time, changes under load, a port that refuses and accepts in turn. */
class FaultsIT {

    private final Map<String, Integer> ends = new TreeMap<>();

    @Stress(row = "RST fault, 1,000 times: reset after 4, blocking socket", pass = "ECONNRESET every time, never EOF")
    void resetReachesBlockingClients(Row row) throws Exception {
        int count = row.scaled(1_000);
        try (EchoServer server =
                EchoServer.builder().faults(Fault.reset().after(4)).start()) {
            for (int i = 0; i < count; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "1234");
                    ended(PlainSockets.nextRead(socket));
                }
            }
        }
        allReset(row, count);
    }

    @Stress(row = "RST fault, 1,000 times: at accept and on fin, selector", pass = "ECONNRESET every time, never EOF")
    void resetReachesSelectorClients(Row row) throws Exception {
        int count = row.scaled(1_000);
        try (EchoServer server = EchoServer.builder()
                        .faults("every 2nd: reset; others: reset on fin")
                        .start();
                Selector selector = Selector.open()) {
            for (int i = 0; i < count; i++) {
                try (SocketChannel channel = SocketChannel.open(server.address())) {
                    channel.configureBlocking(false);
                    if (i % 2 == 0) {
                        channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
                        channel.shutdownOutput();
                    }
                    channel.register(selector, SelectionKey.OP_READ);
                    ended(lastRead(selector, channel));
                } catch (SocketException inTheConnect) {
                    ended(inTheConnect.getMessage().startsWith("Connection reset") ? "reset" : inTheConnect.toString());
                }
                selector.selectNow();
            }
        }
        allReset(row, count);
    }

    private static String lastRead(Selector selector, SocketChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(16);
        try {
            int n;
            do {
                assertThat(selector.select(Background.LONGEST.toMillis())).isPositive();
                selector.selectedKeys().clear();
                n = channel.read(buffer);
            } while (n > 0);
            return n < 0 ? "end of stream" : "nothing";
        } catch (SocketException e) {
            return "Connection reset".equals(e.getMessage()) ? "reset" : e.toString();
        }
    }

    @Stress(row = "faults toggled during 65,535 writes", pass = "order kept, nothing lost")
    void changesOfFaultsLoseNoBytes(Row row) throws Exception {
        int writes = row.scaled(65_535);
        long seed = row.seed();
        List<String> plans = List.of(
                "delay 1ms", "fragment 9", "none", "stall", "throttle 16MiB/s", "delay 2ms jitter 2ms seed 1", "none");
        byte[] sent = new byte[writes * 16];
        new Random(seed).nextBytes(sent);
        Semaphore changed = new Semaphore(0);
        try (EchoServer server = EchoServer.builder().warnings(line -> {}).start();
                Socket socket = PlainSockets.connect(server.address())) {
            FutureTask<byte[]> reading =
                    new FutureTask<>(() -> socket.getInputStream().readAllBytes());
            FutureTask<Integer> changing = new FutureTask<>(() -> {
                int done = 0;
                while (!reading.isDone()) {
                    server.setFaultsOfAll(FaultPlan.parse(plans.get(done++ % plans.size())));
                    changed.release();
                }
                return done;
            });
            new Thread(reading, "reads").start();
            new Thread(changing, "changes faults").start();
            for (int i = 0; i < writes; i++) {
                if (i % 50 == 49) {
                    assertThat(changed.tryAcquire(Background.LONGEST.toSeconds(), TimeUnit.SECONDS))
                            .isTrue();
                }
                socket.getOutputStream().write(sent, i * 16, 16);
            }
            socket.shutdownOutput();
            byte[] back = reading.get(Background.LONGEST.toSeconds(), TimeUnit.SECONDS);
            int changes = changing.get(Background.LONGEST.toSeconds(), TimeUnit.SECONDS);
            row.figure("%d writes, %d changes, first difference at %d", writes, changes, Arrays.mismatch(sent, back));
            assertThat(Arrays.mismatch(sent, back)).isEqualTo(-1);
        }
    }

    @Stress(row = "refuse and resume, 1,000 cycles", pass = "no stray connect; the port never free")
    void refusesAndAcceptsRepeatedly(Row row) throws Exception {
        int cycles = row.scaled(1_000);
        int stray = 0;
        int refused = 0;
        int held = 0;
        try (EchoServer server = EchoServer.builder().start()) {
            for (int i = 0; i < cycles; i++) {
                server.refuse();
                for (int j = 0; j < 3; j++) {
                    try (Socket socket = PlainSockets.connect(server.address())) {
                        stray += socket.isConnected() ? 1 : 0;
                    } catch (ConnectException e) {
                        refused++;
                    }
                }
                try (ServerSocket thief = PlainSockets.listen(server.port())) {
                    stray += thief.isBound() ? 1 : 0;
                } catch (BindException e) {
                    held++;
                }
                server.resume();
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
            }
        }
        row.figure("%d connects refused, port held %d times of %d, %d stray", refused, held, cycles, stray);
        assertThat(stray).isZero();
    }

    @Stress(row = "unanswered, 20 times", pass = "a plain connect times out")
    void unansweredConnectTimesOut(Row row) throws Exception {
        int count = row.scaled(20);
        int late = 0;
        try (EchoServer server = EchoServer.builder().start()) {
            for (int i = 0; i < count; i++) {
                server.unanswered();
                try (Socket socket = new Socket()) {
                    socket.connect(server.address(), 200);
                } catch (SocketTimeoutException e) {
                    late++;
                }
                server.resume();
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
            }
        }
        row.figure("%d of %d timed out", late, count);
        assertThat(late).isEqualTo(count);
    }

    private void ended(String how) {
        ends.merge(how, 1, Integer::sum);
    }

    private void allReset(Row row, int count) {
        row.figure("%s of %d, JDK %d", ends, count, Runtime.version().feature());
        assertThat(ends).isEqualTo(Map.of("reset", count));
    }
}
