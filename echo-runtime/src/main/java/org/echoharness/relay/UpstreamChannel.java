package org.echoharness.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/**
 * Reads and writes the socket to the server behind a relay. The connection is lost when one of these fails. The rest of what
 * the server has sent can be read even then; a read returns 0 at its end. The thread of the event loop uses it.
 */
public final class UpstreamChannel implements ByteChannel {

    private final SocketChannel socket;
    private boolean isLost;

    UpstreamChannel(SocketChannel socket) {
        this.socket = socket;
    }

    public SocketChannel socket() {
        return socket;
    }

    @Override
    public int read(ByteBuffer into) throws LostUpstreamException {
        try {
            int n = socket.read(into);
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
            return socket.write(bytes);
        } catch (IOException gone) {
            throw lost(gone);
        }
    }

    /** Ends the output with a FIN. */
    public void endOutput() throws LostUpstreamException {
        try {
            socket.shutdownOutput();
        } catch (IOException gone) {
            throw lost(gone);
        }
    }

    private LostUpstreamException lost(IOException gone) {
        isLost = true;
        return new LostUpstreamException(gone);
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
