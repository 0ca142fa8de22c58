package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Finds bytes that a server sent after the echo that a client checked last. Only the thread that reads looks for them;
 * any thread may call the other methods.
 */
final class SurplusCheck {

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
