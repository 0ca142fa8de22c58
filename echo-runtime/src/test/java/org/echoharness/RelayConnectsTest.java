package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How a relay finds the server behind it and connects to it, and what clients get if it cannot. */
@SuppressWarnings("try") // connections that only wait
@Timeout(120)
class RelayConnectsTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    private static String ending(EchoServer relay) throws InterruptedException {
        return relay.recording().connection(1).awaitEnd().ending().orElseThrow().toString();
    }

    private EchoServer.Builder relayTo(Supplier<String> upstream) {
        return EchoServer.builder()
                .warnings(behind.warnings())
                .upstream(upstream)
                .recording();
    }

    @Test
    void refusedConnectResetsClient() throws Exception {
        behind.close();
        try (EchoServer relay = behind.relay().start()) {
            ServerBehind.assertConnectIsReset(relay);
            String address = behind.address();
            assertThat(relay.recording().connection(1).awaitEnd().ending().orElseThrow())
                    .hasToString("SERVER RST (cannot connect to upstream " + address + "; tried " + address
                            + " (Connection refused); is a server listening there?)");
        }
    }

    @Test
    void warnsOfFirstFailureAfterASuccess() throws Exception {
        try (EchoServer relay = behind.relay().start()) {
            behind.close();
            for (int i = 0; i < 3; i++) {
                ServerBehind.assertConnectIsReset(relay);
            }
            behind.listenAgain();
            try (Socket client = PlainSockets.connect(relay.address());
                    Socket server = behind.accept()) {
                send(client, "x");
                receives(server, "x"); // may be accepted before the relay has noticed that it is connected
            }
            behind.close();
            ServerBehind.assertConnectIsReset(relay);
            String failure = ": cannot connect to upstream " + behind.address() + "; tried " + behind.address()
                    + " (Connection refused); is a server listening there? (further failures are not reported until a"
                    + " connect succeeds)";
            assertThat(behind.warnings().seen()).containsExactly("connection 1" + failure, "connection 5" + failure);
        }
    }

    @Test
    void failureIsResetCloseOrStall() throws Exception {
        behind.close();
        String address = behind.address();
        String reason = "cannot connect to upstream " + address + "; tried " + address
                + " (Connection refused); is a server listening there?";
        try (EchoServer relay = behind.relay().upstreamFailure(Fault.close()).start();
                Socket client = PlainSockets.connect(relay.address())) {
            assertEnd(client);
            assertThat(ending(relay)).isEqualTo("SERVER FIN (" + reason + ")");
        }
        try (EchoServer relay = behind.relay().upstreamFailure(Fault.stall()).start();
                Socket client = PlainSockets.connect(relay.address())) {
            client.setSoTimeout(50);
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            assertThat(relay.catchUp(LONG)).isTrue();
            assertThat(relay.recording().connection(1).events())
                    .filteredOn(event -> event.kind() == RecordedEvent.Kind.NOTE)
                    .extracting(RecordedEvent::detail)
                    .containsExactly(reason);
            relay.resetConnections();
            assertReset(client);
        }
    }

    @Test
    @SuppressWarnings("try") // some sockets are only there
    void serverMayResetBeforeConnectIsFinished() throws Exception {
        InetSocketAddress full = PlainSockets.loopback(behind.port());
        AtomicInteger accepted = new AtomicInteger();
        CountDownLatch isBlocked = new CountDownLatch(1);
        CountDownLatch wasReset = new CountDownLatch(1);
        try (Socket first = PlainSockets.connect(full); // they fill the queue, so that the connect waits
                Socket second = PlainSockets.connect(full);
                EchoServer relay = behind.relay()
                        .upstreamFailure(Fault.close()) // which is not for a server that accepts
                        .conversation(line -> {
                            if (line.startsWith("connection from ") && accepted.incrementAndGet() == 2) {
                                isBlocked.countDown();
                                Background.await(wasReset);
                            }
                        })
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            assertThat(relay.catchUp(LONG)).isTrue();
            try (Socket blocking = PlainSockets.connect(relay.address())) {
                Background.await(isBlocked);
                behind.accept().close();
                behind.accept().close();
                PlainSockets.reset(behind.accept());
                wasReset.countDown();
                assertReset(client);
                assertThat(ending(relay)).isEqualTo("SERVER RST (upstream " + behind.address() + ": Connection reset)");
            }
        }
    }

    @Test
    void supplierNamesServerOfEachConnection() throws Exception {
        try (ServerSocket other = PlainSockets.listen(0)) {
            Iterator<Integer> ports =
                    List.of(behind.port(), other.getLocalPort()).iterator();
            try (EchoServer relay = relayTo(() -> "127.0.0.1:" + ports.next()).start();
                    Socket first = PlainSockets.connect(relay.address());
                    Socket server = behind.accept();
                    Socket second = PlainSockets.connect(relay.address());
                    Socket otherServer = other.accept()) {
                send(first, "1");
                receives(server, "1");
                send(second, "2");
                receives(otherServer, "2");
            }
        }
    }

    @Test
    void supplierThatFailsResetsClient() throws Exception {
        Iterator<String> addresses = Arrays.asList("nonsense", null).iterator();
        try (EchoServer relay = relayTo(() -> {
                    if (!addresses.hasNext()) {
                        throw new IllegalStateException("not started");
                    }
                    return addresses.next();
                })
                .start()) {
            for (int i = 1; i <= 3; i++) {
                ServerBehind.assertConnectIsReset(relay);
            }
            assertThat(relay.recording().connections())
                    .extracting(each -> each.awaitEnd().ending().orElseThrow().toString())
                    .satisfiesExactly(
                            malformed -> assertThat(malformed)
                                    .startsWith("SERVER RST (the upstream is not known: "
                                            + "java.lang.IllegalArgumentException: upstream")
                                    .contains("nonsense"),
                            missing -> assertThat(missing)
                                    .isEqualTo(
                                            "SERVER RST (the upstream is not known: java.lang.NullPointerException: the supplier returned null)"),
                            failed -> assertThat(failed)
                                    .isEqualTo("SERVER RST (the upstream is not known:"
                                            + " java.lang.IllegalStateException: not started)"));
        }
    }

    /** A lookup that takes long delays no other connection, and is interrupted at the time-out. */
    @Test
    void slowSupplierDelaysNoOtherConnection() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (EchoServer relay = relayTo(() -> {
                            if (calls.incrementAndGet() == 1) {
                                asked.countDown();
                                awaitInterrupt(interrupted);
                            }
                            return "localhost:" + behind.port();
                        })
                        .connectTimeout(Duration.ofSeconds(3))
                        .start();
                Socket slow = PlainSockets.connect(relay.address())) {
            Background.await(asked);
            try (Socket quick = PlainSockets.connect(relay.address());
                    Socket server = behind.accept()) {
                send(quick, "a");
                receives(server, "a");
            }
            assertReset(slow);
            assertThat(ending(relay)).isEqualTo("SERVER RST (the upstream is not known within 3s)");
            Background.await(interrupted);
        }
    }

    @Test
    void nameThatDoesNotResolveResetsClient() throws Exception {
        try (EchoServer relay = EchoServer.builder()
                .warnings(behind.warnings())
                .upstream("no-such-host.invalid:5432")
                .recording()
                .start()) {
            ServerBehind.assertConnectIsReset(relay);
            assertThat(ending(relay))
                    .isEqualTo("SERVER RST (cannot connect to upstream no-such-host.invalid:5432: the name does not"
                            + " resolve; check its spelling, or write an address)");
        }
    }

    @Test
    void upstreamWithoutAnswerResetsClientAtTimeout() throws Exception {
        try (EchoServer silent = EchoServer.builder().backlog(1).start();
                EchoServer relay = EchoServer.builder()
                        .warnings(behind.warnings())
                        .upstream("127.0.0.1:" + silent.port())
                        .connectTimeout(Duration.ofMillis(300))
                        .recording()
                        .start()) {
            silent.unanswered();
            ServerBehind.assertConnectIsReset(relay);
            String address = "127.0.0.1:" + silent.port();
            assertThat(ending(relay))
                    .isEqualTo("SERVER RST (cannot connect to upstream " + address + " within 300ms; tried " + address
                            + " (no answer); is a server listening there?)");
        }
    }

    private static void awaitInterrupt(CountDownLatch interrupted) {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException atTimeout) {
            interrupted.countDown();
            throw new IllegalStateException(atTimeout);
        }
    }
}
