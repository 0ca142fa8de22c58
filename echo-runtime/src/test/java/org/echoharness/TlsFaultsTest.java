package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a blocking and a non-blocking client get if the handshake or the records have a fault. */
@Timeout(60)
class TlsFaultsTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration STALLED = Duration.ofMillis(120);
    private static final int STEP = Integer.getInteger("tls.step", 61);
    private static final Map<String, Integer> FLIGHTS = new ConcurrentHashMap<>();
    private static final List<String> PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");
    private static final String ENGINE_EOF = "SSLException: closing inbound before receiving peer's close_notify";
    private static final String SOCKET_EOF = "SSLHandshakeException: Remote host terminated the handshake";

    /** Which call of a client reports an RST depends on when it comes, and so does the message. */
    private static final Set<String> RESETS = Set.of("Connection reset", "Connection reset by peer", "Broken pipe");

    /** SOCKET_EOF and ENGINE_EOF are what the two clients report for a FIN without a close_notify; {@code =} is the same again. */
    private static final String ROWS = """
                reset after client-hello  | handshake: RST                          | =                     | SERVER_RST
                reset after server-hello  | handshake: RST                          | =                     | SERVER_RST
                reset after handshake     | done, then RST                          | =                     | SERVER_RST
                close after client-hello  | handshake: SOCKET_EOF                   | handshake: ENGINE_EOF | SERVER_FIN
                close after server-hello  | handshake: SOCKET_EOF                   | handshake: ENGINE_EOF | SERVER_FIN
                close after handshake     | done, then -1                           | =                     | SERVER_FIN
                close without close_notify after client-hello | handshake: SOCKET_EOF | handshake: ENGINE_EOF | SERVER_FIN
                close without close_notify after handshake | done, then -1          | done, then ENGINE_EOF | SERVER_FIN
                stall after client-hello  | handshake: SocketTimeoutException: Read timed out | =           | SERVER_RST
                stall after server-hello  | handshake: SocketTimeoutException: Read timed out | =           | SERVER_RST
                stall after handshake     | done, then SocketTimeoutException: Read timed out | =           | SERVER_RST
                plain                     | handshake: SSLException: Unsupported or unrecognized SSL message | handshake: SSLException: Unrecognized SSL message, plaintext connection? | SERVER_FIN
                greet "220 hi" on the wire, close after client-hello | handshake: SSLException: Unsupported or unrecognized SSL message | handshake: SSLException: Unrecognized SSL message, plaintext connection? | *
                reset on the wire         | handshake: RST                          | =                     | SERVER_RST
                close on the wire         | handshake: SOCKET_EOF                   | handshake: ENGINE_EOF | SERVER_FIN
                stall on the wire         | handshake: SocketTimeoutException: Read timed out | =           | SERVER_RST
                """;

    private static EchoServer server(String faults) throws IOException {
        return EchoServer.builder()
                .tls("self-signed")
                .faults(faults)
                .recording()
                .start();
    }

    private static String show(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return RESETS.contains(message) ? "RST" : failure.getClass().getSimpleName() + ": " + message;
    }

    /** Does a handshake and reads, or sends text and reads as many bytes, and says how it went. */
    private static String outcome(TlsClient client, String sent, Duration timeoutAfterHandshake) {
        try {
            client.handshake();
            client.readTimeout(timeoutAfterHandshake);
        } catch (IOException failed) {
            return "handshake: " + show(failed);
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        String end = "";
        try {
            client.send(sent.getBytes(StandardCharsets.UTF_8));
            while (end.isEmpty() && (sent.isEmpty() || text.size() < sent.length())) {
                byte[] read = client.read();
                end = read == null ? "-1" : "";
                text.writeBytes(read == null ? new byte[0] : read);
            }
        } catch (IOException failed) {
            end = show(failed);
        }
        return ("done, then " + text + " " + end).replace("  ", " ").strip();
    }

    private static RecordedConnection recorded(EchoServer server, boolean stalls) throws InterruptedException {
        RecordedConnection first = server.recording().awaitConnections(1, SOON).get(0);
        if (stalls) {
            long deadline = System.nanoTime() + SOON.toNanos();
            while (server.recording().appliedFaults().isEmpty() && System.nanoTime() - deadline < 0) {
                Thread.onSpinWait();
            }
            server.resetConnections();
        }
        return first.awaitEnd(SOON);
    }

    private static String events(RecordedConnection recorded) {
        return recorded.events().stream()
                .map(event -> event.kind() == RecordedEvent.Kind.FAULT ? event.detail() : event.kind() + "")
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = ROWS)
    void handshakeEndsAsFaultSays(String fault, String blocking, String nonBlocking, String end) throws Exception {
        for (String protocol : PROTOCOLS) {
            for (TlsClient.Kind kind : TlsClient.Kind.values()) {
                String what = fault + " with " + protocol + ", " + kind;
                String expected = kind == TlsClient.Kind.BLOCKING || nonBlocking.equals("=") ? blocking : nonBlocking;
                boolean stalls = fault.startsWith("stall");
                boolean isAgreed = fault.endsWith("after handshake");
                try (EchoServer server = server(fault);
                        TlsClient client = kind.connect(server, protocol)) {
                    if (stalls && !isAgreed) {
                        client.readTimeout(STALLED);
                    }
                    assertThat(outcome(client, "", stalls ? STALLED : TlsClient.LONGEST))
                            .as(what)
                            .isEqualTo(
                                    expected.replace("SOCKET_EOF", SOCKET_EOF).replace("ENGINE_EOF", ENGINE_EOF));
                    RecordedConnection recorded = recorded(server, stalls);
                    if (!end.equals("*")) {
                        assertThat(events(recorded))
                                .as(what)
                                .isEqualTo("ACCEPTED, " + (isAgreed ? "HANDSHAKE, " : "") + fault + ", " + end);
                        assertThat(recorded.ending().orElseThrow().why())
                                .as(what)
                                .isEqualTo(stalls ? "resetConnections()" : fault);
                    }
                    assertThat(server.recording().openConnections()).as(what).isEmpty();
                }
            }
        }
    }

    @Test
    void pageSaysWhatClientsGet() throws IOException {
        Map<String, List<String>> expected = ROWS.lines()
                .map(line ->
                        Arrays.stream(line.split("\\|", -1)).map(String::strip).toList())
                .collect(Collectors.toMap(cells -> cells.get(0), cells -> cells));
        String page = Files.readString(Path.of("TLS.md"));
        List<String> lines = page.substring(page.indexOf("| fault of the handshake |"))
                .lines()
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .toList();
        assertThat(lines).hasSizeGreaterThan(10).allSatisfy(line -> {
            List<String> cells = Arrays.stream(line.replace("`", "").split("\\|", -1))
                    .map(String::strip)
                    .toList();
            List<String> row = expected.get(cells.get(1));
            assertThat(row).as(line).isNotNull();
            assertThat(List.of(inWords(row.get(1)), inWords(row.get(row.get(2).equals("=") ? 1 : 2))))
                    .isEqualTo(cells.subList(3, 5));
        });
    }

    private static String inWords(String outcome) {
        return outcome.replace("SOCKET_EOF", SOCKET_EOF)
                .replace("ENGINE_EOF", ENGINE_EOF)
                .replace("RST", "SocketException: Connection reset");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                delay 60ms after client-hello | 60
                delay 60ms after server-hello | 60
                delay 60ms after handshake    | 60
                delay 60ms on the wire        | 120
                """)
    void delayMakesHandshakeOrTextLate(String fault, long millis) throws Exception {
        for (String protocol : PROTOCOLS) {
            for (TlsClient.Kind kind : TlsClient.Kind.values()) {
                try (EchoServer server = server(fault);
                        TlsClient client = kind.connect(server, protocol)) {
                    long start = System.nanoTime();
                    assertThat(outcome(client, "hello", TlsClient.LONGEST)).isEqualTo("done, then hello");
                    assertThat(System.nanoTime() - start)
                            .as("%s with %s, %s", fault, protocol, kind)
                            .isGreaterThanOrEqualTo(millis * 1_000_000);
                    assertThat(server.recording().appliedFaults()).hasToString("[" + fault + "]");
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                close after 3                      | done, then hel -1  | =
                close without close_notify after 3 | done, then hel -1  | done, then hel ENGINE_EOF
                reset after 3                      | done, then hel RST | =
                close without close_notify after 3, fragment 7 on the wire | done, then hel -1 | done, then hel ENGINE_EOF
                reset after 3, delay 30ms on the wire, fragment 10 every 1ms on the wire | done, then hel RST | =
                corrupt byte 2, fragment 3 on the wire | done, then h\u009allo | =
                """)
    void textEndsAsFaultSays(String fault, String blocking, String nonBlocking) throws Exception {
        for (String protocol : PROTOCOLS) {
            for (TlsClient.Kind kind : TlsClient.Kind.values()) {
                String expected = kind == TlsClient.Kind.BLOCKING || nonBlocking.equals("=") ? blocking : nonBlocking;
                try (EchoServer server = server(fault);
                        TlsClient client = kind.connect(server, protocol)) {
                    String seen = outcome(client, "hello", TlsClient.LONGEST);
                    if (fault.startsWith("corrupt")) {
                        assertThat(seen).startsWith("done, then h").endsWith("llo");
                    } else {
                        assertThat(seen)
                                .as("%s with %s, %s", fault, protocol, kind)
                                .isEqualTo(expected.replace("ENGINE_EOF", ENGINE_EOF));
                    }
                }
            }
        }
    }

    /** The client gets exactly the bytes of the stage, read without TLS. */
    @ParameterizedTest
    @CsvSource({
        "reset after client-hello, 0",
        "close after client-hello, 0",
        "close after server-hello, 1",
        "reset after server-hello, 1"
    })
    void clientGetsRecordsOfStageAlone(String fault, int records) throws Exception {
        for (String protocol : PROTOCOLS) {
            try (EchoServer server = server(fault);
                    Socket below = PlainSockets.connect(server.address())) {
                below.setSoTimeout(20_000);
                below.getOutputStream().write(TlsClient.hello(server.sslContext(), protocol));
                ByteArrayOutputStream answer = new ByteArrayOutputStream();
                String end = "-1";
                try {
                    byte[] chunk = new byte[4096];
                    for (int n = 0; n >= 0; n = below.getInputStream().read(chunk)) {
                        answer.write(chunk, 0, n);
                    }
                } catch (IOException reset) {
                    end = show(reset);
                }
                assertThat(end).isEqualTo(fault.startsWith("reset") ? "RST" : "-1");
                byte[] bytes = answer.toByteArray();
                if (records == 0) {
                    assertThat(bytes).isEmpty();
                } else {
                    assertThat(Arrays.copyOf(bytes, 3)).containsExactly(22, 3, 3);
                    assertThat(bytes[5]).isEqualTo((byte) 2); // a ServerHello
                    int length = (bytes[7] & 0xff) << 8 | (bytes[8] & 0xff);
                    assertThat(bytes).hasSize(5 + 4 + length);
                }
            }
        }
    }

    @Test
    void plainAnswersInClearText() throws Exception {
        for (String fault : List.of("plain", "plain \"-ERR unknown command\\r\\n\"")) {
            try (EchoServer server = server(fault);
                    Socket below = PlainSockets.connect(server.address())) {
                below.setSoTimeout(20_000);
                below.getOutputStream().write(TlsClient.hello(server.sslContext(), "TLSv1.3"));
                assertThat(new String(below.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                        .isEqualTo(((Effect.Plain) Fault.parse(fault).effect()).bytes());
            }
        }
    }

    /**
     * The server ends the connection within its first flight: no client may hang, and none may be content. To try every byte:
     * {@code -Dtls.step=1}.
     */
    @ParameterizedTest
    @ValueSource(strings = {"close", "reset"})
    void flightMayEndAtEveryByte(String how) throws Exception {
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        for (String protocol : PROTOCOLS) {
            try (EchoServer server = server("none")) {
                int flight = flight(server, protocol);
                assertThat(flight).isBetween(600, 3000);
                for (int cut = 1; cut < flight; cut += cut < 12 ? 1 : STEP) {
                    server.setFaults(FaultPlan.parse(how + " after " + cut + " on the wire"));
                    TlsClient.Kind kind = cut % 2 == 0 ? TlsClient.Kind.BLOCKING : TlsClient.Kind.NON_BLOCKING;
                    try (TlsClient client = kind.connect(server, protocol)) {
                        String expected =
                                how.equals("reset") ? "RST" : kind == TlsClient.Kind.BLOCKING ? SOCKET_EOF : ENGINE_EOF;
                        assertThat(outcome(client, "", TlsClient.LONGEST))
                                .as("%s after %s of %s bytes, %s", how, cut, flight, protocol)
                                .isEqualTo("handshake: " + expected);
                    }
                }
                List<RecordedConnection> all = server.recording().connections(); // the newest 1,000
                RecordedConnection last = all.get(all.size() - 1).awaitEnd(SOON);
                assertThat(last.ending().orElseThrow().why()).startsWith(how + " after ");
            }
        }
        files.awaitAtMost(files.count() + 8);
    }

    /** Returns how many bytes the server sends before it waits for the client again. */
    private static int flight(EchoServer server, String protocol) throws IOException {
        Integer known = FLIGHTS.get(protocol);
        if (known != null) {
            return known - 8; // signatures differ in length
        }
        server.setFaults(FaultPlan.parse("stall after handshake"));
        try (Socket below = PlainSockets.connect(server.address())) {
            below.setSoTimeout(20_000);
            below.getOutputStream().write(TlsClient.hello(server.sslContext(), protocol));
            byte[] chunk = new byte[8192];
            int all = below.getInputStream().read(chunk);
            below.setSoTimeout(300);
            try {
                while (true) {
                    all += below.getInputStream().read(chunk);
                }
            } catch (SocketTimeoutException over) {
                FLIGHTS.put(protocol, all);
                return all - 8;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TlsClient.Kind.class)
    void recordsInSingleBytesCarryWholeText(TlsClient.Kind kind) throws Exception {
        byte[] sent = new byte[60_000];
        new Random(17).nextBytes(sent);
        for (String protocol : PROTOCOLS) {
            try (EchoServer server = server("fragment 1 on the wire");
                    TlsClient client = kind.connect(server, protocol)) {
                client.handshake();
                FutureTask<byte[]> all = Background.inThread("reads", () -> readFully(client, sent.length));
                client.send(sent);
                assertThat(Background.result(all)).isEqualTo(sent);
                assertThat(server.recording().appliedFaults()).hasToString("[fragment 1 on the wire]");
            }
        }
    }

    private static byte[] readFully(TlsClient client, int size) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (all.size() < size) {
            byte[] read = client.read();
            if (read == null) {
                break;
            }
            all.writeBytes(read);
        }
        return all.toByteArray();
    }

    /** 5 KiB are more than the handshake, and the record with the bad byte is one of text. */
    @ParameterizedTest
    @ValueSource(strings = {"corrupt byte 1", "truncate 1"})
    void clientAnswersBadRecordWithAlert(String effect) throws Exception {
        String fault = effect + " after 5KiB on the wire";
        for (String protocol : PROTOCOLS) {
            try (EchoServer server = server(fault);
                    TlsClient client = TlsClient.Kind.BLOCKING.connect(server, protocol)) {
                client.handshake();
                client.send(new byte[20_000]);
                assertThatThrownBy(() -> readFully(client, 20_000)).hasMessageContaining("Tag mismatch");
                RecordedConnection recorded = recorded(server, false);
                assertThat(recorded.events())
                        .filteredOn(event -> event.kind() == RecordedEvent.Kind.ALERT)
                        .extracting(RecordedEvent::detail)
                        .containsExactly("bad_record_mac by the client");
                assertThat(events(recorded)).contains(", " + fault + ", ");
            }
        }
    }

    @Test
    void liveChangeActsOnOpenConnections() throws Exception {
        for (String protocol : PROTOCOLS) {
            for (TlsClient.Kind kind : TlsClient.Kind.values()) {
                try (EchoServer server = server("none");
                        TlsClient client = kind.connect(server, protocol)) {
                    assertThat(outcome(client, "hello", TlsClient.LONGEST)).isEqualTo("done, then hello");
                    List<String> plans = new ArrayList<>(List.of(
                            "fragment 1 on the wire",
                            "delay 5ms on the wire, fragment 9 on the wire",
                            "none",
                            "reset after client-hello, stall after server-hello, reset after handshake", // all are over
                            "throttle 1MiB/s on the wire",
                            "none"));
                    for (String plan : plans) {
                        server.setFaultsOfAll(FaultPlan.parse(plan));
                        client.send(new byte[700]);
                        assertThat(readFully(client, 700)).as(plan).hasSize(700);
                    }
                    server.setFaultsOfAll(FaultPlan.parse("reset after 100 on the wire"));
                    client.send(new byte[700]);
                    assertThatThrownBy(() -> readFully(client, 700))
                            .isInstanceOf(IOException.class)
                            .satisfies(reset ->
                                    assertThat(show((IOException) reset)).isEqualTo("RST"));
                    assertThat(recorded(server, false).ending().orElseThrow().why())
                            .isEqualTo("reset after 100 on the wire");
                }
            }
        }
    }

    @Test
    void liveChangeReachesHandshakeThatHasNotBegun() throws Exception {
        try (EchoServer server = server("none");
                TlsClient client = TlsClient.Kind.BLOCKING.connect(server, "TLSv1.3")) {
            server.recording().awaitConnections(1, SOON);
            server.setFaultsOfAll(FaultPlan.parse("reset after server-hello"));
            assertThat(outcome(client, "", TlsClient.LONGEST)).isEqualTo("handshake: RST");
        }
    }

    @Test
    void scriptsAndRelaysHaveFaultsOfHandshakeToo() throws Exception {
        try (EchoServer behind = EchoServer.builder().start();
                EchoServer relay = EchoServer.builder()
                        .tls("self-signed")
                        .upstream(behind.address().getHostString() + ":" + behind.port())
                        .faults(
                                "connection 1: close after client-hello; connection 2: plain; others: fragment 1 on the wire")
                        .start();
                EchoServer script = EchoServer.builder()
                        .tls("self-signed")
                        .script("send \"hi\", expect \"x\", send \"y\"")
                        .faults("connection 1: reset after handshake; others: fragment 1 on the wire")
                        .start()) {
            assertThat(once(relay, "")).isEqualTo("handshake: " + ENGINE_EOF);
            assertThat(once(relay, "")).startsWith("handshake: SSLException: Unrecognized SSL message");
            assertThat(once(relay, "hello")).isEqualTo("done, then hello");
            assertThat(once(script, "")).isEqualTo("done, then RST");
            assertThat(once(script, "x")).startsWith("done, then hi");
        }
    }

    /** Stages count from the start of TLS, and the clear text before it passes. */
    @Test
    void faultsOfHandshakeWaitForStartTls() throws Exception {
        for (String fault : List.of("reset after client-hello", "reset after server-hello")) {
            try (EchoServer server = EchoServer.builder()
                            .tls("self-signed")
                            .script("expect line \"STARTTLS\", send \"go\", start tls, echo")
                            .faults(fault)
                            .start();
                    Socket below = PlainSockets.connect(server.address())) {
                PlainSockets.send(below, "STARTTLS\r\n");
                assertThat(below.getInputStream().readNBytes(2)).asString().isEqualTo("go");
                below.getOutputStream().write(TlsClient.hello(server.sslContext(), "TLSv1.2"));
                ByteArrayOutputStream answer = new ByteArrayOutputStream();
                assertThatThrownBy(() -> below.getInputStream().transferTo(answer))
                        .hasMessage("Connection reset");
                assertThat(answer.size())
                        .as(fault)
                        .isBetween(fault.contains("client") ? 0 : 40, fault.contains("client") ? 0 : 200);
            }
        }
    }

    private static String once(EchoServer server, String sent) throws IOException {
        try (TlsClient client = TlsClient.Kind.NON_BLOCKING.connect(server, "TLSv1.3")) {
            return outcome(client, sent, TlsClient.LONGEST);
        }
    }

    @Test
    void connectionsWithFaultsOfHandshakeLeaveNothing() throws Exception {
        try (EchoServer server = server("none")) {
            assertThat(once(server, "x")).isEqualTo("done, then x"); // loads what the first handshake needs
        }
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        int threads = Thread.activeCount();
        try (EchoServer server = server("none")) {
            for (String plan : List.of(
                    "reset after client-hello",
                    "close after server-hello",
                    "plain",
                    "stall after client-hello",
                    "stall after server-hello",
                    "delay 1h after client-hello",
                    "discard on the wire")) {
                server.setFaults(FaultPlan.parse(plan));
                for (int i = 0; i < 5; i++) {
                    try (Socket below = PlainSockets.connect(server.address())) {
                        below.getOutputStream().write(TlsClient.hello(server.sslContext(), "TLSv1.3"));
                        server.recording().awaitConnections(i + 1, SOON);
                    }
                }
            }
        }
        files.await();
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 4); // those that do tasks of handshakes
    }
}
