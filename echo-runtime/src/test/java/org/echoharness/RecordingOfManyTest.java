package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a recording reports about all connections: those not yet accepted, those not kept, and applied faults. */
class RecordingOfManyTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(50);

    private static Socket connect(EchoServer server) throws IOException {
        Socket socket = new Socket(server.address().getAddress(), server.port());
        socket.setSoTimeout(50_000);
        return socket;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void catchUpReadsAllReceivedBytes(int loops) throws IOException {
        try (EchoServer server =
                EchoServer.builder().eventLoops(loops).recording().start()) {
            for (int i = 1; i <= 300; i++) {
                try (Socket socket = connect(server)) {
                    socket.getOutputStream().write("hello".getBytes(UTF_8));
                }

                assertThat(server.catchUp(TIMEOUT)).isTrue();

                RecordedConnection connection = server.recording().connection(i);
                assertThat(connection.bytesReceived()).isEqualTo(5);
                assertThat(connection.ending()).isPresent();
            }
        }
    }

    @Test
    void catchUpLeavesBytesHeldByFault() throws IOException {
        try (EchoServer server = EchoServer.builder()
                        .recording()
                        .faults(Fault.delay(Duration.ofHours(1)))
                        .start();
                Socket socket = connect(server)) {
            socket.getOutputStream().write("hello".getBytes(UTF_8));

            assertThat(server.catchUp(TIMEOUT)).isTrue();

            assertThat(server.recording().connection(1).bytesReceived()).isEqualTo(5);
            assertThat(server.recording().openConnections()).hasSize(1);
        }
    }

    @Test
    void catchUpRequiresRunningServer() throws IOException {
        EchoServer server = EchoServer.builder().start();
        server.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> server.catchUp(TIMEOUT))
                .withMessage("the server is not running: it was closed");
    }

    @Test
    void openConnectionsIncludeThoseNotKept() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (EchoServer server = EchoServer.builder().recording(16, 3).start()) {
            for (int i = 0; i < 10; i++) {
                sockets.add(connect(server));
                sockets.get(i).getOutputStream().write(new byte[i]);
            }
            server.catchUp(TIMEOUT);
            Recording recording = server.recording();

            assertThat(recording.openConnections())
                    .extracting(RecordedConnection::number)
                    .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
            assertThat(recording.openConnections().get(2).bytesReceived()).isEqualTo(2);
            assertThat(recording.connections()).hasSize(3);

            RecordedConnection third = recording.openConnections().get(2);
            sockets.get(2).close();
            third.awaitEnd(TIMEOUT);
            assertThat(recording.openConnections())
                    .extracting(RecordedConnection::number)
                    .doesNotContain(3L)
                    .hasSize(9);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void appliedFaultsOutliveTheirConnection() throws IOException {
        Fault applied = Fault.fragment(1);
        FaultPlan plan = FaultPlan.none().on(Connections.number(1), applied).on(Connections.number(9), Fault.stall());
        try (EchoServer server =
                EchoServer.builder().recording(16, 1).faults(plan).start()) {
            for (int i = 0; i < 3; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho("hello".getBytes(UTF_8));
                }
                server.catchUp(TIMEOUT);
            }

            assertThat(server.recording().leftOut()).isEqualTo(2);
            assertThat(server.recording().appliedFaults()).containsExactly(applied);
        }
    }

    @Test
    void everyOpenConnectionHasNote() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            Recording recording = server.recording();
            try (EchoClient ended = EchoClient.connect(server.address())) {
                ended.expectEcho("a".getBytes(UTF_8));
            }
            recording.connection(1).awaitEnd(TIMEOUT);
            try (EchoClient open = EchoClient.connect(server.address())) {
                open.expectEcho("b".getBytes(UTF_8));
                recording.note("the second\nrequest");
                open.expectEcho("c".getBytes(UTF_8));
            }
            RecordedConnection connection = recording.connection(2).awaitEnd(TIMEOUT);

            assertThat(recording.connection(1).transcript()).doesNotContain("note:");
            assertThat(connection.transcript())
                    .containsSubsequence("sending 1 byte \"b\"", "note: the second\\nrequest", "received 1 byte \"c\"");
            assertThat(connection.timeline()).contains("(note: the second\\nrequest)");
            assertThat(connection.events()).extracting(RecordedEvent::kind).containsOnlyOnce(RecordedEvent.Kind.NOTE);
        }
    }

    @Test
    void limitedFilesContainNewestConnections(@TempDir Path directory) throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 1; i <= 50; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho(
                            ("message " + i).repeat(i == 49 ? 5_000 : 500).getBytes(UTF_8));
                }
            }
            server.catchUp(TIMEOUT);
            Recording recording = server.recording();
            int most = 30_000;
            Path transcript = directory.resolve("transcript");
            Path page = directory.resolve("page");
            Path packets = directory.resolve("packets");

            int ofTranscript = recording.writeTranscript(transcript, most);
            int ofPage = recording.writeHtml(page, most);
            int ofPackets = recording.writePcapng(packets, most);

            assertThat(List.of(ofTranscript, ofPage, ofPackets))
                    .allMatch(left -> left > 10 && left < 49); // the one before the last alone is too large
            assertThat(transcript)
                    .content()
                    .contains("message 50", "(" + ofTranscript + " connections left out: the file is limited to 30000")
                    .doesNotContain("message 2message");
            assertThat(page).content().contains("message 50", "<p class=\"note\">" + ofPage + " connections left out");
            assertThat(Files.readString(packets, ISO_8859_1))
                    .contains("message 50")
                    .doesNotContain("message 49");
            assertThat(Files.size(transcript)).isLessThan(most + 1_000);
            assertThat(Files.size(page)).isLessThan(most + 30_000);
            assertThat(Files.size(packets)).isBetween(most / 10L, most + 1_000L);
            assertThat(recording.writeTranscript(directory.resolve("all"), Long.MAX_VALUE))
                    .isZero();
            assertThat(directory.resolve("all")).content().isEqualTo(recording.transcript());
        }
    }
}
