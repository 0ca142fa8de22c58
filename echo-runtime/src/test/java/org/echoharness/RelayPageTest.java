package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables of the page RELAY against relays. */
@Timeout(60)
class RelayPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("RELAY.md"));

    private static final Map<String, Fault> JAVA =
            Map.of("Fault.reset()", Fault.reset(), "Fault.close()", Fault.close(), "Fault.stall()", Fault.stall());

    static Stream<List<String>> failures() {
        return PAGE.rows("`upstreamFailure`").stream();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void clientGetsFailureOfRow(List<String> row) throws Exception {
        String text = PageTables.codesIn(row.get(0)).get(0);
        assertThat(Fault.parse(text))
                .isEqualTo(JAVA.get(PageTables.codesIn(row.get(1)).get(0)));
        int down;
        try (ServerSocket free = PlainSockets.listen(0)) {
            down = free.getLocalPort();
        }
        EchoServer.Builder relay =
                EchoServer.builder().upstream("127.0.0.1:" + down).warnings(line -> {});
        if (!row.get(0).endsWith("the default")) {
            relay.set("upstreamFailure", text);
        }
        try (EchoServer started = frozen(relay);
                Socket client = PlainSockets.connect(started.address())) {
            started.unfreeze();
            switch (row.get(2)) {
                case "gets an RST" -> PlainSockets.assertReset(client);
                case "gets a FIN" -> PlainSockets.assertEnd(client);
                case "gets nothing; the connection stays open" -> {
                    client.setSoTimeout(200);
                    assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
                }
                default -> throw new AssertionError("no test knows \"" + row.get(2) + "\"");
            }
        }
    }

    /** A connect that is reset at once would fail. */
    private static EchoServer frozen(EchoServer.Builder builder) throws IOException {
        EchoServer server = builder.start();
        server.freeze();
        return server;
    }

    static Stream<List<String>> ends() {
        return PAGE.rows("what happened").stream();
    }

    @ParameterizedTest
    @MethodSource("ends")
    void recordingHasEndsOfRow(List<String> row) throws Exception {
        boolean isTls = row.get(0).contains("close_notify");
        try (ServerSocket plain = PlainSockets.listen(0);
                EchoServer secure = EchoServer.builder()
                        .tls("self-signed")
                        .faults("close without close_notify after 1")
                        .start()) {
            int port = isTls ? secure.port() : plain.getLocalPort();
            EchoServer.Builder builder = EchoServer.builder()
                    .upstream("localhost:" + port)
                    .recording()
                    .warnings(line -> {});
            if (isTls) {
                builder.upstreamTls(secure.sslContext());
            }
            try (EchoServer relay = builder.start()) {
                if (row.get(0).contains("could not reach")) {
                    end(plain);
                }
                try (Socket client = PlainSockets.connect(relay.address())) {
                    happen(row.get(0), plain, client);
                }
                RecordedConnection connection =
                        relay.recording().awaitConnections(1).get(0).awaitEnd();
                assertThat(end(connection)).matches(pattern(row.get(1)).replace("127.0.0.1:5432", "127.0.0.1:" + port));
                List<String> other = PageTables.codesIn(row.get(2));
                if (row.get(2).startsWith("no such leg")) {
                    assertThat(connection.upstream()).isEmpty();
                } else {
                    assertThat(other).hasSize(1);
                    assertThat(end(connection.upstream().orElseThrow())).matches(pattern(row.get(2)));
                }
            }
        }
    }

    private static void end(ServerSocket listening) throws IOException {
        listening.close();
    }

    private static void happen(String what, ServerSocket listening, Socket client) throws Exception {
        switch (what) {
            case "the real server reset the connection" -> {
                try (Socket server = listening.accept()) {
                    send(client, "x");
                    receives(server, "x"); // the relay knows by now that it is connected
                    PlainSockets.reset(server);
                    PlainSockets.assertReset(client);
                }
            }
            case "the client reset the connection" -> {
                try (Socket server = listening.accept()) {
                    send(client, "x");
                    receives(server, "x");
                    PlainSockets.reset(client);
                    PlainSockets.assertReset(server);
                }
            }
            case "the relay could not reach the real server" -> PlainSockets.assertReset(client);
            default -> {
                assertThat(what).contains("without the `close_notify`");
                send(client, "xy");
                PlainSockets.assertReset(client);
            }
        }
    }

    private static String end(RecordedConnection leg) {
        return leg.ending().orElseThrow().toString();
    }

    private static String pattern(String cell) {
        return Arrays.stream(PageTables.codesIn(cell).get(0).split("…", -1))
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"));
    }
}
