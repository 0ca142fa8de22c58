package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections hold no more memory than there is, and the server serves others meanwhile. */
@SuppressWarnings("try")
@Timeout(180)
class HeldMemoryTest {

    private static final int HOLDERS = 400;
    private static final List<String> SMALL = List.of("-Xmx32m", "-XX:MaxDirectMemorySize=8m");

    @ParameterizedTest
    @CsvSource({"1, delay 1h", "200000, delay 1h", "200000, stall after 100000"})
    @DisabledOnOs(OS.WINDOWS)
    void servesOthersWhileManyHold(int bytes, String fault) throws Exception {
        String plan = "first " + HOLDERS + ": " + fault + "; others: none";
        List<SocketChannel> holders = new ArrayList<>();
        try (ForkedProcess server =
                new ForkedProcess(EchoProcess.command(SMALL, "server", "127.0.0.1:0", "--quiet", "--faults", plan))) {
            InetSocketAddress address = PlainSockets.at(
                    "127.0.0.1",
                    Integer.parseInt(
                            server.lines().await("starting up on .* port .*").replaceFirst(".* port (\\d+).*", "$1")));
            for (int i = 0; i < HOLDERS; i++) {
                holders.add(open(address));
            }
            try (Socket other = PlainSockets.connect(address)) {
                PlainSockets.echoes(other, "before");
                for (SocketChannel holder : holders) {
                    holder.write(ByteBuffer.allocate(bytes));
                    PlainSockets.echoes(other, "meanwhile");
                }
                for (SocketChannel holder : holders) {
                    holder.close();
                }
                PlainSockets.echoes(other, "afterwards");
                try (Socket late = PlainSockets.connect(address)) {
                    byte[] message = PlainSockets.random(PlainSockets.MIB, 1);
                    late.getOutputStream().write(message);
                    assertThat(late.getInputStream().readNBytes(message.length)).isEqualTo(message);
                }
            }
            server.signal("TERM");
            assertThat(server.awaitExit()).isEqualTo(143);
            assertThat(server.lines().seen()).hasSize(1);
        } finally {
            for (SocketChannel holder : holders) {
                holder.close();
            }
        }
    }

    /** A client that does not read. Its kernel buffers little, so the server soon cannot send any more. */
    private static SocketChannel open(InetSocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 4_096);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 16_384);
        channel.connect(address);
        channel.configureBlocking(false);
        return channel;
    }

    /** The kernel takes some MiB for each of them before the server cannot send any more. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void servesOthersWhileManyDoNotRead() throws Exception {
        List<SocketChannel> holders = new ArrayList<>();
        List<String> options = List.of("-Xmx32m", "-XX:MaxDirectMemorySize=1m"); // less than a ring for each
        try (ForkedProcess server =
                new ForkedProcess(EchoProcess.command(options, "server", "127.0.0.1:0", "--quiet"))) {
            InetSocketAddress address = PlainSockets.at(
                    "127.0.0.1",
                    Integer.parseInt(
                            server.lines().await("starting up on .* port .*").replaceFirst(".* port (\\d+).*", "$1")));
            for (int i = 0; i < 40; i++) {
                holders.add(open(address));
            }
            try (Socket other = PlainSockets.connect(address)) {
                int refused = 0;
                while (refused < 2_000) { // in a row, by all of them: nothing is on its way any more
                    int written = 0;
                    for (SocketChannel holder : holders) {
                        written += holder.write(ByteBuffer.allocate(16_384));
                    }
                    PlainSockets.echoes(other, "meanwhile");
                    refused = written == 0 ? refused + 1 : 0;
                }
            }
            server.signal("TERM");
            assertThat(server.awaitExit()).isEqualTo(143);
            assertThat(server.lines().seen()).hasSize(1);
        } finally {
            for (SocketChannel holder : holders) {
                holder.close();
            }
        }
    }

    /** A ring takes 64 KiB. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void servesWithoutDirectMemory() throws Exception {
        List<String> options = List.of("-Xmx32m", "-XX:MaxDirectMemorySize=32k");
        try (ForkedProcess server = new ForkedProcess(EchoProcess.command(
                options, "server", "127.0.0.1:0", "--quiet", "--faults", "connection 2: delay 1ms; others: none"))) {
            InetSocketAddress address = PlainSockets.at(
                    "127.0.0.1",
                    Integer.parseInt(
                            server.lines().await("starting up on .* port .*").replaceFirst(".* port (\\d+).*", "$1")));
            byte[] message = PlainSockets.random(100_000, 1);
            try (Socket client = PlainSockets.connect(address);
                    Socket delayed = PlainSockets.connect(address)) {
                for (Socket each : List.of(client, delayed)) {
                    each.getOutputStream().write(message);
                    assertThat(each.getInputStream().readNBytes(message.length)).isEqualTo(message);
                }
            }
            server.signal("TERM");
            assertThat(server.awaitExit()).isEqualTo(143);
            assertThat(server.lines().seen()).hasSize(1);
        }
    }

    @Test
    void resumesReadingWhenMemoryIsFree() throws Exception {
        int all = (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory());
        byte[] message = PlainSockets.random(40_000, 1);
        List<Socket> clients = new ArrayList<>();
        try (EchoServer server =
                EchoServer.builder().faults("delay 1h").recording().start()) {
            HeldMemory.take(all); // as other connections would
            try {
                for (int i = 0; i < 40; i++) { // more than may hold a ring of the event loop
                    Socket client = PlainSockets.connect(server.address());
                    clients.add(client);
                    client.getOutputStream().write(message);
                    server.recording()
                            .awaitConnections(i + 1)
                            .get(i)
                            .awaitReceived(Arrays.copyOf(message, 1), Duration.ofSeconds(60)); // while memory is short
                }
            } finally {
                HeldMemory.release(all);
            }
            for (RecordedConnection connection : server.recording().awaitConnections(40)) {
                connection.awaitReceived(
                        message, Duration.ofSeconds(60)); // a delayed byte wakes the server after an hour
            }
            server.setFaultsOfAll(FaultPlan.none());
            for (Socket client : clients) {
                assertThat(client.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    @Test
    void releasesHeldMemory() throws Exception {
        long before = HeldMemory.used();
        List<Socket> clients = new ArrayList<>();
        try (EchoServer server =
                EchoServer.builder().faults("delay 1h").recording().start()) {
            for (int i = 1; i <= 80; i++) {
                Socket client = PlainSockets.connect(server.address());
                clients.add(client);
                client.getOutputStream().write(1);
                server.recording().awaitConnections(i).get(i - 1).awaitReceived(new byte[] {1});
            }
            server.closeConnections();
            assertThat(HeldMemory.used()).isEqualTo(before);
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    @Test
    void delayReleasesMemory() throws Exception {
        long before = HeldMemory.used();
        try (EchoServer server =
                        EchoServer.builder().faults("delay 1h").recording().start();
                Socket changed = PlainSockets.connect(server.address());
                Socket ended = PlainSockets.connect(server.address())) {
            for (Socket each : List.of(changed, ended)) {
                for (int i = 1; i <= 20; i++) {
                    each.getOutputStream().write(1);
                    server.catchUp(Duration.ofSeconds(60)); // each byte is a read of its own
                }
            }
            assertThat(HeldMemory.used() - before).isEqualTo(2 * (32 - 8) * 16);
            server.resetConnection(2);
            assertThat(HeldMemory.used() - before).isEqualTo((32 - 8) * 16);
            server.setFaultsOfAll(FaultPlan.none());
            assertThat(HeldMemory.used()).isEqualTo(before);
        }
    }

    @RepeatedTest(50)
    void growingRingsKeepOrder(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition()); // the seed: its number
        int most = 1 + random.nextInt(5_000);
        byte[] message = PlainSockets.random(200_000, repetition.getCurrentRepetition());
        var in = Channels.newChannel(new java.io.ByteArrayInputStream(message));
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        var out = Channels.newChannel(written);
        long before = HeldMemory.used();
        RingBuffer ring = new RingBuffer(most).own();
        while (written.size() < message.length) {
            if (ring.hasRoom()) {
                ring.readFrom(in, 1 + random.nextInt(most));
                assertThat(ring.size()).isLessThanOrEqualTo(most);
            }
            if (random.nextInt(10) == 0) {
                RingBuffer own = ring.own();
                ring.release();
                ring = own;
            }
            if (!ring.isEmpty() && random.nextInt(3) == 0) {
                ring.writeTo(out, 1 + random.nextInt(ring.size()));
            }
        }
        ring.release();
        assertThat(written.toByteArray()).isEqualTo(message);
        assertThat(HeldMemory.used()).isEqualTo(before);
    }
}
