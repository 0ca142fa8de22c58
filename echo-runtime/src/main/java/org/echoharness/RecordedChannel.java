package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.echoharness.sockets.ChannelReadiness;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.tls.TlsClientChannel;
import org.jspecify.annotations.Nullable;

/**
 * The non-blocking socket of a client, with its reads and writes recorded if the client has a recording. One thread may send
 * while another receives. Each call is made and recorded as one step, so that the recording has the actual order.
 */
final class RecordedChannel {

    private static final int SLICE = 64 << 10; // the JDK keeps direct memory as large as a thread's largest write

    private final SocketChannel channel;
    private final @Nullable TlsClientChannel tls; // the text of the socket
    private final ByteChannel text; // either of them
    private final int bufferSize;
    private final @Nullable ConnectionRecorder recorder;
    private final @Nullable ConnectionReporter reporter;
    private final boolean isUnix;
    private boolean hasRead;
    private boolean gotTlsAlert;
    private @Nullable ByteBuffer ahead; // bytes that available() has read; the thread that reads uses it

    /**
     * @param tls the text of the socket; null without TLS
     * @param bufferSize the most bytes of one read
     */
    RecordedChannel(
            SocketChannel channel,
            @Nullable TlsClientChannel tls,
            int bufferSize,
            @Nullable ConnectionReporter reporter)
            throws IOException {
        this.channel = channel;
        this.tls = tls;
        text = tls == null ? channel : tls;
        this.bufferSize = bufferSize;
        this.reporter = reporter;
        isUnix = !(channel.getLocalAddress() instanceof InetSocketAddress);
        recorder = reporter == null ? null : reporter.recorder();
    }

    /** Returns whether the first bytes of the server were an alert of TLS, although this client speaks none. */
    boolean gotTlsAlert() {
        return gotTlsAlert;
    }

    int read(ByteBuffer in) throws IOException {
        int start = in.position();
        int limit = in.limit();
        in.limit(Math.min(limit, start + bufferSize));
        int n = readSilently(in);
        in.limit(limit);
        if (n > 0 && !hasRead) {
            hasRead = true;
            gotTlsAlert = tls == null
                    && EchoMismatchException.isTlsAlert(in.duplicate().flip().position(start));
        }
        if (n > 0 && reporter != null) {
            reporter.printReceived(in.duplicate().flip().position(start));
        }
        return n;
    }

    /** Reads without a line of the conversation. */
    int readSilently(ByteBuffer in) throws IOException {
        return recorder == null ? readNext(in) : readRecorded(recorder, in);
    }

    private int readRecorded(ConnectionRecorder to, ByteBuffer in) throws IOException {
        return to.inOrder(() -> {
            int start = in.position();
            int n = readNext(in);
            if (n > 0) {
                to.received(in.duplicate().flip().position(start));
            } else if (n < 0) {
                to.inputEnded();
            }
            return n;
        });
    }

    /** Reads what {@link #available} has read ahead, or else from the channel. */
    private int readNext(ByteBuffer in) throws IOException {
        ByteBuffer first = ahead;
        if (first == null || !first.hasRemaining()) {
            return text.read(in);
        }
        int n = Math.min(first.remaining(), in.remaining());
        in.put(in.position(), first, first.position(), n).position(in.position() + n);
        first.position(first.position() + n);
        return n;
    }

    /** Writes, in slices, the bytes that the kernel takes now. Returns whether bytes are left. */
    boolean write(ByteBuffer out) throws IOException {
        int limit = out.limit();
        while (out.hasRemaining()) {
            out.limit(Math.min(limit, out.position() + SLICE));
            if (recorder == null) {
                text.write(out);
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
            int n = text.write(out);
            if (n > 0) {
                to.sent(out.duplicate().flip().position(start), n, before);
            }
            return n;
        });
    }

    /** Sends the records that wait for it, with TLS. Returns whether none waits any more. */
    boolean flush() throws IOException {
        return tls == null || tls.flush();
    }

    /** Returns the operations to wait for, in place of those of the text. */
    int interest(int wanted) {
        return tls == null ? wanted : tls.interest(wanted);
    }

    /** Returns whether a read has a result although the socket has nothing to read. */
    boolean hasInput() {
        return tls != null && tls.hasInput();
    }

    boolean isTls() {
        return tls != null;
    }

    /** Ends the output with a FIN; with TLS after a close_notify, and both follow the records that wait. */
    private void endOutput() throws IOException {
        if (tls == null) {
            channel.shutdownOutput();
        } else {
            tls.endOutput();
        }
    }

    void shutdownOutput() throws IOException {
        if (recorder == null) {
            endOutput();
        } else {
            shutdownOutputRecorded(recorder);
        }
    }

    private void shutdownOutputRecorded(ConnectionRecorder to) throws IOException {
        to.inOrder(() -> {
            long before = System.nanoTime();
            endOutput();
            to.outputEnded("", before);
            return 0;
        });
    }

    /**
     * Prepares the close. If received bytes are unread, it will send an RST, which is recorded. Returns whether it will send a
     * FIN.
     */
    boolean recordUnread() throws IOException {
        if (tls != null) {
            boolean isUnread = available() > 0;
            if (isUnread) {
                resetAtClose();
            }
            return !isUnread;
        }
        if (recorder == null) {
            return true;
        }
        int unread = isUnix ? 0 : available();
        int n = unread > 0 ? unread : readRecorded(recorder, ByteBuffer.allocate(1));
        if (n > 0 && (!isUnix || isReadable())) {
            // if the byte just read was the only one, the close would send a FIN
            resetAtClose();
            return false;
        }
        return true;
    }

    private void resetAtClose() {
        if (tls != null) {
            tls.endWithReset();
        }
        SocketChannels.linger(channel, 0);
        recordEnd(Ending.Side.CLIENT, Ending.How.RST, "closed with bytes unread");
    }

    void close() throws IOException {
        text.close();
    }

    void recordEnd(Ending.Side by, Ending.How how, String why) {
        if (recorder != null) {
            recorder.ended(by, how, why, false);
        }
    }

    private boolean isReadable() throws IOException {
        try (ChannelReadiness readiness = new ChannelReadiness(channel)) {
            return readiness.await(SelectionKey.OP_READ, System.nanoTime());
        }
    }

    /**
     * Returns how many received bytes are unread; for a Unix socket, and with TLS, at most {@link #SLICE}, which it reads
     * ahead.
     */
    int available() throws IOException {
        if (!isUnix && tls == null) {
            return channel.socket().getInputStream().available();
        }
        ByteBuffer first = ahead == null ? ByteBuffer.allocate(SLICE) : ahead.compact();
        ahead = first;
        try {
            int n;
            do {
                n = text.read(first);
            } while (n > 0);
        } finally {
            first.flip();
        }
        return first.remaining();
    }

    /**
     * Finds bytes that a server sent after the echo that a client checked last. Only the thread that reads looks for them;
     * any thread may call the other methods.
     */
    static final class SurplusCheck {

        /**
         * What a client expected.
         *
         * @param than what the error for further bytes compares them with, such as "were sent"
         * @param bytes the length of what was expected
         */
        record Expected(String than, long bytes) {

            /** What a client expects that has not checked an echo. */
            static final Expected NOTHING = new Expected("were expected", 0);

            /** Returns the error for {@code count} further bytes. It shows some of those that the buffer has. */
            EchoMismatchException more(int count, ByteBuffer first) {
                ByteBuffer shown = first.limit(first.position() + Math.min(first.remaining(), Exchange.SURPLUS));
                return EchoMismatchException.more(count, than, bytes, shown);
            }
        }

        private final RecordedChannel channel;
        private volatile @Nullable Expected last; // null if further bytes are allowed

        SurplusCheck(RecordedChannel channel) {
            this.channel = channel;
        }

        /** Begins to look for bytes after this echo. */
        void begin(Expected echo) {
            last = echo;
        }

        /** Allows further bytes: what was sent since may be answered. */
        void end() {
            last = null;
        }

        boolean isOn() {
            return last != null;
        }

        /** Returns what further bytes are compared with. */
        Expected expected() {
            Expected echo = last;
            return echo == null ? Expected.NOTHING : echo;
        }

        /** Ends the check, and fails if further bytes have come. */
        void failIfMoreCame() throws IOException {
            Expected echo = last;
            last = null;
            int more = echo == null ? 0 : channel.available();
            if (echo != null && more > 0) {
                ByteBuffer in = ByteBuffer.allocate(Math.min(more, Exchange.SURPLUS));
                channel.read(in);
                throw echo.more(more, in.flip());
            }
        }
    }
}
