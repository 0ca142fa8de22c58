package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an EchoServer does that stands for a server in another process. */
@Timeout(60)
class RemoteServerTest {

    private EchoServer server;
    private EchoServer remote;

    @BeforeEach
    void start() throws IOException {
        start(EchoServer.builder());
    }

    private void start(EchoServer.Builder builder) throws IOException {
        close();
        server = builder.control("127.0.0.1:0").start();
        remote = EchoServer.connect(
                server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
    }

    @AfterEach
    void close() {
        if (server != null) {
            remote.close();
            server.close();
        }
    }

    @Test
    void hasTheStateAndTheRecordingOfTheServer() throws Exception {
        try (Socket socket = PlainSockets.connect(remote.address())) {
            PlainSockets.echoes(socket, "hello");
            Recordings.finish(socket);
        }
        remote.recording().awaitConnections(1);
        RecordedConnection ended = remote.recording().connection(1).awaitEnd();
        assertThat(ended.transcript())
                .isEqualTo(server.recording().connection(1).transcript());
        assertThat(remote.addresses()).isEqualTo(server.addresses());
        assertThat(remote.counters()).isEqualTo(server.counters());
    }
}
