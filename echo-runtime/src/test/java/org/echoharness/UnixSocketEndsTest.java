package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What an end looks like at a Unix socket, which has no RST. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixSocketEndsTest {

    @TempDir
    private Path folder;

    /** The rows of the table in FAULTS.md: the faults, what the client sends, and what it reads. */
    static Stream<Arguments> rowsOfPage() throws IOException {
        String page = Files.readString(Path.of("FAULTS.md"));
        return Pattern.compile("^\\| `([^`]+)` \\| `hello`(, `more`)? \\| `(\\w+)`, then (.*) \\|$", Pattern.MULTILINE)
                .matcher(page.substring(page.indexOf("## Unix sockets")))
                .results()
                .map(row -> Arguments.of(row.group(1), row.group(2) != null, row.group(3), row.group(4)));
    }

    @Test
    void pageHasRows() throws IOException {
        assertThat(rowsOfPage()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("rowsOfPage")
    void endIsAsOnPage(String faults, boolean sendsMore, String reads, String end) throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "faults", faults);
                SocketChannel client = SocketChannel.open(server.socketAddress())) {
            client.write(ByteBuffer.wrap(UnixSockets.ascii("hello")));
            ByteBuffer back = ByteBuffer.allocate(reads.length());
            while (back.hasRemaining() && client.read(back) >= 0) {}
            assertThat(back.array()).isEqualTo(UnixSockets.ascii(reads));
            if (sendsMore) {
                client.write(ByteBuffer.wrap(UnixSockets.ascii("more")));
            }
            if (end.equals("-1")) {
                assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            } else {
                assertThat(end).isEqualTo("`SocketException: Connection reset`");
                assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
                        .isInstanceOf(SocketException.class)
                        .hasMessage("Connection reset");
            }
            assertThatThrownBy(() -> {
                        while (client.isOpen()) { // a close may follow its FIN a moment later, with an "x" unread
                            client.write(ByteBuffer.wrap(UnixSockets.ascii("x")));
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching("Broken pipe|Connection reset by peer");
        }
    }

    @Test
    void resetIsEndOfStreamIfAllWasRead() throws Exception {
        try (EchoServer server = UnixSockets.start(folder, "faults", "reset after 4");
                EchoClient client = UnixSockets.connect(server)) {
            client.send(UnixSockets.ascii("hello"));
            assertThat(client.receive(4)).isEqualTo(UnixSockets.ascii("hell"));
            assertThat(client.receive()).as("the end of the stream").isEmpty();
            assertThatThrownBy(() -> client.send(UnixSockets.ascii("x"))).hasMessageContaining("Broken pipe");
            RecordedConnection connection = server.recording().connection(1).awaitEnd(Background.LONGEST);
            assertThat(connection.ending()).hasValueSatisfying(end -> {
                assertThat(end.by()).isEqualTo(Ending.Side.SERVER);
                assertThat(end.how()).isEqualTo(Ending.How.RST);
            });
        }
    }

    @Test
    void resetIsResetIfBytesAreUnread() throws Exception {
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("before"));
            server.freeze();
            client.send(UnixSockets.ascii("never read"));
            server.resetConnections();
            assertThatThrownBy(client::receive).hasMessageContaining("Connection reset");
        }
        try (EchoServer server = UnixSockets.start(folder, "faults", "stall after 4, reset after 100ms");
                EchoClient client = UnixSockets.connect(server)) {
            client.send(UnixSockets.ascii("hello"));
            assertThat(client.receive(4)).isEqualTo(UnixSockets.ascii("hell"));
            client.send(UnixSockets.ascii("more"));
            assertThatThrownBy(client::receive).hasMessageContaining("Connection reset");
        }
    }

    @Test
    void closeLosesNothingThatWasSent() throws Exception {
        byte[] message = new byte[100_000]; // fits into the buffers of the socket
        try (EchoServer server = UnixSockets.start(folder, "faults", "reset after 100000");
                EchoClient client = UnixSockets.connect(server)) {
            client.send(message);
            server.recording().awaitConnections(1, Background.LONGEST);
            server.recording().connection(1).awaitEnd(Background.LONGEST);
            assertThat(client.receiveToEnd()).isEqualTo(message);
        }
    }

    @Test
    void clientThatLeavesBytesUnreadResets() throws Exception {
        try (EchoServer server = UnixSockets.start(folder)) {
            EchoClient client = EchoClient.builder()
                    .address(server.socketAddress())
                    .recording()
                    .connect();
            client.send(UnixSockets.ascii("hello"));
            server.recording().awaitConnections(1, Background.LONGEST);
            server.recording().connection(1).awaitReceived(UnixSockets.ascii("hello"));
            server.catchUp(Background.LONGEST); // and sends it back
            client.close();
            assertThat(server.recording()
                            .connection(1)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end -> assertThat(end.toString()).startsWith("CLIENT RST (Connection reset"));
            assertThat(client.recording().connection(1).ending())
                    .hasValue(new Ending(Ending.Side.CLIENT, Ending.How.RST, "closed with bytes unread"));
        }
    }
}
