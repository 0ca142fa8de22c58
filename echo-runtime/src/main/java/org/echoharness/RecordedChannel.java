package org.echoharness;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * The non-blocking socket of a client, with its reads and writes recorded if the client has a recording. One thread may send
 * while another receives. Each call is made and recorded as one step, so that the recording has the actual order.
 */
final class RecordedChannel {

    private static final int SLICE = 64 << 10; // the JDK keeps direct memory as large as a thread's largest write

    private final SocketChannel channel;
    private final int bufferSize;
    private final @Nullable ConnectionRecorder recorder;
    private final @Nullable ConnectionReporter reporter;

    /** @param bufferSize the most bytes of one read */
    RecordedChannel(SocketChannel channel, int bufferSize, @Nullable ConnectionReporter reporter) {
        this.channel = channel;
        this.bufferSize = bufferSize;
        this.reporter = reporter;
        recorder = reporter == null ? null : reporter.recorder();
    }

    int read(ByteBuffer in) throws IOException {
        int start = in.position();
        int limit = in.limit();
        in.limit(Math.min(limit, start + bufferSize));
        int n = recorder == null ? channel.read(in) : readRecorded(recorder, in);
        in.limit(limit);
        if (n > 0 && reporter != null) {
            reporter.printReceived(in.duplicate().flip().position(start));
        }
        return n;
    }

    private int readRecorded(ConnectionRecorder to, ByteBuffer in) throws IOException {
        return to.inOrder(() -> {
            int start = in.position();
            int n = channel.read(in);
            if (n > 0) {
                to.received(in.duplicate().flip().position(start));
            } else if (n < 0) {
                to.inputEnded();
            }
            return n;
        });
    }

    /** Writes, in slices, the bytes that the kernel takes now. Returns whether bytes are left. */
    boolean write(ByteBuffer out) throws IOException {
        int limit = out.limit();
        while (out.hasRemaining()) {
            out.limit(Math.min(limit, out.position() + SLICE));
            if (recorder == null) {
                channel.write(out);
            } else {
                writeRecorded(recorder, out);
            }
            boolean full = out.hasRemaining();
            out.limit(limit);
            if (full) {
                return true;
            }
        }
        return false;
    }

    private void writeRecorded(ConnectionRecorder to, ByteBuffer out) throws IOException {
        to.inOrder(() -> {
            int start = out.position();
            long before = System.nanoTime();
            int n = channel.write(out);
            if (n > 0) {
                to.sent(out.duplicate().flip().position(start), n, before);
            }
            return n;
        });
    }

    void shutdownOutput() throws IOException {
        if (recorder == null) {
            channel.shutdownOutput();
        } else {
            shutdownOutputRecorded(recorder);
        }
    }

    private void shutdownOutputRecorded(ConnectionRecorder to) throws IOException {
        to.inOrder(() -> {
            long before = System.nanoTime();
            channel.shutdownOutput();
            to.outputEnded("", before);
            return 0;
        });
    }

    /** Records before the close that the close will send an RST, if received bytes are unread. */
    void recordUnread() throws IOException {
        if (recorder == null) {
            return;
        }
        int unread = available();
        int n = unread > 0 ? unread : readRecorded(recorder, ByteBuffer.allocate(1));
        if (n > 0) {
            // if the byte just read was the only one, the close would send a FIN
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            recordEnd(Ending.Side.CLIENT, Ending.How.RST, "closed with bytes unread");
        }
    }

    void recordEnd(Ending.Side by, Ending.How how, String why) {
        if (recorder != null) {
            recorder.ended(by, how, why, false);
        }
    }

    /** Returns how many received bytes are unread. */
    int available() throws IOException {
        return channel.socket().getInputStream().available();
    }
}
