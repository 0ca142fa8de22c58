package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The memory and the limits of a recording whose connections have two legs. */
@Timeout(60)
class RelayMemoryTest {

    private static final long LIMIT = 1 << 20;
    private static final int BASE = 1_024;
    private static final InetSocketAddress ANY = new InetSocketAddress(1);

    private final RecordingMemory memory = new RecordingMemory(LIMIT);
    private ServerSocketChannel listening;

    @BeforeEach
    void listen() throws IOException {
        listening = ServerSocketChannel.open().bind(PlainSockets.at("127.0.0.1", 0));
    }

    @AfterEach
    void close() throws IOException {
        listening.close();
    }

    private ConnectionRecorder open(RecordingStore store, long number) throws IOException {
        try (SocketChannel channel = SocketChannel.open(listening.getLocalAddress())) {
            return Objects.requireNonNull(store.open(channel, null, number));
        }
    }

    private static ConnectionRecorder upstream(ConnectionRecorder client) {
        return client.upstream(ANY, ANY, System.nanoTime());
    }

    private static void fill(ConnectionRecorder leg, int bytes) {
        leg.received(ByteBuffer.allocate(bytes));
        leg.sent(ByteBuffer.allocate(bytes), bytes, System.nanoTime());
        for (int i = 0; i < 100; i++) {
            leg.received(ByteBuffer.allocate(1));
        }
    }

    /** Returns whether all recordings together use no more than this. */
    private boolean usesAtMost(long bytes) {
        RecordingMemory.Share probe = memory.share();
        long rest = (LIMIT - bytes) / 2;
        boolean isFree = probe.take(rest);
        if (isFree) {
            probe.release(rest);
        }
        return isFree;
    }

    @Test
    void givesBackWhatBothLegsTook() throws IOException {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 20_000, 1, memory);
        for (int i = 1; i <= 20; i++) {
            ConnectionRecorder client = open(store, i);
            ConnectionRecorder upstream = upstream(client);
            fill(client, 10_000);
            fill(upstream, 10_000);
            assertThat(usesAtMost(40_000)).isFalse();
            client.ended(Ending.Side.CLIENT, Ending.How.FIN, "", false);
        }
        open(store, 21);
        assertThat(usesAtMost(BASE)).isTrue();
        assertThat(store.leftOut()).isEqualTo(20);
    }

    @Test
    void connectionThatIsLeftOutTakesNothingMore() throws IOException {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 20_000, 1, memory);
        ConnectionRecorder client = open(store, 1);
        ConnectionRecorder upstream = upstream(client);
        fill(client, 10_000);
        fill(upstream, 10_000);
        open(store, 2);
        assertThat(usesAtMost(BASE)).isTrue();
        fill(client, 10_000);
        fill(upstream, 10_000);
        assertThat(usesAtMost(BASE)).isTrue();
        upstream.ended(Ending.Side.CLIENT, Ending.How.RST, "gone", false);
        client.ended(Ending.Side.CLIENT, Ending.How.RST, "gone", false);
        RecordedConnection seen = client.snapshot();
        RecordedConnection leg = seen.upstream().orElseThrow();
        assertThat(seen.received()).isEmpty();
        assertThat(leg.received()).isEmpty();
        assertThat(leg.bytesReceived()).isEqualTo(20_200);
        assertThat(leg.isCut()).isTrue();
        assertThat(leg.ending()).contains(new Ending(Ending.Side.CLIENT, Ending.How.RST, "gone"));
        assertThat(Recordings.events(leg)).containsExactly("CLIENT_RST gone");
    }

    @Test
    void endedConnectionThatIsLeftOutTakesNothingMore() throws IOException {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 20_000, 1, memory);
        ConnectionRecorder client = open(store, 1);
        ConnectionRecorder upstream = upstream(client);
        client.ended(Ending.Side.CLIENT, Ending.How.RST, "gone", false);
        open(store, 2);
        fill(upstream, 10_000); // what was on its way
        fill(client, 10_000);
        assertThat(usesAtMost(BASE)).isTrue();
    }

    @Test
    void upstreamOfConnectionThatIsLeftOutKeepsNothing() throws IOException {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 20_000, 1, memory);
        ConnectionRecorder client = open(store, 1);
        open(store, 2);
        fill(upstream(client), 10_000);
        assertThat(usesAtMost(BASE)).isTrue();
        assertThat(client.snapshot().upstream().orElseThrow().received()).isEmpty();
    }

    @Test
    void upstreamMakesRoomByLeavingOutEndedConnections() throws IOException {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, (int) LIMIT, 10, memory);
        ConnectionRecorder first = open(store, 1);
        fill(upstream(first), 100_000);
        fill(first, 100_000);
        first.ended(Ending.Side.CLIENT, Ending.How.FIN, "", false);
        ConnectionRecorder second = open(store, 2);
        ConnectionRecorder upstream = upstream(second);
        upstream.received(ByteBuffer.allocate(400_000));
        assertThat(store.snapshot(1)).isNull();
        assertThat(store.leftOut()).isEqualTo(1);
        assertThat(upstream.snapshot().received()).hasSize(400_000);
        second.received(ByteBuffer.allocate(400_000)); // more than there is: the connection itself stays
        assertThat(second.snapshot().received()).isEmpty();
        assertThat(store.snapshot(2)).isNotNull();
        assertThat(store.isFull()).isTrue();
    }

    @Test
    void eachLegKeepsItsFirstBytes() {
        RecordedBytes client = new RecordedBytes(1, 4).received("123456");
        client.upstream().sent("123456").received("abcdef");
        RecordedConnection seen = client.sent("abcdef").snapshot();
        RecordedConnection upstream = seen.upstream().orElseThrow();
        assertThat(seen.received()).hasSize(4);
        assertThat(seen.sent()).hasSize(4);
        assertThat(upstream.received()).hasSize(4);
        assertThat(upstream.sent()).hasSize(4);
        assertThat(upstream.bytesSent()).isEqualTo(6);
        assertThat(upstream.isCut()).isTrue();
    }
}
