package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client records its connection as a server does, from the other end. */
@Timeout(120)
class ClientRecordingTest {

    private static final byte[] HELLO = "hello".getBytes(UTF_8);

    private static EchoClient client(EchoServer server) throws IOException {
        return EchoClient.builder().address(server.address()).recording().connect();
    }

    @Test
    void recordsAddressesBytesEventsAndEnd() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            EchoClient client = client(server);
            client.expectEcho(HELLO);
            client.shutdownOutput();
            assertThat(client.receiveToEnd()).isEmpty();
            client.close();
            client.close();

            RecordedConnection seen = client.recording().connection(1);
            assertThat(seen.recordedBy()).isEqualTo(Ending.Side.CLIENT);
            assertThat(seen.local()).isEqualTo(client.localAddress());
            assertThat(seen.remote()).isEqualTo(server.address());
            assertThat(seen.sent()).isEqualTo(HELLO);
            assertThat(seen.received()).isEqualTo(HELLO);
            assertThat(Recordings.events(seen))
                    .containsExactly("CONNECTED", "SENT 0+5", "RECEIVED 0+5", "CLIENT_FIN", "SERVER_FIN");
            seen.assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
            assertThat(seen)
                    .hasToString("connection 1 to " + HostAndPort.of(server.address())
                            + ", 5 bytes in, 5 out, ended by CLIENT FIN");
        }
    }

    @Test
    void recordsNoEndBeforeClose() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = client(server)) {
            assertThat(client.recording().connection(1).ending()).isEmpty();
            client.recording().assertConnections(1);
        }
    }

    @Test
    void firstFinDecidesWhoEnded() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("close after 5").start()) {
            EchoClient client = client(server);
            client.send(HELLO);
            client.receiveToEnd();
            client.close();
            RecordedConnection seen = client.recording().connection(1);
            seen.assertEndedBy(Ending.Side.SERVER, Ending.How.FIN);
            assertThat(Recordings.events(seen)).endsWith("SERVER_FIN", "CLIENT_FIN");
        }
    }

    @Test
    void recordsResetByServer() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("reset after 4").start();
                EchoClient client = client(server)) {
            assertThatExceptionOfType(SocketException.class).isThrownBy(() -> client.echo(HELLO));
            RecordedConnection seen = client.recording().connection(1);
            seen.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(seen.ending().orElseThrow().why()).isNotEmpty();
            List<String> events = Recordings.events(seen);
            assertThat(events).startsWith("CONNECTED", "SENT 0+5");
            assertThat(events.get(events.size() - 1)).startsWith("SERVER_RST ");
        }
    }

    @Test
    void timeoutRecordsNoEnd() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("discard").start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .readTimeout(Duration.ofMillis(50))
                        .recording()
                        .connect()) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> client.echo(HELLO));
            assertThat(client.recording().connection(1).ending()).isEmpty();
        }
    }

    /** The recording has what two threads do in the order in which it happened. */
    @Test
    void recordsConcurrentSendAndReceive() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            for (int i = 0; i < 300; i++) {
                EchoClient client = client(server);
                try (client) {
                    Thread receiver = new Thread(() -> {
                        try {
                            client.receiveToEnd();
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                    receiver.start();
                    client.send(HELLO);
                    client.shutdownOutput();
                    receiver.join();
                }
                RecordedConnection seen = client.recording().connection(1);
                assertThat(Recordings.events(seen))
                        .hasSize(5)
                        .containsSubsequence("CONNECTED", "SENT 0+5", "RECEIVED 0+5")
                        .containsSubsequence("CONNECTED", "SENT 0+5", "CLIENT_FIN", "SERVER_FIN");
                seen.assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
            }
        }
    }

    @Test
    void closeRecordsUnreadReset() throws Exception {
        EchoServer server = EchoServer.builder().start();
        EchoClient client = client(server);
        try (server) {
            client.expectEcho(HELLO);
        }
        client.close();
        client.recording().connection(1).assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
    }

    @Test
    void closeRecordsUnreadFin() throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording().faults("half-close").start()) {
            EchoClient client = client(server);
            awaitEvent(server, RecordedEvent.Kind.SERVER_FIN);
            client.close();
            client.recording().connection(1).assertEndedBy(Ending.Side.SERVER, Ending.How.FIN);
        }
    }

    @Test
    void closeWithUnreadBytesSendsRst() throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording().faults("greet \"hi\"").start()) {
            EchoClient client = client(server);
            awaitEvent(server, RecordedEvent.Kind.SENT);
            client.close();
            RecordedConnection seen = client.recording().connection(1);
            seen.assertEndedBy(Ending.Side.CLIENT, Ending.How.RST);
            assertThat(seen.bytesReceived()).isZero();
            Recordings.ended(server, 1).assertEndedBy(Ending.Side.CLIENT, Ending.How.RST);
        }
    }

    private static void awaitEvent(EchoServer server, RecordedEvent.Kind kind) throws InterruptedException {
        server.recording().awaitConnections(1);
        boolean seen = false;
        while (!seen) {
            server.recording().awaitQuiet(Duration.ofMillis(1));
            seen = server.recording().connection(1).events().stream().anyMatch(event -> event.kind() == kind);
        }
    }

    @Test
    void recordsEndOnce() {
        RecordedConnection seen = RecordedBytes.byClient(1, Duration.ZERO)
                .end(Ending.Side.SERVER, Ending.How.RST, "Connection reset")
                .note(RecordedEvent.Kind.SERVER_FIN, "")
                .end(Ending.Side.CLIENT, Ending.How.FIN, "")
                .snapshot();
        assertThat(Recordings.events(seen)).containsExactly("CONNECTED", "SERVER_RST Connection reset");
        seen.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
    }

    @Test
    void otherThreadAwaitsReceivedBytes() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = client(server)) {
            RecordedConnection before = client.recording().connection(1);
            Thread user = new Thread(() -> {
                try {
                    client.echo(HELLO);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            user.start();
            assertThat(before.awaitReceived(HELLO).received()).isEqualTo(HELLO);
            user.join();
        }
    }

    @Test
    void keepsFirstBytesAndCountsAll() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .set("recording", "3")
                        .connect()) {
            client.echo(new byte[100_000]);
            RecordedConnection seen = client.recording().connection(1);
            assertThat(seen.bytesSent()).isEqualTo(100_000);
            assertThat(seen.bytesReceived()).isEqualTo(100_000);
            assertThat(seen.sent()).hasSize(3);
            assertThat(seen.received()).hasSize(3);
            assertThat(seen.isCut()).isTrue();
        }
    }

    @Test
    void isOffByDefault() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            for (EchoClient.Builder builder : List.of(
                    EchoClient.builder(), EchoClient.builder().recording().set("recording", "none"))) {
                try (EchoClient client = builder.address(server.address()).connect()) {
                    assertThatIllegalStateException()
                            .isThrownBy(client::recording)
                            .withMessage("recording is off; call recording() on the builder of the client");
                }
            }
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoClient.builder().recording(-1))
                .withMessage("recording (-1) must be at least 0 bytes a connection");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoClient.builder().set("recording", "yes"))
                .withMessage("recording (yes) must be on, none or a size in bytes, such as 64KiB");
    }

    private static RecordedConnection taped() {
        return RecordedBytes.byClient(100, Duration.ZERO)
                .at(1_000_000)
                .sent("hello")
                .received("HELLO")
                .note(RecordedEvent.Kind.CLIENT_FIN, "")
                .end(Ending.Side.SERVER, Ending.How.RST, "Connection reset")
                .snapshot();
    }

    @Test
    void transcriptShowsViewOfClient() {
        assertThat(taped().transcript()).isEqualTo("""
                    0.000  connected to 10.0.0.1:7 from 10.0.0.2:4000
                    1.000  sending 5 bytes "hello" to 10.0.0.1:7
                    1.000  received 5 bytes "HELLO" from 10.0.0.1:7
                    1.000  closing 10.0.0.1:7
                    1.000  lost 10.0.0.1:7: Connection reset
                """);
    }

    @Test
    void timelineHasClientOnLeft() {
        assertThat(taped().timeline().lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsExactly(
                        "  ms  client 10.0.0.2:4000  server 10.0.0.1:7",
                        "  0.000  connect -->",
                        "  1.000  5 \"hello\" -->",
                        "  1.000  <-- 5 \"HELLO\"",
                        "  1.000  FIN -->",
                        "  1.000  <-- RST: Connection reset");
        assertThat(taped().hexDump().lines()).map(line -> line.substring(0, 1)).containsExactly(">", "<");
        String page = Recordings.page(List.of(taped()), 0);
        assertThat(page)
                .contains("<span>client 10.0.0.2:4000</span><span>server 10.0.0.1:7</span>")
                .contains("; connected 2026-");
        assertThat(Recordings.ladder(page))
                .contains(
                        "bytes g01 up | 1.000client to server: 5 byteshello",
                        "bytes g10 dn | 1.000server to client: 5 bytesHELLO");
    }

    @Test
    void packetsHaveRealDirection(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("client.pcapng");
        try (EchoServer server = EchoServer.builder().start()) {
            EchoClient client = client(server);
            client.send(HELLO);
            client.receive(5);
            client.close();
            client.recording().writePcapng(file);

            List<PcapFile.Segment> sent = PcapFile.read(file).segments().stream()
                    .filter(segment -> segment.from().equals(client.localAddress()))
                    .toList();
            assertThat(sent)
                    .extracting(PcapFile.Segment::text)
                    .containsExactly("SYN", "ACK", "PSH ACK 5", "ACK", "FIN ACK");
            assertThat(sent.get(2).payload()).isEqualTo(new String(HELLO, ISO_8859_1));
        }
    }
}
