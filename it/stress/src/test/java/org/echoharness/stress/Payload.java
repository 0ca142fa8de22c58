package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.support.PlainSockets;

/**
 * An endless stream of random bytes, the same for the same seed. It repeats a block of a prime length, so that bytes
 * lost, duplicated or moved by the size of any buffer make a difference. Safe for use by several threads.
 */
final class Payload {

    private static final int PERIOD = 1_048_573;
    private static final int CHUNK = 64 * PlainSockets.KIB;

    /** One period and the start of the next: a chunk from anywhere in the period is in one piece. */
    private final byte[] block = new byte[PERIOD + CHUNK];

    private final ByteBuffer direct = ByteBuffer.allocateDirect(block.length);

    Payload(long seed) {
        byte[] period = new byte[PERIOD];
        new Random(seed).nextBytes(period);
        System.arraycopy(period, 0, block, 0, PERIOD);
        System.arraycopy(period, 0, block, PERIOD, CHUNK);
        direct.put(block).flip();
    }

    /** The bytes from this offset on, at most 64 KiB and no more than the limit says, for a channel. */
    ByteBuffer slice(long offset, long limit) {
        int length = (int) Math.min(CHUNK, limit - offset);
        return direct.slice((int) (offset % PERIOD), length);
    }

    /** Writes the first bytes of the payload; how many are written can be read meanwhile. */
    void write(OutputStream out, long total, AtomicLong written) throws IOException {
        for (long at = 0; at < total; at = written.get()) {
            int length = (int) Math.min(CHUNK, total - at);
            out.write(block, (int) (at % PERIOD), length);
            written.addAndGet(length);
        }
    }

    /** Reads to the end of the stream and checks every byte; returns how many came. */
    long readAndCheck(InputStream in) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long at = 0;
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            assertThat(matches(chunk, n, at)).as("bytes at offset " + at).isTrue();
            at += n;
        }
        return at;
    }

    /** Whether this chunk is what the payload has at this offset. */
    boolean matches(byte[] chunk, int length, long offset) {
        int from = (int) (offset % PERIOD);
        return Arrays.equals(chunk, 0, length, block, from, from + length);
    }
}
