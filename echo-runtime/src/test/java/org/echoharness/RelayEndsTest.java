package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.reset;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How each leg of a relay ends while bytes of the other are unread, held or not sent. */
@Timeout(120)
@SuppressWarnings("try") // resets sockets
class RelayEndsTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    private EchoServer.Builder relay(String faults) {
        return behind.relay().faults(faults);
    }

    private static RecordedConnection ended(EchoServer relay) throws InterruptedException {
        return relay.recording().connection(1).awaitEnd();
    }

    private static String endOf(RecordedConnection leg) {
        return leg.ending().orElseThrow().toString();
    }

    /** The client gets no RST then, since both of its FINs are out. The server must get one. */
    @Test
    void serverWithFinIsResetToo() throws Exception {
        try (EchoServer relay = relay("reset on fin to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.shutdownOutput();
            assertEnd(client);
            send(client, "123");
            receives(server, "123");
            client.shutdownOutput();
            assertReset(server);
            assertThat(endOf(ended(relay).upstream().orElseThrow())).isEqualTo("CLIENT RST (reset on fin to server)");
        }
    }

    @Test
    void lostServerIsRecordedAsReset() throws Exception {
        try (EchoServer relay = relay("stall to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.shutdownOutput();
            assertEnd(client);
            reset(server);
            relay.setFaultsOfAll(FaultPlan.parse("delay 50ms to server"));
            send(client, "x");
            client.shutdownOutput();
            assertThat(endOf(ended(relay).upstream().orElseThrow())).startsWith("SERVER RST (");
        }
    }

    /** The relay waits for nothing on the socket of the client then. */
    @Test
    void resetOfStalledClientIsNoticedAtNextWrite() throws Exception {
        try (EchoServer relay = relay("stall to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "x");
            receives(client, "x");
            reset(client);
            send(server, "y");
            assertReset(server);
            assertThat(endOf(ended(relay))).startsWith("CLIENT RST (");
        }
    }

    /** A gate that reads ahead finds the RST of the server again. */
    @Test
    void resetOfServerStaysThatOfServer() throws Exception {
        try (EchoServer relay = relay("throttle 100KiB/s").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "x");
            receives(server, "x"); // the relay knows by now that it is connected
            byte[] answer = PlainSockets.random(30_000, 1);
            server.getOutputStream().write(answer);
            reset(server);
            assertThat(client.getInputStream().readNBytes(answer.length)).isEqualTo(answer);
            assertReset(client);
            assertThat(endOf(ended(relay))).startsWith("SERVER RST (upstream ");
        }
    }

    /** A FIN would mean that all bytes of the server came. */
    @Test
    void idleCloseResetsIfBytesOfServerAreUnread() throws Exception {
        try (EchoServer relay = relay("stall").idleClose(Duration.ofMillis(300)).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "unread");
            assertReset(client);
            assertThat(endOf(ended(relay))).isEqualTo("SERVER RST (idle for 300ms)");
        }
    }

    /** What the server sends meanwhile must not turn the FIN into an RST. */
    @Test
    void closedServerGetsFin() throws Exception {
        try (EchoServer relay = relay("stall").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "1");
            receives(server, "1");
            send(server, "unread");
            assertThat(relay.catchUp(LONG)).isTrue();
            relay.closeConnections();
            assertEnd(client);
            assertEnd(server);
            assertEnd(server);
        }
    }

    @Test
    void faultThatClosesSendsAllToServer() throws Exception {
        try (EchoServer relay = relay("stall, close after 1000000 to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "unread");
            byte[] all = PlainSockets.random(2_000_000, 1);
            FutureTask<Void> sends = Background.inThread("client", () -> {
                client.getOutputStream().write(all);
                return null;
            });
            assertEnd(client);
            assertThat(server.getInputStream().readNBytes(1_000_000)).isEqualTo(Arrays.copyOf(all, 1_000_000));
            assertEnd(server);
            client.close();
            try {
                Background.result(sends);
            } catch (Exception gone) {
                // the relay has closed
            }
        }
    }

    /** The relay notices the RST by a write, when the answer is still in the kernel. */
    @Test
    void wholeAnswerBeforeResetReachesClient() throws Exception {
        try (EchoServer relay = relay("none").bufferSize(4 << 10).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "request");
            receives(server, "request");
            relay.freeze();
            byte[] answer = PlainSockets.random(60_000, 1);
            server.getOutputStream().write(answer);
            send(client, "more");
            reset(server);
            relay.unfreeze();
            assertThat(client.getInputStream().readNBytes(answer.length)).isEqualTo(answer);
            assertReset(client);
            assertThat(endOf(ended(relay))).startsWith("SERVER RST (upstream ");
        }
    }

    /** The fault holds bytes until more come, which never do after an RST. */
    @Test
    void resetOfServerEndsDuplicateThatWaitsForMore() throws Exception {
        try (EchoServer relay = relay("duplicate 12").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "ab");
            receives(client, "ab");
            reset(server);
            assertReset(client);
            assertThat(endOf(ended(relay))).startsWith("SERVER RST (upstream ");
        }
    }

    /** The client has a FIN by then. Whoever is still connected sees how the relay ends its leg. */
    @ParameterizedTest
    @CsvSource({"reset after 50ms, RST", "close after 50ms, FIN", "reset, RST", "reset on fin, RST"})
    void faultEndsConnectionAfterFinOfServer(String fault, String how) throws Exception {
        try (EchoServer relay = relay("delay 1ms").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(server, "last");
            server.shutdownOutput();
            receives(client, "last");
            assertEnd(client);
            relay.setFaultsOfAll(FaultPlan.parse("greet \"never\", " + fault));
            assertHow(server, how);
            RecordedConnection ended = ended(relay);
            assertThat(endOf(ended)).isEqualTo("SERVER " + how + " (" + fault + ")");
            assertThat(ended.bytesSent()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @CsvSource({"reset after 50ms to server, RST", "close after 50ms to server, FIN", "reset to server, RST"})
    void faultEndsConnectionAfterFinOfClient(String fault, String how) throws Exception {
        try (EchoServer relay = relay("delay 1ms to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "last");
            client.shutdownOutput();
            receives(server, "last");
            assertEnd(server);
            relay.setFaultsOfAll(FaultPlan.parse("greet \"never\" to server, " + fault));
            assertHow(client, how);
            RecordedConnection ended = ended(relay);
            assertThat(endOf(ended)).endsWith(how + " (" + fault + ")");
            assertThat(ended.upstream().orElseThrow().bytesSent()).isEqualTo(4);
            assertThat(endOf(ended.upstream().orElseThrow())).isEqualTo("CLIENT " + how + " (" + fault + ")");
        }
    }

    /** The age counts from the accept, also if the FIN has come meanwhile. */
    @Test
    void resetAfterTimeActsAfterFin() throws Exception {
        try (EchoServer relay = relay("reset after 1s").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertReset(server);
            assertThat(endOf(ended(relay))).isEqualTo("SERVER RST (reset after 1s)");
        }
    }

    private static void assertHow(Socket socket, String how) throws IOException {
        if (how.equals("RST")) {
            assertReset(socket);
        } else {
            assertEnd(socket);
        }
    }

    /** A direction that is over has no deadline but that of a fault. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "delay 2ms, throttle 1KiB/s, fragment 1 every 1ms, slow-close 2ms, reset after 1h"})
    void halfClosedConnectionSleeps(String faults) throws Exception {
        try (EchoServer relay = relay(faults).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.shutdownOutput();
            assertEnd(client);
            send(client, "x");
            receives(server, "x");
            assertThat(relay.catchUp(LONG)).isTrue();
            Thread loop = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().contains(":" + relay.port() + " loop"))
                    .findFirst()
                    .orElseThrow();
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long start = System.nanoTime();
            long used = threads.getThreadCpuTime(loop.getId());
            assertThat(relay.awaitClose(Duration.ofSeconds(1))).isFalse();
            used = threads.getThreadCpuTime(loop.getId()) - used;
            assertThat(used).as("nanoseconds of processor time").isLessThan((System.nanoTime() - start) / 200);
        }
    }

    /** Bytes of the client that are not read would turn the FIN into an RST. */
    @Test
    void clientWithoutServerGetsFin() throws Exception {
        behind.close();
        try (EchoServer relay = relay("none").upstreamFailure(Fault.close()).start()) {
            for (int i = 0; i < 20; i++) {
                relay.freeze();
                try (Socket client = PlainSockets.connect(relay.address())) {
                    send(client, "unread");
                    assertThat(relay.catchUp(LONG)).isTrue();
                    relay.unfreeze();
                    assertEnd(client);
                    assertThat(relay.recording()
                                    .connection(i + 1)
                                    .awaitEnd()
                                    .ending()
                                    .orElseThrow()
                                    .how())
                            .isEqualTo(Ending.How.FIN);
                    assertThat(relay.catchUp(LONG)).isTrue();
                    send(client, "x"); // fails after an RST
                }
            }
        }
    }
}
