package org.echoharness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.function.UnaryOperator;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong between an EchoServer and the other process that it stands for. Each error has the address and the cure. */
@Timeout(60)
class RemoteErrorsTest {

    private static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final String SERVER =
            "{\"id\":\"default\",\"state\":\"accepting\",\"frozen\":false,\"kind\":\"echo\","
                    + "\"addresses\":[\"127.0.0.1:7\"],\"counters\":{\"accepted\":0,\"rejected\":0,\"idleClosed\":0,\"reset\":0,"
                    + "\"failed\":0,\"peak\":0},\"open\":0,\"faults\":\"none\",\"options\":{\"addresses\":\"127.0.0.1:0\","
                    + "\"script\":\"none\"},\"failure\":null,\"problems\":[],\"problemsLeftOut\":0,\"recording\":true}";
    private static final String SERVERS = "{\"servers\":[" + SERVER + "]}";
    private static final String RECORDING = "{\"by\":\"SERVER\",\"total\":1,\"leftOut\":0,\"peak\":1,\"changes\":3,"
            + "\"over\":null,\"applied\":[],\"server\":[],\"connections\":[{\"number\":1,\"local\":\"127.0.0.1:7\","
            + "\"remote\":\"127.0.0.1:8\",\"accepted\":\"2026-11-27T07:00:00.123Z\",\"opened\":0,"
            + "\"received\":{\"total\":1,\"kept\":{\"text\":\"x\"}},\"sent\":{\"total\":0,\"kept\":{\"text\":\"\"}},"
            + "\"events\":[{\"kind\":\"ACCEPTED\",\"after\":0,\"bytes\":0,\"offset\":0,\"detail\":\"\"},"
            + "{\"kind\":\"RECEIVED\",\"after\":5,\"bytes\":1,\"offset\":0,\"detail\":\"\"}],\"eventsLeftOut\":0,"
            + "\"ending\":null,\"failed\":false,\"upstream\":null}]}";

    /** Answers each connection with the next of these texts, as they are, or with the last one. */
    private final ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();

    private final ConcurrentLinkedQueue<String> requests = new ConcurrentLinkedQueue<>();
    private FutureTask<?> answering;
    private ServerSocket listener;
    private URI uri;

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 50, PlainSockets.loopback(0).getAddress());
        uri = URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/");
        answering = Background.inThread("answers", () -> {
            while (true) {
                try (Socket socket = listener.accept()) {
                    requests.add(request(socket.getInputStream()));
                    String answer = answers.size() > 1 ? answers.poll() : answers.peek();
                    socket.getOutputStream().write(answer.getBytes(UTF_8));
                } catch (SocketException gone) {
                    if (listener.isClosed()) {
                        return null;
                    }
                }
            }
        });
    }

    private static String request(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (int c = in.read();
                c >= 0 && head.indexOf("\r\n\r\n") < 0;
                c = head.indexOf("\r\n\r\n") < 0 ? in.read() : -1) {
            head.append((char) c);
        }
        return head.toString();
    }

    @AfterEach
    void close() throws Exception {
        listener.close();
        Background.result(answering);
    }

    private static String ok(String json) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + json.getBytes(UTF_8).length + "\r\n\r\n" + json;
    }

    private EchoServer connect() throws IOException {
        return EchoServer.connect(uri, TOKEN);
    }

    private void assertRefused(Class<? extends Throwable> type, String... parts) {
        assertThatThrownBy(this::connect)
                .isInstanceOf(type)
                .hasMessageContainingAll(parts)
                .hasMessageContaining(uri.toString())
                .message()
                .doesNotContain(TOKEN);
    }

    @Test
    void sendsOneRequestWithTheToken() throws IOException {
        answers.add(ok(SERVERS));
        connect().close();

        assertThat(requests)
                .singleElement()
                .isEqualTo("GET /servers HTTP/1.1\r\nHost: " + uri.getAuthority() + "\r\nAuthorization: Bearer " + TOKEN
                        + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    @Test
    void nobodyListens() throws IOException {
        try (ServerSocket free = PlainSockets.listen(0)) {
            uri = URI.create("http://127.0.0.1:" + free.getLocalPort() + "/");
        }
        assertRefused(ConnectException.class, "Connection refused", "is it still running?");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SSH-2.0-OpenSSH_9.6\\r\\n | \"SSH-2.0-OpenSSH_9.6\", which is not HTTP",
                "'\u0015\u0003\u0003\u0000\u0002\u0002\u0016\\n' | which is not HTTP",
                "HTTP/2 200\\r\\n\\r\\n | which is not HTTP",
                "'' | ended the connection without an answer",
                "HTTP/1.1 2 | without an answer",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\n{\"a\": | in the middle of its answer",
                "HTTP/1.1 200 OK\\r\\nContent-Length: x\\r\\n\\r\\n | malformed length",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 300000000\\r\\n\\r\\n | more than ",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\n{\"a\" | in the middle of its answer",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\n{}\\r\\n | malformed chunk",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n | malformed chunk",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nfffffffff\\r\\n | more than ",
                "HTTP/1.1 200 OK\\r\\n\\r\\n<html>hello</html> | JSON, offset 0",
                "HTTP/1.1 200 OK\\r\\n\\r\\n[] | the answer is not an object",
                "HTTP/1.1 200 OK\\r\\n\\r\\n{} | \"servers\" is missing",
                "HTTP/1.1 302 Found\\r\\nLocation: http://127.0.0.1:1/\\r\\n\\r\\n | answered with status 302",
                "HTTP/1.1 404 Not Found\\r\\n\\r\\n<html> | answered with status 404",
                "HTTP/1.1 503 Busy\\r\\n\\r\\n{\"error\":\"too many; end some\"} | answered with status 503: too many; end",
                "HTTP/1.1 401 Unauthorized\\r\\n\\r\\n{\"error\":\"x\"} | the token is not that of the server",
            })
    void somethingElseAnswers(String answer, String part) {
        answers.add(answer.replace("\\r", "\r").replace("\\n", "\n"));
        assertRefused(IOException.class, part, ";");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "200 | {\"servers\":[{\"id\":\"a\\u001b\"},{\"id\":\"b\\n\"}]} | there are 2 servers at URL: a\\x1b, b\\n; give the id of one of them",
                "400 | {\"error\":\"\\u001b \\\\x1b \\u202e\"} | \\x1b \\x1b \\xe2\\x80\\xae",
                "400 | {\"error\":\"\"} | the server at URL answered with status 400; give the address that the server printed for control",
                "409 | {} | the server at URL answered with status 409; give the address that the server printed for control",
            })
    void errorsShowNoControlCharacters(int status, String json, String error) {
        answers.add(ok(json).replace("200 OK", status + " "));

        assertThatThrownBy(this::connect).hasMessage(error.replace("URL", uri.toString()));
    }

    @Test
    void largeRecordingNamesTheCure() throws IOException {
        answers.add(ok(SERVERS));
        answers.add("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n");
        try (EchoServer server = connect()) {
            assertThatThrownBy(() -> server.recording().connections())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContainingAll(uri.toString(), "DELETE", "record fewer bytes", "-Xmx");
        }
    }

    @Test
    void waitsAlsoIfTooManyOthersWait() throws Exception {
        answers.add(ok(SERVERS));
        answers.add(ok(RECORDING.replace("\"total\":1", "\"total\":0")));
        answers.add("HTTP/1.1 503 X\r\n\r\n{\"error\":\"too many requests wait; end some of them\"}");
        answers.add(ok(RECORDING));
        try (EchoServer server = connect()) {
            assertThat(server.recording().awaitConnections(1)).hasSize(1);
            assertThat(requests).anyMatch(each -> each.contains("&wait="));
        }
    }

    @Test
    void endlessHeadIsCut() {
        answers.add("HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(20_000));
        assertRefused(IOException.class, "the head of its answer has more than 64KiB");
    }

    @Test
    void continuesAfterInterimAnswers() throws IOException {
        answers.add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok(SERVERS));
        connect().close();
    }

    @Test
    void readsChunks() throws IOException {
        answers.add("HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\n\r\n5;x=y\r\n" + SERVERS.substring(0, 5) + "\r\n"
                + Integer.toHexString(SERVERS.length() - 5) + "\r\n" + SERVERS.substring(5)
                + "\r\n0\r\nTrailer: 1\r\n\r\n");
        connect().close();
    }

    @Test
    void wrongToken() throws IOException {
        try (EchoServer server = EchoServer.builder().control("127.0.0.1:0").start()) {
            uri = server.controlUri().orElseThrow();
            assertRefused(IOException.class, "the token is not that of the server", "after #token=");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1:1/",
                "http:/x",
                "//127.0.0.1:1/",
                "http://127.0.0.1:1/servers",
                "http://user:secret@127.0.0.1:1/",
                "http://127.0.0.1:1/?token=secret",
                "mailto:secret@x"
            })
    void addressOfAnotherKind(String text) {
        assertThatThrownBy(() -> EchoServer.connect(URI.create(text), TOKEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be the address of an HTTP interface, such as http://127.0.0.1:40123/")
                .message()
                .doesNotContain("secret");
    }

    @Test
    void addressWithTokenIsTaken() throws IOException {
        answers.add(ok(SERVERS));
        EchoServer.connect(URI.create(uri + "#token=" + TOKEN), TOKEN).close();
        EchoServer.connect(URI.create("http://127.0.0.1:" + uri.getPort()), TOKEN)
                .close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "two words", "a\r\nX: y", "é"})
    void malformedToken(String token) {
        assertThatThrownBy(() -> EchoServer.connect(uri, token))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("after #token=")
                .message()
                .doesNotContain("words");
        assertThat(requests).isEmpty();
    }

    @Test
    void noServerThere() {
        answers.add(ok("{\"servers\":[]}"));
        assertRefused(IllegalArgumentException.class, "there is no server at");
    }

    @Test
    void laterVersionHasMoreMembers() throws Exception {
        String more = ",\"new\":{\"a\":[1.5,null,true]}";
        UnaryOperator<String> later =
                json -> json.replace("\"kind\":", "\"colour\":[7],\"kind\":").replaceFirst("}$", more + "}");
        answers.add(ok(later.apply(SERVERS)));
        answers.add(ok(later.apply(RECORDING)
                .replace(
                        "\"detail\":\"\"}],\"eventsL",
                        "\"detail\":\"\"},{\"kind\":\"MIGRATED\",\"after\":9,\"bytes\":3,"
                                + "\"offset\":0,\"detail\":\"to x\"}],\"eventsL")));
        try (EchoServer server = connect()) {
            RecordedConnection connection = server.recording().connections().get(0);

            assertThat(Recordings.events(connection)).containsExactly("ACCEPTED", "RECEIVED 0+1", "NOTE MIGRATED to x");
            assertThat(connection.received()).isEqualTo(new byte[] {'x'});
            assertThat(connection.isCut()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "\"state\":, \"x\":, \"\"servers[0].state\" is missing\"",
        "\"accepting\", 7, \"\"servers[0].state\" is not a text\"",
        "\"accepted\":0, \"accepted\":null, \"\"servers[0].counters.accepted\" is not a whole number\"",
        "\"127.0.0.1:7\", \"example.org:7\", must be numeric",
        "\"127.0.0.1:7\", \"\\u001b[1m\", must be numeric",
    })
    void serverWithOtherMembers(String part, String other, String error) {
        answers.add(ok(SERVERS.replace(part, other)));
        assertRefused(IOException.class, error.replaceAll("^\"|\"$", ""), "use the same version of Echo harness");
    }

    @ParameterizedTest
    @CsvSource({
        "\"changes\":, \"x\":, \"\"changes\" is missing\"",
        "\"events\":, \"x\":, \"\"connections[0].events\" is missing\"",
        "\"text\":\"x\", \"hex\":\"78\", \"\"connections[0].received.kept\" is not bytes\"",
        "2026-11-27T07:00:00.123Z, yesterday, yesterday",
        "\"127.0.0.1:8\", \"example.org:8\", must be numeric",
        "\"ending\":null, \"ending\":{\"by\":\"GOD\"}, ending.how",
        "\"ending\":null, '\"ending\":{\"by\":\"GOD\",\"how\":\"FIN\",\"why\":\"\"}', GOD",
    })
    void recordingWithOtherMembers(String part, String other, String error) throws Exception {
        answers.add(ok(SERVERS));
        answers.add(ok(RECORDING.replace(part, other)));
        try (EchoServer server = connect()) {
            assertThatThrownBy(() -> server.recording().connections())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(error.replaceAll("^\"|\"$", ""))
                    .hasMessageContainingAll(uri.toString(), "use the same version of Echo harness");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"faults\":\"none\"", "\"applied\":[]"})
    void faultsOfAnotherVersion(String member) throws Exception {
        String other = member.replace("none", "explode").replace("[]", "[\"explode\"]");
        answers.add(ok(SERVERS));
        answers.add(ok((member.contains("applied") ? RECORDING : SERVER).replace(member, other)));
        try (EchoServer server = connect()) {
            assertThatThrownBy(() -> {
                        if (member.contains("applied")) {
                            server.recording().appliedFaults();
                        } else {
                            server.faults();
                        }
                    })
                    .hasMessageContainingAll("explode", uri.toString(), "use the same version of Echo harness");
        }
    }

    @Test
    void refusalsBecomeTheExceptionsOfTheServer() throws IOException {
        answers.add(ok(SERVERS));
        answers.add("HTTP/1.1 400 X\r\n\r\n{\"error\":\"wrong\"}");
        answers.add("HTTP/1.1 409 X\r\n\r\n{\"error\":\"not now\"}");
        answers.add("HTTP/1.1 501 X\r\n\r\n{\"error\":\"not here\"}");
        answers.add("HTTP/1.1 500 X\r\n\r\n{\"error\":\"failed\"}");
        try (EchoServer server = connect()) {
            assertThatThrownBy(server::refuse)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("wrong");
            assertThatThrownBy(server::refuse)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("not now");
            assertThatThrownBy(server::refuse)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("not here");
            assertThatThrownBy(server::refuse)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessage("the server at " + uri + " answered with status 500: failed");
        }
    }

    @Test
    void requestThatFailsIsNotSentAgain() throws IOException {
        answers.add(ok(SERVERS));
        answers.add("");
        try (EchoServer server = connect()) {
            assertThatThrownBy(server::resetConnections).hasMessageContaining("without an answer");
            assertThat(requests).hasSize(2);
        }
    }

    /** The process is ended while a thread waits for its recording. */
    @Test
    void processIsKilledDuringAWait() throws Exception {
        try (ForkedProcess process =
                EchoProcess.start("server", "127.0.0.1:0", "--quiet", "--control", "127.0.0.1:0")) {
            String[] printed = process.lines()
                    .await(".*#token=.*")
                    .replaceFirst("control at ", "")
                    .split("#token=", 2);
            uri = URI.create(printed[0]);
            EchoServer server = EchoServer.connect(uri, printed[1]);
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "x");
                RecordedConnection open = server.recording().connection(1);
                FutureTask<Throwable> wait = Background.inThread("wait", () -> {
                    try {
                        return new AssertionError(open.awaitEnd(Background.LONGEST));
                    } catch (UncheckedIOException expected) {
                        return expected;
                    }
                });
                assertThat(server.isRunning()).isTrue();
                process.handle().destroyForcibly();

                assertThat(Background.result(wait))
                        .hasMessageContainingAll(uri.toString(), "is it still running?")
                        .hasMessageNotContaining(printed[1]);
                assertThat(server.awaitClose(Duration.ofSeconds(30))).isTrue();
                assertThat(server.isRunning()).isFalse();
                assertThatThrownBy(server::counters).isInstanceOf(UncheckedIOException.class);
            }
        }
    }

    @Test
    void closedServerOfSharedInterfaceIsUnknown() throws Exception {
        try (EchoServer first = EchoServer.builder().control("127.0.0.1:0").start()) {
            EchoServer second = EchoServer.builder().control(first, "second").start();
            uri = first.controlUri().orElseThrow();
            EchoServer remote = EchoServer.connect(uri, first.controlToken().orElseThrow(), "second");
            second.close();

            assertThat(remote.isRunning()).isFalse();
            assertThatThrownBy(remote::freeze)
                    .hasMessageContainingAll("\"second\"", uri.toString(), "there is default");
        }
    }

    @Test
    void interruptEndsRequest() throws Exception {
        answers.add(ok(SERVERS));
        EchoServer server = connect();
        try {
            Thread.currentThread().interrupt();
            assertThatThrownBy(server::refuse)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("interrupted while " + uri);
            assertThat(Thread.interrupted()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(this::connect).isInstanceOf(IOException.class).hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> server.recording().awaitConnections(1)).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void interruptedThreadCanReadWhatWasRecorded() throws Exception {
        answers.add(ok(SERVERS));
        answers.add(ok(SERVER));
        answers.add(ok(RECORDING));
        EchoServer server = connect();
        try {
            Thread.currentThread().interrupt();
            assertThat(server.counters().accepted()).isZero();
            assertThat(server.recording().connections()).hasSize(1);
            assertThat(Thread.interrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void failureOfTheServerIsShown() throws Exception {
        answers.add(ok(SERVERS));
        answers.add(ok(SERVER.replace("\"failure\":null", "\"failure\":\"java.lang.OutOfMemoryError: heap\"")
                .replace("accepting", "closed")));
        try (EchoServer server = connect()) {
            assertThat(server.failure().orElseThrow()).hasMessageContaining("java.lang.OutOfMemoryError: heap");
            assertThat(server.isRunning()).isFalse();
            assertThat(List.copyOf(requests)).hasSize(2); // nothing changes any more
        }
    }
}
