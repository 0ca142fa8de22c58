package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the thread of an event loop allocates for a message. */
class AllocationTest {

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int MESSAGES = 1_000;
    private static final long ARRAY_HEADER = 24; // with what is added to make the size a multiple of 8
    private static final byte[] MESSAGE = ("PING " + "x".repeat(52) + " 56789\n").getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 4096, 100_000})
    void echoAllocatesNothing(int size) throws Exception {
        byte[] message = new byte[size];
        assertThat(leastFor(EchoServer.builder(), size, message)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 4096, 100_000})
    void relayAllocatesNothing(int size) throws Exception {
        try (EchoServer behind = EchoServer.builder().start()) {
            EchoServer.Builder relay = EchoServer.builder().upstream("127.0.0.1:" + behind.port());
            assertThat(leastFor(relay, size, new byte[size])).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "repeat { expect line '*', send '0123456789\n' }",
                "repeat { expect line 'PING*', send '01234', send '56789\n' }",
                "repeat { expect line 'PING *56789' within 10s, send '0123456789\n' }",
                "repeat { expect 'PI' 62, send '0123456789\n' }",
                "repeat { expect through '789\n', send '0123456789\n' }",
                "repeat { expect 60 line '*', send frame u16 '0123456', send '9\n' }",
                "repeat { expect 'PING' frame u8 plus 27 '*', send '0123456789\n' }",
                "answer { line 'QUIT' -> close, 'NO' -> {}, line 'PING *' -> send '0123456789\n' }",
                "echo"
            })
    void scriptAllocatesNothing(String script) throws Exception {
        assertThat(leastFor(EchoServer.builder().script(script), script.equals("echo") ? 64 : 11, MESSAGE))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "repeat { expect line 'PING {a} {b}', send '01234{b}\n' }",
                "repeat { expect line '{a:4} *', send frame u16 { '{a}' '6789\n' } }",
            })
    void scriptThatCapturesAllocatesNothing(String script) throws Exception {
        assertThat(leastFor(EchoServer.builder().script(script), 11, MESSAGE)).isZero();
    }

    /** A name keeps its array for values of about the same length. Others cost their bytes and an array's header. */
    @Test
    void capturesOfOtherLengthsAllocateThem() throws Exception {
        int large = 10_000;
        byte[] longer = ("x".repeat(large) + "\n").getBytes(StandardCharsets.US_ASCII);
        EchoServer.Builder builder = EchoServer.builder().script("repeat { expect line '{a}', send '!' }");

        assertThat(leastFor(builder, 1, MESSAGE, longer))
                .isPositive()
                .isLessThanOrEqualTo(MESSAGES / 2 * (MESSAGE.length + large + 2 * ARRAY_HEADER));
    }

    /**
     * Returns the fewest bytes that the event loop's thread allocates for {@link #MESSAGES} messages, once it is warm.
     *
     * @param answer the size of each answer
     * @param messages what the client sends in turn
     */
    private static long leastFor(EchoServer.Builder builder, int answer, byte[]... messages) throws Exception {
        try (EchoServer server = builder.start();
                Socket client = PlainSockets.connect(server.address())) {
            client.setTcpNoDelay(true);
            long thread = thread("echo-server " + HostAndPort.of(server.address()));
            long least = Long.MAX_VALUE;
            for (int batch = 0; batch < 20 && least > 0; batch++) { // the first messages load and compile classes
                long before = THREADS.getThreadAllocatedBytes(thread);
                exchange(client, answer, messages);
                least = Math.min(least, THREADS.getThreadAllocatedBytes(thread) - before);
            }
            return least;
        }
    }

    private static void exchange(Socket client, int answer, byte[]... messages) throws IOException {
        byte[] back = new byte[answer];
        for (int i = 0; i < MESSAGES; i++) {
            client.getOutputStream().write(messages[i % messages.length]);
            assertThat(client.getInputStream().readNBytes(back, 0, answer)).isEqualTo(answer);
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
