package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Gives each test a server with an HTTP interface, and a client of that. */
abstract class ControlledServerTest {

    EchoServer server;
    HttpPeer peer;

    @BeforeEach
    void start() throws IOException {
        start(EchoServer.builder());
    }

    /** Puts another server in place of the one before. */
    void start(EchoServer.Builder builder) throws IOException {
        close();
        server = builder.control("127.0.0.1:0").start();
        peer = new HttpPeer(server);
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    /** Sends a text on a new connection, and waits for its end. */
    void converse(String text) throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, text);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        List<RecordedConnection> all = server.recording().connections();
        all.get(all.size() - 1).awaitEnd();
    }
}
