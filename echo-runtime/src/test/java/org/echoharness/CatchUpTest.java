package org.echoharness;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.echoharness.loop.EventLoop;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@code catchUp} does on the thread of the only event loop. */
@Timeout(60)
class CatchUpTest {

    private static long received(EchoServer server) {
        return server.recording().connections().stream()
                .mapToLong(RecordedConnection::bytesReceived)
                .sum();
    }

    /**
     * To wait for the thread takes longer than to serve. The loop is busy while a client sends and two tasks are posted: that
     * of {@code catchUp}, and one that looks what the first has done. A second task of {@code catchUp} would come too late.
     */
    @Test
    void acceptsAndServesInOneTask() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            EventLoop loop = server.core().portLoop();
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch sent = new CountDownLatch(1);
            loop.post(() -> {
                begun.countDown();
                Background.await(sent);
            });
            Background.await(begun);
            try (Socket client = PlainSockets.connect(server.address())) {
                client.getOutputStream().write("hello".getBytes(US_ASCII));
                FutureTask<Boolean> catchUp =
                        Background.inThread("catches up", () -> server.catchUp(Duration.ofSeconds(30)));
                while (!loop.hasTasks() && !catchUp.isDone()) {
                    Thread.onSpinWait();
                }
                FutureTask<Long> look = new FutureTask<>(() -> received(server));
                loop.post(look);
                sent.countDown();

                assertThat(Background.result(look)).isEqualTo(5);
                assertThat(Background.result(catchUp)).isTrue();
            }
        }
    }
}
