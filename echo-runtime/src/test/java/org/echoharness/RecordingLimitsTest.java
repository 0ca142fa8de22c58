package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a recording leaves out, and what its options limit. */
@SuppressWarnings("try") // what close() does is what is tested
@Timeout(120)
class RecordingLimitsTest {

    private static EchoServer.Builder recording() {
        return EchoServer.builder().recording();
    }

    @Test
    void evictsEndedAndOldestConnectionsFirst() throws Exception {
        try (EchoServer server = recording().recording(4, 2).start();
                Socket first = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "hello");
            try (Socket second = PlainSockets.connect(server.address())) {
                Recordings.finish(second);
            }
            RecordedConnection gone = Recordings.ended(server, 2);
            try (Socket third = PlainSockets.connect(server.address());
                    Recorded fourth = new Recorded(server, 3)) {
                assertThat(fourth.numbersBefore).containsExactly(1L, 3L);
                server.recording().awaitConnections(4);
                assertThat(Recordings.numbers(server)).containsExactly(3L, 4L);
                assertThat(server.recording().leftOut()).isEqualTo(2);
                assertThat(server.recording().total()).isEqualTo(4);
                assertThat(third.isConnected()).isTrue();
                assertThatThrownBy(() -> server.recording().connection(2))
                        .isInstanceOf(AssertionError.class)
                        .hasMessageStartingWith("connection 2 is not kept any more: saw 4\n  connection 3 from ");
                assertThat(gone.awaitEnd().ending()).isPresent();
                assertThat(server.recording().transcript()).endsWith("(2 connections more, not kept)\n");
            }
        }
    }

    @Test
    void evictedOpenConnectionCanBeAwaited() throws Exception {
        try (EchoServer server = recording().recording(100, 1).start();
                Socket first = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "hello");
            RecordedConnection before = server.recording().connection(1);
            try (Socket second = PlainSockets.connect(server.address())) {
                server.recording().awaitConnections(2);
                PlainSockets.echoes(first, "again");
                Recordings.finish(first);
                RecordedConnection after = before.awaitEnd();

                assertThat(before.received()).isEqualTo("hello".getBytes(ISO_8859_1));
                assertThat(after.received()).isEmpty();
                assertThat(after.bytesReceived()).isEqualTo(10);
                assertThat(after.bytesSent()).isEqualTo(10);
                assertThat(after.isCut()).isTrue();
                assertThat(Recordings.events(after)).containsExactly("CLIENT_FIN", "SERVER_FIN");
                assertThat(after.eventsLeftOut()).isEqualTo(5);
                assertThat(second.isConnected()).isTrue();
            }
        }
    }

    /** Connects one more client when this number of connections is recorded. */
    private static final class Recorded implements AutoCloseable {
        private final List<Long> numbersBefore;
        private final Socket socket;

        Recorded(EchoServer server, int before) throws Exception {
            server.recording().awaitConnections(before);
            numbersBefore = Recordings.numbers(server);
            socket = PlainSockets.connect(server.address());
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void keepsFirstBytesAndReportsCut(int kept) throws Exception {
        try (EchoServer server = recording().recording(kept, 1).start()) {
            for (int i = 1; i <= 2; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "hello");
                    PlainSockets.echoes(socket, "again");
                    Recordings.finish(socket);
                }
            }
            RecordedConnection seen = Recordings.ended(server, 2);
            assertThat(seen.received()).asString(ISO_8859_1).isEqualTo("hell".substring(0, kept));
            assertThat(seen.sent()).asString(ISO_8859_1).isEqualTo("hell".substring(0, kept));
            assertThat(seen.bytesReceived()).isEqualTo(10);
            assertThat(seen.bytesSent()).isEqualTo(10);
            assertThat(Recordings.events(seen)).contains("RECEIVED 5+5", "SENT 5+5");
            assertThat(seen.isCut()).isTrue();
            assertThat(Recordings.numbers(server)).containsExactly(2L);
        }
    }

    @Test
    void keepsFirstEventsAndEnd() throws Exception {
        try (EchoServer server = recording().faults("fragment 1").start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(new byte[5_000]);
            assertThat(socket.getInputStream().readNBytes(5_000)).hasSize(5_000);
            Recordings.finish(socket);
            RecordedConnection seen = Recordings.ended(server, 1);
            assertThat(seen.bytesSent()).isEqualTo(5_000);
            assertThat(seen.events()).hasSize(RecordedEvent.Log.MOST + 2);
            assertThat(Recordings.events(seen)).endsWith("CLIENT_FIN", "SERVER_FIN");
            assertThat(seen.eventsLeftOut()).isBetween(5_000L - RecordedEvent.Log.MOST, 10_000L);
            assertThat(seen.isCut()).isTrue();
        }
    }

    @Test
    void keepsNoEventsAfterEndOfOneSide() {
        InetSocketAddress any = new InetSocketAddress(1);
        ConnectionRecorder recorder = new ConnectionRecorder(
                new RecordingStore(Ending.Side.SERVER, 10, 1), Ending.Side.SERVER, 1, any, any, 10, Instant.EPOCH, 0);
        for (int i = 0; i < 5_000; i++) {
            recorder.received(ByteBuffer.allocate(1), i);
        }
        recorder.note(RecordedEvent.Kind.SERVER_FIN, "half-close", 5_000);
        for (int i = 0; i < 5_000; i++) {
            recorder.received(ByteBuffer.allocate(1), 5_000 + i);
        }
        RecordedConnection seen = recorder.snapshot();
        assertThat(seen.events()).hasSize(RecordedEvent.Log.MOST + 1);
        assertThat(seen.eventsLeftOut()).isEqualTo(10_000 - RecordedEvent.Log.MOST);
    }

    @Test
    void isOffByDefault() throws Exception {
        for (EchoServer.Builder builder :
                List.of(EchoServer.builder(), recording().set("recording", "none"))) {
            try (EchoServer server = builder.start()) {
                assertThatIllegalStateException()
                        .isThrownBy(server::recording)
                        .withMessage("recording is off; call recording() on the builder of the server");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"on, 65536", "16KiB, 16384", "3, 3"})
    void textSetsNumberOfKeptBytes(String text, int kept) throws Exception {
        try (EchoServer server = EchoServer.builder().set("recording", text).start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                socket.getOutputStream().write(new byte[kept + 1]);
                Recordings.finishReading(socket);
            }
            assertThat(Recordings.ended(server, 1).received()).hasSize(kept);
        }
    }

    @Test
    void refusedValueChangesNothing() throws Exception {
        EchoServer.Builder builder = recording();
        assertThatIllegalArgumentException().isThrownBy(() -> builder.set("recording", "yes"));
        try (EchoServer server = builder.start()) {
            assertThat(server.recording().total()).isZero();
        }
    }

    @Test
    void refusesWrongValuesAndNamesCure() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("recording", "yes"))
                .withMessage("recording (yes) must be on, none or a size in bytes, such as 64KiB");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("recording", "1025MiB"))
                .withMessage("recording (1074790400) must be at most 1073741824 bytes a connection");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().recording(-1, 1))
                .withMessage("recording (-1) must be at least 0 bytes a connection");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().recording(1, 0))
                .withMessage("recording (0) must be at least 1 connection");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().recording(1, 1_000_001))
                .withMessage("recording (1000001) must be at most 1000000 connections");
    }
}
