package org.echoharness.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The bounded buffer between a connection's reads and its writes: bytes leave in the order in which they came. One event
 * loop's thread uses it. The memory of those that a loop lends is direct, so that the kernel reads and writes it without a
 * copy. What a connection holds for longer goes into one of its own, on the heap, which is as small as it can be and grows.
 */
public final class RingBuffer {

    /** One ring that a closed server left for the next: a test's server would else allocate and clear one for each test. */
    private static final AtomicReference<@Nullable RingBuffer> LEFT = new AtomicReference<>();

    private static final int SMALLEST = 64;
    private static final int SCARCE = 4 << 10;

    /** The most that moves at once to or from the heap: the JDK keeps a direct buffer of that size for each thread. */
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

    /** A ring that holds the same, on the heap, and is no larger than it must be. */
    public RingBuffer own() {
        int capacity = Math.min(most, Math.max(SMALLEST, ceiling(size)));
        RingBuffer own = new RingBuffer(most, copy(0, size, capacity));
        own.size = size;
        HeldMemory.take(capacity);
        return own;
    }

    /** An empty ring on the heap, small where there is little direct memory: the JDK reads and writes it by way of some. */
    public static RingBuffer scarce(int most) {
        int capacity = Math.min(most, SCARCE);
        HeldMemory.take(capacity);
        return new RingBuffer(capacity, ByteBuffer.allocate(capacity));
    }

    /** The power of two that is no less. */
    private static int ceiling(int n) {
        return n <= 1 ? 1 : (int) Math.min(Integer.MAX_VALUE, Long.highestOneBit(n - 1L) << 1);
    }

    /** Whether it is on the heap, of one connection alone. */
    public boolean isOwn() {
        return !buffer.isDirect();
    }

    /** Gives back the memory of a ring that is a connection's own, and that is not used any more. */
    public void release() {
        HeldMemory.release(buffer.capacity());
        clear();
    }

    /** How many bytes more of memory it takes to read on. */
    public int lacks() {
        return size < buffer.capacity() ? 0 : Math.min(most - size, buffer.capacity());
    }

    private void grow() {
        int more = lacks();
        buffer = copy(0, size, buffer.capacity() + more);
        head = 0;
        HeldMemory.take(more);
    }

    /** An empty ring of that capacity. Any thread. */
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

    /** Whether to read more already is worth a system call. A ring that is not empty but cannot be halved is not. */
    public boolean isHalfFree() {
        return size <= most / 2;
    }

    public void clear() {
        head = 0;
        size = 0;
    }

    /** Reads once, into the free space up to the end of the memory. Returns what the channel returns: -1 at its end. */
    public int readFrom(ReadableByteChannel channel) throws IOException {
        return readFrom(channel, most);
    }

    /** As {@link #readFrom(ReadableByteChannel)}, at most this number of bytes. */
    public int readFrom(ReadableByteChannel channel, int bytes) throws IOException {
        if (lacks() > 0) {
            grow();
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

    /** Writes some of the bytes, beginning this many after the oldest, and keeps them. Returns how many the channel took. */
    public int copyTo(WritableByteChannel channel, int from, int most) throws IOException {
        int start = (head + from) % buffer.capacity();
        int n = slice(Math.min(most, buffer.capacity() - start));
        buffer.limit(start + n).position(start);
        return channel.write(buffer);
    }

    /** A copy of some of the bytes, beginning this many after the oldest. */
    public ByteBuffer copy(int from, int n) {
        return copy(from, n, n);
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

    /** Drops the oldest bytes. */
    public void discard(int n) {
        head = (head + n) % buffer.capacity();
        size -= n;
    }

    /** Flips every bit of the byte that is this many after the oldest. */
    public void flip(int index) {
        int at = (head + index) % buffer.capacity();
        buffer.clear(); // or the limit of the last write would hold
        buffer.put(at, (byte) ~buffer.get(at));
    }

    /** The newest {@code n} bytes, which one {@link #readFrom} has just put there. */
    public ByteBuffer newest(int n) {
        int tail = head + size;
        int end = tail > buffer.capacity() ? tail - buffer.capacity() : tail;
        return buffer.duplicate().limit(end).position(end - n).slice();
    }
}
