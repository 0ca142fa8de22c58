package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page and the pcapng file of a relay have both legs, and say what the relay changed. */
@Timeout(60)
class RelayFilesTest {

    private static RecordedConnection corrupted() {
        RecordedBytes client = new RecordedBytes(1, 100).at(1_000_000);
        RecordedBytes upstream = client.upstream();
        client.at(2_000_000).received("hello");
        upstream.at(2_100_000).note(RecordedEvent.Kind.FAULT, "corrupt byte 6 to server");
        upstream.at(2_200_000).sent("hello");
        client.at(2_300_000).received("<b>");
        upstream.at(2_400_000).sent("\u00c3b>");
        upstream.at(3_000_000).received("welcome");
        client.at(3_100_000).note(RecordedEvent.Kind.FAULT, "reset after 4").sent("welc");
        upstream.at(3_100_000).end(Ending.Side.CLIENT, Ending.How.RST, "reset after 4");
        client.end(Ending.Side.SERVER, Ending.How.RST, "reset after 4");
        return client.snapshot();
    }

    @Test
    void pageHasColumnForRelay() {
        String page = Recordings.page(List.of(corrupted()), 0);
        assertThat(page)
                .contains(
                        "<span>client 10.0.0.2:4000</span><span>relay 10.0.0.1:7</span><span>server 10.0.0.3:5432</span>")
                .contains("<p>Relayed to upstream 10.0.0.3:5432: 7 bytes received, 8 bytes sent; connected ")
                .contains("; ended by CLIENT RST (reset after 4).</p>");
        assertThat(Recordings.ladder(page))
                .containsExactly(
                        "connect g01 up | 0.000client to relay: connects",
                        "connect g12 up | 1.000relay to server: connects",
                        "bytes g01 up | 2.000client to relay: 5 byteshello",
                        "fault p1 | 2.100fault: corrupt byte 6 to server",
                        "bytes g12 up | 2.200relay to server: 5 byteshello",
                        "bytes g01 up | 2.300client to relay: 3 bytes&lt;b&gt;",
                        "bytes g12 up changed | 2.400relay to server: 3 bytes"
                                + "changed: at offset 5 came &quot;&lt;b&gt;&quot;00000005  c3 62 3e"
                                + " ".repeat(39) + "  .b&gt;\n",
                        "bytes g21 dn changed | 3.000server to relay: 7 bytes3 bytes of them not passed onwelcome",
                        "fault p1 | 3.100fault: reset after 4",
                        "bytes g10 dn | 3.100relay to client: 4 byteswelc",
                        "rst g10 dn | 3.100relay to client: RST: reset after 4",
                        "rst g12 up | 3.100relay to server: RST: reset after 4");
    }

    @Test
    void pageStatesChanges() {
        assertThat(Recordings.page(List.of(corrupted()), 0))
                .contains("<p class=\"changed\">The bytes to the server differ at offset 5: came"
                        + " &quot;&lt;b&gt;&quot;, passed on &quot;<i>\\xc3</i>b&gt;&quot;"
                        + " (corrupt byte 6 to server).</p>")
                .contains("<p class=\"changed\">The bytes to the client differ at offset 4: came &quot;ome&quot;,"
                        + " passed on nothing more (reset after 4).</p>");
        RecordedBytes client = new RecordedBytes(1, 100).received("hello");
        client.upstream().sent("hello");
        assertThat(Recordings.page(List.of(client.snapshot()), 0))
                .contains("<p class=\"dim\">Passed on unchanged: 5 bytes to the server, 0 bytes to the client.</p>")
                .doesNotContain("class=\"changed\"");
    }

    @Test
    void pageMarksBytesThatWereAdded() {
        RecordedBytes client = new RecordedBytes(1, 100).received("ab");
        client.at(1).upstream().sent("ab").sent("ab");
        assertThat(Recordings.ladder(Recordings.page(List.of(client.snapshot()), 0)))
                .contains("bytes g12 up changed | 0.000relay to server: 2 bytesadded: 2 bytesab");
    }

    static List<byte[]> hostile() {
        return TranscriptTest.hostile();
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void payloadCannotBreakPageOfRelay(byte[] payload) {
        byte[] changed = payload.clone();
        changed[Math.min(payload.length / 2, 200)] ^= 0x41;
        RecordedBytes client = new RecordedBytes(1, 64 << 10).received(payload);
        RecordedBytes upstream = client.at(1).upstream().sent(changed).received(payload);
        upstream.end(Ending.Side.SERVER, Ending.How.RST, Escaping.escape("</p><script>"));
        RecordedConnection connection = client.sent(changed).snapshot();
        String page = Recordings.page(List.of(connection), 0);
        assertThat(page.codePoints()).allMatch(each -> each == '\n' || Utf8.isShown(each));
        assertThat(page.toLowerCase(java.util.Locale.ROOT))
                .containsOnlyOnce("<script")
                .doesNotContain("<img", "<!--");
        assertThat(page).contains("changed: at offset ");
        assertThat(connection.transcript().codePoints()).allMatch(each -> each == '\n' || Utf8.isShown(each));
        assertThat(page).hasSizeLessThan(120_000);
    }

    @Test
    void packetsOfLegsAreTwoStreams(@TempDir Path folder) throws Exception {
        InetSocketAddress relay = new InetSocketAddress("10.0.0.1", 7);
        InetSocketAddress from = new InetSocketAddress("10.0.0.1", 5000);
        InetSocketAddress server = new InetSocketAddress("10.0.0.3", 5432);
        Path file = folder.resolve("relay.pcapng");
        PcapngFile.write(
                List.of(corrupted()),
                new org.echoharness.text.ServerLog.Snapshot("the server", List.of(), 0),
                List.of(),
                file);
        PcapFile read = PcapFile.read(file);
        List<PcapFile.Segment> ofClient = read.segments().stream()
                .filter(segment -> segment.from().equals(relay) || segment.to().equals(relay))
                .toList();
        List<PcapFile.Segment> ofServer = read.segments().stream()
                .filter(segment -> segment.from().equals(server) || segment.to().equals(server))
                .toList();
        assertThat(ofClient.size() + ofServer.size()).isEqualTo(read.segments().size());
        assertThat(ofServer)
                .allMatch(segment -> segment.from().equals(from) || segment.to().equals(from));
        assertThat(ofClient.get(0).comment())
                .isEqualTo("connection 1, whose other leg is from 10.0.0.1:5000 to 10.0.0.3:5432");
        assertThat(ofServer.get(0).comment())
                .isEqualTo("upstream of connection 1, whose other leg is from 10.0.0.2:4000 to 10.0.0.1:7");
        assertThat(ofServer)
                .extracting(PcapFile.Segment::text)
                .containsExactly(
                        "SYN", "SYN ACK", "ACK", "PSH ACK 5", "ACK", "PSH ACK 3", "ACK", "PSH ACK 7", "ACK", "RST ACK");
        assertThat(ofClient.get(ofClient.size() - 1).comment())
                .isEqualTo("reset after 4; the bytes to the client differ at offset 4: came \"ome\","
                        + " passed on nothing more (reset after 4)");
        assertThat(ofServer.get(3).comment()).isEqualTo("fault: corrupt byte 6 to server");
        assertThat(ofServer.get(ofServer.size() - 1).comment())
                .isEqualTo("reset after 4; the bytes to the server differ at offset 5: came \"<b>\","
                        + " passed on \"\\xc3b>\" (corrupt byte 6 to server)");
        assertThat(PcapngFile.size(corrupted())).isEqualTo(Files.size(file) - 56);
        assertThat(read.segments()).isSortedAccordingTo(java.util.Comparator.comparing(PcapFile.Segment::at));
    }

    @Test
    void filesHaveBothLegsOfRealRelay(@TempDir Path folder) throws Exception {
        try (ServerSocket behind = PlainSockets.listen(0);
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .faults("corrupt byte 1 to server")
                        .recording()
                        .start()) {
            behind.setSoTimeout(30_000);
            try (Socket client = PlainSockets.connect(relay.address());
                    Socket server = behind.accept()) {
                PlainSockets.send(client, "hello");
                PlainSockets.receives(server, "\u0097ello");
                client.shutdownOutput();
                PlainSockets.assertEnd(server);
                PlainSockets.send(server, "bye");
                server.shutdownOutput();
                PlainSockets.receives(client, "bye");
                PlainSockets.assertEnd(client);
            }
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            RecordingFiles files = relay.recording().writeFiles(folder);

            String behindIt = "127.0.0.1:" + behind.getLocalPort();
            assertThat(files.transcript())
                    .content()
                    .isEqualTo(relay.recording().transcript())
                    .contains(connection + "\n", "  applying corrupt byte 1 to server (upstream " + behindIt + ")\n")
                    .containsSubsequence(
                            "connection from ",
                            "connected to upstream " + behindIt + " from 127.0.0.1:",
                            "received 5 bytes \"hello\" from 127.0.0.1:"
                                    + connection.remote().getPort() + "\n",
                            "sending 5 bytes \"\\x97ello\" to upstream " + behindIt + "\n",
                            "received 3 bytes \"bye\" from upstream " + behindIt + "\n",
                            "(the bytes to the server differ at offset 0: came \"hello\", passed on \"\\x97ello\""
                                    + " (corrupt byte 1 to server))\n");
            assertThat(files.page()).content().contains("<span>server " + behindIt + "</span>");
            assertThat(PcapFile.read(files.packets()).segments())
                    .extracting(segment -> segment.to().getPort())
                    .contains(behind.getLocalPort(), relay.port());
        }
    }
}
