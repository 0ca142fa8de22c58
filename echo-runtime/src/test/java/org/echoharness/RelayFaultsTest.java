package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each end reads through a relay with faults, and how each connection ends. */
@Timeout(120)
class RelayFaultsTest {

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    private EchoServer.Builder relay(String faults) {
        return behind.relay().faults(faults);
    }

    private static Ending upstreamEnd(RecordedConnection connection) throws InterruptedException {
        return connection.upstream().orElseThrow().awaitEnd().ending().orElseThrow();
    }

    /** Reads until the stream ends, and adds how. */
    private static String readAll(Socket socket) throws IOException {
        StringBuilder all = new StringBuilder();
        try {
            for (int b = socket.getInputStream().read();
                    b >= 0;
                    b = socket.getInputStream().read()) {
                all.append(b >= 0x20 && b < 0x7F ? "" + (char) b : "\\x" + Integer.toHexString(b));
            }
            return all + " FIN";
        } catch (SocketException reset) {
            assertThat(reset).hasMessage("Connection reset");
            return all + " RST";
        }
    }

    /** The client sends 123456 and a FIN, and the server abcdef and a FIN. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none                             | 123456 FIN         | abcdef FIN",
                "fragment 1, fragment 2 to server | 123456 FIN         | abcdef FIN",
                "corrupt byte 1 to server         | \\xce23456 FIN     | abcdef FIN",
                "corrupt byte 1                   | 123456 FIN         | \\x9ebcdef FIN",
                "corrupt after 2 to client        | 123456 FIN         | ab\\x9c\\x9b\\x9a\\x99 FIN",
                "greet '<' to server, greet '>'   | <123456 FIN        | >abcdef FIN",
                "truncate 2 to server             | 3456 FIN           | abcdef FIN",
                "duplicate 2 to server            | 12123456 FIN       | abcdef FIN",
                "discard after 3 to server        | 123 FIN            | abcdef FIN",
                "discard after 3                  | 123456 FIN         | abc FIN",
                "half-close after 3               | 123456 FIN         | abc FIN",
                "half-close after 3 to server     | 123 FIN            | abcdef FIN",
                "slow-close 1ms to server         | 123456 FIN         | abcdef FIN",
                "delay 1ms, delay 1ms to server   | 123456 FIN         | abcdef FIN",
                "throttle 1KiB/s to server        | 123456 FIN         | abcdef FIN",
            })
    void bothEndsRead(String faults, String atServer, String atClient) throws Exception {
        String plan = faults.replace('\'', '"');
        try (EchoServer relay = relay(plan).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            client.getOutputStream().write("123456".getBytes(StandardCharsets.ISO_8859_1));
            client.shutdownOutput();
            server.getOutputStream().write("abcdef".getBytes(StandardCharsets.ISO_8859_1));
            server.shutdownOutput();
            FutureTask<String> read = Background.inThread("server", () -> readAll(server));
            assertThat(readAll(client)).isEqualTo(atClient);
            assertThat(Background.result(read)).isEqualTo(atServer);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow().how()).isEqualTo(Ending.How.FIN);
            assertThat(upstreamEnd(connection).how()).isEqualTo(Ending.How.FIN);
            if (!plan.equals("none")) {
                assertThat(relay.recording().appliedFaults())
                        .containsAll(FaultPlan.parse(plan).rules().get(0).faults());
            }
        }
    }

    /** The client sends 123456 and the server abcdef, and both leave their output open. */
    @ParameterizedTest
    @CsvSource({
        "reset after 3 to server,                  123, RST, RST",
        "close after 3 to server,                  123, FIN, FIN",
        "reset after 3 sent to server,             123, RST, RST",
        "'greet \"<\" to server, close after 4 sent to server', <123, FIN, FIN",
    })
    void faultOfServerEndsBothLegs(String faults, String atServer, String howServer, String howClient)
            throws Exception {
        try (EchoServer relay = relay(faults).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.getOutputStream().write("abcdef".getBytes(StandardCharsets.ISO_8859_1));
            PlainSockets.receives(client, "abcdef");
            client.getOutputStream().write("123456".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(readAll(server)).isEqualTo(atServer + " " + howServer);
            assertThat(readAll(client)).isEqualTo(" " + howClient);
            String why = "(" + faults.replaceFirst(".*, ", "") + ")";
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow()).hasToString("SERVER " + howClient + " " + why);
            assertThat(connection.upstream().orElseThrow().ending().orElseThrow())
                    .hasToString("CLIENT " + howServer + " " + why);
        }
    }

    @ParameterizedTest
    @CsvSource({"reset after 3, abc RST, RST", "close after 3, abc FIN, FIN"})
    void faultOfClientEndsBothLegs(String fault, String atClient, String howServer) throws Exception {
        try (EchoServer relay = relay(fault).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            server.getOutputStream().write("abcdef".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(readAll(client)).isEqualTo(atClient);
            assertThat(readAll(server)).isEqualTo(" " + howServer);
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow().why()).isEqualTo(fault);
            assertThat(upstreamEnd(connection).why()).isEqualTo(fault);
        }
    }

    @Test
    void stallHoldsOneDirection() throws Exception {
        try (EchoServer relay = relay("stall after 3 to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            PlainSockets.send(client, "123456");
            PlainSockets.receives(server, "123");
            for (int i = 0; i < 10; i++) {
                PlainSockets.send(server, "x");
                PlainSockets.receives(client, "x");
            }
            assertThat(relay.catchUp(Duration.ofSeconds(60))).isTrue();
            assertThat(relay.recording().connection(1).upstream().orElseThrow().bytesSent())
                    .isEqualTo(3);
            relay.setFaultsOfAll(FaultPlan.none());
            PlainSockets.receives(server, "456");
        }
    }

    @Test
    void resetOnFinToServer() throws Exception {
        try (EchoServer relay = relay("reset on fin to server").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            PlainSockets.send(client, "123");
            client.shutdownOutput();
            assertThat(readAll(server)).isEqualTo("123 RST");
            assertThat(readAll(client)).isEqualTo(" RST");
        }
    }

    /** A trigger counts the bytes of its own direction. */
    @Test
    void triggerCountsItsDirection() throws Exception {
        try (EchoServer relay =
                        relay("corrupt after 4 to server, corrupt after 2").start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            PlainSockets.send(server, "ab");
            PlainSockets.receives(client, "ab");
            PlainSockets.send(client, "1234");
            PlainSockets.receives(server, "1234");
            PlainSockets.send(server, "c");
            PlainSockets.receives(client, "\u009c");
            PlainSockets.send(client, "5");
            PlainSockets.receives(server, "\u00ca");
        }
    }

    @Test
    void textAndJavaMirrorEachOther() {
        assertThat(Fault.parse("reset after 300 to server"))
                .isEqualTo(Fault.reset().after(300).toServer())
                .isEqualTo(Fault.reset().toServer().after(300))
                .hasToString("reset after 300 to server");
        assertThat(Fault.parse("corrupt byte 1 to client"))
                .isEqualTo(Fault.corrupt(1, 1))
                .hasToString("corrupt byte 1");
        assertThat(FaultPlan.parse("first 1: stall on fin to server, delay 5ms; others: slow-close 1ms to server"))
                .hasToString("first 1: stall on fin to server, delay 5ms; others: slow-close 1ms to server");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse("reset to sever"))
                .withMessageContaining("expected server or client")
                .withMessageContaining("did you mean server?");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                            | upstream () is not usable: write it as host:port, [v6]:port or unix:PATH",
                "localhost:                    | upstream (localhost:) is not usable: it must end in a port from 1 to 65535, as in localhost:5432",
                "localhost:99999               | upstream (localhost:99999) is not usable: it must end in a port from 1 to 65535, as in localhost:5432",
                "localhost                     | upstream (localhost) must have a port from 1 to 65535",
                "localhost:5432,localhost:5433 | upstream (localhost:5432,localhost:5433) must be one address, such as localhost:5432",
                "::1:5432                      | upstream (::1:5432) is not usable: write an IPv6 address in brackets, as in [::1]:10000",
                "tcp://db:1                    | upstream (tcp://db:1) is not usable: leave out tcp://; write it as host:port, [v6]:port or unix:PATH",
                "a b:1                         | upstream: host (\"a b\") must be a name or a numeric address; remove every other character",
                "unix:///tmp/s                 | upstream (unix:///tmp/s) is not usable: leave out the two slashes, as in unix:/tmp/echo.sock",
            })
    void errorsAboutUpstreamNameIt(String address, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().upstream(address))
                .withMessage(message);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("upstream", address))
                .withMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"timeout", "rest", "", "reset after 3", "delay", "none"})
    void upstreamFailureIsOneOfThree(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("upstreamFailure", text))
                .withMessage("upstreamFailure (" + text + ") must be reset, close or stall");
    }

    @Test
    void refusesWhatARelayDoesNotHave() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().faults("reset to server").build())
                .withMessage("faults (reset to server) are about bytes to a server behind this one, and there is"
                        + " none; set upstream, or leave out to server");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> relay("reset after 2 messages").build())
                .withMessageStartingWith("faults (reset after 2 messages) count messages, and this server counts none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> relay("none").script("echo").build())
                .withMessage("upstream and script are both given; leave one out");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        EchoServer.builder().upstreamFailure(Fault.close()).build())
                .withMessage("upstreamFailure (close) is given without upstream; set upstream, or leave it out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("upstreamFailure", "discard"))
                .withMessage("upstreamFailure (discard) must be reset, close or stall");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().upstream("*:5432"))
                .withMessage("upstream (*:5432) must name one host, such as localhost:5432");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().upstream("localhost:0"))
                .withMessage("upstream (localhost:0) must have a port from 1 to 65535");
        assertThat(List.of("upstream", "upstreamFailure", "connectTimeout")).isSubsetOf(EchoServer.Builder.words());
    }
}
