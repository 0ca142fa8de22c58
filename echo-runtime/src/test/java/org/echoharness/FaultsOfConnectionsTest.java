package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connections have faults, and that these affect neither other connections nor memory nor close. */
@Timeout(120)
@SuppressWarnings("try") // what close() does is a part of what is tested
class FaultsOfConnectionsTest {

    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer start(FaultPlan plan) throws IOException {
        return EchoServer.builder()
                .faults(plan)
                .bufferSize(4096)
                .conversation(lines)
                .warnings(warnings)
                .start();
    }

    private EchoServer start(String plan) throws IOException {
        return start(FaultPlan.parse(plan));
    }

    /** Makes this many connections. Returns which of them were greeted. */
    private static List<Long> greeted(EchoServer server, int connections) throws IOException {
        List<Long> greeted = new ArrayList<>();
        for (long i = 1; i <= connections; i++) {
            try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                client.send("x");
                client.shutdownOutput();
                String answer = client.receiveAll();
                assertThat(answer).isIn("x", "!x");
                if (answer.length() == 2) {
                    greeted.add(i);
                }
            }
        }
        return greeted;
    }

    @ParameterizedTest
    @CsvSource({
        "connection 2,   2",
        "connections 2-4, 2 3 4",
        "first 2,        1 2",
        "every 3rd,      3 6",
        "others,         1 2 3 4 5 6",
        "connections 5-, 5 6",
    })
    void appliesFaultsToChosenConnectionsOnly(String connections, String expected) throws Exception {
        try (EchoServer server = start(connections + ": greet '!'")) {
            assertThat(greeted(server, 6))
                    .isEqualTo(Pattern.compile(" ")
                            .splitAsStream(expected)
                            .map(Long::valueOf)
                            .toList());
        }
    }

    @Test
    void othersAreConnectionsWithoutRule() throws Exception {
        try (EchoServer server = start("connection 2: none; others: greet '!'")) {
            assertThat(greeted(server, 4)).containsExactly(1L, 3L, 4L);
        }
    }

    @Test
    void seedChoosesConnections() throws Exception {
        List<Long> first;
        try (EchoServer server = start("random 10% seed 42: greet '!'")) {
            first = greeted(server, 200);
        }
        assertThat(first).hasSizeBetween(10, 30);
        try (EchoServer server = start("random 10% seed 42: greet '!'")) {
            assertThat(greeted(server, 200)).isEqualTo(first);
        }
        try (EchoServer server = start("random 10% seed 43: greet '!'")) {
            assertThat(greeted(server, 200)).isNotEqualTo(first);
        }
    }

    @Test
    void announcedLineRepeatsFaults() throws Exception {
        List<Long> first;
        try (EchoServer server = start("random 50%: greet '!'")) {
            first = greeted(server, 50);
        }
        Matcher printed = Pattern.compile("faults: (random 50% seed [0-9]+: greet \"!\")")
                .matcher(warnings.seen().get(0));
        assertThat(printed.matches()).as("%s", warnings.seen()).isTrue();
        try (EchoServer server = start(printed.group(1))) {
            assertThat(greeted(server, 50)).isEqualTo(first);
        }
        assertThat(warnings.seen()).hasSize(2);
    }

    @Test
    void announcesRandomPlansOnly() throws Exception {
        try (EchoServer server = start("first 2: reset")) {
            assertThat(warnings.seen()).isEmpty();
            server.setFaults(FaultPlan.parse("corrupt 1% seed 7"));
            assertThat(warnings.seen()).containsExactly("faults: corrupt 1% seed 7");
        }
    }

    @Test
    void predicateChoosesByClientAddress() throws Exception {
        List<InetSocketAddress> seen = new ArrayList<>();
        Connections picked = Connections.from(remote -> {
            seen.add(remote);
            return seen.size() == 2;
        });
        try (EchoServer server = start(FaultPlan.none().on(picked, Fault.greet("!")))) {
            assertThat(greeted(server, 3)).containsExactly(2L);
            assertThat(seen).allMatch(remote -> remote.getAddress().equals(InetAddress.getLoopbackAddress()));
            assertThat(seen).extracting(InetSocketAddress::getPort).doesNotHaveDuplicates();
        }
    }

    @Test
    void throwingPredicateEndsOneConnection() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Connections throwing = Connections.from(remote -> {
            if (calls.incrementAndGet() == 2) {
                throw new IllegalStateException("boom");
            }
            return false;
        });
        try (EchoServer server = start(FaultPlan.none().on(throwing, Fault.stall()));
                Client before = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            before.echoes("before");
            assertThatThrownBy(() -> {
                        try (Client poisoned = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                            poisoned.receive(1);
                        }
                    })
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("Connection reset");
            try (Client after = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                after.echoes("after");
            }
            before.echoes("still here");
            assertThat(warnings.seen())
                    .singleElement()
                    .asString()
                    .matches("connection 2 from 127.0.0.1:\\d+ to 127.0.0.1:" + server.port()
                            + " could not be served: java.lang.IllegalStateException: boom");
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            3, 0, 0, 0, 1, server.counters().peak()));
        }
    }

    @Test
    void failsFirstTwoConnections() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("first 2: reset after 1").start()) {
            for (int i = 1; i <= 2; i++) {
                try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                    client.send("hello");
                    assertThatThrownBy(client::receiveAll).hasMessage("Connection reset");
                }
            }
            try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                client.echoes("hello");
            }
        }
    }

    @Test
    void returnsPlanInForce() throws Exception {
        FaultPlan plan = FaultPlan.none()
                .on(Connections.number(1), Fault.reset().after(4))
                .on(Connections.others(), Fault.delay(Duration.ofSeconds(1)));
        try (EchoServer server = start("connection 1: reset after 4; others: delay 1s")) {
            assertThat(server.faults()).isEqualTo(plan);
            server.setFaults(FaultPlan.none());
            assertThat(server.faults()).hasToString("none");
        }
    }

    @ParameterizedTest
    @EnumSource
    void faultDoesNotDelayOtherConnections(Client.Kind kind) throws Exception {
        try (EchoServer server = start("connection 1: stall; connection 2: delay 1h; connection 3: throttle 1/s");
                Client stalled = kind.connect(server);
                Client delayed = kind.connect(server);
                Client throttled = kind.connect(server);
                Client other = kind.connect(server)) {
            List<Client> faulty = List.of(stalled, delayed, throttled);
            for (Client client : faulty) {
                client.send("0123456789");
            }
            assertThat(throttled.receive(1)).isEqualTo("0");
            byte[] bytes = PlainSockets.random(32 << 10, 2);
            for (int i = 0; i < 8; i++) {
                other.send(bytes);
                assertThat(other.receiveBytes(bytes.length)).isEqualTo(bytes);
            }
            for (Client client : List.of(stalled, delayed)) {
                assertThat(client.hasInput()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "delay 1h",
                "throttle 1/s",
                "fragment 1 every 1h",
                "slow-close 1h",
                "stall",
                "stall on fin",
                "discard"
            })
    void closeDoesNotWaitForFault(String plan) throws Exception {
        for (Client.Kind kind : Client.Kind.values()) {
            int port;
            try (EchoServer server = start(plan);
                    Client client = kind.connect(server)) {
                port = server.port();
                client.send("hello");
                if (!plan.equals("discard")) {
                    client.shutdownOutput();
                }
                lines.await("(received|connection) .*127.0.0.1:" + client.port());
                server.close();

                assertThatThrownBy(client::receiveAll)
                        .isExactlyInstanceOf(SocketException.class)
                        .hasMessage("Connection reset");
            }
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().contains("127.0.0.1:" + port + " "));
            PlainSockets.listen(port).close();
        }
    }

    @ParameterizedTest
    @CsvSource({"delay 1h, 4096", "stall, 0"})
    void limitsBytesHeldByFault(String fault, long held) throws Exception {
        try (EchoServer server = start("connection 1: " + fault);
                Client.OfChannel client = (Client.OfChannel) Client.Kind.NON_BLOCKING_CHANNEL.connect(server);
                Client other = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            long flood = 64L << 20;
            assertThat(client.fill(flood, 500)).isLessThan(flood);
            other.echoes("1");
            other.echoes("2");

            assertThat(bytes("received", client)).isEqualTo(held);
            assertThat(bytes("sending", client)).isZero();
        }
    }

    private long bytes(String beginning, Client client) throws IOException {
        Pattern line = Pattern.compile(beginning + " ([0-9]+) bytes? .*127.0.0.1:" + client.port());
        return lines.seen().stream()
                .map(line::matcher)
                .filter(Matcher::matches)
                .flatMapToLong(found -> LongStream.of(Long.parseLong(found.group(1))))
                .sum();
    }
}
