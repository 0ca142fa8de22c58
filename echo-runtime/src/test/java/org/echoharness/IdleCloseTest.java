package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An idle connection that ends with a FIN. */
@Timeout(120)
class IdleCloseTest {

    private final AwaitedLines lines = new AwaitedLines();

    @Test
    void closesIdleConnectionWithFin() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .idleClose(Duration.ofSeconds(1))
                        .recording()
                        .start();
                Socket silent = PlainSockets.connect(server.address());
                Socket busy = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(silent, "once");
            FutureTask<Integer> reading =
                    new FutureTask<>(() -> silent.getInputStream().read());
            new Thread(reading, "reads").start();
            while (!reading.isDone()) {
                PlainSockets.echoes(busy, "x");
            }
            assertThat(reading.get(30, TimeUnit.SECONDS)).isEqualTo(-1);
            assertThat(server.recording().connection(1).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.SERVER, Ending.How.FIN, "idle for 1s"));
            assertThat(server.counters().idleClosed()).isEqualTo(1);
            PlainSockets.echoes(busy, "still here");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"discard", "none", "slow-close 1h"})
    void closesUnderFaultsWithoutHeldBytes(String faults) throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .idleClose(Duration.ofMillis(50))
                        .faults(faults)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** A FIN would mean that all bytes came back. */
    @Test
    void resetsIfBytesAreHeld() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .idleClose(Duration.ofMillis(100))
                        .faults("delay 1h")
                        .conversation(lines)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(1);
            lines.await("received 1 byte .*");
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
        }
    }

    /** The bytes are only in the kernel. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void resetsIfBytesAreUnread(boolean finToo) throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .idleClose(Duration.ofMillis(300))
                        .faults("stall")
                        .recording()
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(new byte[5]);
            if (finToo) {
                socket.shutdownOutput();
            }
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
            assertThat(server.recording().connection(1).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.SERVER, Ending.How.RST, "idle for 300ms"));
            assertThat(server.counters().idleClosed()).isEqualTo(1);
        }
    }

    /** The idle time ends while a callback blocks the loop, after bytes have come. */
    @ParameterizedTest
    @ValueSource(strings = {"idleClose", "idleTimeout"})
    void echoesInputReceivedWhileBusy(String option) throws Exception {
        while (!echoesWhatCame(option)) {
            Thread.onSpinWait(); // this machine was too slow for it
        }
    }

    /** Returns false if the machine was so slow that the connection may have been idle before. */
    private static boolean echoesWhatCame(String option) throws Exception {
        CountDownLatch served = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        long before = System.nanoTime();
        try (EchoServer server = EchoServer.builder()
                        .set(option, "500ms")
                        .conversation(line -> {
                            if (line.contains("hold up")) {
                                served.countDown();
                                awaitUnchecked(go);
                            }
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address());
                Socket other = PlainSockets.connect(server.address())) {
            try {
                PlainSockets.echoes(socket, "once");
                other.getOutputStream().write("hold up".getBytes(StandardCharsets.US_ASCII));
                served.await();
                socket.getOutputStream().write("again".getBytes(StandardCharsets.US_ASCII));
                if (millisSince(before) >= 500) {
                    return false;
                }
                while (millisSince(before) < 1_100) { // the echo came before 500
                    Thread.onSpinWait();
                }
            } catch (IOException | AssertionError failed) {
                if (millisSince(before) >= 500) {
                    return false;
                }
                throw failed;
            } finally {
                go.countDown();
            }
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("again");
            return true;
        }
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shorterLimitApplies() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .set("idleTimeout", "50ms")
                        .set("idleClose", "1h")
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
        }
    }

    @Test
    void keepsFrozenConnectionOpen() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .idleClose(Duration.ofMillis(50))
                        .conversation(lines)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            lines.await("connection from .*");
            server.freeze();
            socket.setSoTimeout(300);
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Read timed out");
            assertThat(server.counters().idleClosed()).isZero();
            server.unfreeze();
            socket.setSoTimeout(30_000);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }
}
