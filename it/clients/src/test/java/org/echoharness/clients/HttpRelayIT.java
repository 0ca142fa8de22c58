package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.clients.HttpRequests.client;
import static org.echoharness.clients.HttpRequests.get;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The JDK's HTTP client with a relay before the JDK's HTTP server. {@link HttpClientIT} has what the documentation says. */
@Timeout(60)
class HttpRelayIT {

    private static final String BODY = "0123456789".repeat(10_000);

    private final AtomicInteger requests = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = serve();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void requestsShareConnectionOfEachLeg() throws Exception {
        try (EchoServer relay = relay().start()) {
            HttpClient client = client();
            assertThat(get(client, relay, "/first").body()).isEqualTo(BODY);
            assertThat(get(client, relay, "/second").body()).isEqualTo(BODY);

            Relays.assertUnchanged(relay, 1);
            RecordedConnection connection = relay.recording().connection(1);
            assertThat(Relays.received(connection)).contains("GET /first HTTP/1.1", "GET /second HTTP/1.1");
            assertThat(Relays.sent(connection)).contains("HTTP/1.1 200 OK", BODY);
            relay.recording().assertConnections(1);
        }
    }

    @Test
    void delayedResponseCausesTimeout() throws Exception {
        try (EchoServer relay = relay().faults("delay 1m").start()) {
            assertThatThrownBy(() -> get(client(), relay, "/late", Duration.ofSeconds(1)))
                    .isInstanceOf(HttpTimeoutException.class);

            RecordedConnection connection = relay.recording().connection(1);
            RecordedConnection upstream =
                    Relays.upstream(connection).awaitReceived("HTTP/1.1 200 OK".getBytes(US_ASCII));
            assertThat(Relays.sent(upstream)).contains("GET /late HTTP/1.1");
            assertThat(connection.bytesSent()).isZero();
            assertThat(requests).hasValue(1);
        }
    }

    @Test
    void resetWithinBodyThrows() throws Exception {
        try (EchoServer relay = relay().faults("reset after 1000").start()) {
            assertThatThrownBy(() -> get(client(), relay, "/cut")).isInstanceOf(IOException.class);

            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            connection.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(connection.bytesSent()).isEqualTo(1_000);
            assertThat(Relays.received(connection)).isEqualTo(Relays.sent(Relays.upstream(connection)));
            Relays.upstream(connection).awaitEnd().assertEndedBy(Ending.Side.CLIENT, Ending.How.RST);
            Scripts.assertApplied(relay, "reset after 1000");
        }
    }

    @Test
    void followsServerToAnotherPort() throws Exception {
        try (EchoServer relay = Relays.before(1)
                .upstream(() -> "127.0.0.1:" + server.getAddress().getPort())
                .start()) {
            assertThat(get(client(), relay, "/before").body()).isEqualTo(BODY);
            server.stop(0);
            String address = "127.0.0.1:" + server.getAddress().getPort();
            assertThatThrownBy(() -> get(client(), relay, "/between")).isInstanceOf(IOException.class);
            server = serve();
            assertThat(get(client(), relay, "/after").body()).isEqualTo(BODY);

            RecordedConnection refused = relay.recording().connections().stream()
                    .filter(each -> each.upstream().isEmpty())
                    .findFirst()
                    .orElseThrow();
            refused.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(refused.ending().orElseThrow().why()).contains(address, "Connection refused");
            assertThat(requests).hasValue(2);
        }
    }

    @Test
    void refusedConnectThrows() throws Exception {
        try (EchoServer relay = relay().start()) {
            relay.refuse();
            assertThatThrownBy(() -> get(client(), relay, "/refused")).isInstanceOf(ConnectException.class);
            relay.resume();
            assertThat(get(client(), relay, "/resumed").body()).isEqualTo(BODY);

            Relays.assertUnchanged(relay, 1);
            relay.recording().assertConnections(1);
        }
    }

    /** Starts a server that answers every request with the same text. */
    private HttpServer serve() throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", exchange -> {
            try (exchange) {
                requests.incrementAndGet();
                byte[] body = BODY.getBytes(US_ASCII);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        http.start();
        return http;
    }

    private EchoServer.Builder relay() {
        return Relays.before(server.getAddress().getPort());
    }
}
