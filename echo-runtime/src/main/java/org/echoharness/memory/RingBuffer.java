package org.echoharness.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The bounded buffer between a connection's reads and its writes. Bytes leave it in the order in which they came. One event
 * loop's thread uses it. A ring that a loop lends has direct memory, which the kernel reads and writes without a copy. Bytes
 * that a connection holds for longer go into a ring of its own on the heap, which begins as small as possible and grows.
 */
public final class RingBuffer {

    /** One ring of a closed server, for the next one: allocating and clearing a ring for each test would take time. */
    private static final AtomicReference<@Nullable RingBuffer> LEFT = new AtomicReference<>();

    private static final int SMALLEST = 64;
    private static final int SCARCE = 4 << 10;
    private static final long LOWEST_BITS = 0x0101010101010101L; // of each of eight bytes
    private static final long HIGHEST_BITS = 0x8080808080808080L;

    /** The most bytes that one call moves to or from the heap: the JDK keeps a direct buffer of that size per thread. */
    public static final int SLICE = 64 << 10;

    private final int most; // bytes that it may hold
    private ByteBuffer buffer;
    private int head; // where the oldest byte is
    private int size; // how many bytes are held, from head on, around the end

    public RingBuffer(int capacity) {
        this(capacity, ByteBuffer.allocateDirect(capacity));
    }

    private RingBuffer(int most, ByteBuffer buffer) {
        this.most = most;
        this.buffer = buffer;
    }

    /** Returns a ring on the heap with the same bytes, and no larger than necessary. */
    public RingBuffer own() {
        int capacity = Math.min(most, Math.max(SMALLEST, ceiling(size)));
        RingBuffer own = new RingBuffer(most, copy(0, size, capacity));
        own.size = size;
        HeldMemory.take(capacity);
        return own;
    }

    /** Returns a small empty ring on the heap, because the JDK copies its bytes through direct memory, which is short. */
    public static RingBuffer scarce(int most) {
        int capacity = Math.min(most, SCARCE);
        HeldMemory.take(capacity);
        return new RingBuffer(capacity, ByteBuffer.allocate(capacity));
    }

    /** Returns this ring, which is empty, as one that may grow to this size. The memory belongs to the new one. */
    RingBuffer growingTo(int bytes) {
        return new RingBuffer(bytes, buffer);
    }

    /** Returns the smallest power of two that is not less than {@code n}. */
    private static int ceiling(int n) {
        return n <= 1 ? 1 : (int) Math.min(Integer.MAX_VALUE, Long.highestOneBit(n - 1L) << 1);
    }

    /** Returns whether the ring is on the heap and belongs to one connection. */
    public boolean isOwn() {
        return !buffer.isDirect();
    }

    /** Releases the memory of a connection's own ring, which is not used any more. */
    public void release() {
        HeldMemory.release(buffer.capacity());
        clear();
    }

    /** Returns how many more bytes of memory the ring needs to read on. */
    public int lacks() {
        return size < buffer.capacity() ? 0 : Math.min(most - size, buffer.capacity());
    }

    /** Returns how many bytes fit into the memory that the ring has. */
    public int spare() {
        return buffer.capacity() - size;
    }

    private void grow(int more) {
        buffer = copy(0, size, buffer.capacity() + more);
        head = 0;
        HeldMemory.take(more);
    }

    /** Returns an empty ring of this capacity. Any thread. */
    public static RingBuffer of(int capacity) {
        RingBuffer left = LEFT.getAndSet(null);
        return left != null && left.buffer.capacity() == capacity ? left : new RingBuffer(capacity);
    }

    /** Leaves this ring, which is not used any more, for another server. Any thread. */
    public void leave() {
        clear();
        LEFT.set(this);
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public boolean hasRoom() {
        return size < most;
    }

    /** Returns whether enough is free for a read to be worth a system call: at least half. */
    public boolean isHalfFree() {
        return size <= most / 2;
    }

    public void clear() {
        head = 0;
        size = 0;
    }

    /** Reads once, into the free space up to the end of the memory. Returns what the channel returns, -1 at its end. */
    public int readFrom(ReadableByteChannel channel) throws IOException {
        return readFrom(channel, most);
    }

    /** Reads once, at most this number of bytes. Returns what the channel returns, -1 at its end. */
    public int readFrom(ReadableByteChannel channel, int bytes) throws IOException {
        if (lacks() > 0) {
            grow(lacks());
        }
        int tail = head + size;
        if (tail < buffer.capacity()) {
            buffer.limit(buffer.capacity()).position(tail);
        } else {
            buffer.limit(head).position(tail - buffer.capacity());
        }
        buffer.limit(buffer.position() + Math.min(buffer.remaining(), slice(bytes)));
        int n = channel.read(buffer);
        size += Math.max(n, 0);
        return n;
    }

    /** Returns how many more bytes it may hold, whether or not it has the memory for them yet: see {@link #lacks}. */
    public int room() {
        return most - size;
    }

    /** Appends bytes, at most {@link #room}. */
    public void put(byte[] bytes, int from, int count) {
        makeRoom(count);
        int tail = (head + size) % buffer.capacity();
        int first = Math.min(count, buffer.capacity() - tail);
        buffer.clear(); // the limit of the last read or write may be below the tail
        buffer.put(tail, bytes, from, first).put(0, bytes, from + first, count - first);
        size += count;
    }

    /** Appends the remaining bytes, at most {@link #room}. */
    public void put(ByteBuffer bytes) {
        int count = bytes.remaining();
        makeRoom(count);
        append(bytes, bytes.position(), count);
        bytes.position(bytes.limit());
    }

    /** Moves the oldest bytes of another ring to the end of this one, at most {@link #room}. */
    public void take(RingBuffer other, int count) {
        makeRoom(count);
        int first = Math.min(count, other.buffer.capacity() - other.head);
        other.buffer.clear();
        append(other.buffer, other.head, first);
        append(other.buffer, 0, count - first);
        other.discard(count);
    }

    private void append(ByteBuffer bytes, int from, int count) {
        int tail = (head + size) % buffer.capacity();
        int first = Math.min(count, buffer.capacity() - tail);
        buffer.clear(); // the limit of the last read or write may be below the tail
        buffer.put(tail, bytes, from, first).put(0, bytes, from + first, count - first);
        size += count;
    }

    private void makeRoom(int count) {
        if (count > room()) {
            throw new IllegalArgumentException(count + " bytes for a room of " + room());
        }
        int wanted = size + count;
        if (wanted > buffer.capacity()) {
            grow(Math.min(most, ceiling(wanted)) - buffer.capacity());
        }
    }

    /** Writes the oldest bytes, at most {@code most} of them, until the channel takes no more. Returns how many it took. */
    public int writeTo(WritableByteChannel channel, int most) throws IOException {
        int written = 0;
        int n;
        do {
            n = slice(Math.min(most - written, buffer.capacity() - head));
            buffer.limit(head + n).position(head);
            int taken = channel.write(buffer);
            written += taken;
            size -= taken;
            head += taken;
            if (size == 0 || head == buffer.capacity()) {
                head = 0;
            }
            n -= taken;
        } while (n == 0 && written < most);
        return written;
    }

    /** Writes bytes from this index on, and keeps them. The oldest byte has index 0. Returns how many it wrote. */
    public int copyTo(WritableByteChannel channel, int from, int most) throws IOException {
        int start = (head + from) % buffer.capacity();
        int n = slice(Math.min(most, buffer.capacity() - start));
        buffer.limit(start + n).position(start);
        return channel.write(buffer);
    }

    /** Returns a copy of {@code n} bytes from the index {@code from} on. */
    public ByteBuffer copy(int from, int n) {
        return copy(from, n, n);
    }

    /** Copies {@code n} bytes from the index {@code from} on to the beginning of an array. */
    public void copyTo(byte[] array, int from, int n) {
        int start = position(from);
        int first = Math.min(n, buffer.capacity() - start);
        buffer.clear();
        buffer.get(start, array, 0, first).get(0, array, first, n - first);
    }

    private int slice(int bytes) {
        return buffer.isDirect() ? bytes : Math.min(bytes, SLICE);
    }

    private ByteBuffer copy(int from, int n, int capacity) {
        ByteBuffer copy = ByteBuffer.allocate(capacity);
        int start = (head + from) % buffer.capacity();
        int first = Math.min(n, buffer.capacity() - start);
        buffer.clear();
        copy.put(0, buffer, start, first).put(first, buffer, 0, n - first);
        return copy;
    }

    /** Returns the byte at this index. The oldest byte has index 0. */
    public byte at(int index) {
        buffer.clear(); // the limit of the last read or write may be below this index
        return buffer.get(position(index));
    }

    /** Returns the index of the first such byte from the index {@code from} on, or -1. */
    public int indexOf(byte wanted, int from) {
        buffer.clear();
        int first = Math.min(size, buffer.capacity() - head); // bytes before the end of the memory
        int found = find(wanted, head + from, head + first);
        if (found >= 0) {
            return found - head;
        }
        found = find(wanted, Math.max(from, first) - first, size - first);
        return found < 0 ? -1 : first + found;
    }

    /** Returns the first place in this part of the memory where the byte is, or -1. Looks at eight bytes at a time. */
    private int find(byte wanted, int from, int to) {
        long eight = (wanted & 0xFF) * LOWEST_BITS;
        int at = from;
        while (at <= to - Long.BYTES) {
            long differences = buffer.getLong(at) ^ eight;
            if (((differences - LOWEST_BITS) & ~differences & HIGHEST_BITS) != 0) {
                break; // one of these bytes is zero
            }
            at += Long.BYTES;
        }
        while (at < to) {
            if (buffer.get(at) == wanted) {
                return at;
            }
            at++;
        }
        return -1;
    }

    /** Returns whether the {@code n} bytes from this index on are those of the array. */
    public boolean matches(int index, byte[] other, int from, int n) {
        return mismatch(index, other, from, n) < 0;
    }

    /** Compares the {@code n} bytes from this index on with those of the array. Returns the first that differs, or -1. */
    public int mismatch(int index, byte[] other, int from, int n) {
        buffer.clear();
        int start = position(index);
        int first = Math.min(n, buffer.capacity() - start);
        for (int i = 0; i < first; i++) {
            if (buffer.get(start + i) != other[from + i]) {
                return i;
            }
        }
        for (int i = first; i < n; i++) {
            if (buffer.get(i - first) != other[from + i]) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Returns the {@code n} bytes from the index {@code from} on, to be read before the ring changes. It copies them only if
     * they do not stand in one piece.
     */
    public ByteBuffer view(int from, int n) {
        int start = position(from);
        if (n > buffer.capacity() - start) {
            return copy(from, n).asReadOnlyBuffer();
        }
        buffer.clear();
        return buffer.slice(start, n).asReadOnlyBuffer();
    }

    /** Returns where in the memory the byte with this index is. */
    private int position(int index) {
        int at = head + index;
        return at < buffer.capacity() ? at : at - buffer.capacity();
    }

    /** Drops the oldest {@code n} bytes. */
    public void discard(int n) {
        head = (head + n) % buffer.capacity();
        size -= n;
    }

    /** Flips every bit of the byte at this index. */
    public void flip(int index) {
        byte flipped = (byte) ~at(index);
        buffer.put(position(index), flipped);
    }

    /** Returns the newest {@code n} bytes, which one call of {@link #readFrom} has just read. */
    public ByteBuffer newest(int n) {
        int tail = head + size;
        int end = tail > buffer.capacity() ? tail - buffer.capacity() : tail;
        return buffer.duplicate().limit(end).position(end - n).slice();
    }
}
