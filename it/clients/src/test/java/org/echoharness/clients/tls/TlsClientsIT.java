package org.echoharness.clients.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The clients of the page TLS accept the right certificate, and refuse each wrong one with the words of the page. */
@Timeout(120)
class TlsClientsIT {

    private static final String CLIENTS = "## Clients";
    private static final String OTHER_ROOT = "### A root that the client does not trust";
    private static final Map<String, String> CERTIFICATES = Map.of(
            OTHER_ROOT,
            "self-signed",
            "### `expired`",
            "expired",
            "### `not-yet-valid`",
            "not-yet-valid",
            "### `for other.example`",
            "for other.example");

    private static final List<String> PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");

    private static final Map<String, TlsClient> BY_NAME = byName();

    /** Logs what it also throws. A field, because a logger that nothing refers to forgets its level. */
    private static final Logger HOSTNAME_VERIFIER = Logger.getLogger("org.postgresql.ssl.PGjdbcHostnameVerifier");

    @TempDir
    Path folder;

    private static Map<String, TlsClient> byName() {
        Map<String, TlsClient> clients = new LinkedHashMap<>();
        clients.put("`openssl s_client`", new ProgramClients.Openssl());
        clients.put("curl", new ProgramClients.Curl());
        clients.put("Python's `ssl`", new ProgramClients.Python());
        clients.put("HttpClient", new HttpsClient());
        clients.put("Netty, JDK", new NettyTlsClient(SslProvider.JDK));
        clients.put("Netty, OpenSSL", new NettyTlsClient(SslProvider.OPENSSL));
        clients.put("pgjdbc", new PgjdbcClient(false));
        clients.put("pgjdbc, direct", new PgjdbcClient(true));
        return clients;
    }

    @BeforeAll
    static void silence() {
        HOSTNAME_VERIFIER.setLevel(Level.OFF);
    }

    static Stream<Arguments> sessions() {
        return BY_NAME.keySet().stream()
                .flatMap(name -> PROTOCOLS.stream().map(protocol -> Arguments.of(name, protocol)));
    }

    static Stream<Arguments> refusals() {
        return sessions()
                .flatMap(session -> CERTIFICATES.keySet().stream()
                        .map(heading -> Arguments.of(session.get()[0], session.get()[1], heading)));
    }

    @Test
    void everyTableHasEveryClient() {
        assertThat(ClientsPage.firstCells(CLIENTS)).containsExactlyElementsOf(BY_NAME.keySet());
        for (String heading : CERTIFICATES.keySet()) {
            assertThat(ClientsPage.firstCells(heading)).as(heading).containsExactlyElementsOf(BY_NAME.keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void acceptsRightCertificate(String name, String protocol) throws Exception {
        TlsClient client = BY_NAME.get(name);
        client.assume();
        Path file = folder.resolve("server.pem");
        try (EchoServer server = start(client, "self-signed", file, protocol)) {
            assertThat(client.exchange(server, Trust.in(server, file), setting(name)))
                    .isEqualTo(TlsClient.ANSWER);

            RecordedConnection connection = ended(server);
            assertThat(details(connection, RecordedEvent.Kind.HANDSHAKE))
                    .singleElement()
                    .asString()
                    .startsWith(protocol + " ");
            assertThat(details(connection, RecordedEvent.Kind.ALERT)).isEmpty();
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesWrongCertificate(String name, String protocol, String heading) throws Exception {
        TlsClient client = BY_NAME.get(name);
        client.assume();
        Path file = folder.resolve("server.pem");
        try (EchoServer server = start(client, CERTIFICATES.get(heading), file, protocol)) {
            Trust trust = heading.equals(OTHER_ROOT) ? Trust.inOthers(folder) : Trust.in(server, file);
            Throwable refusal = catchThrowable(() -> client.exchange(server, trust, setting(name)));

            assertThat(refusal).as("%s refuses the certificate", name).isNotNull();
            List<String> row = ClientsPage.row(heading, name);
            ClientsPage.assertShown(row.get(1), TlsClient.lines(refusal));
            RecordedConnection connection = ended(server);
            assertAlert(row.get(2), details(connection, RecordedEvent.Kind.ALERT));
        }
    }

    @Test
    void opensslEndsWithPipedInput() throws Exception {
        TlsClient openssl = BY_NAME.get("`openssl s_client`");
        openssl.assume();
        Path file = folder.resolve("server.pem");
        try (EchoServer server = echo(file)) {
            String command =
                    ClientsPage.shell(CLIENTS).replace("FILE", file.toString()).replace("PORT", "" + server.port());
            assertThat(command).startsWith("(echo hello; sleep 1) | openssl s_client ");
            Program.run("", List.of("sh", "-c", command.replace("sleep 1", "true"))); // hello comes, its echo may not

            ended(server).assertReceived("hello\n".getBytes(UTF_8));
        }
    }

    @Test
    void curlNeedsHttp() throws Exception {
        BY_NAME.get("curl").assume();
        Path file = folder.resolve("server.pem");
        try (EchoServer server = echo(file)) {
            Throwable refusal =
                    catchThrowable(() -> BY_NAME.get("curl").exchange(server, Trust.in(server, file), setting("curl")));

            assertThat(TlsClient.lines(refusal)).contains("curl: (1) Received HTTP/0.9 when not allowed");
        }
    }

    /** Waits until the time-out of the test, which prints what the threads do. A client has ended its connection by now. */
    private static RecordedConnection ended(EchoServer server) throws InterruptedException {
        return server.recording().connection(1).awaitEnd(Duration.ofDays(1));
    }

    private static EchoServer echo(Path file) throws Exception {
        return EchoServer.builder()
                .addresses("localhost:0")
                .tls("self-signed")
                .certificateFile(file)
                .recording()
                .start();
    }

    /** @param cell has every alert that a client sends, one for each version, or says that there is none */
    private static void assertAlert(String cell, List<String> recorded) {
        if (cell.equals("none")) {
            assertThat(recorded).isEmpty();
        } else {
            assertThat(recorded).hasSize(1);
            assertThat(ClientsPage.codes(cell)).contains(recorded.get(0).replace(" by the client", ""));
        }
    }

    private static String setting(String name) {
        return ClientsPage.codes(ClientsPage.row(CLIENTS, name).get(2)).get(0);
    }

    private static EchoServer start(TlsClient client, String certificate, Path file, String protocol) throws Exception {
        SSLParameters parameters = new SSLParameters(null, new String[] {protocol});
        client.adjust(parameters);
        EchoServer.Builder server = EchoServer.builder()
                .addresses("localhost:0")
                .tls(certificate)
                .tlsParameters(parameters)
                .certificateFile(file)
                .recording();
        return client.serve(server).start();
    }

    private static List<String> details(RecordedConnection connection, RecordedEvent.Kind kind) {
        return connection.events().stream()
                .filter(event -> event.kind() == kind)
                .map(RecordedEvent::detail)
                .toList();
    }
}
