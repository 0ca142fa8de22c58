package org.echoharness.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RingBufferTest {

    /** Gives and takes as many bytes as the test sets. */
    private static final class Wire implements ReadableByteChannel, WritableByteChannel {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private byte next;
        private int most = Integer.MAX_VALUE;

        @Override
        public int read(ByteBuffer to) {
            int n = Math.min(most, to.remaining());
            for (int i = 0; i < n; i++) {
                to.put(next++);
            }
            return n;
        }

        @Override
        public int write(ByteBuffer from) {
            int n = Math.min(most, from.remaining());
            for (int i = 0; i < n; i++) {
                written.write(from.get());
            }
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private final Wire wire = new Wire();

    @RepeatedTest(20)
    void keepsOrderForAnySizes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition()); // the seed: its number
        int capacity = 1 + random.nextInt(40);
        RingBuffer ring = new RingBuffer(capacity);
        int in = 0;
        for (int i = 0; i < 1_000; i++) {
            wire.most = random.nextInt(20);
            if (ring.hasRoom()) {
                int n = ring.readFrom(wire);
                in += n;
                assertThat(ring.newest(n).remaining()).isEqualTo(n);
            }
            wire.most = random.nextInt(20);
            ring.writeTo(wire, random.nextInt(ring.size() + 1));
            assertThat(ring.size()).isBetween(0, capacity).isEqualTo(in - wire.written.size());
        }
        wire.most = Integer.MAX_VALUE;
        ring.writeTo(wire, ring.size());

        assertThat(ring.isEmpty()).isTrue();
        byte[] out = wire.written.toByteArray();
        assertThat(out).hasSize(in);
        for (int i = 0; i < out.length; i++) {
            assertThat(out[i]).isEqualTo((byte) i);
        }
    }

    /** On the heap the ring grows; a ring that a loop lends does not. */
    @RepeatedTest(20)
    void putsKeepOrderForAnySizes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition()); // the seed: its number
        int most = 1 + random.nextInt(400);
        long before = HeldMemory.used();
        RingBuffer ring = random.nextBoolean() ? new RingBuffer(most) : new RingBuffer(most).own();
        RingBuffer other = new RingBuffer(1 + random.nextInt(40));
        byte next = 0;
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = new byte[random.nextInt(ring.room() + 1)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = next++;
            }
            int way = random.nextInt(3);
            if (way == 0) {
                ring.put(bytes, 0, bytes.length);
            } else if (way == 1) {
                ByteBuffer more = ByteBuffer.allocate(bytes.length + 3).put(2, bytes);
                ring.put(more.position(2).limit(2 + bytes.length));
                assertThat(more.hasRemaining()).isFalse();
            } else {
                for (int from = 0, n; from < bytes.length; from += n) {
                    n = Math.min(other.room(), bytes.length - from);
                    other.put(bytes, from, n);
                    int first = random.nextInt(n + 1);
                    ring.take(other, first);
                    ring.take(other, n - first);
                    assertThat(other.isEmpty()).isTrue();
                }
            }
            ring.writeTo(wire, random.nextInt(ring.size() + 1));
            assertThat(ring.size() + ring.room()).isEqualTo(most);
            if (ring.isOwn()) {
                assertThat(HeldMemory.used() - before).isEqualTo(ring.size() + ring.spare());
            }
        }
        ring.writeTo(wire, ring.size());

        byte[] out = wire.written.toByteArray();
        assertThat(out[out.length - 1]).isEqualTo((byte) (next - 1));
        for (int i = 0; i < out.length; i++) {
            assertThat(out[i]).isEqualTo((byte) i);
        }
        if (ring.isOwn()) {
            ring.release();
        }
        assertThat(HeldMemory.used()).isEqualTo(before);
    }

    @Test
    void refusesMoreThanRoom() {
        RingBuffer ring = new RingBuffer(8);
        ring.put(new byte[5], 0, 5);

        assertThatThrownBy(() -> ring.put(new byte[4], 0, 4)).hasMessage("4 bytes for a room of 3");
    }

    @Test
    void writesAroundEndInOneCall() throws IOException {
        RingBuffer ring = new RingBuffer(8);
        ring.readFrom(wire);
        ring.writeTo(wire, 5);
        ring.readFrom(wire);

        assertThat(ring.size()).isEqualTo(8);
        assertThat(ring.hasRoom()).isFalse();
        assertThat(ring.newest(5)).isEqualTo(ByteBuffer.wrap(new byte[] {8, 9, 10, 11, 12}));
        assertThat(ring.writeTo(wire, 8)).isEqualTo(8);
        assertThat(wire.written.size()).isEqualTo(13);
    }

    @Test
    void writesAtMostTheLimit() throws IOException {
        RingBuffer ring = new RingBuffer(8);
        ring.readFrom(wire);

        assertThat(ring.writeTo(wire, 3)).isEqualTo(3);
        assertThat(ring.size()).isEqualTo(5);
    }

    @Test
    void reportsEndOfChannel() throws IOException {
        RingBuffer ring = new RingBuffer(8);

        assertThat(ring.readFrom(java.nio.channels.Channels.newChannel(java.io.InputStream.nullInputStream())))
                .isEqualTo(-1);
        assertThat(ring.isEmpty()).isTrue();
    }

    @Test
    void scarceRingGrowsToSizeOfPool() {
        long before = HeldMemory.used();
        RingBuffer ring = RingBuffer.scarce(64 << 10).growingTo(64 << 10);
        ring.put(new byte[64 << 10], 0, 64 << 10);
        assertThat(ring.hasRoom()).isFalse();
        assertThat(HeldMemory.used()).isEqualTo(before + (64 << 10));
        ring.release();
        assertThat(HeldMemory.used()).isEqualTo(before);
    }
}
