package org.echoharness.proxy;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** A socket whose bytes come in pieces: a read gets at most what has come. */
final class PiecewiseInput implements ReadableByteChannel {

    private final ByteBuffer all;
    private int come;
    private boolean hasFin;

    PiecewiseInput(byte[] all) {
        this.all = ByteBuffer.wrap(all);
    }

    /** All bytes up to this index have come. */
    void comesTo(int index) {
        come = index;
    }

    /** The FIN comes after the bytes that have come. */
    void ends() {
        hasFin = true;
    }

    /** How many bytes were read. */
    int read() {
        return all.position();
    }

    @Override
    public int read(ByteBuffer into) {
        int n = Math.min(into.remaining(), come - all.position());
        if (n == 0) {
            return hasFin ? -1 : 0;
        }
        into.put(all.slice(all.position(), n));
        all.position(all.position() + n);
        return n;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
