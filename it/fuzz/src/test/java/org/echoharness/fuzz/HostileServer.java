package org.echoharness.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.FutureTask;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/** A server that answers each connection with the same bytes, whatever the client sends, and then ends it. */
final class HostileServer {

    private final ServerSocket listener;
    private final FutureTask<Void> serving;
    private final int begin; // bytes that it waits for
    private volatile byte[] answer = {};

    HostileServer(int begin) throws IOException {
        this.begin = begin;
        listener = PlainSockets.listen(0);
        serving = Background.inThread("hostile server", this::serve);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Sets what the next connections get. */
    void answer(byte[] bytes) {
        answer = bytes.clone();
    }

    private Void serve() throws IOException {
        while (true) {
            try (Socket socket = listener.accept()) {
                socket.setSoTimeout(10_000);
                InputStream in = socket.getInputStream();
                if (in.readNBytes(begin).length == begin) {
                    socket.getOutputStream().write(answer);
                    socket.shutdownOutput();
                    in.transferTo(OutputStream.nullOutputStream()); // until the client has ended it
                }
            } catch (IOException ended) {
                if (listener.isClosed()) {
                    return null;
                }
            }
        }
    }

    void close() throws Exception {
        listener.close();
        Background.result(serving);
    }
}
