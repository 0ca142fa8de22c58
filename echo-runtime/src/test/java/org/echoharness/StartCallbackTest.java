package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** While the server starts, a callback may do all that another thread may. */
@SuppressWarnings("try") // what close() does is what is tested
@Timeout(120)
class StartCallbackTest {

    enum Control {
        ACCEPT_PENDING(EchoServer::acceptPending),
        REFUSE(EchoServer::refuse),
        UNANSWERED(EchoServer::unanswered),
        RESUME(EchoServer::resume),
        FREEZE(EchoServer::freeze),
        UNFREEZE(EchoServer::unfreeze),
        RESET(EchoServer::resetConnections),
        CLOSE_CONNECTIONS(EchoServer::closeConnections),
        SET_FAULTS(server -> server.setFaults(FaultPlan.parse("delay 1ms"))),
        SET_FAULTS_OF_ALL(server -> server.setFaultsOfAll(FaultPlan.parse("delay 1ms")));

        @SuppressWarnings("ImmutableEnumChecker")
        private final Consumer<EchoServer> call;

        Control(Consumer<EchoServer> call) {
            this.call = call;
        }
    }

    /** Calls back once, with the first line. */
    private static final class Once implements Consumer<String> {
        private final AtomicReference<@Nullable EchoServer> server = new AtomicReference<>();

        @SuppressWarnings("ImmutableEnumChecker")
        private final Consumer<EchoServer> call;

        private @Nullable Throwable thrown;

        Once(Consumer<EchoServer> call) {
            this.call = call;
        }

        @Override
        public void accept(String line) {
            EchoServer first = server.getAndSet(null);
            if (first != null) {
                try {
                    call.accept(first);
                } catch (RuntimeException | AssertionError failed) {
                    thrown = failed;
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Control.class)
    void conversationListenerMayControlServer(Control control) throws Exception {
        Once once = new Once(control.call);
        try (EchoServer server = EchoServer.builder().conversation(once).build()) {
            once.server.set(server);
            server.start();
            assertThat(once.thrown).isNull();
            server.resume();
            server.unfreeze();
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "served");
            }
        }
    }

    @Test
    void warningListenerMayControlServer() throws Exception {
        Once once = new Once(server -> {
            server.resetConnections();
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "served");
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        });
        try (EchoServer server = EchoServer.builder()
                .faults("random 100% seed 1: delay 1ms")
                .warnings(once)
                .build()) {
            once.server.set(server);
            server.start();
            assertThat(once.thrown).isNull();
        }
    }

    @Test
    void callbackMayAwaitCloseByOtherThread() throws Exception {
        Once once = new Once(server -> {
            Thread closing = new Thread(server::close, "closing");
            closing.start();
            try {
                closing.join(TimeUnit.SECONDS.toMillis(60));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            assertThat(closing.isAlive()).as("close() waits").isFalse();
        });
        EchoServer server = EchoServer.builder().conversation(once).build();
        once.server.set(server);
        assertThatIllegalStateException()
                .isThrownBy(server::start)
                .withMessage("a callback closed the server while it started");
        assertThat(once.thrown).isNull();
        PlainSockets.listen(server.port()).close();
    }

    @Test
    void callbackOfLiveChangeHoldsNoLock() throws Exception {
        Once once = new Once(server -> {
            Thread other = new Thread(server::resetConnections, "other control");
            other.start();
            try {
                other.join(TimeUnit.SECONDS.toMillis(60));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            assertThat(other.isAlive()).as("the other control waits").isFalse();
        });
        try (EchoServer server = EchoServer.builder().warnings(once).start()) {
            once.server.set(server);
            server.setFaultsOfAll(FaultPlan.parse("random 100% seed 1: delay 1ms"));
            assertThat(once.thrown).isNull();
        }
    }

    @Test
    void reportsStartBeforeConnections() throws Exception {
        AwaitedLines lines = new AwaitedLines();
        Once connects = new Once(server -> {
            try (Socket socket = PlainSockets.connect(server.address())) {
                assertThat(socket.isConnected()).isTrue();
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        });
        try (EchoServer server = EchoServer.builder()
                .conversation(line -> {
                    connects.accept(line);
                    lines.accept(line);
                })
                .build()) {
            connects.server.set(server);
            server.start();
            lines.await("connection from .*");
            List<String> seen = lines.seen();
            assertThat(seen.get(0)).startsWith("starting up on ");
            assertThat(seen.get(1)).isEqualTo("waiting for a connection");
        }
    }
}
