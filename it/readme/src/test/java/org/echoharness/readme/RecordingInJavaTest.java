package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.Recording;
import org.echoharness.RecordingComparison;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What README and RECORDINGS.md show of recordings. */
class RecordingInJavaTest {

    @Test
    @Timeout(60)
    void runsSnippetsOfPages(@TempDir Path folder) throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording().faults(Fault.reset().after(4)).start()) {
            try (Socket yours = new Socket(server.address().getAddress(), server.port())) {
                yours.getOutputStream().write("hello".getBytes(UTF_8));
                yours.getInputStream().readNBytes(4);
            }

            Recording recording = server.recording();
            RecordedConnection first = recording.awaitConnections(1).get(0).awaitEnd(); // no sleep is needed
            first.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(first.received()).isEqualTo("hello".getBytes(UTF_8));
            recording.awaitQuiet(Duration.ofMillis(50));

            System.out.println(recording.transcript()); // also first.timeline() and first.hexDump()
            recording.writePcapng(folder.resolve("echo.pcapng")); // for Wireshark
            recording.writeHtml(folder.resolve("echo.html")); // for a browser
        }
    }

    @Test
    @Timeout(60)
    void printsEventsAsOnPages() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                Socket yours = new Socket(server.address().getAddress(), server.port())) {
            yours.getOutputStream().write("hello".getBytes(UTF_8));

            server.catchUp(Duration.ofSeconds(1)); // the server has read what clients have sent
            RecordedConnection connection = server.recording().connection(1);
            for (RecordedEvent event : connection.events()) {
                System.out.println(event.kind() + " " + connection.payloadText(event));
            }

            assertThat(connection.events())
                    .filteredOn(event -> event.kind() == RecordedEvent.Kind.RECEIVED)
                    .extracting(connection::payloadText)
                    .containsExactly("5 bytes \"hello\"");
        }
    }

    @Test
    @Timeout(60)
    void comparesBothEndsAsOnPages() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            EchoClient client = EchoClient.builder()
                    .address(server.address()) // or the address of your proxy
                    .recording()
                    .connect();
            try (client) {
                client.expectEcho("hello".getBytes(UTF_8));
            }
            RecordedConnection atClient = client.recording().connection(1);
            RecordedConnection atServer = server.recording().connection(1).awaitEnd();
            RecordingComparison.of(atClient, atServer).assertSame();
        }
    }

    @Test
    @Timeout(60)
    void comparesBothLegsAsOnPages() throws Exception {
        try (EchoServer behind = EchoServer.builder()
                        .script("expect 5, send \"ok\", expect fin")
                        .start();
                EchoServer relay = EchoServer.builder()
                        .upstream(behind.address().getAddress().getHostAddress() + ":" + behind.port())
                        .faults("corrupt byte 1 to server")
                        .recording()
                        .start()) {
            try (Socket yours = new Socket(relay.address().getAddress(), relay.port())) {
                yours.getOutputStream().write("hello".getBytes(UTF_8));
                yours.shutdownOutput();
                assertThat(yours.getInputStream().readAllBytes()).asString().isEqualTo("ok");
            }

            RecordedConnection connection = relay.recording().connection(1).awaitEnd(); // both legs have ended
            RecordedConnection upstream = connection.upstream().orElseThrow();
            upstream.assertReceived("ok".getBytes(UTF_8)); // what came from the server behind the relay
            RecordingComparison legs = RecordingComparison.ofRelay(connection);
            assertThat(legs.firstDifference().orElseThrow()) // what the relay changed
                    .hasToString("the bytes of the client differ at offset 0: expected \"hello\", seen \"\\x97ello\"");
        }
    }
}
