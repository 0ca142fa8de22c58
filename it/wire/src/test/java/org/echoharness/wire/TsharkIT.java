package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.Recording;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The pcapng of a run as tshark reads it, against the recording. */
@Timeout(value = 700, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TsharkIT {

    private static final String RESET = "Connection reset (RST)";

    @TempDir
    static Path folder;

    private static Program tshark;
    private static List<RecordedConnection> recorded;
    private static List<Packet> packets;

    @BeforeAll
    static void threeConnections() throws Exception {
        tshark = Program.orSkip("tshark", "tshark");
        byte[] large = new byte[100_000];
        new Random(7).nextBytes(large);
        Recording recording =
                Run.threeConnections(large, "late and in pieces. ".repeat(10).getBytes(StandardCharsets.US_ASCII));
        recorded = recording.connections();
        packets = read(recording, "three.pcapng");
    }

    private static List<Packet> read(Recording recording, String name) throws IOException, InterruptedException {
        Path file = folder.resolve(name);
        recording.writePcapng(file);
        return Packet.read(tshark, file);
    }

    @Test
    void eachConnectionHasOwnStream() {
        assertThat(packets).extracting(Packet::stream).containsOnly(0, 1, 2);
        for (RecordedConnection connection : recorded) {
            assertThat(packets)
                    .filteredOn(packet -> packet.stream() == connection.number() - 1)
                    .extracting(Packet::source)
                    .containsOnly(text(connection.remote()), text(connection.local()));
        }
    }

    @Test
    void streamsContainRecordedBytes() {
        for (RecordedConnection connection : recorded) {
            List<Packet> fromClient = from(connection, connection.remote());
            List<Packet> fromServer = from(connection, connection.local());

            assertThat(Packet.payload(fromClient)).isEqualTo(connection.received());
            assertThat(Packet.payload(fromServer)).isEqualTo(connection.sent());
        }
        assertThat(from(recorded.get(2), recorded.get(2).local()))
                .filteredOn(packet -> packet.length() > 0)
                .hasSizeGreaterThanOrEqualTo(13) // 200 bytes, 16 at a time
                .allMatch(packet -> packet.length() <= 16);
    }

    @Test
    void flagsMatchEvents() {
        for (RecordedConnection connection : recorded) {
            List<Packet> fromClient = from(connection, connection.remote());
            List<Packet> fromServer = from(connection, connection.local());

            assertThat(count(fromClient, Packet.SYN)).isEqualTo(1);
            assertThat(count(fromServer, Packet.SYN)).isEqualTo(1);
            assertThat(count(fromClient, Packet.FIN)).isEqualTo(count(connection, RecordedEvent.Kind.CLIENT_FIN));
            assertThat(count(fromServer, Packet.FIN)).isEqualTo(count(connection, RecordedEvent.Kind.SERVER_FIN));
            assertThat(count(fromClient, Packet.RST)).isEqualTo(count(connection, RecordedEvent.Kind.CLIENT_RST));
            assertThat(count(fromServer, Packet.RST)).isEqualTo(count(connection, RecordedEvent.Kind.SERVER_RST));
        }
        assertThat(packets).filteredOn(packet -> packet.has(Packet.RST)).hasSize(1);
        assertThat(packets).filteredOn(packet -> packet.has(Packet.FIN)).hasSize(4);
    }

    @Test
    void packetHasTimeOfEvent() {
        for (RecordedConnection connection : recorded) {
            List<RecordedEvent> events = connection.events();

            assertThat(packets)
                    .filteredOn(packet -> packet.stream() == connection.number() - 1)
                    .extracting(Packet::at)
                    .startsWith(connection.accepted())
                    .endsWith(connection
                            .accepted()
                            .plus(events.get(events.size() - 1).after()));
        }
    }

    @Test
    void commentsNameFaultsWhereApplied() {
        assertThat(packets)
                .filteredOn(packet -> packet.has(Packet.RST))
                .singleElement()
                .extracting(Packet::comment)
                .asString()
                .isEqualTo("fault: reset after 4");
        assertThat(packets)
                .filteredOn(packet -> packet.stream() == 2 && packet.comment().contains("fault: "))
                .extracting(Packet::comment)
                .satisfiesExactly(comment -> assertThat(comment).contains("fault: delay 20ms", "fault: fragment 16"));
        assertThat(packets)
                .filteredOn(packet -> packet.stream() == 0)
                .noneMatch(packet -> packet.comment().contains("fault"));
    }

    @Test
    void tsharkWarnsOnlyOfReset() {
        assertThat(packets)
                .filteredOn(packet -> !packet.warnings().isEmpty())
                .singleElement()
                .satisfies(packet -> assertThat(packet.warnings()).containsExactly(RESET))
                .satisfies(packet -> assertThat(packet.has(Packet.RST)).isTrue());
        assertThat(packets).extracting(Packet::analysis).containsOnly(""); // nothing lost, repeated or out of order
        assertThat(packets).allMatch(Packet::isIntact);
    }

    @Test
    void commentReportsBytesNotKept() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .recording(100, 10)
                .faults("connection 2: stall; connection 3: greet \"" + "x".repeat(70_000) + "\"")
                .bufferSize(1 << 20)
                .start()) {
            Recording recording = server.recording();
            try (Socket reset = connect(server)) {
                reset.getOutputStream().write(new byte[1_000]);
                assertThat(reset.getInputStream().readNBytes(1_000)).hasSize(1_000);
                reset.setSoLinger(true, 0);
            }
            try (Socket stalled = connect(server);
                    Socket greeted = connect(server)) {
                stalled.getOutputStream().write(new byte[8]);
                assertThat(greeted.getInputStream().readNBytes(70_000)).hasSize(70_000);
                recording.connection(1).awaitEnd();
                recording.awaitQuiet(Duration.ofMillis(100));

                List<Packet> found = read(recording, "cut.pcapng");

                assertThat(found).extracting(Packet::stream).containsOnly(0, 1, 2);
                assertThat(comments(found, 0))
                        .contains("bytes more were received, not kept", "bytes more were sent, not kept");
                assertThat(comments(found, 1)).contains("fault: stall");
                assertThat(comments(found, 2)).contains("fault: greet", "bytes more were sent, not kept");
                assertThat(found).filteredOn(packet -> packet.has(Packet.RST)).hasSize(1);
                assertThat(found).flatExtracting(Packet::warnings).containsExactly(RESET);
                assertThat(found).extracting(Packet::analysis).containsOnly("");
                assertThat(found).allMatch(Packet::isIntact);
            }
        }
    }

    @Test
    void readsRecordingOfClient() throws Exception {
        byte[] message = "from the other end\n".getBytes(StandardCharsets.US_ASCII);
        try (EchoServer server =
                EchoServer.builder().recording().faults("reset on fin").start()) {
            EchoClient client =
                    EchoClient.builder().address(server.address()).recording().connect();
            try (client) {
                client.expectEcho(message);
                client.shutdownOutput();
                assertThatThrownBy(client::receiveToEnd).isInstanceOf(SocketException.class);
            }
            List<Packet> found = read(client.recording(), "client.pcapng");

            List<Packet> sent = found.stream()
                    .filter(packet -> packet.source().equals(text(client.localAddress())))
                    .toList();
            assertThat(Packet.payload(sent)).isEqualTo(message);
            assertThat(count(sent, Packet.SYN)).isEqualTo(1);
            assertThat(count(sent, Packet.FIN)).isEqualTo(1);
            assertThat(count(sent, Packet.RST)).isZero();
            assertThat(found).filteredOn(packet -> packet.has(Packet.RST)).hasSize(1);
            assertThat(found).flatExtracting(Packet::warnings).containsExactly(RESET);
            assertThat(found).extracting(Packet::analysis).containsOnly("");
            assertThat(found).allMatch(Packet::isIntact);
        }
    }

    @Test
    void showsServerControls() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            server.recording().note("Gr\u00fc\u00dfe");
            try (Socket socket = connect(server)) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
                server.restart(Duration.ofDays(1));
            }
            server.resume();

            List<Packet> found = read(server.recording(), "server.pcapng");

            assertThat(found.get(0).comment()).isEqualTo("the server: note: Gr\u00fc\u00dfe; connection 1");
            assertThat(found)
                    .filteredOn(packet -> packet.has(Packet.RST))
                    .singleElement()
                    .extracting(Packet::comment)
                    .isEqualTo("the server: restarts, and refuses connects for 1440m; the server restarts;"
                            + " afterwards the server: accepts connects again");
            assertThat(found).extracting(Packet::analysis).containsOnly("");
            assertThat(found).allMatch(Packet::isIntact);
            Program capinfos = Program.orSkip("tshark", "capinfos");
            assertThat(capinfos.run(
                            folder,
                            List.of("-k", folder.resolve("server.pcapng").toString())))
                    .contains("the server", "note: Gr\u00fc\u00dfe", "accepts connects again");
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void unixSocketHasStandInAddresses() throws Exception {
        try (EchoServer server =
                EchoServer.builder().addresses("unix:").recording().start()) {
            for (int i = 0; i < 3; i++) {
                try (EchoClient client = EchoClient.connect(server.socketAddress())) {
                    client.expectEcho(new byte[70_000]);
                    client.expectEnd();
                }
            }
            for (RecordedConnection each : server.recording().awaitConnections(3)) {
                each.awaitEnd();
            }

            List<Packet> found = read(server.recording(), "unix.pcapng");

            assertThat(found).extracting(Packet::stream).containsOnly(0, 1, 2);
            assertThat(found)
                    .extracting(Packet::source)
                    .containsOnly("192.0.2.1:49152", "192.0.2.2:49153", "192.0.2.2:49154", "192.0.2.2:49155");
            assertThat(found.get(0).comment())
                    .isEqualTo("connection 1; both addresses stand for the Unix socket unix:" + server.path());
            assertThat(found).allMatch(packet -> packet.warnings().isEmpty());
            assertThat(found).extracting(Packet::analysis).containsOnly("");
            assertThat(found).allMatch(Packet::isIntact);
        }
    }

    @Test
    void rejectedConnectionHasOneReset() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .maxConnections(1)
                        .recording()
                        .warnings(line -> {})
                        .start();
                Socket served = connect(server)) {
            served.getOutputStream().write(1);
            assertThat(served.getInputStream().read()).isEqualTo(1);
            assertThatThrownBy(() -> {
                        try (Socket rejected = connect(server)) {
                            rejected.getInputStream().read();
                        }
                    })
                    .isInstanceOf(SocketException.class);
            server.recording().awaitConnections(2).get(1).awaitEnd();

            List<Packet> found = read(server.recording(), "rejected.pcapng");

            assertThat(found)
                    .filteredOn(packet -> packet.has(Packet.RST))
                    .singleElement()
                    .extracting(Packet::comment)
                    .isEqualTo("maxConnections");
            assertThat(found).extracting(Packet::analysis).containsOnly("");
        }
    }

    private static Socket connect(EchoServer server) throws IOException {
        Socket socket = new Socket();
        socket.setSoTimeout(30_000);
        socket.connect(server.address(), 30_000);
        return socket;
    }

    private static String comments(List<Packet> packets, int stream) {
        return packets.stream()
                .filter(packet -> packet.stream() == stream)
                .map(Packet::comment)
                .toList()
                .toString();
    }

    private static List<Packet> from(RecordedConnection connection, InetSocketAddress end) {
        return packets.stream()
                .filter(packet -> packet.stream() == connection.number() - 1)
                .filter(packet -> packet.source().equals(text(end)))
                .toList();
    }

    private static String text(InetSocketAddress end) {
        return end.getAddress() instanceof Inet6Address
                ? "[::1]:" + end.getPort()
                : end.getAddress().getHostAddress() + ":" + end.getPort();
    }

    private static long count(List<Packet> packets, int flag) {
        return packets.stream().filter(packet -> packet.has(flag)).count();
    }

    private static long count(RecordedConnection connection, RecordedEvent.Kind kind) {
        return connection.events().stream()
                .filter(event -> event.kind() == kind)
                .count();
    }
}
