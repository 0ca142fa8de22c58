package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The JDK's HTTP client. Its documentation says:
 *
 * <ul>
 *   <li>{@link HttpClient#send} throws an {@link IOException} if an error occurs while it sends or receives;
 *   <li>{@link HttpRequest.Builder#timeout}: it throws an {@link HttpTimeoutException} if the response is not received
 *       within that time;
 *   <li>{@link HttpClient.Builder#connectTimeout}: it throws an {@link HttpConnectTimeoutException} if a new connection
 *       cannot be established within that time.
 * </ul>
 */
@Timeout(60)
class HttpClientIT {

    private static final String ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(30);

    @Test
    void readsResponse() throws Exception {
        try (EchoServer server = answering()) {
            HttpResponse<String> response = send(server, LONG, LONG);

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello");
        }
    }

    @Test
    void resetBeforeResponseThrowsIoException() throws Exception {
        try (EchoServer server = answering(Fault.reset().after(1))) {
            assertThatThrownBy(() -> send(server, LONG, LONG))
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining("Connection reset");
        }
    }

    @Test
    void resetWithinBodyThrowsIoException() throws Exception {
        try (EchoServer server = answering(Fault.reset().afterSent(ANSWER.length() - 1))) {
            assertThatThrownBy(() -> send(server, LONG, LONG))
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining("Connection reset");
        }
    }

    @Test
    void closeBeforeResponseThrowsIoException() throws Exception {
        try (EchoServer server = answering(Fault.close().after(1))) {
            assertThatThrownBy(() -> send(server, LONG, LONG))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(HttpTimeoutException.class);
        }
    }

    @Test
    void closeWithinBodyThrowsIoException() throws Exception {
        try (EchoServer server = answering(Fault.close().afterSent(ANSWER.length() - 1))) {
            assertThatThrownBy(() -> send(server, LONG, LONG))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(HttpTimeoutException.class);
        }
    }

    @Test
    void stallCausesRequestTimeout() throws Exception {
        try (EchoServer server = answering(Fault.stall())) {
            assertThatThrownBy(() -> send(server, LONG, SHORT)).isInstanceOf(HttpTimeoutException.class);
        }
    }

    @Test
    void unansweredConnectCausesConnectTimeout() throws Exception {
        try (EchoServer server = answering()) {
            server.unanswered();

            assertThatThrownBy(() -> send(server, SHORT, LONG)).isInstanceOf(HttpConnectTimeoutException.class);
        }
    }

    /** A server that answers each connection's request well, but for these faults. */
    private static EchoServer answering(Fault... but) throws IOException {
        List<Fault> faults = new ArrayList<>(List.of(but));
        faults.add(Fault.greet(ANSWER).after(2));
        faults.add(Fault.discard());
        return EchoServer.builder().faults(faults.toArray(Fault[]::new)).start();
    }

    private static HttpResponse<String> send(EchoServer server, Duration connectTimeout, Duration timeout)
            throws IOException, InterruptedException {
        HttpClient client =
                HttpRequests.builder().connectTimeout(connectTimeout).build();
        return HttpRequests.get(client, server, "/", timeout);
    }
}
