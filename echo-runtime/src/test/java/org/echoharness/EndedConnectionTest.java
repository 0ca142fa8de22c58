package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.net.Socket;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a running server keeps of a connection that has ended. */
@Timeout(120)
class EndedConnectionTest {

    @Test
    void forgetsConnectionResetWhileItRested() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            WeakReference<ServerConnection> connection;
            try (Socket client = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(client, "x");
                connection = onlyConnection(server);
                server.resetConnections();
            }
            assertThat(isCollected(connection)).isTrue();
            assertThat(server.counters().accepted()).isEqualTo(1);
        }
    }

    @Test
    void forgetsConnectionThatClientClosed() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            WeakReference<ServerConnection> connection;
            try (Socket client = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(client, "x");
                connection = onlyConnection(server);
            }
            assertThat(isCollected(connection)).isTrue();
        }
    }

    private static WeakReference<ServerConnection> onlyConnection(EchoServer server) throws Exception {
        ServingLoop serving = server.core().loops().get(0);
        return EventLoopCalls.call(serving.loop(), () -> {
            for (EventLoopHandler handler : serving.loop().handlers()) {
                if (handler instanceof ServerConnection connection) {
                    return new WeakReference<>(connection);
                }
            }
            throw new AssertionError("no connection is open");
        });
    }

    private static boolean isCollected(WeakReference<?> reference) throws InterruptedException {
        for (int i = 0; i < 100 && !reference.refersTo(null); i++) {
            System.gc();
            Thread.sleep(20);
        }
        return reference.refersTo(null);
    }
}
