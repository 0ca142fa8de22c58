package org.echoharness.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import org.echoharness.tls.TlsClientChannel;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the connection to the server behind a relay: its socket, or with TLS the text. The connection is lost when one
 * of these fails. The rest of what the server has sent can be read even then; a read returns 0 at its end. The thread of the
 * event loop uses it.
 */
public final class UpstreamChannel implements ByteChannel {

    private final SocketChannel socket;
    private final @Nullable TlsClientChannel tls;
    private final ByteChannel text; // either of them
    private boolean isLost;

    /** @param tls the text of the socket; null without TLS */
    UpstreamChannel(SocketChannel socket, @Nullable TlsClientChannel tls) {
        this.socket = socket;
        this.tls = tls;
        text = tls == null ? socket : tls;
    }

    public SocketChannel socket() {
        return socket;
    }

    @Override
    public int read(ByteBuffer into) throws LostUpstreamException {
        try {
            int n = text.read(into);
            return isLost ? Math.max(0, n) : n; // the kernel reports an RST once, and then the end of the stream
        } catch (IOException gone) {
            if (isLost) {
                return 0;
            }
            throw lost(gone);
        }
    }

    @Override
    public int write(ByteBuffer bytes) throws LostUpstreamException {
        try {
            return text.write(bytes);
        } catch (IOException gone) {
            throw lost(gone);
        }
    }

    /** Ends the output with a FIN; with TLS after a close_notify, and both follow the records that {@link #flush} sends. */
    public void endOutput() throws LostUpstreamException {
        try {
            if (tls == null) {
                socket.shutdownOutput();
            } else {
                tls.endOutput();
            }
        } catch (IOException gone) {
            throw lost(gone);
        }
    }

    /** Sends what was written and waits in records of TLS. Returns whether the socket has all of it. */
    public boolean flush() throws LostUpstreamException {
        try {
            return tls == null || tls.flush();
        } catch (IOException gone) {
            throw lost(gone);
        }
    }

    /** Returns the operations of the socket to wait for, given those that the relay waits for. */
    public int interest(int wanted) {
        return tls == null ? wanted : tls.interest(wanted);
    }

    /** Returns whether a read has a result although the socket has nothing to read. */
    public boolean hasInput() {
        return tls != null && !isLost && tls.hasInput();
    }

    private LostUpstreamException lost(IOException gone) {
        isLost = true;
        return new LostUpstreamException(gone);
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    /** Gives up what it holds. The connection closes the socket. */
    void release(boolean clean) {
        if (tls == null) {
            return;
        }
        if (clean && !isLost) {
            try {
                tls.endOutput();
            } catch (IOException gone) {
                // there is nobody to end it for
            }
        }
        tls.release();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
