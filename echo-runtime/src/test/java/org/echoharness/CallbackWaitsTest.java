package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a callback on a thread of the server must not wait for, and how controls act while it blocks. */
@Timeout(120)
class CallbackWaitsTest {

    private static final Duration LONG = Duration.ofDays(1);

    interface Call {
        void on(EchoServer server) throws Exception;
    }

    enum Wait {
        CLOSE(server -> server.awaitClose(LONG)),
        CONNECTIONS(server -> server.recording().awaitConnections(2, LONG)),
        QUIET(server -> server.recording().awaitQuiet(LONG, LONG)),
        END(server -> server.recording().connection(1).awaitEnd(LONG)),
        BYTES(server -> server.recording().connection(1).awaitReceived(new byte[] {7}, LONG)),
        PREDICATE(server -> server.recording().connection(1).awaitReceived(bytes -> false, LONG));

        @SuppressWarnings("ImmutableEnumChecker")
        private final Call call;

        Wait(Call call) {
            this.call = call;
        }
    }

    /** What the call throws on the thread of a loop, which receives bytes, or null. */
    private static Throwable thrownInACallback(Call call) throws Exception {
        AtomicReference<EchoServer> itself = new AtomicReference<>();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (EchoServer server = EchoServer.builder()
                        .recording()
                        .conversation(line -> {
                            if (line.startsWith("received ")) {
                                thrown.complete(catching(call, itself.get()));
                            }
                        })
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            itself.set(server);
            PlainSockets.echoes(socket, "x");
            return thrown.get(60, TimeUnit.SECONDS);
        }
    }

    @SuppressWarnings("NullAway") // null for nothing
    private static Throwable catching(Call call, EchoServer server) {
        try {
            call.on(server);
            return null;
        } catch (Exception | AssertionError thrown) {
            return thrown;
        }
    }

    @ParameterizedTest
    @EnumSource(Wait.class)
    void refusesToWaitForItself(Wait wait) throws Exception {
        assertThat(thrownInACallback(wait.call))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a callback of the server must not wait for the server; call this from another thread");
    }

    @Test
    void allowsCallsThatNeedNoWait() throws Exception {
        assertThat(thrownInACallback(server -> {
                    Recording recording = server.recording();
                    assertThat(recording.awaitConnections(1, LONG)).hasSize(1);
                    assertThat(recording.connection(1).awaitReceived(new byte[] {'x'}, LONG))
                            .isNotNull();
                    recording.awaitQuiet(Duration.ZERO, LONG);
                    assertThat(server.awaitClose(Duration.ZERO)).isFalse();
                }))
                .isNull();
    }

    @Test
    void refusesToAwaitConnectionsInStart() throws Exception {
        AtomicReference<EchoServer> itself = new AtomicReference<>();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (EchoServer server = EchoServer.builder()
                .recording()
                .conversation(line ->
                        thrown.complete(catching(each -> each.recording().awaitConnections(1, LONG), itself.get())))
                .build()) {
            itself.set(server);
            server.start();
            assertThat(thrown.get(60, TimeUnit.SECONDS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("a callback of start() must not wait for connections");
        }
    }

    /** The controls and {@code close} give up after 10 seconds. To save time, the test calls all of them at once. */
    @Test
    void lateControlsHaveNoEffect() throws Exception {
        try (Blocking restarted = new Blocking(1);
                Blocking changed = new Blocking(1);
                Blocking frozen = new Blocking(2);
                Blocking closed = new Blocking(2)) {
            CompletableFuture<?> restart = restarted.late(server -> server.restart(LONG));
            CompletableFuture<?> change = changed.late(server -> server.setFaultsOfAll(FaultPlan.parse("delay 1ms")));
            CompletableFuture<?> freeze = frozen.late(EchoServer::freeze);
            CompletableFuture<?> close = CompletableFuture.runAsync(closed.server::close);
            CompletableFuture.allOf(restart, change, freeze, close).get(60, TimeUnit.SECONDS);

            closed.warnings.await(
                    "a thread did not end within 10s of close\\(\\): echo-server .* in .*CallbackWaitsTest.*");
            for (Blocking each : new Blocking[] {restarted, changed, frozen}) {
                each.listens.countDown();
                (each == frozen ? each.second : each.first).getInputStream().readNBytes(1);
                PlainSockets.echoes(each.first, "x");
                PlainSockets.echoes(each.second, "x");
                try (Socket third = PlainSockets.connect(each.server.address())) {
                    PlainSockets.echoes(third, "served");
                }
            }
        }
    }

    /**
     * A server whose callback blocks. With one loop, it blocks when the first bytes come, and again when a
     * control accepts the second client. With two loops, the second loop blocks.
     */
    private static final class Blocking implements AutoCloseable {
        private final CountDownLatch receiving = new CountDownLatch(1);
        private final CountDownLatch goesOn = new CountDownLatch(1);
        final CountDownLatch listens = new CountDownLatch(1);
        final AwaitedLines warnings = new AwaitedLines();
        final EchoServer server;
        final Socket first;
        final Socket second;

        Blocking(int loops) throws Exception {
            AtomicInteger accepted = new AtomicInteger();
            server = EchoServer.builder()
                    .eventLoops(loops)
                    .warnings(warnings)
                    .conversation(line -> {
                        if (line.startsWith("received ")) {
                            receiving.countDown();
                            await(loops == 1 ? goesOn : listens);
                        } else if (line.startsWith("connection from ")
                                && accepted.incrementAndGet() == 2
                                && loops == 1) {
                            await(listens);
                        }
                    })
                    .start();
            first = PlainSockets.connect(server.address());
            if (loops == 1) {
                first.getOutputStream().write('x');
                await(receiving);
            }
            second = PlainSockets.connect(server.address());
            if (loops > 1) {
                second.getOutputStream().write('x');
                await(receiving);
            }
        }

        /** Returns when the control has given up. */
        CompletableFuture<?> late(Consumer<EchoServer> control) {
            CompletableFuture<?> done = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    assertThatThrownBy(() -> control.accept(server))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageMatching("a thread of the server did not answer within 10s; a callback that"
                                    + " blocks it\\? echo-server .* in .*CallbackWaitsTest.*");
                    done.complete(null);
                } catch (AssertionError wrong) {
                    done.completeExceptionally(wrong);
                }
            });
            thread.start();
            while (thread.getState() != Thread.State.TIMED_WAITING && thread.isAlive()) {
                Thread.onSpinWait();
            }
            goesOn.countDown();
            return done;
        }

        private static void await(CountDownLatch latch) {
            try {
                assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() throws IOException {
            goesOn.countDown();
            listens.countDown();
            first.close();
            second.close();
            server.close();
        }
    }
}
