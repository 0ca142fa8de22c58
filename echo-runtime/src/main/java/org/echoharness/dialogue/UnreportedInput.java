package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.echoharness.memory.RingBuffer;

/**
 * What a client has sent in clear text and is not reported yet, on a connection that may start TLS. What follows the last
 * message in clear text can be the beginning of the handshake, which is no text and is never reported. Bytes are reported when
 * they are matched; at the end of a turn, those before what looks like a handshake. The thread of one event loop uses it.
 */
public final class UnreportedInput {

    private static final int HANDSHAKE_RECORD = 22; // RFC 8446, section 5.1
    private static final int MAJOR_VERSION = 3;

    private final Consumer<ByteBuffer> report;
    private ByteBuffer bytes = ByteBuffer.allocate(0); // from its position to its limit
    private boolean isOver; // TLS has started, and others report what comes
    private int reported; // of the bytes that are not matched yet; these came before

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
        if (isOver) {
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

    /** Called at the end of a turn. Reports all up to what can be the beginning of a handshake. */
    public void rest() {
        int end = bytes.position();
        while (end < bytes.limit() && !mayBeHandshake(end)) {
            end++;
        }
        reportUnmatched(end - bytes.position());
    }

    private boolean mayBeHandshake(int at) {
        boolean isType = bytes.get(at) == HANDSHAKE_RECORD;
        return isType && (at + 1 == bytes.limit() || bytes.get(at + 1) == MAJOR_VERSION);
    }

    /** Reports all, since TLS does not start. */
    public void reportAll() {
        reportUnmatched(bytes.remaining());
    }

    private void reportUnmatched(int count) {
        report(count);
        reported += count;
    }

    /** Drops all, since that is the beginning of the handshake. What comes later is reported without this object. */
    public void drop() {
        bytes = ByteBuffer.allocate(0);
        isOver = true;
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
