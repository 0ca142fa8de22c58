package org.echoharness.stress;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSocket;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/**
 * Clients with TLS that send their shares of a payload, and read to the end of the text, as those of {@link Crowd} do without
 * TLS. Each has a thread that writes and one that reads.
 */
final class TlsCrowd implements AutoCloseable {

    private final Payload payload;
    private final long share;
    private final List<SSLSocket> sockets;
    private final AtomicLong received = new AtomicLong();

    /** Sends over these sockets, whose handshakes are complete. */
    TlsCrowd(List<SSLSocket> sockets, Payload payload, long share) {
        this.sockets = sockets;
        this.payload = payload;
        this.share = share;
    }

    /** How many bytes have come back to all of them so far. */
    long received() {
        return received.get();
    }

    /** Runs the clients until each has ended. */
    FutureTask<Map<Crowd.End, Integer>> talk() {
        List<FutureTask<Crowd.End>> ends = new ArrayList<>();
        for (SSLSocket each : sockets) {
            FutureTask<Boolean> writes = Background.inThread("writes", () -> write(each));
            ends.add(Background.inThread("reads", () -> end(read(each), Background.result(writes))));
        }
        return Background.inThread("crowd", () -> {
            Map<Crowd.End, Integer> counted = new EnumMap<>(Crowd.End.class);
            for (FutureTask<Crowd.End> each : ends) {
                counted.merge(Background.result(each), 1, Integer::sum);
            }
            return counted;
        });
    }

    /** After a write has failed, Linux reports a normal end of the stream to a read. */
    private static Crowd.End end(Crowd.End read, boolean allWasWritten) {
        return read == Crowd.End.CUT && !allWasWritten ? Crowd.End.RESET : read;
    }

    private boolean write(SSLSocket socket) {
        try {
            payload.write(socket.getOutputStream(), share, new AtomicLong());
            socket.shutdownOutput();
            return true;
        } catch (IOException reset) {
            return false;
        }
    }

    private Crowd.End read(SSLSocket socket) {
        byte[] chunk = new byte[16 * PlainSockets.KIB];
        long at = 0;
        try {
            InputStream in = socket.getInputStream();
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                if (!payload.matches(chunk, n, at)) {
                    return Crowd.End.WRONG;
                }
                at += n;
                received.addAndGet(n);
            }
            return at == share ? Crowd.End.WHOLE : Crowd.End.CUT;
        } catch (SocketTimeoutException hung) {
            return Crowd.End.HUNG;
        } catch (IOException reset) {
            return Crowd.End.RESET;
        }
    }

    @Override
    public void close() throws IOException {
        for (SSLSocket each : sockets) {
            each.close();
        }
    }
}
