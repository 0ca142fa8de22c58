package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.junit.LeakyFixtures.CLOSE_IT;
import static org.echoharness.junit.LeakyFixtures.RESET_UNASKED;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.leak;
import static org.echoharness.junit.LeakyFixtures.on;
import static org.echoharness.junit.LeakyFixtures.reset;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Servers of tests that relay: what is injected, and whose fault the checks find. */
class RelayChecksTest {

    private static EchoServer real;
    private static ServerSocket silent; // accepts and does nothing more

    @BeforeAll
    static void startServersBehind() throws Exception {
        real = EchoServer.builder().start();
        silent = PlainSockets.listen(0);
        silent.setSoTimeout(50_000);
    }

    @AfterAll
    static void closeServersBehind() throws Exception {
        real.close();
        silent.close();
    }

    @AfterEach
    void closeWhatFixturesLeave() throws Exception {
        LeakyFixtures.closeAll();
    }

    private static EchoExtension.Builder before(int port) {
        return EchoExtension.builder()
                .checks("leaks, resets")
                .server(server -> server.upstream("127.0.0.1:" + port))
                .client(client -> client.readTimeout(Duration.ofMillis(500)));
    }

    private static String onRelay(Class<?> fixture) {
        return "server \"default\" (@RegisterExtension on field \"relay\" of " + fixture.getName() + "): ";
    }

    static class Injects {
        @RegisterExtension
        final EchoExtension relay = before(real.port()).build();

        @Test
        void allThatAnyServerDoes(
                EchoServer server,
                EchoClient client,
                Recording recording,
                @Echo InetSocketAddress address,
                @Echo int port)
                throws Exception {
            client.expectEcho("hello".getBytes(UTF_8));
            assertThat(port)
                    .isEqualTo(server.port())
                    .isEqualTo(address.getPort())
                    .isNotEqualTo(real.port());
            RecordedConnection upstream = recording.connection(1).upstream().orElseThrow();
            upstream.assertSent("hello".getBytes(UTF_8));
            assertThat(upstream.remote().getPort()).isEqualTo(real.port());
            assertThat(server.relays()).isTrue();
            assertThat(server.echoes()).isFalse();
        }
    }

    @Test
    void injectsRelayAsAnyServer() throws Exception {
        Run.of(Injects.class).passed(1);
    }

    static class Fails {
        @RegisterExtension
        final EchoExtension relay = EchoExtension.builder()
                .server(server -> server.upstream("127.0.0.1:" + real.port()).faults("corrupt byte 1 to server"))
                .build();

        @Test
        void comparesAnswer(EchoClient client) throws Exception {
            client.expectEcho("hello".getBytes(UTF_8));
        }
    }

    @Test
    void failedTestShowsBothLegs() throws Exception {
        Throwable failure = Run.of(Fails.class).failure();
        assertThat(failure).hasMessageStartingWith("the echo differs at offset 0");
        assertThat(failure.getSuppressed()[0])
                .asString()
                .contains("received 5 bytes \"hello\" from 127.0.0.1:")
                .contains("sending 5 bytes \"\\x97ello\" to upstream 127.0.0.1:" + real.port())
                .contains("the bytes to the server differ at offset 0");
    }

    static class NothingIsTheClients {
        @RegisterExtension
        final EchoExtension relay = before(silent.getLocalPort()).build();

        @Test
        void upstreamResets(EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                try (Socket behind = silent.accept()) {
                    PlainSockets.send(client, "hello");
                    PlainSockets.receives(behind, "hello");
                    behind.setSoLinger(true, 0);
                }
                PlainSockets.assertReset(client);
            }
            assertThat(server.recording().connection(1).awaitEnd().ending().orElseThrow())
                    .asString()
                    .startsWith("SERVER RST (upstream 127.0.0.1:");
        }

        @Test
        void upstreamDoesNotAnswerFin(EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                Socket behind = silent.accept();
                keepOpen(behind);
                PlainSockets.send(client, "hello");
                PlainSockets.receives(behind, "hello");
            }
        }

        @Test
        void upstreamReadsNothing(EchoServer server) throws Exception {
            try (SocketChannel client = SocketChannel.open(server.address())) {
                keepOpen(silent.accept());
                client.configureBlocking(false);
                ByteBuffer bytes = ByteBuffer.allocate(PlainSockets.MIB);
                do {
                    bytes.clear();
                } while (client.write(bytes) > 0 || !isFull(server, client, bytes));
            }
        }

        /** The FIN waits in the kernel of the client, behind the bytes. */
        private static boolean isFull(EchoServer server, SocketChannel client, ByteBuffer bytes) throws IOException {
            assertThat(server.catchUp(Duration.ofSeconds(50))).isTrue();
            return client.write(bytes) == 0;
        }
    }

    static class Unreachable {
        @RegisterExtension
        final EchoExtension relay = EchoExtension.builder()
                .checks("leaks, resets")
                .server(server -> server.upstream(() -> {
                    throw new IllegalStateException("no database today");
                }))
                .build();

        @Test
        void resetsClient(EchoServer server) throws Exception {
            assertThatThrownBy(() -> echoes(connect(server))).isInstanceOf(SocketException.class);
            Ending ending = server.recording().connection(1).awaitEnd().ending().orElseThrow();
            assertThat(ending.by()).isEqualTo(Ending.Side.SERVER);
            assertThat(ending.why()).contains("no database today");
        }
    }

    @Test
    void upstreamThatResetsOrIsNotThereIsNoFaultOfTheClient() throws Exception {
        Run.of(NothingIsTheClients.class).passed(3);
        Run.of(Unreachable.class).passed(1);
    }

    static class Stalled {
        @RegisterExtension
        final EchoExtension relay = EchoExtension.builder()
                .checks("leaks, resets")
                .server(server -> server.upstreamFailure(Fault.stall()).upstream(() -> ""))
                .client(client -> client.readTimeout(Duration.ofMillis(500)))
                .build();

        @Test
        void clientGivesUp(EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                client.getOutputStream().write("hello".getBytes(UTF_8));
                server.recording().awaitConnections(1);
            }
        }

        @Test
        void clientLeaks(EchoServer server) throws Exception {
            keepOpen(connect(server));
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX) // elsewhere nobody can know
    void findsOnlyClientThatLeaksIfNothingIsRead() throws Exception {
        assertThat(complaint(Run.of(Stalled.class)))
                .isEqualTo(onRelay(Stalled.class) + "the test left connection 1 from HOST:PORT open; it sent nothing"
                        + CLOSE_IT);
    }

    @EchoTest(name = "real", readTimeout = "300ms")
    static class HoldsUp {
        @Echo("real")
        EchoServer own;

        @RegisterExtension
        final EchoExtension relay = EchoExtension.builder()
                .server(server ->
                        server.upstream(() -> "127.0.0.1:" + own.port()).faults("stall after 2 to server"))
                .build();

        @Test
        void closes(@Echo EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                client.getOutputStream().write("hello".getBytes(UTF_8));
                assertThat(client.getInputStream().readNBytes(2)).asString().isEqualTo("he");
            }
        }
    }

    @Test
    void connectionHeldByRelayIsNoLeakAtServerBehind() throws Exception {
        Run.of(HoldsUp.class).passed(1);
    }

    static class Leaks {
        @RegisterExtension
        final EchoExtension relay = before(real.port()).build();

        @Test
        void leaves(EchoServer server) throws Exception {
            leak(server);
        }
    }

    static class LeaksAfterFin {
        @RegisterExtension
        final EchoExtension relay = before(silent.getLocalPort()).build();

        @Test
        void endsOutputAlone(EchoServer server) throws Exception {
            Socket client = connect(server);
            keepOpen(client);
            keepOpen(silent.accept());
            client.shutdownOutput();
            server.recording().awaitConnections(1);
        }
    }

    static class LeaksAfterFinOfUpstream {
        @RegisterExtension
        final EchoExtension relay = before(silent.getLocalPort()).build();

        @Test
        void ignoresEnd(EchoServer server) throws Exception {
            Socket client = connect(server);
            keepOpen(client);
            silent.accept().close();
            PlainSockets.assertEnd(client);
        }
    }

    @Test
    void findsClientThatLeaks() throws Exception {
        assertThat(complaint(Run.of(Leaks.class)))
                .isEqualTo(onRelay(Leaks.class)
                        + "the test left connection 1 from HOST:PORT open; it last sent 5 bytes \"hello\"" + CLOSE_IT);
        String left = "the test left connection 1 from HOST:PORT open; it sent nothing" + CLOSE_IT;
        assertThat(complaint(Run.of(LeaksAfterFinOfUpstream.class)))
                .isEqualTo(onRelay(LeaksAfterFinOfUpstream.class) + left);
    }

    @Test
    @EnabledOnOs(OS.LINUX) // elsewhere a FIN counts as a close
    void findsClientThatOnlyEndsItsOutput() throws Exception {
        assertThat(complaint(Run.of(LeaksAfterFin.class)))
                .isEqualTo(onRelay(LeaksAfterFin.class)
                        + "the test left connection 1 from HOST:PORT open; it sent nothing" + CLOSE_IT);
    }

    static class Resets {
        @RegisterExtension
        final EchoExtension relay = before(real.port()).build();

        @Test
        void resets(EchoServer server) throws Exception {
            reset(server);
        }
    }

    @Test
    void findsClientThatResets() throws Exception {
        assertThat(complaint(Run.of(Resets.class))).isEqualTo(onRelay(Resets.class) + "connection 1" + RESET_UNASKED);
    }

    static class NeverApplied {
        @RegisterExtension
        final EchoExtension relay = EchoExtension.builder()
                .checks("faults")
                .server(server -> server.upstream("127.0.0.1:" + real.port())
                        .faults("corrupt byte 1 to server, reset after 1KiB to server"))
                .build();

        @Test
        void sendsTooLittle(EchoClient client) throws Exception {
            client.send("hello".getBytes(UTF_8));
            client.receive(5);
        }
    }

    @Test
    void findsFaultToServerThatWasNeverApplied() throws Exception {
        assertThat(complaint(Run.of(NeverApplied.class)))
                .isEqualTo(onRelay(NeverApplied.class)
                        + "the fault \"reset after 1KiB to server\" was never applied, of the"
                        + " plan \"corrupt byte 1 to server, reset after 1KiB to server\", on 1 connection; let the test"
                        + " get there, or leave faults out of checks");
    }

    @EchoTest(upstream = "127.0.0.1:1", upstreamFailure = "close", connectTimeout = "3s")
    static class Declared {
        @Test
        void seesEnd(EchoServer server, EchoClient client) throws Exception {
            client.expectEnd();
            assertThat(server.recording().connection(1).awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER FIN (cannot connect to upstream 127.0.0.1:1; tried 127.0.0.1:1"
                            + " (Connection refused); is a server listening there?)");
        }
    }

    @EchoTest(upstream = "127.0.0.1:1", script = "echo")
    static class Both {
        @Test
        void test() {}
    }

    @EchoTest(upstreamFailure = "close")
    static class Alone {
        @Test
        void test() {}
    }

    @Test
    void annotationDeclaresRelay() throws Exception {
        Run.of(Declared.class).passed(1);
        assertThat(Run.of(Both.class).failure())
                .hasMessage(on(Both.class) + "upstream and script are both given; leave one out");
        assertThat(Run.of(Alone.class).failure())
                .hasMessage(on(Alone.class)
                        + "upstreamFailure (close) is given without upstream; set upstream, or leave it out");
    }
}
