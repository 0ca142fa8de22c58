package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server behind a proxy: its connections begin with a header that names the client. */
@Timeout(60)
@SuppressWarnings("try") // closes the server before its client
class ProxyProtocolTest {

    private static final String V1 = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    private static final String V2 = new String(
            HexFormat.of().parseHex("0D0A0D0A000D0A515549540A" + "2111000F" + "C0000201C6336407DC0401BB" + "040000"),
            ISO_8859_1);
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 56_324);

    private final AwaitedLines warnings = new AwaitedLines();
    private final AwaitedLines lines = new AwaitedLines();

    private EchoServer.Builder server() {
        return EchoServer.builder().proxyProtocol("required").recording().warnings(warnings);
    }

    private static void catchUp(EchoServer server) {
        assertThat(server.catchUp(Duration.ofSeconds(30))).isTrue();
    }

    private static String header(int version) {
        return version == 1 ? V1 : V2;
    }

    private static List<String> notes(RecordedConnection connection) {
        return connection.events().stream()
                .filter(event -> event.kind() == RecordedEvent.Kind.NOTE)
                .map(RecordedEvent::detail)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void recordingNamesClientOfHeader(int version) throws Exception {
        try (EchoServer server = server().conversation(lines).start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, header(version) + "hello");
            receives(proxy, "hello");
            proxy.shutdownOutput();
            assertEnd(proxy);

            String from = "127.0.0.1:" + proxy.getLocalPort();
            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            connection.assertReceived("hello".getBytes(ISO_8859_1));
            connection.assertSent("hello".getBytes(ISO_8859_1));
            assertThat(connection.remote()).isEqualTo(CLIENT);
            assertThat(connection.remote().getHostString()).isEqualTo("192.0.2.1"); // looks up no name
            assertThat(connection.local()).isEqualTo(new InetSocketAddress("198.51.100.7", 443));
            assertThat(connection.proxy()).contains(proxy.getLocalSocketAddress());
            String note =
                    "PROXY header, version " + version + ", TCP4 192.0.2.1:56324 to 198.51.100.7:443, from " + from;
            assertThat(notes(connection)).containsExactly(note);
            assertThat(connection).asString().startsWith("connection 1 from 192.0.2.1:56324, 5 bytes in");
            assertThat(lines.await("no data from.*")).isEqualTo("no data from 192.0.2.1:56324");
            assertThat(lines.seen())
                    .containsSubsequence(
                            note,
                            "connection from 192.0.2.1:56324",
                            "received 5 bytes \"hello\" from 192.0.2.1:56324",
                            "sending 5 bytes back to 192.0.2.1:56324");
            assertThat(warnings.seen()).isEmpty();
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void headerMayBeCutAtEveryByte(int version) throws Exception {
        String header = header(version);
        try (EchoServer server = server().start()) {
            for (int cut = 1; cut <= header.length(); cut++) {
                try (Socket proxy = PlainSockets.connect(server.address())) {
                    send(proxy, header.substring(0, cut));
                    catchUp(server); // so that the server reads the first piece alone
                    send(proxy, header.substring(cut) + "x" + cut);
                    receives(proxy, "x" + cut);
                }
                assertThat(server.recording().connection(cut).remote()).isEqualTo(CLIENT);
            }
        }
    }

    @Test
    void filesNameClient(@TempDir Path folder) throws Exception {
        try (EchoServer server = server().start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, V2 + "hello");
            receives(proxy, "hello");
            PlainSockets.finish(proxy);
            server.recording().connection(1).awaitEnd();

            server.recording().writeTranscript(folder.resolve("t.txt"));
            server.recording().writeHtml(folder.resolve("t.html"));
            server.recording().writePcapng(folder.resolve("t.pcapng"));
            assertThat(Files.readString(folder.resolve("t.txt")))
                    .contains("connection from 192.0.2.1:56324", "note: PROXY header, version 2")
                    .contains("received 5 bytes \"hello\" from 192.0.2.1:56324");
            assertThat(Files.readString(folder.resolve("t.html"))).contains("192.0.2.1:56324", "198.51.100.7:443");
            String packets = Files.readString(folder.resolve("t.pcapng"), ISO_8859_1);
            String ends = new String(HexFormat.of().parseHex("C0000201" + "C6336407" + "DC04" + "01BB"), ISO_8859_1);
            assertThat(packets).contains(ends);
        }
    }

    @Test
    void pageShowsPathOfClientAsText(@TempDir Path folder) throws Exception {
        String paths = "/<script>alert(1)</script>&\r\n" + "\0".repeat(216 - 29);
        try (EchoServer server = server().control("127.0.0.1:0").start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, V2.substring(0, 12) + "!1\0\u00d8" + paths + "hello");
            receives(proxy, "hello");
            server.recording().writeHtml(folder.resolve("t.html"));
            assertThat(Files.readString(folder.resolve("t.html")))
                    .contains("/&lt;script&gt;alert(1)&lt;/script&gt;&amp;<i>\\r<wbr/>\\n</i>")
                    .doesNotContain("<script>alert");
            assertThat(server.recording().transcript()).contains("/<script>alert(1)</script>&\\r\\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'PROXY UNKNOWN', 'version 1, UNKNOWN'",
        "'PROXY UNKNOWN 1.2.3.4 whatever', 'version 1, UNKNOWN'",
    })
    void addressesOfSocketCountWithoutKnownOnes(String header, String says) throws Exception {
        keepsOwnAddresses(header + "\r\n", says);
    }

    @Test
    void addressesOfSocketCountForHealthCheck() throws Exception {
        String local = V2.substring(0, 12) + " " + V2.substring(13);
        keepsOwnAddresses(local, "version 2, LOCAL");
    }

    @ParameterizedTest
    @CsvSource({"'', false", "'', true", "'PING\n', false"})
    void healthCheckNeedsNoScript(String sent, boolean isReset) throws Exception {
        String local = V2.substring(0, 12) + " " + V2.substring(13);
        try (EchoServer server = server().script("send 'hello\n', expect line 'PING', expect line 'QUIT'")
                .start()) {
            try (Socket proxy = PlainSockets.connect(server.address())) {
                send(proxy, local + sent);
                receives(proxy, "hello\n");
                catchUp(server);
                assertThat(server.unfinishedScripts()).hasSize(sent.length() / 5); // what has sent a byte is no check
                if (isReset) {
                    proxy.setSoLinger(true, 0);
                } else {
                    proxy.shutdownOutput();
                    if (sent.isEmpty()) {
                        assertEnd(proxy);
                    } else {
                        assertReset(proxy);
                    }
                }
            }
            server.recording().connection(1).awaitEnd();
            assertThat(server.scriptProblems()).hasSize(sent.length() / 5);
            assertThat(warnings.seen()).hasSize(sent.length() / 5);
        }
    }

    private void keepsOwnAddresses(String header, String says) throws Exception {
        try (EchoServer server = server().start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, header + "hello");
            receives(proxy, "hello");

            RecordedConnection connection = server.recording().connection(1);
            assertThat(connection.remote()).isEqualTo(proxy.getLocalSocketAddress());
            assertThat(connection.local()).isEqualTo(server.address());
            assertThat(connection.proxy()).contains(proxy.getLocalSocketAddress());
            assertThat(notes(connection)).singleElement().asString().startsWith("PROXY header, " + says + ", from");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "required|GET / HTTP/1.1|a PROXY header of version 1 or 2|\"GET / HTTP/1.1\"",
                "v2|PROXY TCP4 1.2.3.4 1.2.3.4 1 1|a PROXY header of version 2|\"PROXY TCP4 1.2.3\"",
                "v1|PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\\r\\n|a port from 0 to 65535 as the destination, without zeros"
                        + " before the number|\"PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\\r\\n\"",
            })
    void resetsAndReportsWrongHeader(String required, String sent, String expected, String seen) throws Exception {
        try (EchoServer server =
                        server().proxyProtocol(required).conversation(lines).start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, sent.translateEscapes());
            assertReset(proxy);

            String what = "PROXY header: expected " + expected + ", seen " + seen;
            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            assertThat(connection.ending()).contains(new Ending(Ending.Side.SERVER, Ending.How.RST, what));
            assertThat(connection.bytesReceived()).isZero();
            assertThat(connection.events())
                    .extracting(RecordedEvent::kind)
                    .containsExactly(
                            RecordedEvent.Kind.ACCEPTED, RecordedEvent.Kind.MISMATCH, RecordedEvent.Kind.SERVER_RST);
            assertThat(server.scriptProblems())
                    .containsExactly(
                            new ScriptProblem(1, ScriptProblem.Kind.HEADER, "PROXY header", expected, seen, false));
            assertThat(warnings.seen()).containsExactly("connection 1, " + what);
            assertThat(lines.await("lost .*")).isEqualTo("lost 127.0.0.1:" + proxy.getLocalPort() + ": " + what);
            assertThat(server.counters()).isEqualTo(new ConnectionCounters(1, 0, 0, 0, 0, 1));
        }
    }

    @Test
    void resetsHeaderThatEndsWithFin() throws Exception {
        try (EchoServer server = server().start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "PROXY TCP4 1");
            proxy.shutdownOutput();
            assertReset(proxy);

            assertThat(server.scriptProblems())
                    .extracting(ScriptProblem::seen)
                    .containsExactly("the client's FIN after \"PROXY TCP4 1\"");
        }
    }

    @Test
    void connectWithoutAnyByteEndsCleanly() throws Exception {
        try (EchoServer server = server().start();
                Socket probe = PlainSockets.connect(server.address())) {
            probe.shutdownOutput();
            assertEnd(probe);

            assertThat(server.recording().connection(1).awaitEnd().ending())
                    .contains(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(warnings.seen()).isEmpty();
        }
    }

    @Test
    void resetsHeaderThatIsLate() throws Exception {
        try (EchoServer server = server().idleTimeout(Duration.ofMillis(50)).start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "PROXY TCP4");
            assertReset(proxy);

            assertThat(warnings.await("connection 1.*"))
                    .isEqualTo("connection 1, PROXY header: expected a PROXY header of version 1 or 2 within 50ms, seen"
                            + " \"PROXY TCP4\"");
        }
    }

    @Test
    void scriptThatSpeaksFirstWaitsForHeader() throws Exception {
        try (EchoServer server =
                        server().script("send 'hello\n', expect line 'bye'").start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "PROXY TCP4 192.0.2.1 198.51.100.7 ");
            catchUp(server);
            assertThat(proxy.getInputStream().available()).isZero();
            assertThatThrownBy(() -> server.connection(1))
                    .hasMessage("connection (1) has not sent its PROXY header yet");

            send(proxy, "56324 443\r\nbye\n");
            receives(proxy, "hello\n");
            assertThat(server.connection(1).remote()).isEqualTo(CLIENT);
            PlainSockets.finish(proxy);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void handlerSeesClient() throws Exception {
        CompletableFuture<InetSocketAddress> remote = new CompletableFuture<>();
        ConnectionHandler handler = (connection, bytes) -> {
            bytes.position(bytes.limit());
            remote.complete(connection.remote());
        };
        try (EchoServer server = server().handler(() -> handler).start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, V2 + "x");
            assertThat(remote.get(30, TimeUnit.SECONDS)).isEqualTo(CLIENT);
        }
    }

    @Test
    void faultsCountBytesAfterHeader() throws Exception {
        try (EchoServer server = server().faults("reset after 4").start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, V1 + "12345678");
            receives(proxy, "1234");
            assertReset(proxy);
        }
    }

    @Test
    void planForAddressesIsAboutClients() throws Exception {
        FaultPlan plan = FaultPlan.none()
                .on(Connections.from(remote -> remote.equals(CLIENT)), Fault.corrupt())
                .on(Connections.others(), Fault.reset());
        try (EchoServer server = server().faults(plan).start();
                Socket proxy = PlainSockets.connect(server.address());
                Socket other = PlainSockets.connect(server.address())) {
            send(proxy, V1 + "\0");
            receives(proxy, "\u00FF");
            send(other, "PROXY UNKNOWN\r\n");
            assertReset(other);

            server.setFaultsOfAll(
                    FaultPlan.none().on(Connections.from(remote -> remote.equals(CLIENT)), Fault.close()));
            assertEnd(proxy);
        }
    }

    @Test
    void planThatComesDuringHeaderCounts() throws Exception {
        try (EchoServer server = server().start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "PROXY ");
            catchUp(server);
            server.setFaultsOfAll(
                    FaultPlan.none().on(Connections.from(remote -> remote.equals(CLIENT)), Fault.corrupt()));
            send(proxy, V1.substring(6) + "\0");
            receives(proxy, "\u00FF");
        }
    }

    @Test
    void frozenServerReadsNoHeader() throws Exception {
        try (EchoServer server = server().idleTimeout(Duration.ofSeconds(30)).start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "PROXY ");
            catchUp(server);
            server.freeze();
            send(proxy, V1.substring(6) + "hello");
            catchUp(server);
            assertThat(server.recording().connection(1).proxy()).isEmpty();
            server.unfreeze();
            receives(proxy, "hello");
        }
    }

    @Test
    void controlsEndConnectionsWithoutHeader() throws Exception {
        EchoServer server = server().start();
        try (server;
                Socket first = PlainSockets.connect(server.address());
                Socket second = PlainSockets.connect(server.address());
                Socket third = PlainSockets.connect(server.address())) {
            send(first, "PROXY ");
            send(second, "PROXY ");
            catchUp(server);
            server.resetConnection(1);
            assertReset(first);
            send(second, "TCP4");
            server.closeConnections();
            assertEnd(second);
            assertEnd(third);
        }
        try (EchoServer again = server().start();
                Socket open = PlainSockets.connect(again.address())) {
            send(open, "PROXY ");
            catchUp(again);
            again.close();
            assertReset(open);
            assertThat(again.scriptProblems()).isEmpty();
        }
    }

    /** The callback of the conversation closes the server at the line that begins so. Nothing is reported after the end. */
    @ParameterizedTest
    @CsvSource({
        "PROXY header, 'PROXY UNKNOWN\r\n', 1",
        "connection from, 'PROXY UNKNOWN\r\n', 2",
        "connection from, GET / HTTP/1.1, 1",
        "connection from, '', 1",
        "no data, '', 2",
    })
    void callbackClosesServer(String line, String sent, int reported) throws Exception {
        CompletableFuture<EchoServer> closed = new CompletableFuture<>();
        EchoServer server = server().conversation(each -> {
                    lines.accept(each);
                    if (each.startsWith(line)) {
                        closed.join().close();
                    }
                })
                .start();
        closed.complete(server);
        try (server;
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, sent.translateEscapes());
            proxy.shutdownOutput();
            assertReset(proxy);
            assertThat(server.failure()).isEmpty();
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(lines.await("lost .*")).endsWith(": the server closes");
            assertThat(lines.seen()).hasSize(2 + reported + 1); // "starting up" and "waiting", and "lost"
        }
    }

    @Test
    void conversationNamesWhoIsLostBeforeHeader() throws Exception {
        EchoServer server = server().conversation(lines).start();
        try (server;
                Socket lost = PlainSockets.connect(server.address());
                Socket closed = PlainSockets.connect(server.address())) {
            send(lost, "PROXY ");
            catchUp(server);
            lost.setSoLinger(true, 0);
            lost.close();
            server.recording().connection(1).awaitEnd();
            server.closeConnections();
            assertEnd(closed);
            assertThat(lines.seen())
                    .containsSubsequence(
                            "connection from 127.0.0.1:" + lost.getLocalPort(),
                            "lost 127.0.0.1:" + lost.getLocalPort() + ": Connection reset",
                            "connection from 127.0.0.1:" + closed.getLocalPort());
        }
    }

    @Test
    void countsForLimit() throws Exception {
        try (EchoServer server = server().maxConnections(1).start();
                Socket first = PlainSockets.connect(server.address())) {
            catchUp(server);
            ServerBehind.assertConnectIsReset(server);
            send(first, V1 + "hello");
            receives(first, "hello");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, TLSv1.2", "2, TLSv1.3"})
    void headerComesBeforeHandshake(int version, String protocol) throws Exception {
        try (EchoServer server = server().tls("self-signed").start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, header(version));
            try (SSLSocket tls = (SSLSocket)
                    server.sslContext().getSocketFactory().createSocket(proxy, "localhost", server.port(), true)) {
                tls.setEnabledProtocols(new String[] {protocol});
                PlainSockets.echoes(tls, "hello");
                assertThat(server.recording().connection(1).remote()).isEqualTo(CLIENT);
            }
        }
    }

    @Test
    void resetsHandshakeWithoutHeader() throws Exception {
        try (EchoServer server = server().tls("self-signed").start();
                Socket proxy = PlainSockets.connect(server.address())) {
            send(proxy, "\u0016\u0003\u0001\u0002\u0000\u0001");
            assertReset(proxy);
            assertThat(server.scriptProblems())
                    .extracting(ScriptProblem::seen)
                    .containsExactly("\"\\x16\\x03\\x01\\x02\\x00\\x01\"");
        }
    }

    @Test
    void servesProxyAtUnixSocket(@TempDir Path folder) throws Exception {
        FaultPlan plan = FaultPlan.none().on(Connections.from(remote -> remote.equals(CLIENT)), Fault.corrupt());
        try (EchoServer server = server().addresses("unix:" + folder.resolve("s"))
                        .faults(plan)
                        .start();
                EchoClient proxy = UnixSockets.connect(server)) {
            proxy.send((V2 + "\0").getBytes(ISO_8859_1));
            assertThat(proxy.receive(1)).containsExactly(0xFF);
            RecordedConnection connection = server.recording().connection(1);
            assertThat(connection.remote()).isEqualTo(CLIENT);
            server.recording().writePcapng(folder.resolve("t.pcapng"));
        }
    }

    @Test
    void severalLoopsServe() throws Exception {
        try (EchoServer server = server().eventLoops(2).start()) {
            for (int i = 1; i <= 20; i++) {
                try (Socket proxy = PlainSockets.connect(server.address())) {
                    send(proxy, header(1 + i % 2) + "hello");
                    receives(proxy, "hello");
                }
                assertThat(server.recording().connection(i).remote()).isEqualTo(CLIENT);
            }
        }
    }

    @Test
    void otherProcessSeesClient() throws Exception {
        try (EchoServer server = server().control("127.0.0.1:0").start();
                EchoServer remote = EchoServer.connect(
                        server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
                Socket proxy = PlainSockets.connect(server.address())) {
            RecordedConnection early = remote.recording().awaitConnections(1).get(0);
            assertThat(early.proxy()).isEmpty();
            send(proxy, V1 + "hello");
            RecordedConnection later = early.awaitReceived("hello".getBytes(ISO_8859_1));
            assertThat(later.remote()).isEqualTo(CLIENT);
            assertThat(later.proxy()).contains(proxy.getLocalSocketAddress());
            assertThat(later.local()).isEqualTo(new InetSocketAddress("198.51.100.7", 443));
        }
    }

    @Test
    void refusesOtherValue() {
        assertThatThrownBy(() -> EchoServer.builder().set("proxyProtocol", "yes"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("proxyProtocol (yes) must be none, required, v1 or v2");
        assertThat(EchoServer.builder().set("proxyProtocol", "v1").set("proxyProtocol", "none"))
                .isNotNull();
    }
}
