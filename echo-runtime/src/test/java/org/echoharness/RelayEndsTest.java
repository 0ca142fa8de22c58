package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.reset;
import static org.echoharness.support.PlainSockets.send;

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

    /** A direction that is over has no deadline. */
    @Test
    void halfClosedConnectionSleeps() throws Exception {
        try (EchoServer relay = relay("none").start();
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
