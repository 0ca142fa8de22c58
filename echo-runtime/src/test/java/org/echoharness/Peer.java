package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;

/** A plain {@code ServerSocket} on loopback that treats its connections, one at a time, as a test says. */
public final class Peer implements AutoCloseable {

    public interface Manner {
        void treat(Socket socket) throws IOException;
    }

    private final ServerSocket listening;
    private volatile @Nullable Throwable failure;

    public Peer(Manner manner) throws IOException {
        listening = PlainSockets.listen(0);
        Thread thread = new Thread(() -> serve(manner), "peer " + listening.getLocalPort());
        thread.setDaemon(true);
        thread.start();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    private void serve(Manner manner) {
        while (true) {
            try (Socket socket = listening.accept()) {
                socket.setSoTimeout(30_000);
                manner.treat(socket);
            } catch (IOException e) {
                if (listening.isClosed()) {
                    return;
                }
            } catch (RuntimeException | Error e) {
                failure = e;
                return;
            }
        }
    }

    /** @throws AssertionError if the handler of a connection failed */
    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (failure != null) {
            throw new AssertionError("the peer failed", failure);
        }
    }
}
