package org.echoharness.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.echoharness.HttpPeer;
import org.echoharness.page.PageConnection;
import org.echoharness.page.PageHead;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients cannot do to the HTTP interface: they are slow, or never read. */
@Timeout(60)
class ControlLimitsTest {

    private static final int LARGE = 16 << 20; // more than the sockets hold

    /** A server of which only the state is real. */
    private static final class FakeServer implements ControlledServer {
        private final CountDownLatch isBlocked = new CountDownLatch(1);
        private final CountDownLatch viewed = new CountDownLatch(1);
        private volatile String faults = "none";
        private volatile String after = "";

        @Override
        public ServerView view() {
            String plan = faults;
            viewed.countDown();
            return new ServerView(
                    "accepting",
                    false,
                    "echo",
                    false,
                    List.of(),
                    0,
                    Map.of(),
                    0,
                    plan,
                    Map.of(),
                    null,
                    List.of(),
                    0,
                    true);
        }

        @Override
        public void setFaults(String plan, boolean alsoOpen) {
            faults = plan;
        }

        @Override
        public void control(Control control, Duration time) {
            isBlocked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException closed) {
                after = "interrupted";
            }
        }

        @Override
        public boolean catchUp(Duration timeout) {
            throw new UnsupportedOperationException("not here");
        }

        @Override
        public List<ServerView.Problem> unfinished() {
            return List.of();
        }

        @Override
        public void acceptPending() {
            throw new OutOfMemoryError("of a test");
        }

        @Override
        public String remote(long connection) {
            throw new IllegalStateException();
        }

        @Override
        public void endWhenSent(long connection, End how) {
            throw new IllegalStateException();
        }

        @Override
        public void startTls(long connection) {
            throw new IllegalStateException();
        }

        @Override
        public void title(String text) {
            throw new IllegalArgumentException("no titles");
        }

        @Override
        public Found end(long connection, boolean clean) {
            throw new IllegalStateException();
        }

        @Override
        public Found send(long connection, byte[] bytes) {
            return Found.UNKNOWN;
        }

        @Override
        public String certificate() {
            throw new IllegalStateException();
        }

        @Override
        public RecordingView recording() {
            return new RecordingView(
                    "SERVER", 0, 0, 0, 0, 0, null, List.of(), List.of(), 0, 0, 0, false, "", null, List.of(),
                    List.of());
        }

        @Override
        public PageHead pageHead(long span) {
            return new PageHead("", List.of(), "the server", List.of(), span);
        }

        @Override
        public PageConnection page(RecordingView.Connection of) {
            throw new IllegalArgumentException("no connections");
        }

        @Override
        public long sinceFirst() {
            return 0;
        }

        @Override
        public void awaitChange(long changes, Duration timeout) throws InterruptedException {
            isBlocked.countDown();
            new CountDownLatch(1).await(timeout.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
        }

        @Override
        public void note(String text) {
            throw new IllegalArgumentException("no notes");
        }

        @Override
        public String openSession(Map<String, String> options, Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean endSession() {
            return false;
        }

        @Override
        public boolean awaitClose(Duration timeout) {
            return true;
        }

        @Override
        public int forgetEnded() {
            throw new ArithmeticException("a defect");
        }

        @Override
        public void write(FileKind kind, Path file) throws IOException {
            switch (kind) {
                case PCAPNG -> Files.write(file, new byte[LARGE]);
                case HTML -> throw new OutOfMemoryError("of a test");
                default -> throw new IOException("no space left");
            }
        }
    }

    private final FakeServer fake = new FakeServer();
    private ControlServer server;
    private HttpPeer peer;

    private void start(int threads, Duration headers, Duration body, Duration write) throws IOException {
        ControlLimits limits = new ControlLimits(headers, body, write, Duration.ofMillis(100), threads, 4_096, 1, 1, 1);
        server = ControlServer.start(PlainSockets.loopback(0), "127.0.0.1", "127.0.0.1", limits);
        server.add("default", fake);
        peer = new HttpPeer(server.uri(), server.token());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String head(String method, String path) {
        return method + " " + path + " HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization() + "\r\n";
    }

    /** A client that sends this and then nothing, and never reads unless the test does. */
    private Socket stalled(String text) throws IOException {
        Socket socket =
                PlainSockets.connect(PlainSockets.at("127.0.0.1", server.uri().getPort()), 4096, 4096);
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        return socket;
    }

    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofHours(1);

    @Test
    void clientThatSendsItsHeadersSlowlyIsClosed() throws Exception {
        start(2, SHORT, LONG, LONG);
        try (Socket first = stalled("GET /ser");
                Socket second = stalled(head("GET", "/servers") + "X: ")) {
            assertThat(peer.get("/servers").status()).isEqualTo(200);
            assertThat(first.getInputStream().read()).isEqualTo(-1);
            assertThat(second.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void clientThatSendsItsBodySlowlyIsClosed() throws Exception {
        start(1, LONG, SHORT, LONG);
        try (Socket slow = stalled(head("PUT", "/servers/default/faults") + "Content-Length: 10\r\n\r\nnon")) {
            assertThat(peer.get("/servers").status()).isEqualTo(200);
            assertThat(slow.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(fake.faults).isEqualTo("none");
    }

    @Test
    void bodyThatNobodyAwaitsDelaysNoOther() throws Exception {
        start(1, LONG, LONG, SHORT);
        try (Socket slow = stalled(head("GET", "/servers") + "Content-Length: 10\r\n\r\n")) {
            assertThat(peer.get("/servers").status()).isEqualTo(200);
            assertThat(HttpPeer.read(slow.getInputStream(), false).status()).isEqualTo(200);
        }
    }

    @Test
    void connectionsWithoutRequestsTakeNoThread() throws Exception {
        start(1, LONG, LONG, LONG);
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                idle.add(stalled(""));
            }
            assertThat(peer.get("/servers").status()).isEqualTo(200);
        } finally {
            for (Socket each : idle) {
                each.close();
            }
        }
    }

    @Test
    void clientThatNeverReadsItsAnswerIsClosed() throws Exception {
        start(1, LONG, LONG, SHORT);
        fake.faults = "x".repeat(LARGE);
        try (Socket deaf = stalled(head("GET", "/servers") + "\r\n")) {
            Background.await(fake.viewed);
            fake.faults = "none";
            assertThat(peer.get("/servers").status()).isEqualTo(200);
            assertThat(deaf.isConnected()).isTrue();
        }
    }

    @Test
    void clientThatNeverReadsItsEventsLosesItsPlace() throws Exception {
        start(4, LONG, LONG, SHORT);
        fake.faults = "x".repeat(LARGE);
        try (Socket deaf = stalled(head("GET", "/servers/default/events") + "\r\n")) {
            Background.await(fake.viewed);
            fake.faults = "none";
            HttpPeer.Events.Message first = null;
            while (first == null) { // until the place is free
                try (HttpPeer.Events events = new HttpPeer.Events(peer, "/servers/default/events")) {
                    first = events.next();
                } catch (IOException taken) {
                    assertThat(taken).hasMessageContaining("503");
                }
            }
            assertThat(first.name()).isEqualTo("state");
            assertThat(deaf.isConnected()).isTrue();
        }
    }

    @Test
    void clientThatHasGoneLosesItsPlaceWithTheNextSignOfLife() throws Exception {
        start(4, LONG, LONG, LONG);
        for (int i = 0; i < 3; i++) {
            HttpPeer.Events events = null;
            while (events == null) {
                try {
                    events = new HttpPeer.Events(peer, "/servers/default/events");
                } catch (IOException taken) {
                    assertThat(taken).hasMessageContaining("503");
                }
            }
            events.await("state");
            events.close();
        }
    }

    @Test
    void limitsRequestsThatWait() throws Exception {
        start(4, LONG, LONG, LONG);
        try (Socket waiting = stalled(head("GET", "/servers/default/recording?after=0&wait=60s") + "\r\n")) {
            Background.await(fake.isBlocked);
            HttpPeer.Answer answer = peer.get("/servers/default/recording?after=0&wait=60s");

            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.error()).isEqualTo("there are too many requests that wait; end some of them");
            assertThat(peer.get("/servers/default/recording?after=1&wait=60s").status())
                    .isEqualTo(200);
            assertThat(waiting.isConnected()).isTrue();
        }
    }

    @Test
    void failuresBecomeAnswers() throws Exception {
        start(1, LONG, LONG, LONG);
        assertError(peer.post("/servers/default/catch-up"), 501, "not here");
        assertError(peer.post("/servers/default/note"), 400, "no notes");
        assertError(peer.post("/servers/default/connections/1/reset"), 409, "java.lang.IllegalStateException");
        assertError(
                peer.send("DELETE", "/servers/default/recording", null),
                500,
                "java.lang.ArithmeticException: a defect");
        HttpPeer.Answer file = peer.get("/servers/default/recording.txt");
        assertError(
                file,
                500,
                "the recording cannot be written to a file for the download: no space left; make room in the folder of"
                        + " temporary files (" + System.getProperty("java.io.tmpdir")
                        + "), or start the JVM with another one, -Djava.io.tmpdir=FOLDER");
        assertThat(file.headers()).doesNotContainKey("content-disposition");
    }

    @Test
    void saysThatMemoryIsTooShort() throws Exception {
        start(1, LONG, LONG, LONG);
        String error = "the JVM has too little memory for this answer; ask for less, forget connections that ended with"
                + " DELETE /servers/ID/recording, or start the JVM with a greater -Xmx";
        assertError(peer.post("/servers/default/accept-pending"), 503, error);
        assertError(peer.get("/servers/default/recording.html"), 503, error);
    }

    @Test
    void downloadThatIsReadSlowlyTakesNoThreadOfOtherRequests() throws Exception {
        start(1, LONG, LONG, LONG);
        try (Socket deaf = stalled(head("GET", "/servers/default/recording.pcapng") + "\r\n")) {
            assertThat(deaf.getInputStream().read()).isEqualTo('H');

            assertThat(peer.get("/servers").status()).isEqualTo(200);
        }
    }

    private static void assertError(HttpPeer.Answer answer, int status, String error) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
        assertThat(answer.error()).isEqualTo(error);
    }

    @Test
    void closeEndsEveryRequestThatIsUnderWay() throws Exception {
        start(4, LONG, LONG, LONG);
        int port = server.uri().getPort();
        fake.faults = "x".repeat(LARGE);
        try (Socket head = stalled("GET /ser");
                Socket body = stalled(head("PUT", "/servers/default/faults") + "Content-Length: 10\r\n\r\nnon");
                Socket deaf = stalled(head("GET", "/servers") + "\r\n");
                Socket events = stalled(head("GET", "/servers/default/events") + "\r\n");
                Socket blocked = stalled(head("POST", "/servers/default/freeze") + "\r\n")) {
            Background.await(fake.isBlocked);

            server.close();

            assertThat(threads()).isEmpty();
            assertThat(fake.after).isEqualTo("interrupted");
            PlainSockets.listen(port).close();
            for (Socket each : List.of(head, body, blocked)) {
                assertThat(endOf(each)).isNegative();
            }
            assertThat(deaf.isConnected() && events.isConnected()).isTrue();
        }
        server.close(); // does nothing more
    }

    private static int endOf(Socket socket) {
        try {
            return socket.getInputStream().read();
        } catch (IOException reset) {
            return -1;
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("echo-control")
                        || (thread.getThreadGroup() != null
                                && thread.getThreadGroup().getName().equals("echo-control")))
                .map(Thread::getName)
                .toList();
    }

    @Test
    void threadsAreDaemonsAndEndWithTheInterface() throws Exception {
        start(4, LONG, LONG, LONG);
        peer.get("/servers");

        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getThreadGroup() != null
                        && (thread.getName().startsWith("echo-control")
                                || thread.getThreadGroup().getName().equals("echo-control")))
                .hasSizeGreaterThanOrEqualTo(3)
                .allMatch(Thread::isDaemon);
        server.close();
        assertThat(threads()).isEmpty();
    }

    @Test
    void closesWhileRequestsCome() throws Exception {
        for (int i = 0; i < 10; i++) {
            start(4, LONG, LONG, LONG);
            List<FutureTask<Integer>> clients = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(4);
            for (int c = 0; c < 4; c++) {
                clients.add(Background.inThread("client", () -> {
                    int answers = 0;
                    try {
                        while (true) {
                            assertThat(peer.get("/servers").status()).isEqualTo(200);
                            answers++;
                            begun.countDown();
                        }
                    } catch (IOException closed) {
                        return answers;
                    }
                }));
            }
            Background.await(begun);
            server.close();
            for (FutureTask<Integer> each : clients) {
                assertThat(Background.result(each)).isNotNegative(); // not failed
            }
            assertThat(threads()).isEmpty();
        }
    }
}
