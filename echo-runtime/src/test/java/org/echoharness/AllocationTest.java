package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the thread of an event loop allocates for a message. */
class AllocationTest {

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int MESSAGES = 1_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 4096, 100_000})
    void echoAllocatesNothing(int size) throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                Socket client = PlainSockets.connect(server.address())) {
            long thread = thread("echo-server " + HostAndPort.of(server.address()));
            long least = Long.MAX_VALUE;
            for (int batch = 0; batch < 20 && least > 0; batch++) { // the first messages load and compile classes
                long before = THREADS.getThreadAllocatedBytes(thread);
                exchange(client, size);
                least = Math.min(least, THREADS.getThreadAllocatedBytes(thread) - before);
            }
            assertThat(least).as("bytes for %d messages", MESSAGES).isZero();
        }
    }

    private static void exchange(Socket client, int size) throws IOException {
        byte[] message = new byte[size];
        for (int i = 0; i < MESSAGES; i++) {
            client.getOutputStream().write(message);
            assertThat(client.getInputStream().readNBytes(message, 0, size)).isEqualTo(size);
        }
    }

    private static long thread(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix))
                .findFirst()
                .orElseThrow()
                .getId();
    }
}
