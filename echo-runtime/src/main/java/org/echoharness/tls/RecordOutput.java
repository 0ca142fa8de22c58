package org.echoharness.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Records that wait for the wire. It has a buffer only while it holds some, and takes more only when it holds none. The thread
 * that uses the channel calls it.
 */
final class RecordOutput {

    private @Nullable ByteBuffer records;
    private boolean isCut;

    /** Returns whether no record waits. */
    boolean isEmpty() {
        return records == null;
    }

    /** Returns a buffer to put records into. The caller then calls {@link #keep}. */
    ByteBuffer open() {
        return TlsBuffers.borrow();
    }

    /** Keeps the records until they are sent. */
    void keep(ByteBuffer opened) {
        records = TlsBuffers.unlessEmpty(opened.flip());
    }

    /** Sends records that wait. Returns whether none does any more. */
    boolean flush(WritableByteChannel wire) throws IOException {
        ByteBuffer pending = records;
        if (pending == null) {
            return true;
        }
        if (isCut) {
            pending.position(pending.limit());
        } else {
            wire.write(pending);
        }
        records = TlsBuffers.unlessEmpty(pending);
        return records == null;
    }

    /** From now on, drops all records instead of sending them. */
    void cut() {
        isCut = true;
    }

    /**
     * Gives up what it holds.
     *
     * @param isReusable whether other connections may have the buffer
     */
    void release(boolean isReusable) {
        ByteBuffer own = records;
        if (isReusable && own != null) {
            TlsBuffers.giveBack(own);
        }
        records = null;
    }
}
