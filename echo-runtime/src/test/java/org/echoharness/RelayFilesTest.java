package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** The cells of each row, with their style: "client: connects". */
    private static List<List<String>> rows(String page) {
        List<List<String>> rows = new ArrayList<>();
        for (String row :
                page.split("<tbody>", 2)[1].split("</tbody>", 2)[0].strip().split("\n(?=<tr>)", -1)) {
            List<String> cells = new ArrayList<>();
            for (String cell : row.split("<td", -1)) {
                String text = cell.replaceAll("^( class=\"(\\w+)\")?>", "$2|")
                        .replaceAll("<[^>]*>", "")
                        .strip();
                cells.add(text.equals("|") ? "" : text);
            }
            rows.add(cells.subList(2, cells.size()));
        }
        return rows;
    }

    @Test
    void pageHasColumnForRelay() {
        String page = Recordings.page(List.of(corrupted()), 0);
        assertThat(page)
                .contains("<th>client 10.0.0.2:4000</th><th>relay 10.0.0.1:7</th><th>server 10.0.0.3:5432</th>")
                .contains("<p>Relayed to upstream 10.0.0.3:5432: 7 bytes received, 8 bytes sent; connected ")
                .contains("; ended by CLIENT RST (reset after 4).</p>");
        assertThat(rows(page))
                .containsExactly(
                        List.of("client|connects", "", ""),
                        List.of("", "relay|to server: connects", ""),
                        List.of("client|5 bytes &quot;hello&quot;", "", ""),
                        List.of("", "fault|fault: corrupt byte 6 to server", ""),
                        List.of("", "relay|to server: 5 bytes &quot;hello&quot;", ""),
                        List.of("client|3 bytes &quot;&lt;b&gt;&quot;", "", ""),
                        List.of(
                                "",
                                "changed|to server: 3 bytes &quot;\\xc3b&gt;&quot;"
                                        + " (changed: at offset 5 came &quot;&lt;b&gt;&quot;)",
                                ""),
                        List.of("", "", "changed|7 bytes &quot;welcome&quot; (3 bytes of them not passed on)"),
                        List.of("", "fault|fault: reset after 4", ""),
                        List.of("", "relay|to client: 4 bytes &quot;welc&quot;", ""),
                        List.of("", "rst|to client: RST: reset after 4", ""),
                        List.of("", "rst|to server: RST: reset after 4", ""));
    }

    @Test
    void pageStatesChanges() {
        assertThat(Recordings.page(List.of(corrupted()), 0))
                .contains("<p class=\"changed\">The bytes to the server differ at offset 5: came"
                        + " &quot;&lt;b&gt;&quot;, passed on &quot;<span class=\"e\">\\xc3</span>b&gt;&quot;"
                        + " (corrupt byte 6 to server).</p>")
                .contains("<p class=\"changed\">The bytes to the client differ at offset 4: came &quot;ome&quot;,"
                        + " passed on nothing more (reset after 4).</p>");
        RecordedBytes client = new RecordedBytes(1, 100).received("hello");
        client.upstream().sent("hello");
        assertThat(Recordings.page(List.of(client.snapshot()), 0))
                .contains("<p class=\"note\">Passed on unchanged: 5 bytes to the server, 0 bytes to the client.</p>")
                .doesNotContain("class=\"changed\"");
    }

    @Test
    void pageMarksBytesThatWereAdded() {
        RecordedBytes client = new RecordedBytes(1, 100).received("ab");
        client.at(1).upstream().sent("ab").sent("ab");
        assertThat(rows(Recordings.page(List.of(client.snapshot()), 0)).get(4).get(1))
                .isEqualTo("changed|to server: 2 bytes &quot;ab&quot; (added: 2 bytes)");
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
        assertThat(page.toLowerCase(java.util.Locale.ROOT)).doesNotContain("<script", "<img", "<!--");
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
            assertThat(files.page()).content().contains("<th>server " + behindIt + "</th>");
            assertThat(PcapFile.read(files.packets()).segments())
                    .extracting(segment -> segment.to().getPort())
                    .contains(behind.getLocalPort(), relay.port());
        }
    }
}
