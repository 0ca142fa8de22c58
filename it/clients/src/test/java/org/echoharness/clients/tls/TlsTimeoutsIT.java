package org.echoharness.clients.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.support.Background;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The time-outs of clients cover a handshake that does not go on, or not, as the page TLS says. All cells of its table run at
 * the same time, since each waits for a time-out.
 */
@Timeout(120)
class TlsTimeoutsIT {

    private static final String HEADING = "### Time-outs";
    private static final int FIRST_FAULT = 1;
    private static final String NO = "no";
    private static final String LOGIN_TIMED_OUT = "org.postgresql.util.PSQLException: Connection attempt timed out.";
    private static final Duration SHORT = Duration.ofSeconds(1);

    /** A connect with one time-out. Throws what it causes. */
    interface Connect {
        void to(EchoServer server) throws Exception;
    }

    private static final Map<String, Connect> BY_NAME = byName();
    private static final Map<String, FutureTask<List<String>>> REPORTS = new HashMap<>();

    /**
     * Where a time-out does not cover the handshake, there is another which does, and which ends later: if that one is
     * reported, the first one has passed without an effect.
     */
    private static Map<String, Connect> byName() {
        Map<String, Connect> clients = new LinkedHashMap<>();
        clients.put(
                "HttpClient, `connectTimeout`",
                server -> HttpsClient.get(
                        HttpsClient.builder().connectTimeout(SHORT).build(), HttpsClient.request(server)));
        clients.put(
                "HttpClient, `timeout` of the request",
                server -> HttpsClient.get(
                        HttpsClient.builder().build(),
                        HttpsClient.request(server).timeout(SHORT)));
        clients.put("Netty, `handshakeTimeout`", server -> NettyTlsClient.handshake(server, SHORT));
        clients.put("pgjdbc, `loginTimeout`", pgjdbc("loginTimeout=1&connectTimeout=0"));
        clients.put("pgjdbc, `connectTimeout`", pgjdbc("connectTimeout=2&loginTimeout=4"));
        clients.put("pgjdbc, `socketTimeout`", pgjdbc("socketTimeout=1&loginTimeout=3&connectTimeout=0"));
        clients.put("pgjdbc, `sslResponseTimeout`", pgjdbc("sslResponseTimeout=500&loginTimeout=2&connectTimeout=0"));
        return clients;
    }

    private static Connect pgjdbc(String timeouts) {
        return server -> PgjdbcClient.connect(server, "sslmode=require&sslNegotiation=direct&" + timeouts);
    }

    private static List<String> faults() {
        List<String> titles = ClientsPage.titles(HEADING);
        return titles.subList(FIRST_FAULT, titles.size() - 1).stream()
                .map(ClientsPage::code)
                .toList();
    }

    @BeforeAll
    static void connectAll() {
        for (String name : BY_NAME.keySet()) {
            for (String fault : faults()) {
                REPORTS.put(name + fault, Background.inThread(name + fault, () -> report(BY_NAME.get(name), fault)));
            }
        }
    }

    /** Tries again if the time-out was over before the handshake had come to the fault. */
    private static List<String> report(Connect client, String fault) throws Exception {
        while (true) {
            try (EchoServer server = EchoServer.builder()
                    .addresses("localhost:0")
                    .tls("self-signed")
                    .faults(fault)
                    .recording()
                    .start()) {
                Throwable failure = catchThrowable(() -> client.to(server));
                assertThat(failure).as("the client's time-out with %s", fault).isNotNull();
                if (server.recording().appliedFaults().contains(Fault.parse(fault))) {
                    return TlsClient.lines(failure);
                }
            }
        }
    }

    static Stream<Arguments> cells() {
        List<String> faults = faults();
        return BY_NAME.keySet().stream()
                .flatMap(name -> IntStream.range(0, faults.size())
                        .mapToObj(i -> Arguments.of(name, faults.get(i), FIRST_FAULT + i)));
    }

    @Test
    void tableHasEveryTimeout() {
        assertThat(ClientsPage.firstCells(HEADING)).containsExactlyElementsOf(BY_NAME.keySet());
    }

    @ParameterizedTest
    @MethodSource("cells")
    void timeoutCoversHandshakeAsPageSays(String name, String fault, int column) throws Exception {
        List<String> row = ClientsPage.row(HEADING, name);
        List<String> report = Background.result(REPORTS.get(name + fault));
        if (row.get(column).equals(NO)) {
            assertThat(report).first().isEqualTo(LOGIN_TIMED_OUT);
            assertThat(row.get(row.size() - 1)).doesNotContain(LOGIN_TIMED_OUT);
        } else {
            assertThat(row.get(column)).isEqualTo("yes");
            ClientsPage.assertShown(row.get(row.size() - 1), report);
        }
    }

    /** Which comes before the handshake. */
    @Test
    void sslResponseTimeoutCoversAnswerToSslRequest() throws Exception {
        try (EchoServer server =
                EchoServer.builder().addresses("localhost:0").faults("stall").start()) {
            assertThatThrownBy(() -> PgjdbcClient.connect(
                            server, "sslmode=require&sslResponseTimeout=500&loginTimeout=0&connectTimeout=0"))
                    .hasRootCauseMessage("Read timed out");
        }
    }
}
