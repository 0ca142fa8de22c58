package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.READ_ALL;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.reset;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.function.Supplier;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server of the tests behind a relay of the tests: whether its check {@code resets} finds what the relay resets. */
class RelayResetsTest {

    private static EchoExtension relay(Supplier<EchoServer> real, String faults) {
        return EchoExtension.builder()
                .checks("leaks, resets")
                .server(server ->
                        server.upstream(() -> "127.0.0.1:" + real.get().port()).faults(faults))
                .build();
    }

    private static void resetByRelay(EchoServer real, int number) throws InterruptedException {
        List<RecordedConnection> connections = real.recording().awaitConnections(number);
        RecordedConnection connection = connections.get(number - 1).awaitEnd();
        Ending ending = connection.ending().orElseThrow();
        assertThat(ending.by() + " " + ending.how()).isEqualTo("CLIENT RST");
    }

    private static void writeUntilReset(EchoServer relay) throws IOException {
        try (Socket client = connect(relay)) {
            client.getOutputStream().write("hello".getBytes(UTF_8));
            PlainSockets.assertReset(client);
        }
    }

    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByFault {
        @Echo("real")
        EchoServer real;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "reset after 3 to server");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            writeUntilReset(server);
            resetByRelay(real, 1);
        }
    }

    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByControl {
        @Echo("real")
        EchoServer real;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "none");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                echoes(client);
                server.resetConnections();
                PlainSockets.assertReset(client);
            }
            resetByRelay(real, 1);
        }
    }

    /** A client may give up because of a fault of the relay. */
    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByClientAfterFault {
        @Echo("real")
        EchoServer real;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "corrupt byte 1 to server");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            try (Socket client = connect(server)) {
                client.getOutputStream().write("hello".getBytes(UTF_8));
                PlainSockets.receives(client, "\u0097ello");
                client.setSoLinger(true, 0);
            }
            resetByRelay(real, 1);
        }
    }

    /** The checks of the class come when the relay of each test is closed. */
    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByRelayOfEachTest {
        @Echo("real")
        static EchoServer real;

        static int count;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "reset after 3 to server");

        @Test
        void first(@Echo EchoServer server) throws Exception {
            writeUntilReset(server);
            resetByRelay(real, ++count);
        }

        @Test
        void second(@Echo EchoServer server) throws Exception {
            first(server);
        }
    }

    /** Two relays, one before the other. */
    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByRelayInFront {
        @Echo("real")
        EchoServer real;

        @Echo("middle")
        EchoServer middle;

        @RegisterExtension
        final EchoExtension second = EchoExtension.builder()
                .name("middle")
                .checks("leaks, resets")
                .server(server -> server.upstream(() -> "127.0.0.1:" + real.port()))
                .build();

        @RegisterExtension
        final EchoExtension first = relay(() -> middle, "reset after 3 to server");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            writeUntilReset(server);
            resetByRelay(middle, 1);
            resetByRelay(real, 1);
        }
    }

    @Test
    void resetOfRelayIsNoFaultOfTheTest() throws Exception {
        Run.of(ByFault.class).passed(1);
        Run.of(ByControl.class).passed(1);
        Run.of(ByClientAfterFault.class).passed(1);
        Run.of(ByRelayOfEachTest.class).passed(2);
        Run.of(ByRelayInFront.class).passed(1);
    }

    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByClient {
        @Echo("real")
        EchoServer real;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "none");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            reset(server);
            resetByRelay(real, 1);
        }
    }

    @Test
    void findsResetOfClientThatRelayPassesOn() throws Exception {
        String left =
                "connection 1 from HOST:PORT was reset by the client, which no fault asked for; it last sent 5 bytes"
                        + " \"hello\"" + READ_ALL;
        assertThat(LeakyFixtures.complaint(Run.of(ByClient.class)).lines())
                .satisfiesExactly(
                        relay -> assertThat(relay)
                                .startsWith("server \"default\"")
                                .endsWith(left),
                        real -> assertThat(real).startsWith("server \"real\"").endsWith(left));
    }

    @EchoTest(name = "real", checks = "leaks, resets")
    static class ByClientOfReal {
        @Echo("real")
        EchoServer real;

        @RegisterExtension
        final EchoExtension relay = relay(() -> real, "reset after 3 to server");

        @Test
        void test(@Echo EchoServer server) throws Exception {
            writeUntilReset(server);
            resetByRelay(real, 1);
            reset(real);
        }
    }

    @Test
    void findsResetOfClientBesideRelay() throws Exception {
        assertThat(LeakyFixtures.complaint(Run.of(ByClientOfReal.class)))
                .startsWith("server \"real\"")
                .contains(": connection 2 from HOST:PORT was reset by the client")
                .doesNotContain("connection 1");
    }
}
