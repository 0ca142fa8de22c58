package org.echoharness.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/** Reads and writes the socket to the server behind a relay. The thread of the event loop uses it. */
public record UpstreamChannel(SocketChannel socket) implements ByteChannel {

    @Override
    public int read(ByteBuffer into) throws LostUpstreamException {
        try {
            return socket.read(into);
        } catch (IOException lost) {
            throw new LostUpstreamException(lost);
        }
    }

    @Override
    public int write(ByteBuffer bytes) throws LostUpstreamException {
        try {
            return socket.write(bytes);
        } catch (IOException lost) {
            throw new LostUpstreamException(lost);
        }
    }

    /** Ends the output with a FIN. */
    public void endOutput() throws LostUpstreamException {
        try {
            socket.shutdownOutput();
        } catch (IOException lost) {
            throw new LostUpstreamException(lost);
        }
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
