package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.echoharness.memory.RingBuffer;

/**
 * What a client has sent in clear text and is not reported yet, on a connection that may start TLS. What follows the last
 * message in clear text can be the beginning of the handshake, which is no text and is never reported. Bytes are reported when
 * they are matched, or at the end of a turn, if they do not begin as a handshake does. The thread of one event loop uses it.
 */
public final class UnreportedInput {

    private static final int HANDSHAKE_RECORD = 22; // RFC 8446, section 5.1

    private final Consumer<ByteBuffer> report;
    private ByteBuffer bytes = ByteBuffer.allocate(0); // from its position to its limit
    private int reported; // of the bytes that are not matched yet; these came before
    private boolean isDropped; // TLS has started, and others report what comes

    /** @param report reports bytes that have come */
    public UnreportedInput(Consumer<ByteBuffer> report) {
        this.report = report;
    }

    /** Adds bytes that have just come. */
    public void add(ByteBuffer came) {
        bytes = ByteBuffer.allocate(bytes.remaining() + came.remaining())
                .put(bytes)
                .put(came)
                .flip();
    }

    /** Called when this number of further bytes is matched. */
    private void matched(int count) {
        if (isDropped) {
            return;
        }
        int before = Math.min(count, reported);
        reported -= before;
        report(count - before);
    }

    private void report(int count) {
        if (count > 0) {
            report.accept(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
        }
    }

    /** Called at the end of a turn. */
    public void rest() {
        if (reported > 0 || !bytes.hasRemaining() || bytes.get(bytes.position()) != HANDSHAKE_RECORD) {
            reportAll();
        }
    }

    /** Reports all, since TLS does not start. */
    public void reportAll() {
        int count = bytes.remaining();
        report(count);
        reported += count;
    }

    /** Drops all, since that is the beginning of the handshake. Bytes that are matched later are none of these. */
    public void drop() {
        isDropped = true;
        bytes = ByteBuffer.allocate(0);
        reported = 0;
    }

    /** Returns an outlet that passes on what it gets, and reports bytes when they are matched. */
    public Outlet reporting(Outlet to) {
        return new Reporting(to, this);
    }

    private record Reporting(Outlet to, UnreportedInput input) implements Outlet {
        @Override
        public int room() {
            return to.room();
        }

        @Override
        public void put(byte[] bytes, int from, int count) {
            to.put(bytes, from, count);
        }

        @Override
        public void put(ByteBuffer bytes) {
            to.put(bytes);
        }

        @Override
        public void echo(RingBuffer in, int count) {
            input.matched(count);
            to.echo(in, count);
        }

        @Override
        public void matched(int count) {
            input.matched(count);
            to.matched(count);
        }

        @Override
        public boolean message() {
            return to.message();
        }

        @Override
        public void step(String label) {
            to.step(label);
        }
    }
}
