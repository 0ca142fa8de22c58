package org.echoharness.maven;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.echoharness.EchoClient;
import org.echoharness.ServerAddress;

/**
 * Connects to addresses again and again until each has accepted a connection, or until the time is up. The kernel does
 * not report when a port begins to listen, so there is a pause between the tries. A socket that the kernel connected to
 * itself does not count as a listener.
 */
record AddressAwaiter(Duration timeout, Consumer<String> lines) {

    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LONGEST_TRY = TimeUnit.SECONDS.toNanos(5);

    void await(List<ServerAddress> addresses) throws TimeoutException, InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        for (ServerAddress address : addresses) {
            EchoClient.builder().address(address); // refuses a wrong one before anything waits
        }
        for (ServerAddress address : addresses) {
            await(address, deadline);
        }
    }

    private void await(ServerAddress address, long deadline) throws TimeoutException, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                connect(address, deadline - System.nanoTime());
                lines.accept(address + " listens");
                return;
            } catch (IOException failed) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new TimeoutException(address + " was tried " + (tries == 1 ? "once" : tries + " times")
                            + "; the last error was: " + failed.getMessage());
                }
                if (tries == 1) {
                    lines.accept("waiting for " + address + ": " + failed.getMessage());
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(PAUSE, left));
            }
        }
    }

    /**
     * Gives each try at least PAUSE, also the last one, and at most LONGEST_TRY, because the addresses of a name may
     * change meanwhile.
     */
    private static void connect(ServerAddress address, long left) throws IOException {
        EchoClient.builder()
                .address(address)
                .connectTimeout(
                        Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(Math.max(PAUSE, Math.min(left, LONGEST_TRY)))))
                .connect()
                .close();
    }
}
