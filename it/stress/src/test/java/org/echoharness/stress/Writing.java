package org.echoharness.stress;

import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.support.Background;

/** A thread that writes a payload to a socket and ends it with a FIN; its progress can be watched. */
final class Writing {

    private static final Duration QUIET = Duration.ofMillis(300);

    private final AtomicLong written = new AtomicLong();
    private final FutureTask<Void> task;

    Writing(Socket socket, Payload payload, long total) {
        task = Background.inThread("writes to " + socket, () -> {
            payload.write(socket.getOutputStream(), total, written);
            socket.shutdownOutput();
            return null;
        });
    }

    long written() {
        return written.get();
    }

    /** Waits until it is done, or has moved nothing for a while; returns how many bytes are written. */
    long awaitStall() {
        long[] last = {-1, System.nanoTime()};
        Waiting.await("a stall of the writer").until(() -> task.isDone() || hasStalled(last));
        return written();
    }

    private boolean hasStalled(long[] last) {
        if (last[0] != written()) {
            last[0] = written();
            last[1] = System.nanoTime();
        }
        return System.nanoTime() - last[1] >= QUIET.toNanos();
    }

    void awaitEnd() throws Exception {
        Background.result(task);
    }
}
