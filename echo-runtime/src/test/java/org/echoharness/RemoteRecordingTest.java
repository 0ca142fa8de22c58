package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recording of a server in another process is the same as in that process. */
@Timeout(60)
class RemoteRecordingTest {

    private final List<AutoCloseable> opened = new ArrayList<>();
    private EchoServer local;
    private EchoServer remote;

    private void start(EchoServer.Builder builder) throws IOException {
        local = builder.warnings(line -> {}).control("127.0.0.1:0").start();
        opened.add(local);
        remote = EchoServer.connect(
                local.controlUri().orElseThrow(), local.controlToken().orElseThrow());
        opened.add(remote);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private Socket client() throws IOException {
        Socket socket = PlainSockets.connect(local.address());
        opened.add(socket);
        return socket;
    }

    private void converse(String text) throws Exception {
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, text);
            Recordings.finish(socket);
        }
    }

    /** What happens on a server. */
    enum Scenario {
        NOTHING {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder());
            }
        },
        TEXT_AND_BYTES {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder());
                test.converse("héllo\r\n\u001b[1m\u0000");
                try (Socket socket = test.client()) {
                    socket.getOutputStream().write(new byte[] {(byte) 0xFF, 0, 1});
                    assertThat(socket.getInputStream().readNBytes(3)).hasSize(3);
                    test.local.recording().note("a note \"with\" \\ and é");
                    PlainSockets.reset(socket);
                }
                test.local.recording().title("A <title> \\ of é");
            }
        },
        OPEN_CONNECTIONS {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder());
                PlainSockets.echoes(test.client(), "one");
                PlainSockets.echoes(test.client(), "two");
                test.remote.recording().note("both");
            }
        },
        CONTROLS {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder());
                test.remote.freeze();
                test.remote.unfreeze();
                test.converse("x");
                for (int i = 0; i < 140; i++) {
                    test.local.refuse();
                    test.local.resume();
                }
            }
        },
        FAULTS {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder()
                        .faults("connection 1: reset after 2; random 50% seed 3: fragment 1, delay 1ms jitter 1ms;"
                                + " others: corrupt byte 2"));
                try (Socket socket = test.client()) {
                    socket.getOutputStream().write("abc".getBytes(ISO_8859_1));
                    PlainSockets.assertReset(socket);
                }
                for (int i = 0; i < 4; i++) {
                    try (Socket socket = test.client()) {
                        socket.getOutputStream().write("abc".getBytes(ISO_8859_1));
                        assertThat(socket.getInputStream().readNBytes(3)).hasSize(3);
                        Recordings.finish(socket);
                    }
                }
            }
        },
        LIMITS {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder().recording(3, 2).maxConnections(3));
                PlainSockets.echoes(test.client(), "first, open and left out");
                PlainSockets.echoes(test.client(), "second");
                PlainSockets.echoes(test.client(), "third");
                assertThatThrownBy(() -> test.client().getInputStream().read()).isInstanceOf(IOException.class);
            }
        },
        MANY_EVENTS {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder().recording(100, 10));
                try (Socket socket = test.client()) {
                    for (int i = 0; i < 2_100; i++) {
                        PlainSockets.echoes(socket, "x");
                    }
                    test.local.recording().note("after the gap");
                    Recordings.finish(socket);
                }
            }
        },
        SCRIPT {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder().script("expect line \"a\", send \"b\", expect line \"c\""));
                try (Socket socket = test.client()) {
                    socket.getOutputStream().write("a\nx\n".getBytes(ISO_8859_1));
                    PlainSockets.assertReset(socket);
                }
            }
        },
        RELAY {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                EchoServer behind = EchoServer.builder().start();
                test.opened.add(behind);
                test.start(EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.port())
                        .faults("connection 1: none; others: reset after 2 to server"));
                test.converse("hello");
                try (Socket socket = test.client()) {
                    socket.getOutputStream().write("abc".getBytes(ISO_8859_1));
                    PlainSockets.assertReset(socket);
                }
            }
        },
        UNIX_SOCKET {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder().addresses("unix:"));
                try (EchoClient client = EchoClient.connect(test.remote.socketAddress())) {
                    client.expectEcho("x".getBytes(ISO_8859_1));
                }
            }
        },
        FORGOTTEN {
            @Override
            void run(RemoteRecordingTest test) throws Exception {
                test.start(EchoServer.builder());
                test.converse("x");
                test.local.recording().connection(1).awaitEnd();
                new HttpPeer(test.local).send("DELETE", "/servers/default/recording", null);
                test.converse("y");
            }
        };

        abstract void run(RemoteRecordingTest test) throws Exception;
    }

    private interface Query {
        Object of(Recording recording) throws Exception;
    }

    private static String result(Recording recording, Query query) {
        try {
            return String.valueOf(query.of(recording));
        } catch (Exception | AssertionError thrown) {
            return thrown.toString();
        }
    }

    private static final List<Query> QUERIES = List.of(
            Recording::connections,
            Recording::openConnections,
            Recording::appliedFaults,
            Recording::total,
            Recording::leftOut,
            Recording::peak,
            Recording::transcript,
            Recording::serverTranscript,
            recording -> recording.transcript(recording.connection(1)),
            Recording::toScript,
            recording -> recording.toScriptWithWaits(Duration.ofMillis(1)),
            recording -> recording.toScript(recording),
            recording -> recording.connection(0),
            recording -> recording.connection(1),
            recording -> recording.connection(2),
            recording -> recording.connection(99),
            recording -> recording.awaitConnections(1, Duration.ofMillis(2)),
            recording -> recording.awaitConnections(99, Duration.ofMillis(2)),
            recording -> fails(() -> recording.assertConnections(77)),
            recording -> fails(() -> recording.assertAtMostConnections(0)));

    private static final List<Query> OF_EACH = List.of(
            recording -> each(recording, RecordedConnection::transcript),
            recording -> each(recording, RecordedConnection::excerpt),
            recording -> each(recording, RecordedConnection::timeline),
            recording -> each(recording, RecordedConnection::hexDump),
            recording -> each(recording, RecordedConnection::recordedBy),
            recording -> each(recording, RecordedConnection::number),
            recording -> each(recording, RecordedConnection::localSocketAddress),
            recording -> each(recording, RecordedConnection::remoteSocketAddress),
            recording -> each(recording, RecordedConnection::local),
            recording -> each(recording, RecordedConnection::remote),
            recording -> each(recording, RecordedConnection::accepted),
            recording -> each(recording, RecordedConnection::opened),
            recording -> each(recording, RecordedConnection::upstream),
            recording -> each(recording, RecordedConnection::bytesReceived),
            recording -> each(recording, RecordedConnection::bytesSent),
            recording -> each(recording, of -> hex(of.received())),
            recording -> each(recording, of -> hex(of.sent())),
            recording -> each(recording, RecordedConnection::isCut),
            recording -> each(recording, RecordedConnection::events),
            recording -> each(
                    recording, of -> of.events().stream().map(of::payloadText).toList()),
            recording -> each(recording, RecordedConnection::eventsLeftOut),
            recording -> each(recording, RecordedConnection::ending),
            recording -> each(recording, RecordedConnection::hasFailed),
            recording -> each(recording, RecordedConnection::toScript),
            recording -> each(recording, of -> of.toScript(of)),
            recording -> each(recording, of -> RecordingComparison.ofRelay(of).firstDifference()),
            recording -> each(recording, of -> of.awaitEnd(Duration.ZERO)),
            recording -> each(recording, of -> of.upstream().orElseThrow().awaitEnd(Duration.ZERO)),
            recording -> each(recording, of -> of.awaitReceived("x".getBytes(ISO_8859_1), Duration.ZERO)),
            recording -> each(recording, of -> of.awaitReceived(new byte[70_000], Duration.ZERO)),
            recording -> each(recording, of -> fails(() -> of.assertReceived(new byte[] {1}))),
            recording -> each(recording, of -> fails(() -> of.assertSent(new byte[] {1}))),
            recording -> each(recording, of -> fails(() -> of.assertEndedBy(Ending.Side.SERVER, Ending.How.FIN))));

    private interface OfConnection {
        Object get(RecordedConnection of) throws Exception;
    }

    private static String each(Recording recording, OfConnection query) {
        StringBuilder all = new StringBuilder();
        List<RecordedConnection> connections = new ArrayList<>(recording.openConnections());
        connections.addAll(recording.connections());
        for (RecordedConnection each : connections) {
            all.append(result(recording, unused -> query.get(each))).append('\n');
        }
        return all.toString();
    }

    private static String fails(Runnable check) {
        check.run();
        return "passed";
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @ParameterizedTest
    @EnumSource
    void isTheSameInBothProcesses(Scenario scenario, @TempDir Path folder) throws Exception {
        scenario.run(this);
        assertThat(local.catchUp(Background.LONGEST)).isTrue();
        Recording here = local.recording();
        Recording there = remote.recording();
        SoftAssertions all = new SoftAssertions();

        for (int i = 0; i < QUERIES.size(); i++) {
            Query query = QUERIES.get(i);
            all.assertThat(result(there, query)).as("query %d", i).isEqualTo(result(here, query));
        }
        for (int i = 0; i < OF_EACH.size(); i++) {
            Query query = OF_EACH.get(i);
            all.assertThat(result(there, query)).as("query %d of each", i).isEqualTo(result(here, query));
        }
        RecordingFiles ofHere = here.writeFiles(folder.resolve("here"));
        RecordingFiles ofThere = there.writeFiles(folder.resolve("there"));
        RecordingFiles cutHere = here.writeFiles(folder.resolve("cut here"), 700);
        RecordingFiles cutThere = there.writeFiles(folder.resolve("cut there"), 700);
        for (String name : RecordingFiles.names()) {
            all.assertThat(Files.readAllBytes(folder.resolve("there").resolve(name)))
                    .as(name)
                    .isEqualTo(Files.readAllBytes(folder.resolve("here").resolve(name)));
            all.assertThat(Files.readAllBytes(folder.resolve("cut there").resolve(name)))
                    .as("cut " + name)
                    .isEqualTo(Files.readAllBytes(folder.resolve("cut here").resolve(name)));
        }
        all.assertThat(ofThere.leftOutOfPage()).isEqualTo(ofHere.leftOutOfPage());
        all.assertThat(cutThere.leftOutOfPage()).isEqualTo(cutHere.leftOutOfPage());
        all.assertAll();
    }

    @Test
    void comparesWithTheRecordingOfTheClient() throws Exception {
        start(EchoServer.builder());
        try (EchoClient client =
                EchoClient.builder().address(remote.socketAddress()).recording().connect()) {
            client.expectEcho("hello".getBytes(ISO_8859_1));
            RecordedConnection atServer = remote.recording().connection(1).awaitReceived("hello".getBytes(ISO_8859_1));

            RecordingComparison.of(client.recording().connection(1), atServer).assertSame();
        }
    }

    @Test
    void waitsForWhatComes() throws Exception {
        start(EchoServer.builder());
        FutureTask<List<RecordedConnection>> connections =
                Background.inThread("connections", () -> remote.recording().awaitConnections(2, Background.LONGEST));
        Socket first = client();
        Socket second = client();
        assertThat(Background.result(connections)).hasSize(2);
        RecordedConnection open = remote.recording().connection(1);
        FutureTask<RecordedConnection> bytes =
                Background.inThread("bytes", () -> open.awaitReceived("two".getBytes(ISO_8859_1), Background.LONGEST));
        FutureTask<RecordedConnection> matching = Background.inThread(
                "matching", () -> open.awaitReceived(received -> received.length == 6, Background.LONGEST));
        FutureTask<RecordedConnection> end = Background.inThread("end", () -> open.awaitEnd(Background.LONGEST));
        PlainSockets.echoes(first, "one");
        PlainSockets.echoes(first, "two");
        assertThat(Background.result(bytes).bytesReceived()).isEqualTo(6);
        assertThat(Background.result(matching).bytesReceived()).isEqualTo(6);
        first.close();
        assertThat(Background.result(end).ending()).isPresent();
        remote.recording().awaitQuiet(Duration.ofMillis(20));
        second.close();
    }

    @Test
    void waitsForBothLegsOfRelay() throws Exception {
        try (EchoServer behind = EchoServer.builder().start()) {
            start(EchoServer.builder().upstream("127.0.0.1:" + behind.port()));
            Socket socket = client();
            PlainSockets.echoes(socket, "x");
            RecordedConnection upstream =
                    remote.recording().connection(1).upstream().orElseThrow();
            FutureTask<RecordedConnection> end =
                    Background.inThread("end", () -> upstream.awaitEnd(Background.LONGEST));
            Recordings.finish(socket);

            assertThat(Background.result(end).ending()).isPresent();
            assertThat(Background.result(end).isUpstream()).isTrue();
        }
    }

    @Test
    void interruptEndsWait() throws Exception {
        start(EchoServer.builder());
        Socket socket = client();
        PlainSockets.echoes(socket, "x");
        RecordedConnection open = remote.recording().connection(1);
        List<Thread> threads = new ArrayList<>();
        List<FutureTask<Throwable>> waits = new ArrayList<>();
        for (OfConnection wait : List.<OfConnection>of(
                of -> of.awaitEnd(Background.LONGEST),
                of -> remote.recording().awaitConnections(2, Background.LONGEST),
                of -> remote.awaitClose(Background.LONGEST))) {
            FutureTask<Throwable> task = new FutureTask<>(() -> {
                try {
                    return new AssertionError(String.valueOf(wait.get(open)));
                } catch (InterruptedException interrupted) {
                    return Thread.currentThread().isInterrupted() ? new AssertionError("status set") : interrupted;
                }
            });
            waits.add(task);
            threads.add(new Thread(task, "waits"));
        }
        threads.forEach(Thread::start);
        threads.forEach(Thread::interrupt);
        for (FutureTask<Throwable> each : waits) {
            assertThat(Background.result(each)).isInstanceOf(InterruptedException.class);
        }
    }

    /** Waits until so many requests wait for an event. A thread of the interface that is free waits too, for a request. */
    private static void awaitWaits(int count) {
        long deadline = System.nanoTime() + Background.LONGEST.toNanos();
        while (Thread.getAllStackTraces().entrySet().stream()
                        .filter(each -> each.getKey().getState() == Thread.State.TIMED_WAITING
                                && Stream.of(each.getValue())
                                        .anyMatch(frame -> frame.getMethodName().equals("awaitChange")))
                        .count()
                < count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void closeOfTheServerEndsWaitsWithWhatWasSeen() throws Exception {
        start(EchoServer.builder());
        Socket socket = client();
        PlainSockets.echoes(socket, "x");
        RecordedConnection open = remote.recording().connection(1);
        FutureTask<RecordedConnection> end = Background.inThread("end", () -> open.awaitEnd(Background.LONGEST));
        FutureTask<String> connections = Background.inThread(
                "connections",
                () -> result(remote.recording(), recording -> recording.awaitConnections(2, Background.LONGEST)));
        awaitWaits(2);
        local.close();

        assertThat(Background.result(end).ending().orElseThrow().how()).isEqualTo(Ending.How.RST);
        assertThat(Background.result(connections))
                .containsPattern("the server is not running: it was closed|is it still running\\?");
        assertThat(result(remote.recording(), Recording::connections))
                .containsPattern("ended by SERVER RST|is it still running\\?");
    }

    /** The second answer is from what was read before; each event, note, title and drop makes it old. */
    @Test
    void isNewAfterEachChange() throws Exception {
        start(EchoServer.builder());
        Recording there = remote.recording();
        converse("one");
        Socket open = client();
        PlainSockets.echoes(open, "x");
        List<Runnable> changes = List.of(
                () -> {},
                () -> local.recording().note("note"),
                () -> local.recording().title("title"),
                local::freeze,
                local::unfreeze,
                () -> local.setFaults(FaultPlan.of(Fault.reset())),
                local::resetConnections);

        for (Runnable change : changes) {
            change.run();
            assertThat(local.catchUp(Background.LONGEST)).isTrue();
            assertThat(there.transcript()).isEqualTo(local.recording().transcript());
            assertThat(page(there)).isEqualTo(page(local.recording()));
        }
    }

    private static String page(Recording of) throws IOException {
        StringBuilder page = new StringBuilder();
        of.writePage(page);
        return page.toString();
    }
}
