package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.junit.EchoAssertions.assertThat;

import java.net.SocketException;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.junit.jupiter.api.Test;

class EchoAssertionsTest {

    private static final byte[] HELLO = "hello".getBytes(UTF_8);

    /** The server's and the client's recording of one connection that a fault reset. */
    private static void reset(Consumer<RecordedConnection[]> use) throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording().faults("reset after 4").start()) {
            EchoClient client =
                    EchoClient.builder().address(server.address()).recording().connect();
            try (client) {
                assertThatExceptionOfType(SocketException.class).isThrownBy(() -> client.echo(HELLO));
            }
            assertThat(server.recording()).hasConnections(1).connection(1);
            use.accept(new RecordedConnection[] {
                server.recording().connection(1).awaitEnd(), client.recording().connection(1)
            });
        }
    }

    private static void assertFails(ThrowingCallable assertion, String start) {
        assertThatExceptionOfType(AssertionError.class).isThrownBy(assertion).withMessageStartingWith(start);
    }

    @Test
    void passesIfConditionHolds() throws Exception {
        reset(ends -> {
            assertThat(ends[0])
                    .hasReceived(HELLO)
                    .hadFault("reset after 4")
                    .wasEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(ends[1]).hasSent(HELLO).wasEndedBy(Ending.Side.SERVER, Ending.How.RST);
        });
        try (EchoServer server = EchoServer.builder().recording().start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.expectEcho(HELLO);
            assertThat(server.recording()).connection(1).isOpen();
        }
    }

    @Test
    void failureContainsTranscript() throws Exception {
        reset(ends -> {
            String seen = "expected " + ends[0] + " to ";
            String transcript = String.format(":%n") + ends[0].transcript();
            assertFails(() -> assertThat(ends[0]).isOpen(), seen + "be open" + transcript);
            assertFails(
                    () -> assertThat(ends[0]).wasEndedBy(Ending.Side.CLIENT, Ending.How.RST),
                    seen + "be ended by CLIENT with RST" + transcript);
            assertFails(
                    () -> assertThat(ends[0]).wasEndedBy(Ending.Side.SERVER, Ending.How.FIN),
                    seen + "be ended by SERVER with FIN" + transcript);
            assertFails(
                    () -> assertThat(ends[0]).hasReceived(new byte[5]),
                    "connection 1 should have received exactly 5 bytes \"\\x00\\x00\\x00\\x00\\x00\", but received 5 bytes"
                            + " \"hello\"; the first difference is at offset 0: expected"
                            + " \"\\x00\\x00\\x00\\x00\\x00\", received \"hello\"" + transcript.replace("\r", ""));
            assertFails(
                    () -> assertThat(ends[0]).as("the echo").hasSent(HELLO),
                    "[the echo] connection 1 should have sent exactly 5 bytes \"hello\", but sent 4 bytes \"hell\"; the"
                            + " first difference is at offset 4: expected \"o\", sent nothing more");
            assertFails(
                    () -> assertThat(ends[0]).hadFault("reset"),
                    seen + "have had the fault reset, but it had reset after 4" + transcript);
        });
    }

    @Test
    void countsConnections() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            assertThat(server.recording()).hasConnections(0);
            assertFails(() -> assertThat(server.recording()).hasConnections(1), "expected 1 connection: saw 0");
            assertFails(() -> assertThat(server.recording()).connection(1), "there is no connection 1: saw 0");
        }
    }

    /** A failure is printed twice; the files have all of it. */
    @Test
    void cutsLongConversations() throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording(65_536, 200).bufferSize(16).start()) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.expectEcho(new byte[65_536]);
            }
            for (int i = 0; i < 150; i++) {
                EchoClient.connect(server.address()).close();
            }
            server.recording().awaitConnections(151);
            RecordedConnection first = server.recording().connection(1).awaitEnd();
            for (ThrowingCallable fails : List.<ThrowingCallable>of(
                    () -> assertThat(first).isOpen(),
                    () -> assertThat(first).wasEndedBy(Ending.Side.SERVER, Ending.How.RST),
                    () -> assertThat(first).hasReceived(HELLO),
                    () -> assertThat(first).hadFault("stall"),
                    () -> assertThat(server.recording()).hasConnections(1),
                    () -> assertThat(server.recording()).hasAtMostConnections(0))) {
                assertThatThrownBy(fails).message().hasSizeLessThan(25_000);
            }
            assertThatThrownBy(() -> assertThat(first).isOpen()).message().contains(" lines left out)");
        }
    }

    @Test
    void limitsConcurrentConnections() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                EchoClient one = EchoClient.connect(server.address());
                EchoClient two = EchoClient.connect(server.address())) {
            one.expectEcho(HELLO);
            two.expectEcho(HELLO);
            assertThat(server.recording()).hasAtMostConnections(2);
            assertFails(
                    () -> assertThat(server.recording()).hasAtMostConnections(1),
                    "expected at most 1 connection at the same time, but 2 were open: saw 2\n  connection 1 from ");
        }
    }

    @Test
    @SuppressWarnings("NullAway") // as in the code of users
    void reportsMissingConnection() {
        RecordedConnection none = null;
        Recording nothing = null;
        String message = String.format("%nExpecting actual not to be null");
        assertFails(() -> assertThat(none).isOpen(), message);
        assertFails(() -> assertThat(none).wasEndedBy(Ending.Side.SERVER, Ending.How.RST), message);
        assertFails(() -> assertThat(none).hadFault("stall"), message);
        assertFails(() -> assertThat(none).hasReceived(HELLO), message);
        assertFails(() -> assertThat(none).hasSent(HELLO), message);
        assertFails(() -> assertThat(nothing).hasConnections(0), message);
        assertFails(() -> assertThat(nothing).hasAtMostConnections(0), message);
        assertFails(() -> assertThat(nothing).connection(1), message);
    }
}
