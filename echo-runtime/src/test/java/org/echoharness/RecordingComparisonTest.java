package org.echoharness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both ends' recordings, side by side. */
class RecordingComparisonTest {

    private static final int KEPT = 12;

    private static RecordingComparison compared(RecordedBytes client, RecordedBytes server) {
        return RecordingComparison.of(client.snapshot(), server.snapshot());
    }

    private static RecordedBytes client() {
        return RecordedBytes.byClient(KEPT, Duration.ofMillis(1));
    }

    private static RecordedBytes server() {
        return new RecordedBytes(1, KEPT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello world | hello world |",
                "hello world | hellO world | 4: expected \"o world\", seen \"O world\"",
                "hello       | hello world | 5: expected nothing more, seen \" world\"",
                "hello world | hello       | 5: expected \" world\", seen nothing more",
                "hello world, and more | hello world, and more |",
                "hello world, and more | hello world, and | 16: expected 5 bytes more, not kept, seen nothing more",
                "hello world, and more | hello world! And more | 11: expected \",\", seen \"!\"",
                "hello world, and more | hello  | 5: expected \" world,\", seen nothing more",
            })
    void namesFirstDifferenceOfEachDirection(String sent, String received, String difference) {
        RecordingComparison ofClient = compared(client().sent(sent), server().received(received));
        RecordingComparison ofServer = compared(client().received(received), server().sent(sent));
        if (difference == null) {
            assertThat(ofClient.firstDifference()).isEmpty();
            assertThat(ofServer.firstDifference()).isEmpty();
            ofClient.assertSame();
        } else {
            assertThat(ofClient.firstDifference().orElseThrow())
                    .hasToString("the bytes of the client differ at offset " + difference);
            assertThat(ofServer.firstDifference().orElseThrow())
                    .hasToString("the bytes of the server differ at offset " + difference);
        }
    }

    @Test
    void reportsBytesOfClientFirst() {
        RecordingComparison both = compared(
                client().sent("a\n").received("c"), server().received("a\r").sent("d"));
        RecordingComparison.Difference first = both.firstDifference().orElseThrow();
        assertThat(first).isEqualTo(new RecordingComparison.Difference(Ending.Side.CLIENT, 1, "\"\\n\"", "\"\\r\""));
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(both::assertSame)
                .withMessage("the bytes of the client differ at offset 1: expected \"\\n\", seen \"\\r\"\n"
                        + both.toString()
                                .replaceFirst(
                                        "received; the bytes of the client .*", "received; they differ, as above"));
    }

    @Test
    void showsBothEndsInOrderOfTime() {
        RecordedBytes client = client().at(500_000).sent("hello world, and more");
        RecordedBytes server = server().at(1_000_000)
                .received("hello world, and more")
                .note(RecordedEvent.Kind.FAULT, "reset after 4")
                .sent("hel")
                .end(Ending.Side.SERVER, Ending.How.RST, "reset after 4");
        client.at(3_000_000).received("heL").end(Ending.Side.SERVER, Ending.How.RST, "Connection reset");
        assertThat(compared(client, server).toString().lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsExactly(
                        "bytes of the client: 21 sent, 21 received; the first 12 are the same, the others not kept",
                        "bytes of the server: 3 sent, 3 received; the bytes of the server differ at offset 2: expected"
                                + " \"l\", seen \"L\"",
                        "  ms  client 10.0.0.2:4000  server 10.0.0.1:7",
                        "  0.000  connected  |",
                        "  0.500  sent 21 \"hello world,\"...  |",
                        "  1.000  | accepted",
                        "  2.000  | received 21 \"hello world,\"...",
                        "  2.000  | (reset after 4)",
                        "  2.000  | sent 3 \"hel\"",
                        "  2.000  | sent RST",
                        "  3.000  received 3 \"heL\"  |",
                        "  3.000  received RST  |");
    }

    @Test
    void reportsNumberOfMissingEvents() {
        RecordedBytes server = server();
        for (int i = 0; i < 5_000; i++) {
            server.received("x");
        }
        assertThat(compared(client(), server).toString()).endsWith("\n(905 events more of the server, not kept)\n");
    }

    @Test
    @SuppressWarnings("NullAway") // a caller without this check
    void missingArgumentIsNamed() {
        RecordedConnection client = client().snapshot();
        assertThatNullPointerException()
                .isThrownBy(() -> RecordingComparison.of(client, null))
                .withMessage("server");
        assertThatNullPointerException()
                .isThrownBy(() -> RecordingComparison.ofRelay(null))
                .withMessage("connection");
        assertThatNullPointerException().isThrownBy(() -> client.toScript(null)).withMessage("other");
        assertThatNullPointerException().isThrownBy(() -> Script.parse(null)).withMessage("text");
        assertThatNullPointerException()
                .isThrownBy(() -> EchoServer.builder().upstream((String) null))
                .withMessage("address");
    }

    @Test
    void refusesTwoRecordingsOfSameSide() {
        RecordedConnection server = server().snapshot();
        RecordedConnection client = client().snapshot();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordingComparison.of(server, client))
                .withMessage("the recording of the client (" + server
                        + ") was made by the server; give the client's first, then the server's");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordingComparison.of(client, client))
                .withMessage("the recording of the server (" + client
                        + ") was made by the client; give the client's first, then the server's");
    }

    /** A proxy that changes the bytes to the server to upper case. */
    @Test
    void findsBytesChangedByProxy() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                ServerSocket proxy = new ServerSocket(0, 1, server.address().getAddress());
                EchoClient client = EchoClient.builder()
                        .address("127.0.0.1:" + proxy.getLocalPort())
                        .recording()
                        .connect();
                Socket in = proxy.accept();
                Socket out = PlainSockets.connect(server.address())) {
            Thread back = new Thread(() -> copy(out, in, 0));
            Thread forth = new Thread(() -> copy(in, out, 0x20));
            back.start();
            forth.start();
            client.expectEcho("hi, THERE".getBytes(UTF_8), "hi, there".getBytes(UTF_8));
            client.shutdownOutput();
            assertThat(client.receiveToEnd()).isEmpty();
            forth.join();
            back.join();

            RecordedConnection ofServer = server.recording().connection(1).awaitEnd();
            assertThat(RecordingComparison.of(client.recording().connection(1), ofServer)
                            .firstDifference())
                    .contains(new RecordingComparison.Difference(Ending.Side.CLIENT, 4, "\"THERE\"", "\"there\""));
        }
    }

    private static void copy(Socket from, Socket to, int bits) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int b = in.read(); b >= 0; b = in.read()) {
                out.write(b == ' ' || b == ',' ? b : b | bits);
            }
            to.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
