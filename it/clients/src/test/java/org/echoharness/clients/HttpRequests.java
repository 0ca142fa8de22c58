package org.echoharness.clients;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.echoharness.EchoServer;

/** Requests of the JDK's HTTP client. */
final class HttpRequests {

    private static final Duration LONG = Duration.ofSeconds(30);

    private HttpRequests() {}

    /** A client of HTTP 1.1, without a proxy. */
    static HttpClient client() {
        return builder().build();
    }

    static HttpClient.Builder builder() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY);
    }

    static HttpResponse<String> get(HttpClient client, EchoServer server, String path)
            throws IOException, InterruptedException {
        return get(client, server, path, LONG);
    }

    static HttpResponse<String> get(HttpClient client, EchoServer server, String path, Duration timeout)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(timeout)
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
