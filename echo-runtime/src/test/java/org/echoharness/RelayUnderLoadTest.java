package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.echoharness.memory.HeldMemory;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay with many clients: little memory, controls in a row, suppliers that block, urgent data. */
@Timeout(120)
class RelayUnderLoadTest {

    private static final int SLOW = 300;
    private static final int ANSWER = 64 << 10; // a whole ring

    private final AwaitedLines warnings = new AwaitedLines();

    /** A relay with a JVM of its own. */
    public static final class Relay {

        private Relay() {}

        public static void main(String[] args) throws Exception {
            try (EchoServer relay = EchoServer.builder()
                    .upstream("127.0.0.1:" + args[0])
                    .faults("delay 200ms, delay 200ms to server") // the kernel would hold all for slow clients
                    .warnings(line -> System.out.println("warning: " + line))
                    .start()) {
                System.out.println("port " + relay.port());
                System.in.read();
                System.out.println(relay.counters());
            }
        }
    }

    /** The rings of all of them take 38 MiB. */
    @Test
    void slowClientsGetAllIfMemoryIsShort() throws Exception {
        byte[] answer = PlainSockets.random(ANSWER, 1);
        try (ServerSocket behind = new ServerSocket(
                        0, SLOW, PlainSockets.at("127.0.0.1", 0).getAddress());
                ForkedProcess relay = new ForkedProcess(EchoProcess.program(
                        List.of("-Xmx16m"), Relay.class, Integer.toString(behind.getLocalPort())))) {
            behind.setSoTimeout(60_000);
            int port = Integer.parseInt(relay.lines().await("port \\d+").substring(5));
            List<Socket> clients = new ArrayList<>();
            List<FutureTask<Integer>> servers = new ArrayList<>();
            for (int i = 0; i < SLOW; i++) {
                Socket client = PlainSockets.connect(PlainSockets.loopback(port), 4 << 10);
                clients.add(client);
                Socket server = behind.accept();
                servers.add(Background.inThread("server " + i, () -> {
                    try (server) {
                        server.getOutputStream().write(answer);
                        server.shutdownOutput();
                        return server.getInputStream().readAllBytes().length;
                    }
                }));
            }
            for (Socket client : clients) {
                client.getOutputStream().write(answer);
                client.shutdownOutput();
            }
            for (Socket client : clients) {
                try (client) {
                    InputStream in = client.getInputStream();
                    assertThat(in.readNBytes(ANSWER)).isEqualTo(answer);
                    assertEnd(client);
                }
            }
            for (FutureTask<Integer> server : servers) {
                assertThat(Background.result(server)).isEqualTo(ANSWER);
            }
            relay.send("report");
            assertThat(relay.lines().await("ConnectionCounters.*"))
                    .contains("accepted=" + SLOW + ", rejected=0, idleClosed=0, reset=0, failed=0");
            assertThat(relay.lines().matching("warning: .*")).isEmpty();
        }
    }

    /** Whatever becomes of a connection, both of its legs are closed, and the relay serves the next. */
    @Test
    void controlsInARowLeaveNothingBehind() throws Exception {
        long held = HeldMemory.used();
        FileDescriptors.Snapshot descriptors = FileDescriptors.snapshot();
        try (EchoServer behind = EchoServer.builder().recording().start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.port())
                        .warnings(warnings)
                        .recording()
                        .start()) {
            AtomicBoolean isOver = new AtomicBoolean();
            LongAdder served = new LongAdder();
            List<FutureTask<Void>> clients = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int size = 1 + 997 * i;
                clients.add(Background.inThread("client " + i, () -> {
                    while (!isOver.get()) {
                        asks(relay, PlainSockets.random(size, size), served);
                    }
                    return null;
                }));
            }
            for (int i = 0; i < 16; i++) {
                relay.setFaultsOfAll(FaultPlan.parse(
                        i % 2 == 0
                                ? "delay 1ms to server, fragment 100, reset after 2ms"
                                : "throttle 10MiB/s to server, greet \"x\""));
                relay.freeze();
                relay.resetConnections();
                relay.unfreeze();
                relay.setFaultsOfAll(FaultPlan.none());
                relay.restart(Duration.ofMillis(1));
                relay.closeConnections();
                relay.resume();
                relay.catchUp(Duration.ofSeconds(60));
            }
            relay.resume();
            long before = served.sum();
            while (served.sum() < before + 50) {
                relay.awaitClose(Duration.ofMillis(1));
            }
            isOver.set(true);
            for (FutureTask<Void> client : clients) {
                Background.result(client);
            }
            for (EchoServer each : List.of(relay, behind)) {
                for (RecordedConnection open : each.recording().openConnections()) {
                    open.awaitEnd(Duration.ofSeconds(60));
                }
            }
        }
        descriptors.await();
        assertThat(HeldMemory.used()).isEqualTo(held);
        assertThat(warnings.seen()).isEmpty();
    }

    private static void asks(EchoServer relay, byte[] message, LongAdder served) throws IOException {
        try (Socket client = PlainSockets.connect(relay.address())) {
            for (int i = 0; i < 10; i++) {
                client.getOutputStream().write(message);
                if (client.getInputStream().readNBytes(message.length).length < message.length) {
                    return;
                }
                served.increment();
            }
        } catch (ConnectException refused) {
            // as asked for
        } catch (SocketException reset) {
            assertThat(reset).hasMessageMatching("Connection reset( by peer)?|Broken pipe|Socket is closed");
        }
    }

    /** Each lookup has a thread. None is left when the relay is closed. */
    @Test
    void closesWhileSuppliersBlock() throws Exception {
        CountDownLatch asked = new CountDownLatch(20);
        AtomicInteger interrupted = new AtomicInteger();
        List<Socket> clients = new ArrayList<>();
        EchoServer relay = EchoServer.builder()
                .upstream(() -> {
                    asked.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException closing) {
                        interrupted.incrementAndGet();
                    }
                    return null;
                })
                .connectTimeout(Duration.ofHours(1))
                .warnings(warnings)
                .start();
        try (relay) {
            for (int i = 0; i < 20; i++) {
                clients.add(PlainSockets.connect(relay.address()));
            }
            Background.await(asked);
        }
        for (Socket client : clients) {
            try (client) {
                PlainSockets.assertReset(client);
            }
        }
        for (Thread each : Thread.getAllStackTraces().keySet()) {
            if (each.getName().equals("echo upstream lookup")) {
                each.join(60_000);
            }
        }
        assertThat(interrupted).hasValue(20);
        assertThat(warnings.seen()).isEmpty();
    }

    /** The urgent byte stays in its place, although neither end asks for that. */
    @Test
    void passesOnUrgentData() throws Exception {
        try (ServerSocket behind = PlainSockets.listen(0);
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            behind.setSoTimeout(60_000);
            try (Socket server = behind.accept()) {
                server.setSoTimeout(60_000);
                send(client, "ab");
                client.sendUrgentData('!');
                send(client, "cd");
                receives(server, "ab!cd");
                send(server, "12");
                server.sendUrgentData('?');
                send(server, "34");
                receives(client, "12?34");
                server.sendUrgentData('#');
                server.shutdownOutput();
                receives(client, "#");
                assertEnd(client);
            }
        }
    }
}
