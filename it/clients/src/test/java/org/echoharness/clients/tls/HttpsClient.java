package org.echoharness.clients.tls;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.echoharness.EchoServer;

/** The JDK's HttpClient. */
final class HttpsClient implements TlsClient {

    /** Answers one request. */
    static final String SCRIPT = "expect 'GET / HTTP/1.1\\r\\n' through '\\r\\n\\r\\n', send 'HTTP/1.1 200 OK\\r\\n"
            + "Connection: close\\r\\nContent-Length: " + ANSWER.length() + "\\r\\n\\r\\n" + ANSWER + "', close";

    @Override
    public EchoServer.Builder serve(EchoServer.Builder server) {
        return server.script(SCRIPT);
    }

    @Override
    public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
        return get(
                builder().sslContext(trust.context()).build(), request(server).timeout(Duration.ofSeconds(60)));
    }

    static HttpClient.Builder builder() {
        return HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY);
    }

    static HttpRequest.Builder request(EchoServer server) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + "/"));
    }

    static String get(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
