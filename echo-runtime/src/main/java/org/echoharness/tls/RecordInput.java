package org.echoharness.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * What has come and is not read yet: records, and the text of a record that did not fit into the buffer of its reader. It has
 * a buffer only while it holds bytes. The thread that uses the channel calls it.
 */
final class RecordInput {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private @Nullable ByteBuffer records;
    private @Nullable ByteBuffer text;
    private boolean lacksBytes; // the first record is not whole
    private boolean hasReceived;
    private boolean hasMoved; // since it was asked
    private boolean hasEnded; // the peer's FIN has come

    /** Puts the first bytes, which were read as clear text. */
    void begin(ByteBuffer early) {
        if (early.hasRemaining()) {
            boolean isLong = early.remaining() > TlsBuffers.BYTES;
            ByteBuffer first = isLong ? ByteBuffer.allocate(early.remaining()) : TlsBuffers.borrow();
            records = first.put(early).flip();
            hasReceived = true;
        }
    }

    /** Reads the wire unless records wait to be read. Returns whether there is something to unwrap. */
    boolean fill(ReadableByteChannel wire) throws IOException {
        if (hasRecords()) {
            return true;
        }
        if (hasEnded) {
            return false;
        }
        ByteBuffer held = records;
        ByteBuffer to = held == null ? TlsBuffers.borrow() : held.compact();
        int n = 0;
        try {
            n = wire.read(to);
        } finally {
            to.flip();
            records = to;
            dropEmpty();
        }
        hasEnded = n < 0;
        hasReceived |= n > 0;
        hasMoved |= n > 0;
        lacksBytes &= n <= 0;
        return n > 0;
    }

    /** Returns whether records wait to be read; a part of one, of which the engine wants more, is none. */
    boolean hasRecords() {
        return records != null && !lacksBytes;
    }

    /** Returns the bytes of the records, for the engine, which calls {@link #unwrapped} then. */
    ByteBuffer records() {
        ByteBuffer held = records;
        return held == null ? NOTHING : held;
    }

    /**
     * Called when the engine has read {@link #records}.
     *
     * @param lacks whether it wants more bytes of the record
     */
    void unwrapped(boolean lacks) {
        lacksBytes = lacks;
        dropEmpty();
    }

    private void dropEmpty() {
        ByteBuffer held = records;
        if (held != null) {
            records = TlsBuffers.unlessEmpty(held);
            lacksBytes &= records != null;
        }
    }

    /** Returns whether some bytes have come. */
    boolean hasReceived() {
        return hasReceived;
    }

    /** Returns whether bytes have come since the last call. */
    boolean hasMoved() {
        boolean moved = hasMoved;
        hasMoved = false;
        return moved;
    }

    /** Returns whether the peer's FIN has come. */
    boolean hasEnded() {
        return hasEnded;
    }

    /** Returns whether text waits for its reader. */
    boolean hasText() {
        return text != null;
    }

    /** Returns a buffer, with the text that waits in it, to put more text into. The caller then calls {@link #keepText}. */
    ByteBuffer openText() {
        ByteBuffer held = text;
        text = null;
        return held == null ? TlsBuffers.borrow() : held.compact();
    }

    /** Keeps the text until it is read. */
    void keepText(ByteBuffer opened) {
        text = TlsBuffers.unlessEmpty(opened.flip());
    }

    /** Moves text that waits to its reader, as far as there is room. */
    void takeText(ByteBuffer into) {
        ByteBuffer held = text;
        if (held == null) {
            return;
        }
        int n = Math.min(held.remaining(), into.remaining());
        into.put(into.position(), held, held.position(), n).position(into.position() + n);
        held.position(held.position() + n);
        text = TlsBuffers.unlessEmpty(held);
    }

    /**
     * Gives up what it holds.
     *
     * @param isReusable whether other connections may have the buffers
     */
    void release(boolean isReusable) {
        ByteBuffer ownRecords = records;
        if (isReusable && ownRecords != null) {
            TlsBuffers.giveBack(ownRecords);
        }
        ByteBuffer ownText = text;
        if (isReusable && ownText != null) {
            TlsBuffers.giveBack(ownText);
        }
        records = null;
        text = null;
    }
}
