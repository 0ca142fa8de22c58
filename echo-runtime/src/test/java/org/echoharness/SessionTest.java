package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions of a server, in the same process and over its HTTP interface. */
class SessionTest {

    private static final Duration LONGEST = Duration.ofSeconds(10);

    private EchoServer local = EchoServer.builder().build();
    private final List<AutoCloseable> closing = new ArrayList<>();

    enum Way {
        LOCAL,
        REMOTE
    }

    private EchoServer start(Way way, EchoServer.Builder builder) throws IOException {
        local = builder.control("127.0.0.1:0").start();
        return way == Way.LOCAL
                ? local
                : EchoServer.connect(
                        local.controlUri().orElseThrow(), local.controlToken().orElseThrow());
    }

    private EchoServer start(Way way) throws IOException {
        return start(way, EchoServer.builder());
    }

    private static EchoServer session(EchoServer of, String word, String text) throws IOException {
        return of.session(Map.of(word, text), LONGEST);
    }

    private Socket connect() throws IOException {
        Socket socket = PlainSockets.connect(local.address());
        closing.add(socket);
        return socket;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : closing) {
            each.close();
        }
        local.close();
    }

    @ParameterizedTest
    @EnumSource
    void appliesFaultsUntilItEnds(Way way) throws IOException {
        EchoServer server = start(way);
        PlainSockets.echoes(connect(), "before");
        try (EchoServer session = session(server, "faults", "connection 1: close after 4")) {
            assertThat(session.address()).isEqualTo(local.address());
            Socket first = connect();
            first.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("hell");
            PlainSockets.echoes(connect(), "others echo");
            assertThat(session.faults()).hasToString("connection 1: close after 4");
            assertThat(server.faults()).hasToString("none");
        }
        PlainSockets.echoes(connect(), "after");
    }

    @ParameterizedTest
    @EnumSource
    void recordsItsOwnConnectionsOnly(Way way) throws Exception {
        EchoServer server = start(way);
        Socket older = connect();
        PlainSockets.echoes(older, "before");
        try (EchoServer session = session(server, "bufferSize", "16")) {
            PlainSockets.echoes(connect(), "during");
            PlainSockets.echoes(older, "goes on");
            session.recording().assertConnections(1);
            assertThat(session.recording().connection(1).received()).asString().isEqualTo("during");
            assertThat(session.counters().accepted()).isEqualTo(1);
            assertThat(server.counters().accepted()).isEqualTo(1);
        }
        PlainSockets.echoes(connect(), "after");
        assertThat(server.recording().awaitConnections(3))
                .extracting(RecordedConnection::number, each -> new String(each.received(), StandardCharsets.US_ASCII))
                .containsExactly(tuple(1L, "beforegoes on"), tuple(2L, "during"), tuple(3L, "after"));
        assertThat(server.counters().accepted()).isEqualTo(3);
        assertThat(server.recording().connection(2).ending().orElseThrow().why())
                .isEqualTo("the server closes");
    }

    @ParameterizedTest
    @EnumSource
    void canBeReadWhenItHasEnded(Way way) throws Exception {
        EchoServer server = start(way);
        EchoServer session = session(server, "recording", "on");
        PlainSockets.echoes(connect(), "during");
        session.close();
        session.close();
        assertThat(session.isRunning()).isFalse();
        assertThat(session.recording().connection(1).awaitEnd().received())
                .asString()
                .isEqualTo("during");
        assertThatIllegalStateException().isThrownBy(session::freeze);
    }

    @ParameterizedTest
    @EnumSource
    void speaksScriptInPlaceOfUpstream(Way way) throws IOException {
        EchoServer server = start(way, EchoServer.builder().upstream("127.0.0.1:1"));
        try (EchoServer session = session(server, "script", "expect line 'PING', send 'PONG\\n'")) {
            Socket client = connect();
            PlainSockets.send(client, "PONK\n");
            PlainSockets.assertReset(client);
            assertThat(session.scriptProblems()).hasSize(1);
        }
        try (EchoServer session = session(server, "script", "expect line 'PING', send 'PONG\\n'")) {
            Socket client = connect();
            PlainSockets.send(client, "PING\n");
            PlainSockets.receives(client, "PONG\n");
            assertThat(session.echoes()).isFalse();
            assertThat(session.relays()).isFalse();
            assertThat(session.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsFaultsThatAreInForce(Way way) throws IOException {
        EchoServer server = start(way);
        server.setFaults(FaultPlan.parse("delay 1ms"));
        try (EchoServer session = session(server, "bufferSize", "16")) {
            assertThat(session.faults()).hasToString("delay 1ms");
            session.setFaults(FaultPlan.none());
        }
        assertThat(server.faults()).hasToString("delay 1ms");
    }

    @ParameterizedTest
    @EnumSource
    void controlsPortsOfBoth(Way way) throws Exception {
        EchoServer server = start(way);
        try (EchoServer session = session(server, "bufferSize", "16")) {
            session.refuse();
            assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
            session.resume();
            PlainSockets.echoes(connect(), "again");
            assertThat(session.recording().serverTranscript()).contains("refuses connects", "accepts connects again");
            session.freeze();
            session.unfreeze();
            session.resetConnections();
            assertThat(session.recording()
                            .connection(1)
                            .awaitEnd()
                            .ending()
                            .orElseThrow()
                            .why())
                    .isEqualTo("resetConnections()");
        }
        assertThat(server.recording().serverTranscript()).contains("refuses connects", "accepts connects again");
    }

    @ParameterizedTest
    @EnumSource
    void canHaveSessionItself(Way way) throws IOException {
        EchoServer server = start(way);
        try (EchoServer outer = session(server, "faults", "delay 1ms")) {
            PlainSockets.echoes(connect(), "outer");
            try (EchoServer inner = session(outer, "maxConnections", "1")) {
                PlainSockets.echoes(connect(), "inner");
                assertThat(inner.recording().total()).isEqualTo(1);
            }
            PlainSockets.echoes(connect(), "outer again");
            outer.recording().assertConnections(3);
        }
        server.recording().assertConnections(3);
        PlainSockets.echoes(connect(), "after");
    }

    @ParameterizedTest
    @EnumSource
    void waitsForEndOfOther(Way way) throws Exception {
        EchoServer server = start(way);
        EchoServer first = session(server, "faults", "delay 1ms");
        assertThatIllegalStateException()
                .isThrownBy(() -> server.session(Map.of(), Duration.ZERO))
                .withMessageStartingWith("the server 127.0.0.1:" + local.port() + " has a session already");
        FutureTask<EchoServer> second = Background.inThread("second", () -> server.session(Map.of(), LONGEST));
        first.close();
        try (EchoServer session = Background.result(second)) {
            PlainSockets.echoes(connect(), "second");
            assertThat(session.recording().total()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void givesEachThreadItsTurn(Way way) throws Exception {
        EchoServer server = start(way);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Long>> totals = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            totals.add(threads.submit(() -> {
                try (EchoServer session = server.session(Map.of(), LONGEST);
                        Socket socket = PlainSockets.connect(local.address())) {
                    PlainSockets.echoes(socket, "mine");
                    return session.recording().total();
                }
            }));
        }
        for (Future<Long> total : totals) {
            assertThat(total.get()).isEqualTo(1);
        }
        threads.shutdown();
        assertThat(server.recording().total()).isEqualTo(40);
        assertThat(server.recording().connections())
                .extracting(RecordedConnection::number)
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource
    void endsWithItsServer(Way way) throws Exception {
        EchoServer server = start(way);
        EchoServer session = session(server, "faults", "delay 1ms");
        Socket client = connect();
        PlainSockets.echoes(client, "open");
        local.close();
        assertThat(session.isRunning()).isFalse();
        PlainSockets.assertReset(client);
        session.close();
        assertThat(local.counters().accepted()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void refusesOptionsThatCannotChange(Way way) throws IOException {
        EchoServer server = start(way);
        for (String word : List.of("addresses", "backlog", "control")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> session(server, word, "x"))
                    .withMessage(word + " (x) cannot change while the server runs; leave it out");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> session(server, "faults", "rest after 4"))
                .withMessageStartingWith("faults");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> session(server, "fault", "reset"))
                .withMessageContaining("fault");
        try (EchoServer session = session(server, "faults", "reset")) {
            assertThat(session.isRunning()).isTrue();
        }
    }

    /** A session begins with the options of its server. */
    @Test
    void builderCopiesEveryOption() throws ReflectiveOperationException {
        EchoServer.Builder given = EchoServer.builder()
                .addresses("127.0.0.1:1")
                .everyAddressOfNames()
                .backlog(2)
                .bufferSize(3)
                .maxConnections(4)
                .idleTimeout(Duration.ofSeconds(5))
                .idleClose(Duration.ofSeconds(6))
                .eventLoops(7)
                .faults("reset")
                .script("send 'x'")
                .scriptFile(Path.of("y"))
                .scriptDirectory(Path.of("z"))
                .handler(() -> (connection, bytes) -> {})
                .handlerStartsTls()
                .upstream("127.0.0.1:8")
                .upstreamFailure(Fault.close())
                .connectTimeout(Duration.ofSeconds(9))
                .upstreamTls("insecure")
                .upstreamProxyProtocol("v2")
                .proxyProtocol("v1")
                .certificateFile("x.pem")
                .recording(10, 11)
                .control("127.0.0.1:0")
                .conversation(line -> {})
                .conversationTimes(true)
                .warnings(line -> {});
        Constructor<EchoServer.Builder> copying =
                EchoServer.Builder.class.getDeclaredConstructor(EchoServer.Builder.class);
        copying.setAccessible(true);
        EchoServer.Builder copy = copying.newInstance(given);
        for (Field option : EchoServer.Builder.class.getDeclaredFields()) {
            if (!Modifier.isStatic(option.getModifiers())) {
                option.setAccessible(true);
                assertThat(option.get(copy)).as(option.getName()).isEqualTo(option.get(given));
                assertThat(option.get(given)).as(option.getName()).isNotEqualTo(option.get(EchoServer.builder()));
            }
        }
    }

    @Test
    void endsIfItsClientHasGone() throws Exception {
        start(Way.LOCAL);
        HttpPeer peer = new HttpPeer(local);
        String body = "{\"faults\":\"reset\"}";
        try (Socket held = peer.connect()) {
            PlainSockets.send(
                    held,
                    "POST /servers/default/sessions HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                            + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            PlainSockets.receives(held, "HTTP/1.1 200 OK\r\n");
            assertThat(peer.get("/servers/default~1").text()).contains("\"faults\":\"reset\"");
        }
        try (EchoServer next = local.session(Map.of(), LONGEST)) {
            PlainSockets.echoes(connect(), "next");
            assertThat(next.faults()).hasToString("none");
        }
    }

    /** Holds a session until its process is killed. */
    static final class Holds {
        private Holds() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            EchoServer server = EchoServer.connect(URI.create(args[0]), args[1]);
            try (EchoServer session = server.session(Map.of("faults", "reset after 1"), Duration.ZERO)) {
                System.out.println("held: " + session.faults());
                Thread.currentThread().join();
            }
        }
    }

    @Test
    void endsIfItsProcessIsKilled() throws Exception {
        start(Way.LOCAL);
        List<String> command = EchoProcess.program(
                List.of(),
                Holds.class,
                local.controlUri().orElseThrow().toString(),
                local.controlToken().orElseThrow());
        try (ForkedProcess other = new ForkedProcess(command)) {
            other.lines().await("held: reset after 1");
            Socket socket = connect();
            PlainSockets.send(socket, "x");
            PlainSockets.assertReset(socket);
            assertThatIllegalStateException().isThrownBy(() -> local.session(Map.of(), Duration.ZERO));
        }
        try (EchoServer next = local.session(Map.of(), LONGEST)) {
            PlainSockets.echoes(connect(), "next");
            assertThat(next.recording().total()).isEqualTo(1);
        }
    }
}
