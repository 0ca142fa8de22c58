package org.echoharness.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
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

    /** Rings of every position of the oldest byte, with the bytes that they hold. */
    private void withEachRing(int capacity, BiConsumer<RingBuffer, byte[]> check) {
        for (int head = 0; head < capacity; head++) {
            for (int size = 0; size <= capacity; size++) {
                for (RingBuffer ring : List.of(new RingBuffer(capacity), new RingBuffer(capacity).own())) {
                    put(ring, new byte[head]);
                    ring.discard(head);
                    byte[] bytes = new byte[size];
                    for (int i = 0; i < size; i++) {
                        bytes[i] = (byte) ('a' + i % 3);
                    }
                    put(ring, bytes);
                    check.accept(ring, bytes);
                    if (ring.isOwn()) {
                        ring.release();
                    }
                }
            }
        }
    }

    private static void put(RingBuffer ring, byte[] bytes) {
        ring.put(bytes, 0, bytes.length);
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static byte[] bytesOf(RingBuffer ring) {
        return bytesOf(ring.copy(0, ring.size()));
    }

    @Test
    void readsBytesAroundEnd() {
        withEachRing(7, (ring, bytes) -> {
            assertThat(ring.room()).isEqualTo(7 - bytes.length);
            for (int i = 0; i < bytes.length; i++) {
                assertThat(ring.at(i)).isEqualTo(bytes[i]);
                for (int n = 0; n <= bytes.length - i; n++) {
                    assertThat(bytesOf(ring.view(i, n))).isEqualTo(Arrays.copyOfRange(bytes, i, i + n));
                    byte[] array = new byte[n];
                    ring.copyTo(array, i, n);
                    assertThat(array).isEqualTo(Arrays.copyOfRange(bytes, i, i + n));
                }
            }
            assertThat(bytesOf(ring)).isEqualTo(bytes);
        });
    }

    @Test
    void findsByteFromIndexOn() {
        withEachRing(7, (ring, bytes) -> {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            for (int from = 0; from <= bytes.length; from++) {
                for (char c : new char[] {'a', 'b', 'c', 'd'}) {
                    assertThat(ring.indexOf((byte) c, from)).isEqualTo(text.indexOf(c, from));
                }
            }
        });
    }

    /** Places any byte among others that differ from it in one bit, at any place before and after the end of the memory. */
    @Test
    void findsByteAmongOthers() {
        int capacity = 40;
        for (int head = 0; head < capacity; head++) {
            for (int at = 0; at < capacity; at++) {
                byte wanted = (byte) (31 * head + at);
                byte[] bytes = new byte[capacity];
                for (int i = 0; i < capacity; i++) {
                    bytes[i] = (byte) (wanted ^ (1 << ((i + head) % Byte.SIZE)));
                }
                RingBuffer ring = new RingBuffer(capacity);
                ring.put(bytes, 0, head);
                ring.discard(head);
                bytes[at] = wanted;
                ring.put(bytes, 0, capacity);

                assertThat(ring.indexOf(wanted, 0)).isEqualTo(at);
                assertThat(ring.indexOf(wanted, at)).isEqualTo(at);
                assertThat(ring.indexOf(wanted, at + 1)).isEqualTo(-1);
                ring.discard(at + 1);
                assertThat(ring.indexOf(wanted, 0)).isEqualTo(-1);
            }
        }
    }

    @Test
    void findsFirstByteThatDiffers() {
        withEachRing(7, (ring, bytes) -> {
            for (int index = 0; index < bytes.length; index++) {
                int n = bytes.length - index;
                byte[] other = new byte[n + 1];
                System.arraycopy(bytes, index, other, 1, n);
                assertThat(ring.mismatch(index, other, 1, n)).isEqualTo(-1);
                assertThat(ring.matches(index, other, 1, n)).isTrue();
                for (int i = 0; i < n; i++) {
                    other[1 + i]++;
                    assertThat(ring.mismatch(index, other, 1, n)).isEqualTo(i);
                    assertThat(ring.matches(index, other, 1, n)).isFalse();
                    assertThat(ring.matches(index, other, 1, i)).isTrue();
                    other[1 + i]--;
                }
            }
        });
    }

    @Test
    void readsAfterPartialWrite() throws IOException {
        RingBuffer ring = new RingBuffer(8);
        ring.readFrom(wire);
        ring.writeTo(wire, 2); // leaves the limit of the memory at 2

        assertThat(ring.at(5)).isEqualTo((byte) 7);
        ring.copyTo(wire, 0, 1);
        assertThat(ring.indexOf((byte) 7, 0)).isEqualTo(5);
        ring.copyTo(wire, 0, 1);
        assertThat(ring.matches(4, new byte[] {6, 7}, 0, 2)).isTrue();
        ring.copyTo(wire, 0, 1);
        assertThat(ring.view(4, 2)).isEqualTo(ByteBuffer.wrap(new byte[] {6, 7}));
        ring.copyTo(wire, 0, 1);
        put(ring, new byte[] {1, 2});
        assertThat(bytesOf(ring)).containsExactly(2, 3, 4, 5, 6, 7, 1, 2);
    }
}
