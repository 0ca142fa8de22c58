package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.clients.HttpRequests.client;
import static org.echoharness.clients.HttpRequests.get;

import java.io.IOException;
import java.net.http.HttpClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The JDK's HTTP client with a server that answers many requests on one connection. {@link HttpClientIT} has what the
 * documentation says.
 */
@Timeout(60)
class HttpKeepAliveIT {

    @Test
    void requestsShareConnection() throws Exception {
        try (EchoServer server = Scripts.start("http.echo", "")) {
            HttpClient client = client();

            assertThat(get(client, server, "/hello").body()).isEqualTo("hello");
            assertThat(get(client, server, "/chunks").body()).isEqualTo("abc");
            assertThat(get(client, server, "/none").statusCode()).isEqualTo(404);
            assertThat(server.counters().accepted()).isEqualTo(1);
            Scripts.assertMet(server);
        }
    }

    @Test
    void wrongStatusLineThrows() throws Exception {
        try (EchoServer server =
                Scripts.startWith("http.echo", "HTTP/1.1 200 OK\\r\\nContent", "HTTP 200 OK\\r\\nContent")) {
            assertThatThrownBy(() -> get(client(), server, "/hello")).isInstanceOf(IOException.class);

            assertThat(server.recording().transcript())
                    .contains("step 1 of 1, case 1: \"GET /hello HTTP/1.1\\r\\n\" through");
        }
    }

    @Test
    void truncatedSecondResponseThrows() throws Exception {
        try (EchoServer server = Scripts.start("http.echo", "truncate 2 after 2 messages")) {
            HttpClient client = client();

            assertThat(get(client, server, "/hello").body()).isEqualTo("hello");
            assertThatThrownBy(() -> get(client, server, "/hello")).isInstanceOf(IOException.class);
            Scripts.assertApplied(server, "truncate 2 after 2 messages");
        }
    }
}
