package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** With little memory a recording keeps what fits, and reports that. */
@Timeout(180)
class RecordingMemoryTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(1);

    private static ConnectionRecorder recorderOf(RecordingStore store) {
        return new ConnectionRecorder(store, Ending.Side.SERVER, 1, ANY, ANY, 1 << 20, Instant.EPOCH, 0);
    }

    @Test
    void recordingLeavesMemoryForOthers() {
        RecordingMemory memory = new RecordingMemory(1_000);
        RecordingMemory.Share one = memory.share();
        RecordingMemory.Share other = memory.share();
        assertThat(one.take(501)).isFalse();
        assertThat(one.take(500)).isTrue();
        assertThat(other.take(251)).isFalse();
        assertThat(other.take(250)).isTrue();
        assertThat(other.take(1)).isFalse();
        one.release(500);
        assertThat(other.take(250)).isTrue();
    }

    @Test
    void releasesMemoryOfDiscardedRecording() {
        RecordingMemory memory = new RecordingMemory(1_000);
        for (int i = 0; i < 20; i++) { // each after the first needs what the one before it held
            assertThat(memory.share().take(500)).as("share %d", i).isTrue();
        }
    }

    /** Each takes its memory little by little. */
    @Test
    void releasesMemoryOfManyDiscardedRecordings() {
        RecordingMemory memory = new RecordingMemory(1_000);
        for (int i = 0; i < 20; i++) {
            RecordingMemory.Share share = memory.share();
            for (int taken = 0; taken < 300; taken += 10) {
                assertThat(share.take(10)).as("share %d has %d", i, taken).isTrue();
            }
        }
    }

    @Test
    void keepsFirstBytesThatFit() {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 1 << 20, 10, new RecordingMemory(2_000));
        ConnectionRecorder recorder = recorderOf(store);
        recorder.received(ByteBuffer.wrap(new byte[600]));
        recorder.received(ByteBuffer.wrap(new byte[600]));
        recorder.received(ByteBuffer.wrap(new byte[100])); // would fit, after a gap
        RecordedConnection seen = recorder.snapshot();
        assertThat(seen.received()).hasSize(600);
        assertThat(seen.bytesReceived()).isEqualTo(1_300);
        assertThat(seen.isCut()).isTrue();
        assertThat(store.isFull()).isTrue();
    }

    @Test
    void keepsFirstEventsThatFitAndEnd() {
        RecordingStore store = new RecordingStore(Ending.Side.SERVER, 0, 10, new RecordingMemory(2_000));
        ConnectionRecorder recorder = recorderOf(store);
        for (int i = 0; i < 1_000; i++) {
            recorder.sent(ByteBuffer.allocate(0), 1, 0);
        }
        recorder.ended(Ending.Side.CLIENT, Ending.How.RST, "lost", false);
        RecordedConnection seen = recorder.snapshot();
        assertThat(seen.events()).hasSizeBetween(9, 40);
        assertThat(seen.ending()).contains(new Ending(Ending.Side.CLIENT, Ending.How.RST, "lost"));
        assertThat(seen.events().get(seen.events().size() - 1).kind()).isEqualTo(RecordedEvent.Kind.CLIENT_RST);
        assertThat(seen.eventsLeftOut()).isEqualTo(1_001 - seen.events().size());
        assertThat(seen.bytesSent()).isEqualTo(1_000);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void servesAllInSmallHeap(@TempDir Path folder) throws Exception {
        List<String> options = List.of("-Xmx32m");
        byte[] message = PlainSockets.random(64 << 10, 1);
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(
                EchoProcess.command(options, "server", "127.0.0.1:0", "--quiet", "--record", folder.toString()))) {
            int port = Integer.parseInt(
                    server.lines().await("starting up on .* port .*").replaceFirst(".* port (\\d+).*", "$1"));
            for (int i = 0; i < 400; i++) {
                Socket client = PlainSockets.connect(PlainSockets.at("127.0.0.1", port));
                clients.add(client);
                if (i % 4 == 3) {
                    clients.remove(0).close();
                }
                client.getOutputStream().write(message);
                assertThat(client.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
            for (Socket client : clients) {
                client.getOutputStream().write(message);
                assertThat(client.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
            server.signal("TERM");
            assertThat(server.awaitExit()).isEqualTo(143);
            assertThat(server.lines().seen())
                    .noneMatch(line -> line.contains("could not be written") || line.contains("Error"));
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
        Path files = ProcessTest.onlyFolder(folder);
        assertThat(files.resolve("transcript.txt"))
                .content()
                .contains(" connections more, not kept)")
                .contains("(not kept)")
                .contains("(recordings filled their part of the heap, ");
        assertThat(files.resolve("conversation.html"))
                .content()
                .contains("recordings filled their part of the heap, ", "</html>");
        assertThat(files.resolve("conversation.pcapng")).isNotEmptyFile();
        assertThat(files.resolve("conversation.script"))
                .content()
                .contains("missing \"", " connections more, not kept; raise ");
    }

    /** As text in memory, one connection alone would take more than the heap. */
    @Test
    void writesLargeConnectionInSmallHeap(@TempDir Path folder) throws Exception {
        List<String> command = EchoProcess.program(List.of("-Xmx32m"), LargeConnection.class, folder.toString());
        try (ForkedProcess process = new ForkedProcess(command)) {
            assertThat(process.awaitExit()).as("%s", process.lines().seen()).isZero();
        }
        for (String file : LargeConnection.FILES) {
            assertThat(Files.size(folder.resolve(file))).as(file).isGreaterThan(LargeConnection.BYTES);
        }
        assertThat(folder.resolve("limited.html")).isNotEmptyFile();
    }

    /** Records a connection that echoes bytes whose text is long, and writes all files. */
    static final class LargeConnection {
        static final int BYTES = 3 << 20;
        static final List<String> FILES = List.of("all.txt", "all.html", "all.pcapng", "all.script");

        private LargeConnection() {}

        public static void main(String[] args) throws IOException, InterruptedException {
            Path folder = Path.of(args[0]);
            try (EchoServer server =
                    EchoServer.builder().bufferSize(1 << 10).recording(BYTES, 1).start()) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    byte[] piece = new byte[1 << 10];
                    for (int i = 0; i < BYTES >> 10; i++) {
                        client.expectEcho(piece);
                    }
                }
                server.recording().connection(1).awaitEnd();
                server.recording().writeTranscript(folder.resolve(FILES.get(0)));
                server.recording().writeHtml(folder.resolve(FILES.get(1)));
                server.recording().writePcapng(folder.resolve(FILES.get(2)));
                server.recording().writeScript(folder.resolve(FILES.get(3)));
                server.recording().writeTranscript(folder.resolve("limited.txt"), 1 << 20);
                server.recording().writeHtml(folder.resolve("limited.html"), 1 << 20);
            }
        }
    }
}
