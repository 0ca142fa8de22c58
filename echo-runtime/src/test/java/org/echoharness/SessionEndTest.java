package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How sessions end: in a callback, in several threads, with traffic, with the ports shut. */
class SessionEndTest {

    private static final Duration LONGEST = Duration.ofSeconds(10);

    private EchoServer server = EchoServer.builder().build();
    private final List<Socket> sockets = new ArrayList<>();

    private EchoServer session() throws IOException {
        return server.session(Map.of(), LONGEST);
    }

    private Socket connect() throws IOException {
        Socket socket = PlainSockets.connect(server.address());
        sockets.add(socket);
        return socket;
    }

    @AfterEach
    void close() throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
        server.close();
    }

    /** What a session does to the ports. */
    enum Shut {
        REFUSED,
        REFUSED_FOR_A_TIME,
        RESTARTED,
        UNANSWERED;

        void by(EchoServer session) {
            switch (this) {
                case REFUSED -> session.refuse();
                case REFUSED_FOR_A_TIME -> session.refuse(Duration.ofMinutes(1));
                case RESTARTED -> session.restart(Duration.ofMinutes(1));
                case UNANSWERED -> session.unanswered();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void acceptsConnectsAgain(Shut shut) throws IOException {
        server = EchoServer.builder().recording().start();
        try (EchoServer session = session()) {
            shut.by(session);
        }
        PlainSockets.echoes(connect(), "after");
        assertThat(server.recording().serverTranscript()).contains("accepts connects again");
    }

    @Test
    void leavesRefusalOfItsServerInForce() throws IOException {
        server = EchoServer.builder().start();
        server.refuse();
        session().close();
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);

        server.resume();
        try (EchoServer session = session()) {
            assertThat(session.isRunning()).isTrue();
            server.refuse();
        }
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    }

    @Test
    void numbersFollowAlthoughSeveralThreadsCloseIt() throws Exception {
        server = EchoServer.builder().recording().start();
        int rounds = 20;
        for (int i = 0; i < rounds; i++) {
            EchoServer session = session();
            PlainSockets.echoes(connect(), "during");
            List<FutureTask<Boolean>> closing = new ArrayList<>();
            CountDownLatch all = new CountDownLatch(3);
            for (int k = 0; k < 3; k++) {
                closing.add(Background.inThread("close", () -> {
                    all.countDown();
                    Background.await(all);
                    session.close();
                    return session.isRunning();
                }));
            }
            for (FutureTask<Boolean> each : closing) {
                assertThat(Background.result(each)).isFalse();
            }
            PlainSockets.echoes(connect(), "between");
        }
        assertNumbers(2 * rounds);
    }

    @Test
    void ofSessionNumbersFollow() throws IOException {
        server = EchoServer.builder().recording().start();
        try (EchoServer outer = session()) {
            for (int i = 0; i < 20; i++) {
                PlainSockets.echoes(connect(), "outer");
                try (EchoServer inner = outer.session(Map.of(), LONGEST)) {
                    PlainSockets.echoes(connect(), "inner");
                    assertThat(inner.recording().total()).isEqualTo(1);
                }
            }
        }
        assertNumbers(40);
    }

    @Test
    void canEndInCallback() throws Exception {
        AtomicReference<EchoServer> ending = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        server = EchoServer.builder()
                .recording()
                .handler(() -> (connection, bytes) -> {
                    EchoServer session = ending.getAndSet(null);
                    if (session != null) {
                        session.close();
                        ended.countDown();
                    } else {
                        connection.send(bytes);
                    }
                })
                .start();
        EchoServer session = session();
        ending.set(session);
        Socket client = connect();
        PlainSockets.send(client, "end");
        PlainSockets.assertReset(client);
        Background.await(ended);
        PlainSockets.echoes(connect(), "after");
        assertNumbers(2);
        assertThat(server.recording().connection(1).ending()).isPresent();
        try (EchoServer next = session()) {
            assertThat(next.isRunning()).isTrue();
        }
    }

    @Test
    void endsThoughThreadIsInterrupted() throws Exception {
        server = EchoServer.builder().recording().start();
        EchoServer session = session();
        PlainSockets.echoes(connect(), "during");
        Thread.currentThread().interrupt();
        session.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(session.isRunning()).isFalse();
        PlainSockets.echoes(connect(), "after");
        assertNumbers(2);
    }

    /** Each connection is served whole by one of the two, or reset at the end of the session. */
    @Test
    void losesNoConnectionOfManyClients() throws Exception {
        server = EchoServer.builder().recording(64, 100_000).eventLoops(2).start();
        AtomicBoolean isOver = new AtomicBoolean();
        List<FutureTask<Integer>> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(Background.inThread("client", () -> connectUntil(isOver)));
        }
        long recorded = 0;
        for (int i = 0; i < 40; i++) {
            try (EchoServer session = session()) {
                session.recording().awaitConnections(i % 5 == 0 ? 0 : 5);
                recorded += session.isRunning() ? 1 : 0;
            }
        }
        isOver.set(true);
        int connects = 0;
        for (FutureTask<Integer> each : clients) {
            connects += Background.result(each);
        }
        assertThat(recorded).isEqualTo(40);
        server.acceptPending();
        assertNumbers(connects);
    }

    /** Returns how many connections were made. */
    private int connectUntil(AtomicBoolean isOver) throws IOException {
        int connects = 0;
        while (!isOver.get()) {
            connects++; // the server may accept and reset it before the client sees that it is connected
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("hello");
            } catch (IOException reset) {
                assertThat(reset)
                        .hasMessageMatching("Connection reset( by peer)?|Broken pipe|Socket is not connected.*");
            }
        }
        return connects;
    }

    @Test
    void countsOnServerThatDoesNotRecord() throws IOException {
        server = EchoServer.builder().start();
        try (EchoServer session = server.session(Map.of("recording", "on"), LONGEST)) {
            PlainSockets.echoes(connect(), "during");
            session.recording().assertConnections(1);
        }
        try (EchoServer session = session()) {
            PlainSockets.echoes(connect(), "during");
            assertThat(session.counters().accepted()).isEqualTo(1);
        }
        assertThat(server.counters().accepted()).isEqualTo(2);
    }

    @Test
    void leavesNoThread() throws IOException {
        server = EchoServer.builder().start();
        PlainSockets.echoes(connect(), "before");
        for (int i = 0; i < 40; i++) {
            try (EchoServer session = session()) {
                PlainSockets.echoes(connect(), "during");
                assertThat(threads()).isEqualTo(2);
                assertThat(session.isRunning()).isTrue();
            }
        }
        assertThat(threads()).isEqualTo(1);
    }

    private long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().contains(":" + server.port() + " "))
                .count();
    }

    @Test
    void endsWithServerThatSeveralThreadsClose() throws Exception {
        for (int i = 0; i < 20; i++) {
            server = EchoServer.builder().recording().start();
            EchoServer session = session();
            PlainSockets.echoes(connect(), "during");
            FutureTask<Boolean> inner = Background.inThread("session", () -> {
                session.close();
                return session.isRunning();
            });
            FutureTask<Boolean> outer = Background.inThread("server", () -> {
                server.close();
                return server.isRunning();
            });
            assertThat(Background.result(inner)).isFalse();
            assertThat(Background.result(outer)).isFalse();
            assertThat(threads()).isZero();
            assertNumbers(1);
        }
    }

    private void assertNumbers(int count) {
        assertThat(server.counters().accepted()).isEqualTo(count);
        assertThat(server.recording().total()).isEqualTo(count);
        assertThat(server.recording().connections())
                .extracting(RecordedConnection::number)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, count).boxed().toList());
    }
}
