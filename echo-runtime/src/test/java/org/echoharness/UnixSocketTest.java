package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A server and a client of a Unix socket: what is echoed, and the controls of the server. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixSocketTest {

    @TempDir
    private Path folder;

    @Test
    void echoesEveryByteAfterHalfClose() throws Exception {
        byte[] message = new byte[8 * PlainSockets.MIB];
        new Random(1).nextBytes(message);
        Path file = folder.resolve("s");
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = UnixSockets.connect(server)) {
            assertThat(server.path()).isEqualTo(file);
            assertThat(server.socketAddress()).isEqualTo(UnixDomainSocketAddress.of(file));
            assertThat(UnixSockets.mode(file)).isEqualTo(UnixSockets.PRIVATE);
            assertThat(UnixSockets.files(folder)).containsExactly("s");

            client.expectEcho(message);
            client.expectEnd();

            Ending ending = server.recording()
                    .connection(1)
                    .awaitEnd(Background.LONGEST)
                    .ending()
                    .orElseThrow();
            assertThat(ending).isEqualTo(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
    }

    @Test
    void refusedConnectSaysThatNobodyListens() throws Exception {
        try (EchoServer server = UnixSockets.start(folder)) {
            Path file = server.path();
            server.refuse();
            assertThatThrownBy(() -> UnixSockets.connect(server))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage(
                            "cannot connect to unix:" + file + ": Connection refused; is a server listening there?");
            assertThat(file).exists();
            server.resume();
            try (EchoClient client = UnixSockets.connect(server)) {
                client.expectEcho(UnixSockets.ascii("hello"));
                server.restart(Duration.ofMillis(50));
                assertThat(client.receive()).as("the end of the stream").isEmpty();
            }
            server.recording().awaitQuiet(Duration.ofMillis(1), Background.LONGEST);
        }
        assertThatThrownBy(() -> EchoClient.connect("unix:" + folder.resolve("s")))
                .hasMessageContaining("No such file or directory; is a server listening there?");
        Files.writeString(folder.resolve("s"), "");
        assertThatThrownBy(() -> EchoClient.connect("unix:" + folder.resolve("s")))
                .hasMessageContaining("that file is no socket");
    }

    @Test
    void listensAgainAfterRestart() throws Exception {
        try (EchoServer server = UnixSockets.start(folder)) {
            server.restart(Duration.ofMillis(20));
            EchoClient client = null;
            while (client == null) {
                try {
                    client = UnixSockets.connect(server);
                } catch (ConnectException stillDown) {
                    Thread.onSpinWait();
                }
            }
            client.expectEcho(UnixSockets.ascii("up again"));
            client.close();
            assertThat(server.recording().transcript()).contains("accepts connects again");
        }
    }

    @Test
    void unansweredConnectWaitsUntilServerListensAgain() throws Exception {
        try (EchoServer server = UnixSockets.start(folder)) {
            server.unanswered();
            assertThatThrownBy(() -> UnixConnector.tryConnect(server.path()))
                    .isInstanceOf(UnixConnector.QueueFullException.class);
            EchoClient.Builder impatient =
                    EchoClient.builder().address(server.socketAddress()).connectTimeout(Duration.ofMillis(50));
            assertThatThrownBy(impatient::connect)
                    .isInstanceOf(ConnectException.class)
                    .hasMessageStartingWith("cannot connect to unix:" + server.path()
                            + " within 50ms: the queue of the server is full: ");
            CountDownLatch connecting = new CountDownLatch(1);
            AtomicReference<SocketChannel> blocked = new AtomicReference<>();
            Thread blocking = new Thread(() -> {
                connecting.countDown();
                try {
                    blocked.set(SocketChannel.open(server.socketAddress()));
                } catch (IOException failed) {
                    connecting.countDown();
                }
            });
            blocking.start();
            connecting.await();
            server.resume();
            blocking.join();
            try (SocketChannel served = blocked.get()) {
                assertThat(served.write(ByteBuffer.wrap(UnixSockets.ascii("hi"))))
                        .isEqualTo(2);
                assertThat(served.read(ByteBuffer.allocate(2))).isEqualTo(2);
            }
        }
    }

    @Test
    void plainClientsSeeControlsAsOnPage() throws Exception {
        EchoServer server = UnixSockets.start(folder);
        try (SocketChannel waiting = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.unanswered();
            waiting.configureBlocking(false);
            assertThatThrownBy(() -> waiting.connect(server.socketAddress()))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Resource temporarily unavailable");
            server.refuse();
            assertThatThrownBy(() -> SocketChannel.open(server.socketAddress()))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("Connection refused");
        } finally {
            server.close();
        }
        assertThatThrownBy(() -> SocketChannel.open(server.socketAddress()))
                .isInstanceOf(SocketException.class)
                .hasMessage("No such file or directory");
    }

    @Test
    void rejectedConnectionEnds() throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "maxConnections", "1");
                EchoClient first = UnixSockets.connect(server);
                EchoClient second = UnixSockets.connect(server)) {
            assertThat(second.receive()).isEmpty();
            first.expectEcho(UnixSockets.ascii("served"));
            assertThat(server.counters().rejected()).isEqualTo(1);
            assertThat(server.recording().transcript()).contains("rejecting a client of unix:" + server.path());
        }
    }

    @Test
    void furtherBytesFailEcho() throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "faults", "duplicate 5");
                EchoClient client = UnixSockets.connect(server)) {
            assertThatThrownBy(() -> {
                        client.expectEcho(UnixSockets.ascii("hello"));
                        client.expectEnd();
                    })
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageContaining("5 bytes more than were sent: \"hello\"");
        }
    }

    @Test
    void countsBytesThatCameWithEcho() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .handler(() -> new ConnectionHandler() {
                            @Override
                            public void received(ServedConnection connection, ByteBuffer bytes) {
                                connection.send(new byte[1_005]);
                            }
                        })
                        .start();
                EchoClient client = UnixSockets.connect(server)) {
            assertThatThrownBy(() -> client.expectEcho(new byte[5]))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageStartingWith("1000 bytes more than were sent: ");
            assertThat(client.receive(1_000 - Exchange.SURPLUS)).containsOnly(0);
            server.closeConnections();
            assertThat(client.receive()).isEmpty();
        }
    }

    @Test
    void scriptsAndHandlersServeUnixSockets() throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "script", "expect line \"PING\", send \"PONG\\n\"");
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("PING\n"), UnixSockets.ascii("PONG\n"));
        }
        AtomicReference<ServedConnection> served = new AtomicReference<>();
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .handler(() -> new ConnectionHandler() {
                            @Override
                            public void received(ServedConnection connection, ByteBuffer bytes) {
                                served.set(connection);
                                connection.send(bytes);
                            }
                        })
                        .start();
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("hello"));
            assertThat(served.get().remoteSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            assertThatThrownBy(served.get()::remote)
                    .hasMessage("connection 1 came over a Unix socket, so its client has no host and no port; call"
                            + " remoteSocketAddress()");
        }
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .respond(Framings.lines(), line -> line + "!")
                        .start();
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("a\n"), UnixSockets.ascii("a!\r\n"));
        }
    }

    @Test
    void setsFaultsOfOpenConnections() throws Exception {
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("hello"));
            server.setFaultsOfAll(FaultPlan.parse("corrupt byte 1"));
            assertThatThrownBy(() -> client.expectEcho(UnixSockets.ascii("hello")))
                    .isInstanceOf(EchoMismatchException.class);
        }
    }

    @Test
    void endsIdleConnections() throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "idleTimeout", "20ms");
                EchoClient client = UnixSockets.connect(server)) {
            assertThat(client.receive()).isEmpty();
            assertThat(server.counters().idleClosed()).isEqualTo(1);
        }
    }

    /** The reset of the relay may come during the connect. */
    private static void receive(EchoServer relay) throws IOException {
        try (EchoClient client = EchoClient.connect(relay.socketAddress())) {
            client.receive();
        }
    }

    @Test
    void relaysToUnixSocket() throws Exception {
        byte[] message = new byte[4 * PlainSockets.MIB];
        new Random(2).nextBytes(message);
        try (EchoServer server = UnixSockets.start(folder);
                EchoServer relay = EchoServer.builder()
                        .addresses("127.0.0.1:0", "unix:")
                        .upstream("unix:" + server.path())
                        .connectTimeout(Duration.ofSeconds(30))
                        .recording()
                        .start()) {
            for (SocketAddress each : relay.socketAddresses()) {
                try (EchoClient client = EchoClient.connect(each)) {
                    client.expectEcho(message);
                    client.expectEnd();
                }
            }
            server.unanswered();
            try (EchoClient waiting = EchoClient.connect(relay.socketAddress())) {
                waiting.send(UnixSockets.ascii("later"));
                relay.recording().awaitConnections(3, Background.LONGEST);
                server.resume();
                assertThat(waiting.receive(5)).isEqualTo(UnixSockets.ascii("later"));
            }
            server.refuse();
            assertThatThrownBy(() -> receive(relay)).hasMessageContaining("Connection reset");
            assertThat(relay.recording()
                            .connection(4)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end -> assertThat(end.why())
                            .isEqualTo("cannot connect to upstream unix:" + server.path() + "; tried unix:"
                                    + server.path() + " (Connection refused); is a server listening there?"));
            relay.recording().writeFiles(folder.resolve("files"));
        }
        assertThatThrownBy(() -> EchoServer.builder().upstream("unix:"))
                .hasMessage("upstream (unix:) must name the file of a server, such as unix:/tmp/echo.sock");
    }

    @Test
    void fullQueueOfUpstreamIsTriedUntilTimeout() throws Exception {
        try (EchoServer server = UnixSockets.start(folder);
                EchoServer relay = EchoServer.builder()
                        .upstream("unix:" + server.path())
                        .connectTimeout(Duration.ofMillis(30))
                        .recording()
                        .start()) {
            server.unanswered();
            assertThatThrownBy(() -> receive(relay)).hasMessageContaining("Connection reset");
            assertThat(relay.recording()
                            .connection(1)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end ->
                            assertThat(end.why()).contains(" within 30ms; tried unix:", "queue of the server is full"));
        }
    }
}
