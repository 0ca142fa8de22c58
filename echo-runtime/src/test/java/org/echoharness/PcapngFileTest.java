package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Escaping;
import org.echoharness.text.ServerLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packets that are made of a recording, read back. */
@Timeout(120)
class PcapngFileTest {

    private static final ServerLog.Snapshot NOTHING = new ServerLog.Snapshot("the server", List.of(), 0);

    @TempDir
    private Path folder;

    private List<PcapFile.Segment> written(RecordedConnection... connections) throws IOException {
        Path file = Files.createTempDirectory(folder, "pcap").resolve("a.pcapng");
        PcapngFile.write(List.of(connections), NOTHING, List.of(), file);
        return PcapFile.read(file).segments();
    }

    /** "> PSH ACK 5" from the client, "< ACK" to it, with the comment in brackets. */
    private static List<String> texts(List<PcapFile.Segment> segments, RecordedConnection of) {
        return segments.stream()
                .filter(each -> each.from().equals(of.remote()) || each.to().equals(of.remote()))
                .map(each -> (each.from().equals(of.remote()) ? "> " : "< ")
                        + each.text()
                        + (each.comment().isEmpty() ? "" : " (" + each.comment() + ")"))
                .toList();
    }

    private static byte[] payload(List<PcapFile.Segment> segments, InetSocketAddress from) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (PcapFile.Segment segment : segments) {
            if (segment.from().equals(from)) {
                all.writeBytes(segment.payload().getBytes(ISO_8859_1));
            }
        }
        return all.toByteArray();
    }

    /** Every segment begins where that side's last one ended, and acknowledges all that the other side sent. */
    private static void assertContinuous(List<PcapFile.Segment> segments) {
        Map<InetSocketAddress, Long> next = new HashMap<>();
        for (PcapFile.Segment segment : segments) {
            assertThat(segment.sequence()).isEqualTo(next.getOrDefault(segment.from(), 0L));
            assertThat(segment.acknowledged())
                    .isEqualTo(segment.is(PcapFile.ACK) ? next.getOrDefault(segment.to(), 0L) : 0);
            int used = segment.payload().length() + (segment.is(PcapFile.SYN) || segment.is(PcapFile.FIN) ? 1 : 0);
            next.merge(segment.from(), (long) used, Long::sum);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "[::1]:0"})
    void readsConversationBack(String address) throws Exception {
        if (address.startsWith("[")) {
            PlainSockets.assumeIpv6();
        }
        Path file = folder.resolve("live.pcapng");
        try (EchoServer server =
                        EchoServer.builder().addresses(address).recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello");
            PlainSockets.echoes(socket, "odd");
            Recordings.finish(socket);
            RecordedConnection seen = Recordings.ended(server, 1);
            server.recording().writePcapng(file);
            List<PcapFile.Segment> segments = PcapFile.read(file).segments();

            assertThat(texts(segments, seen))
                    .hasSize(segments.size())
                    .containsExactly(
                            "> SYN (connection 1)",
                            "< SYN ACK",
                            "> ACK",
                            "> PSH ACK 5",
                            "< ACK",
                            "< PSH ACK 5",
                            "> ACK",
                            "> PSH ACK 3",
                            "< ACK",
                            "< PSH ACK 3",
                            "> ACK",
                            "> FIN ACK",
                            "< ACK",
                            "< FIN ACK",
                            "> ACK");
            assertContinuous(segments);
            assertThat(payload(segments, seen.remote())).isEqualTo(seen.received());
            assertThat(payload(segments, seen.local())).isEqualTo(seen.sent());
            assertThat(segments.get(0).at()).isEqualTo(seen.accepted());
            assertThat(segments.get(segments.size() - 1).at())
                    .isEqualTo(seen.accepted()
                            .plus(seen.events().get(seen.events().size() - 1).after()));
        }
    }

    @Test
    void neverRepeatsFirstNumberOfPort() throws Exception {
        RecordedConnection[] connections = new RecordedConnection[5_000];
        for (int i = 0; i < connections.length; i++) {
            connections[i] = new RecordedBytes(i + 1, 9).snapshot();
        }

        List<Long> numbers = written(connections).stream()
                .filter(each -> each.is(PcapFile.SYN) && !each.is(PcapFile.ACK))
                .map(PcapFile.Segment::sequence)
                .sorted()
                .toList();

        assertThat(numbers).hasSize(connections.length);
        for (int i = 1; i < numbers.size(); i++) {
            assertThat(numbers.get(i) - numbers.get(i - 1))
                    .as("the room for the bytes of a connection")
                    .isGreaterThan(64 << 10);
        }
    }

    @Test
    void timesHaveNanoseconds() throws Exception {
        RecordedConnection connection =
                new RecordedBytes(1, 9).at(1_234_567_891_123L).received("x").snapshot();
        List<PcapFile.Segment> segments = written(connection);
        assertThat(segments.get(0).at()).isEqualTo(RecordedBytes.ACCEPTED);
        assertThat(segments.get(3).at()).isEqualTo(RecordedBytes.ACCEPTED.plusNanos(1_234_567_891_123L));
    }

    @Test
    void nextPacketHasFaultsAsComments() throws Exception {
        RecordedConnection reset = new RecordedBytes(2, 9)
                .received("hello")
                .note(RecordedEvent.Kind.FAULT, "greet \"a\\n\"")
                .note(RecordedEvent.Kind.FAULT, "reset after 3")
                .end(Ending.Side.SERVER, Ending.How.RST, "reset after 3")
                .snapshot();
        List<PcapFile.Segment> segments = written(reset);
        assertThat(texts(segments, reset))
                .endsWith("> PSH ACK 5", "< ACK", "< RST ACK (fault: greet \"a\\n\"; fault: reset after 3)");
        assertContinuous(segments);
    }

    @Test
    void nextPacketHasStepsAsComments() throws Exception {
        RecordedConnection notMet = Recordings.notMet();
        assertThat(texts(written(notMet), notMet))
                .endsWith(
                        "> PSH ACK 9",
                        "< ACK",
                        "< PSH ACK 5 (step 1 of 2: line \"PING\")",
                        "> ACK",
                        "< RST ACK (step 2 of 2: expected line \"QUIT\", seen \"<Q>\\n\")");
    }

    @Test
    void halfCloseHasOneFinOfEachSide() throws Exception {
        RecordedConnection halfClosed = new RecordedBytes(1, 99)
                .received("hello")
                .note(RecordedEvent.Kind.SERVER_FIN, "half-close")
                .received("more")
                .note(RecordedEvent.Kind.CLIENT_FIN, "")
                .end(Ending.Side.SERVER, Ending.How.FIN, "")
                .snapshot();
        List<PcapFile.Segment> segments = written(halfClosed);
        assertThat(texts(segments, halfClosed).subList(3, segments.size()))
                .containsExactly(
                        "> PSH ACK 5",
                        "< ACK",
                        "< FIN ACK (half-close)",
                        "> ACK",
                        "> PSH ACK 4",
                        "< ACK",
                        "> FIN ACK",
                        "< ACK");
        assertContinuous(segments);
        halfClosed.assertEndedBy(Ending.Side.SERVER, Ending.How.FIN);
    }

    @Test
    void clientResetAndRejectionAreOneRstEach() throws Exception {
        RecordedConnection lost = new RecordedBytes(1, 9)
                .end(Ending.Side.CLIENT, Ending.How.RST, "Connection reset")
                .snapshot();
        assertThat(texts(written(lost), lost)).endsWith("> ACK", "> RST ACK (Connection reset)");
        RecordedConnection rejected = new RecordedBytes(0, 9).reject().snapshot();
        assertThat(texts(written(rejected), rejected)).endsWith("> ACK", "< RST ACK (maxConnections)");
    }

    /** Otherwise the second would look like a repetition of the first. */
    @Test
    void reusedPortHasOtherFirstNumber(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("again.pcapng");
        PcapngFile.write(
                List.of(
                        new RecordedBytes(1, 10).received("a").snapshot(),
                        new RecordedBytes(2, 10).received("b").snapshot()),
                NOTHING,
                List.of(),
                file);
        List<PcapFile.Segment> syn = PcapFile.read(file).segments().stream()
                .filter(segment -> segment.text().equals("SYN"))
                .toList();
        assertThat(syn).hasSize(2);
        assertThat(syn.get(0).from()).isEqualTo(syn.get(1).from());
        assertThat(syn.get(0).sequence()).isNotEqualTo(syn.get(1).sequence());
    }

    @Test
    void splitsLargeChunkIntoPackets() throws Exception {
        byte[] bytes = PlainSockets.random(200_000, 3);
        RecordedConnection large =
                new RecordedBytes(1, 200_000).received(bytes).sent(bytes).snapshot();
        List<PcapFile.Segment> segments = written(large);
        assertContinuous(segments);
        assertThat(payload(segments, large.remote())).isEqualTo(bytes);
        assertThat(payload(segments, large.local())).isEqualTo(bytes);
        assertThat(texts(segments, large).subList(3, 11))
                .containsExactly(
                        "> PSH ACK 60000",
                        "< ACK",
                        "> PSH ACK 60000",
                        "< ACK",
                        "> PSH ACK 60000",
                        "< ACK",
                        "> PSH ACK 20000",
                        "< ACK");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "fd00::1"})
    void sizeIsThatInFile(String host) throws Exception {
        RecordedBytes recorded = new RecordedBytes(
                1,
                200_000,
                new InetSocketAddress(host, 7),
                new InetSocketAddress(host.replace('1', '2'), 9),
                RecordedBytes.ACCEPTED);
        recorded.received(PlainSockets.random(150_001, 3))
                .note(RecordedEvent.Kind.NOTE, "Gr\u00fc\u00dfe")
                .note(RecordedEvent.Kind.FAULT, "greet \"" + "a".repeat(5_000) + "\"")
                .sent("odd")
                .sent(PlainSockets.random(100_000, 4)) // some of it is not kept
                .note(RecordedEvent.Kind.CLIENT_FIN, "");
        for (int i = 0; i < 5_000; i++) {
            recorded.received("x");
        }
        RecordedConnection first =
                recorded.end(Ending.Side.SERVER, Ending.How.FIN, "").snapshot();
        RecordedConnection second =
                new RecordedBytes(2, 9).received("hello").sent("hello").snapshot();

        long added = bytes(first, second) - bytes();

        assertThat(PcapngFile.size(first) + PcapngFile.size(second)).isEqualTo(added);
    }

    private long bytes(RecordedConnection... connections) throws IOException {
        Path file = Files.createTempDirectory(folder, "size").resolve("a.pcapng");
        PcapngFile.write(List.of(connections), NOTHING, List.of(), file);
        return Files.size(file);
    }

    @Test
    void ordersPacketsOfConnectionsByTime() throws Exception {
        InetSocketAddress local = new InetSocketAddress("10.0.0.1", 7);
        RecordedConnection first = new RecordedBytes(1, 9)
                .at(3_000)
                .received("one")
                .at(5_000)
                .sent("three")
                .snapshot();
        RecordedConnection second = new RecordedBytes(
                        2,
                        9,
                        local,
                        new InetSocketAddress("10.0.0.3", 65_535),
                        RecordedBytes.ACCEPTED.plus(Duration.ofNanos(1_000)))
                .at(3_000)
                .received("ab")
                .snapshot();
        List<PcapFile.Segment> segments = written(first, second);
        assertThat(segments)
                .extracting(PcapFile.Segment::at)
                .isSorted()
                .startsWith(
                        RecordedBytes.ACCEPTED,
                        RecordedBytes.ACCEPTED,
                        RecordedBytes.ACCEPTED,
                        RecordedBytes.ACCEPTED.plusNanos(1_000));
        assertThat(segments.stream().map(each -> each.payload().length()).filter(length -> length > 0))
                .containsExactly(3, 2, 5);
        assertContinuous(segments.stream()
                .filter(each -> each.from().equals(first.remote()) || each.to().equals(first.remote()))
                .toList());
        assertThat(texts(segments, second))
                .containsExactly("> SYN (connection 2)", "< SYN ACK", "> ACK", "> PSH ACK 2", "< ACK");
    }

    @Test
    void commentReportsCutBytes() throws Exception {
        RecordedBytes taped =
                new RecordedBytes(1, 3).received("hello").sent("world").received("again");
        RecordedConnection cut = taped.snapshot();
        List<PcapFile.Segment> segments = written(cut);
        assertThat(texts(segments, cut).subList(3, segments.size()))
                .containsExactly(
                        "> PSH ACK 3",
                        "< ACK",
                        "< PSH ACK 3 (2 bytes more were received, not kept)",
                        "> ACK (5 bytes more were received, not kept; 2 bytes more were sent, not kept)");
        assertThat(payload(segments, cut.remote())).asString(ISO_8859_1).isEqualTo("hel");
        assertContinuous(segments);
        for (int i = 0; i < 5_000; i++) {
            taped.sent("x");
        }
        assertThat(written(taped.snapshot()))
                .last()
                .extracting(PcapFile.Segment::comment)
                .asString()
                .isEqualTo("908 events more, not kept; 5 bytes more were received, not kept;"
                        + " 4094 bytes more were sent, not kept");
    }

    /** Each comment is on the next packet, or on the last one if none follows. */
    @Test
    void commentsReportServerControls() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 9)
                .at(5_000)
                .received("one")
                .at(9_000)
                .sent("two")
                .snapshot();
        ServerLog.Snapshot server = new ServerLog.Snapshot(
                "the server",
                List.of(
                        new ServerLog.Event(Duration.ofNanos(-7), "refuses connects"),
                        new ServerLog.Event(Duration.ofNanos(4_000), "freezes"),
                        new ServerLog.Event(Duration.ofNanos(4_500), "goes on after freeze()"),
                        new ServerLog.Event(Duration.ofNanos(9_001), "note: Gr\u00fc\u00dfe"),
                        new ServerLog.Event(Duration.ofDays(1), "restarts")),
                0);
        Path file = folder.resolve("server.pcapng");
        PcapngFile.write(List.of(connection), server, server.lines(), file);
        assertThat(texts(PcapFile.read(file).segments(), connection))
                .containsExactly(
                        "> SYN (the server: refuses connects; connection 1)",
                        "< SYN ACK",
                        "> ACK",
                        "> PSH ACK 3 (the server: freezes; the server: goes on after freeze())",
                        "< ACK",
                        "< PSH ACK 3",
                        "> ACK (afterwards the server: note: Gr\u00fc\u00dfe; afterwards the server: restarts)");
        assertThat(PcapFile.read(file).comment().lines())
                .containsExactly(
                        "   -0.000  refuses connects",
                        "    0.004  freezes",
                        "    0.004  goes on after freeze()",
                        "    0.009  note: Gr\u00fc\u00dfe",
                        "86400000.000  restarts");
    }

    @Test
    void commentsReportControlsWithoutConnection() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            server.restart(Duration.ofDays(1));
            server.resume();
            Path file = folder.resolve("none.pcapng");
            server.recording().writePcapng(file);
            assertThat(PcapFile.read(file).segments()).isEmpty();
            assertThat(PcapFile.read(file).comment())
                    .matches("the server\n {4}0\\.000  restarts, and refuses connects for 1440m\n"
                            + " *\\d+\\.\\d{3}  accepts connects again");
            for (int i = 0; i < 256; i++) {
                server.recording().note("\u20ac".repeat(1_000) + i);
            }
            Path full = folder.resolve("full.pcapng");
            server.recording().writePcapng(full);
            assertThat(PcapFile.read(full).comment())
                    .startsWith("(...)\n")
                    .endsWith("\u20ac255")
                    .hasSizeGreaterThan(20_000);
        }
    }

    @Test
    void fileReportsOmittedConnections() throws Exception {
        try (EchoServer server = EchoServer.builder().recording(1, 1).start()) {
            for (int i = 1; i <= 2; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    Recordings.finish(socket);
                }
                Recordings.ended(server, i);
            }
            Path file = folder.resolve("small.pcapng");
            assertThat(server.recording().writePcapng(file, 1)).isEqualTo(1);
            assertThat(PcapFile.read(file).comment().lines())
                    .containsExactly(
                            "(1 connection more, not kept)", "(1 connection left out: the file is limited to 1 bytes)");
        }
    }

    @Test
    void cutsLongComment() throws Exception {
        RecordedBytes taped = new RecordedBytes(1, 9);
        for (int i = 0; i < 10; i++) {
            taped.note(RecordedEvent.Kind.FAULT, "greet " + Escaping.quoteBytes("x".repeat(1_000)));
        }
        assertThat(written(taped.sent("x").snapshot()).get(3).comment())
                .startsWith("fault: greet \"xxx")
                .endsWith("x...")
                .hasSizeLessThan(5_000);
    }

    @Test
    void createsNewFileAndFollowsNoLink() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            Recording recording = server.recording();
            Path file = folder.resolve("new.pcapng");
            recording.writePcapng(file);
            assertThat(PcapFile.read(file).segments()).isEmpty();
            byte[] before = Files.readAllBytes(file);
            assertThatThrownBy(() -> recording.writePcapng(file)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(Files.readAllBytes(file)).isEqualTo(before);

            Path target = folder.resolve("target");
            Path link = Files.createSymbolicLink(folder.resolve("link"), target);
            assertThatThrownBy(() -> recording.writePcapng(link)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(target).doesNotExist();
        }
    }
}
