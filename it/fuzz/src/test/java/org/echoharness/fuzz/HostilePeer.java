package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.support.PlainSockets;

/** A client that sends what it likes, and what the server may not do because of it. */
final class HostilePeer {

    private static final int MOST = 1 << 20; // bytes of an answer that are read
    private static final AtomicReference<Throwable> UNCAUGHT = new AtomicReference<>();

    private HostilePeer() {}

    /** Keeps exceptions that end a thread, for {@link #assertSound}. */
    static void watchThreads() {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> UNCAUGHT.compareAndSet(null, failure));
    }

    /** Checks a line that the server shows to people. An exception would only end the connection, so this keeps it. */
    static void checkLine(String line) {
        try {
            Inputs.assertShown(line);
        } catch (AssertionError wrong) {
            UNCAUGHT.compareAndSet(null, wrong);
        }
    }

    /** Fails if something has gone wrong in a thread of the server. */
    static void assertSound() {
        assertThat(UNCAUGHT.getAndSet(null)).isNull();
    }

    /** Sends bytes in pieces and a FIN. A server that has ended the connection may not take them all. */
    static void send(Socket socket, byte[] bytes, int from, int piece) {
        try {
            for (int at = from; at < bytes.length; at += piece) {
                socket.getOutputStream().write(bytes, at, Math.min(piece, bytes.length - at));
            }
            socket.shutdownOutput();
        } catch (IOException ended) {
            return; // which the reads show too
        }
    }

    /** Reads until the end, whether a FIN or an RST, and fails if there is none. */
    static byte[] readToEnd(Socket socket) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] piece = new byte[8_192];
        try {
            InputStream in = socket.getInputStream();
            for (int n = in.read(piece); n >= 0 && all.size() < MOST; n = in.read(piece)) {
                all.write(piece, 0, n);
            }
        } catch (SocketTimeoutException open) {
            throw new AssertionError("the server leaves the connection open", open);
        } catch (IOException reset) {
            // an end as well
        }
        PlainSockets.reset(socket); // leaves no port in TIME_WAIT
        return all.toByteArray();
    }
}
