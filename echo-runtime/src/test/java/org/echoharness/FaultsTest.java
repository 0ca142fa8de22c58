package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a blocking client and a client with a selector see of each fault. Tests check only lower bounds of times. */
@Timeout(120)
class FaultsTest {

    private static final String HELLO = "hello world";

    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer start(String faults) throws IOException {
        return EchoServer.builder()
                .faults(faults)
                .conversation(lines)
                .warnings(warnings)
                .start();
    }

    /** The lines with this beginning that the server reported about this client, without their end. */
    private List<String> lines(String beginning, Client client) throws IOException {
        String peer = "127.0.0.1:" + client.port();
        return lines.seen().stream()
                .filter(line -> line.startsWith(beginning) && line.endsWith(peer))
                .map(line -> line.replaceFirst(" (back to|from|to) \\S+$", ""))
                .toList();
    }

    private static void assertNotBefore(long millis, long start) {
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static void assertReset(ThrowingCallable reading) {
        assertThatThrownBy(reading).isExactlyInstanceOf(SocketException.class).hasMessage("Connection reset");
    }

    /** Echoes on another connection. When the echoes are back, the server has handled all that was sent before. */
    private static void letTheServerLook(EchoServer server) throws IOException {
        try (Client other = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            other.send("1");
            assertThat(other.receive(1)).isNotEmpty();
            other.send("2");
            assertThat(other.receive(1)).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void delayHoldsBytesAndFin(Client.Kind kind) throws Exception {
        try (EchoServer server = start("delay 50ms");
                Client client = kind.connect(server)) {
            for (String message : List.of("hello", "again")) {
                long sent = System.nanoTime();
                client.echoes(message);
                assertNotBefore(50, sent);
            }
            long fin = System.nanoTime();
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEmpty();
            assertNotBefore(50, fin);
        }
    }

    @ParameterizedTest
    @EnumSource
    void jitterStaysInRangeAndKeepsOrder(Client.Kind kind) throws Exception {
        try (EchoServer server = start("delay 50ms jitter 20ms seed 42");
                Client client = kind.connect(server)) {
            long sent = System.nanoTime();
            String all = "";
            for (char c = 'a'; c <= 'z'; c++) {
                client.send(String.valueOf(c));
                all += c;
            }
            assertThat(client.receive(1)).isEqualTo("a");
            assertNotBefore(30, sent);
            assertThat(client.receive(25)).isEqualTo(all.substring(1));
            assertThat(warnings.seen()).containsExactly("faults: delay 50ms jitter 20ms seed 42");
        }
    }

    @ParameterizedTest
    @EnumSource
    void throttleLimitsRate(Client.Kind kind) throws Exception {
        try (EchoServer server = start("throttle 1000/s");
                Client client = kind.connect(server)) {
            byte[] bytes = PlainSockets.random(200, 1);
            long sent = System.nanoTime();
            client.send(bytes);
            assertThat(client.receiveBytes(200)).isEqualTo(bytes);
            assertNotBefore(180, sent); // the first bytes, worth 20 ms, are sent at once
        }
    }

    @ParameterizedTest
    @EnumSource
    void fragmentSplitsEcho(Client.Kind kind) throws Exception {
        try (EchoServer server = start("fragment 4");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEqualTo(HELLO);
            assertThat(lines("sending", client))
                    .containsExactly("sending 4 bytes", "sending 4 bytes", "sending 3 bytes");
        }
    }

    @ParameterizedTest
    @EnumSource
    void fragmentWithIntervalSeparatesWrites(Client.Kind kind) throws Exception {
        try (EchoServer server = start("fragment 4 every 30ms");
                Client client = kind.connect(server)) {
            long sent = System.nanoTime();
            client.echoes(HELLO);
            assertNotBefore(60, sent);
            lines.await("sending 3 bytes .*"); // it is printed after the write
            assertThat(lines("sending", client))
                    .containsExactly("sending 4 bytes", "sending 4 bytes", "sending 3 bytes");
        }
    }

    @ParameterizedTest
    @EnumSource
    void resetFollowsEarlierBytes(Client.Kind kind) throws Exception {
        try (EchoServer server = start("reset after 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            assertThat(client.receive(5)).isEqualTo("hello");
            assertReset(() -> client.receive(1));
            assertReset(() -> client.receive(1)); // each time, no end of stream after it
            assertThatThrownBy(() -> client.send("more")).hasMessage("Broken pipe");
        }
    }

    @ParameterizedTest
    @EnumSource
    void resetAtAcceptFailsConnectOrRead(Client.Kind kind) throws Exception {
        try (EchoServer server = start("reset")) {
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> {
                            try (Client client = kind.connect(server)) {
                                client.receive(1);
                            }
                        })
                        .isInstanceOf(IOException.class)
                        .message()
                        .isIn("Connection reset", "Connection reset by peer");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void resetOnFinReplacesEndOfStream(Client.Kind kind) throws Exception {
        try (EchoServer server = start("reset on fin");
                Client client = kind.connect(server)) {
            client.echoes(HELLO);
            client.shutdownOutput();
            assertReset(() -> client.receive(1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void closeEndsStreamEarly(Client.Kind kind) throws Exception {
        try (EchoServer server = start("close after 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            assertThat(client.receiveAll()).isEqualTo("hello");
            assertThat(lines.await("lost .*")).isEqualTo("lost 127.0.0.1:" + client.port() + ": close after 5");
        }
    }

    @ParameterizedTest
    @EnumSource
    void halfCloseEndsStreamAndKeepsReading(Client.Kind kind) throws Exception {
        try (EchoServer server = start("half-close after 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            assertThat(client.receiveAll()).isEqualTo("hello");
            client.send("more");
            lines.await("received 4 bytes \"more\" from .*");
            client.shutdownOutput();
            lines.await("no data from .*");
            assertThat(lines("sending", client)).containsExactly("sending 5 bytes");
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            1, 0, 0, 0, 0, server.counters().peak()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void resetAfterHalfCloseSendsRst(Client.Kind kind) throws Exception {
        try (EchoServer server = start("connection 1: half-close, reset after 300ms")) {
            long start = System.nanoTime();
            try (Client client = kind.connect(server)) {
                assertThat(client.receiveAll()).isEmpty();
                lines.await("lost 127.0.0.1:" + client.port() + ": reset after 300ms");
                assertNotBefore(300, start);
                letTheServerLook(server); // it closes the socket just after that line
                // of a socket that was merely closed, the first write would succeed
                assertThatThrownBy(() -> client.send("x"))
                        .isInstanceOf(IOException.class)
                        .hasMessage("Broken pipe");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void discardReadsAllAndAnswersOnlyFin(Client.Kind kind) throws Exception {
        try (EchoServer server = start("discard after 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            lines.await("received 11 bytes .*");
            client.send(new byte[PlainSockets.MIB]);
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @EnumSource
    void stallStopsReadsAndWrites(Client.Kind kind) throws Exception {
        try (EchoServer server = start("connection 1: stall after 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            assertThat(client.receive(5)).isEqualTo("hello");
            client.send("more");
            client.shutdownOutput();
            letTheServerLook(server);
            assertThat(client.hasInput()).isFalse();
            assertThat(lines("received", client)).containsExactly("received 11 bytes \"hello world\"");
            assertThat(lines("sending", client)).containsExactly("sending 5 bytes");

            server.setFaultsOfAll(FaultPlan.none());
            assertThat(client.receiveAll()).isEqualTo(" worldmore");
        }
    }

    @ParameterizedTest
    @EnumSource
    void corruptFlipsEveryBit(Client.Kind kind) throws Exception {
        try (EchoServer server = start("corrupt after 2");
                Client client = kind.connect(server)) {
            client.send("ab\u0000\u00ff\u000f");
            assertThat(client.receive(5)).isEqualTo("ab\u00ff\u0000\u00f0");
        }
    }

    @ParameterizedTest
    @EnumSource
    void corruptBytesFlipsOnlyGivenBytes(Client.Kind kind) throws Exception {
        try (EchoServer server = start("corrupt bytes 2-3");
                Client client = kind.connect(server)) {
            client.send(new byte[] {1, 2, 3, 4});
            assertThat(client.receiveBytes(4)).containsExactly(1, ~2, ~3, 4);
            client.echoes(HELLO);
        }
    }

    @ParameterizedTest
    @EnumSource
    void corruptAtRandomDependsOnSeed(Client.Kind kind) throws Exception {
        byte[] first = corruptedAtRandom(kind, 42);
        assertThat(first).containsOnly(0, 0xff);
        long flipped = new String(first, StandardCharsets.ISO_8859_1)
                .chars()
                .filter(c -> c == 0xff)
                .count();
        assertThat(flipped).isBetween(800L, 1_200L); // of 10,000, at 10%

        assertThat(corruptedAtRandom(kind, 42)).isEqualTo(first);
        assertThat(corruptedAtRandom(kind, 43)).isNotEqualTo(first);
    }

    private byte[] corruptedAtRandom(Client.Kind kind, long seed) throws IOException {
        try (EchoServer server = start("corrupt 10% seed " + seed);
                Client client = kind.connect(server)) {
            client.send(new byte[10_000]);
            return client.receiveBytes(10_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void duplicateSendsBytesTwice(Client.Kind kind) throws Exception {
        try (EchoServer server = start("duplicate 5");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEqualTo("hellohello world");
        }
    }

    /** Five bytes in one write, or in five. */
    @ParameterizedTest
    @EnumSource
    void greetPositionIgnoresCuts(Client.Kind kind) throws Exception {
        try (EchoServer server = start("discard, close after 5, greet \"bye\" after 3")) {
            try (Client client = kind.connect(server)) {
                client.send("12345");
                assertThat(client.receiveAll()).isEqualTo("bye");
            }
            try (Client client = kind.connect(server)) {
                for (String each : List.of("1", "2", "3")) {
                    client.send(each);
                }
                assertThat(client.receive(3)).isEqualTo("bye");
                client.send("4");
                client.send("5");
                assertThat(client.receiveAll()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncateOmitsBytes(Client.Kind kind) throws Exception {
        try (EchoServer server = start("truncate 3 after 2");
                Client client = kind.connect(server)) {
            client.send(HELLO);
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEqualTo("he world");
        }
    }

    @ParameterizedTest
    @EnumSource
    void slowCloseDelaysFinOnly(Client.Kind kind) throws Exception {
        try (EchoServer server = start("slow-close 100ms");
                Client client = kind.connect(server)) {
            client.echoes(HELLO);
            long fin = System.nanoTime();
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEmpty();
            assertNotBefore(100, fin);
        }
    }

    @ParameterizedTest
    @EnumSource
    void greetSendsBeforeInput(Client.Kind kind) throws Exception {
        try (EchoServer server = start("greet \"220 ready\\r\\n\", greet \"\\x00\\xff\" on fin");
                Client client = kind.connect(server)) {
            assertThat(client.receive(11)).isEqualTo("220 ready\r\n");
            client.echoes(HELLO);
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEqualTo("\u0000\u00ff");
        }
    }
}
