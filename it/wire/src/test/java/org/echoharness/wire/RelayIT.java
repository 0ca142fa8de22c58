package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The recording of a relay as tshark and a browser read it. */
@Timeout(value = 1_000, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("try") // resets a socket
class RelayIT {

    private static final String RESET = "Connection reset (RST)";
    private static final String PLAN = "connection 2: corrupt byte 2 to server, fragment 7 to server, delay 5ms;"
            + " connection 3: reset after 3; connection 4: reset after 3 to server; connection 5: discard after 2 to server";

    @TempDir
    static Path folder;

    private static Recording recording;

    /**
     * One that is passed on as it is, with a half-close by the client; one with faults that change bytes, and a half-close by
     * the server; three that are reset: by a fault of each direction and by the client.
     */
    @BeforeAll
    static void relaysFiveConnections() throws Exception {
        try (ServerSocket behind = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .faults(PLAN)
                        .recording(1 << 20, 10)
                        .start()) {
            behind.setSoTimeout(30_000);
            recording = relay.recording();
            byte[] large = new byte[100_000];
            new Random(3).nextBytes(large);
            try (Socket client = PlainSockets.connect(relay.address());
                    Socket server = accept(behind)) {
                PlainSockets.send(client, "a request");
                client.shutdownOutput();
                read(server, 9);
                assertThat(server.getInputStream().read()).isEqualTo(-1);
                server.getOutputStream().write(large);
                server.shutdownOutput();
                assertThat(client.getInputStream().readAllBytes()).isEqualTo(large);
            }
            try (Socket client = PlainSockets.connect(relay.address());
                    Socket server = accept(behind)) {
                server.shutdownOutput();
                assertThat(client.getInputStream().read()).isEqualTo(-1);
                PlainSockets.send(client, "<b>changed</b> and in pieces");
                client.shutdownOutput();
                assertThat(server.getInputStream().readAllBytes()).hasSize(28);
            }
            for (int i = 3; i <= 5; i++) {
                try (Socket client = PlainSockets.connect(relay.address());
                        Socket server = accept(behind)) {
                    PlainSockets.send(client, "12");
                    read(server, 2);
                    PlainSockets.send(server, "ab");
                    read(client, 2);
                    if (i == 5) {
                        PlainSockets.send(client, "3456");
                        recording.connection(5).awaitReceived("123456".getBytes(StandardCharsets.US_ASCII));
                        PlainSockets.reset(client);
                    } else {
                        PlainSockets.send(i == 3 ? server : client, "more");
                        assertThatThrownBy(() -> client.getInputStream().readNBytes(2))
                                .isInstanceOf(SocketException.class);
                    }
                    recording.connection(i).awaitEnd();
                }
            }
            for (RecordedConnection connection : recording.awaitConnections(5)) {
                connection.awaitEnd();
            }
        }
    }

    @Test
    void tsharkReadsTwoStreamsForEachConnection() throws Exception {
        Path file = folder.resolve("relay.pcapng");
        recording.writePcapng(file);
        List<Packet> packets = Packet.read(Program.orSkip("tshark", "tshark"), file);

        assertThat(packets).extracting(Packet::stream).containsOnly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(packets).extracting(Packet::analysis).containsOnly(""); // nothing lost, repeated or out of order
        assertThat(packets).allMatch(Packet::isIntact);
        assertThat(packets).extracting(Packet::at).isSorted();
        int resets = 0;
        for (RecordedConnection connection : recording.connections()) {
            RecordedConnection upstream = connection.upstream().orElseThrow();
            for (RecordedConnection leg : List.of(connection, upstream)) {
                List<Packet> of = packets.stream()
                        .filter(packet -> packet.stream() == stream(packets, leg))
                        .toList();
                assertThat(Packet.payload(from(of, leg.local().getPort()))).isEqualTo(leg.sent());
                assertThat(Packet.payload(from(of, leg.remote().getPort()))).isEqualTo(leg.received());
                boolean isReset = leg.ending().orElseThrow().how() == Ending.How.RST;
                resets += isReset ? 1 : 0;
                assertThat(of).filteredOn(packet -> packet.has(Packet.RST)).hasSize(isReset ? 1 : 0);
                assertThat(of.get(0).comment())
                        .contains(
                                leg == connection
                                        ? "connection " + connection.number() + ", whose other leg is from "
                                        : "upstream of connection " + connection.number()
                                                + ", whose other leg is from ");
            }
        }
        assertThat(resets).isEqualTo(6);
        assertThat(packets).flatExtracting(Packet::warnings).hasSize(6).containsOnly(RESET);
        assertThat(packets)
                .extracting(Packet::comment)
                .filteredOn(comment -> comment.contains(" differ at offset "))
                .satisfiesExactly(
                        comment -> assertThat(comment).contains("to the server", "(corrupt byte 2 to server)"),
                        comment -> assertThat(comment).contains("to the client", "(reset after 3)"),
                        comment -> assertThat(comment).contains("to the server", "(reset after 3 to server)"),
                        comment -> assertThat(comment).contains("to the server", "(discard after 2 to server)"));
    }

    @Test
    void browserShowsRelayBetweenClientAndServer() throws Exception {
        Program chromium = Program.chromiumOrSkip();
        Path page = folder.resolve("relay.html");
        recording.writeHtml(page);
        String dom = chromium.run(
                folder,
                List.of(
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--dump-dom",
                        page.toUri().toString()));
        assertThat(dom)
                .contains("<span>relay 127.0.0.1:", "<span>server 127.0.0.1:", "Relayed to upstream 127.0.0.1:")
                .contains("Passed on unchanged: 9 bytes to the server, 100000 bytes to the client.")
                .contains("relay to server: </span>7 bytes</p>", "&lt;<i>\\x9d</i>&gt;chan</pre>")
                .contains("changed: at offset 1 came \"b&gt;changed&lt;/b&gt; and in pie\"</p>")
                .containsOnlyOnce("<script")
                .doesNotContain("<b>");
    }

    private static int stream(List<Packet> packets, RecordedConnection leg) {
        String end = "127.0.0.1:" + (leg.recordedBy() == Ending.Side.CLIENT ? leg.local() : leg.remote()).getPort();
        return packets.stream().filter(packet -> packet.source().equals(end)).findFirst().orElseThrow().stream();
    }

    private static List<Packet> from(List<Packet> packets, int port) {
        return packets.stream()
                .filter(packet -> packet.source().endsWith(":" + port))
                .toList();
    }

    private static Socket accept(ServerSocket behind) throws IOException {
        Socket socket = behind.accept();
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static void read(Socket socket, int bytes) throws IOException {
        assertThat(socket.getInputStream().readNBytes(bytes)).hasSize(bytes);
    }
}
