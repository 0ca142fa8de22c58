package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which requests the HTTP interface of a server answers, and how it refuses the others. */
@Timeout(60)
class ControlRequestsTest {

    private EchoServer server;
    private HttpPeer peer;

    @BeforeEach
    void start() throws IOException {
        server = EchoServer.builder().control("127.0.0.1:0").start();
        peer = new HttpPeer(server);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void hasAddressAndTokenOfItsOwn() throws IOException {
        assertThat(server.controlUri().orElseThrow().toString()).matches("http://127\\.0\\.0\\.1:\\d+/");
        assertThat(peer.token()).matches("[0-9a-f]{32}");
        try (EchoServer other = EchoServer.builder().control("127.0.0.1:0").start()) {
            assertThat(other.controlToken()).isPresent().isNotEqualTo(server.controlToken());
        }
        try (EchoServer without = EchoServer.builder().start()) {
            assertThat(without.controlUri()).isEmpty();
            assertThat(without.controlToken()).isEmpty();
        }
    }

    @Test
    void listsServers() throws IOException {
        HttpPeer.Answer answer = peer.get("/servers");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
                .containsEntry("content-type", "application/json")
                .containsEntry("cache-control", "no-store")
                .containsEntry("x-content-type-options", "nosniff")
                .doesNotContainKey("access-control-allow-origin");
        assertThat(answer.text())
                .isEqualTo(
                        "{\"servers\":[{\"id\":\"default\",\"state\":\"accepting\",\"frozen\":false,\"kind\":\"echo\",\"startsInClear\":false,"
                                + "\"addresses\":[\"127.0.0.1:" + server.port() + "\"],"
                                + "\"counters\":{\"accepted\":0,\"rejected\":0,\"idleClosed\":0,\"reset\":0,\"failed\":0,\"peak\":0},"
                                + "\"open\":0,\"faults\":\"none\",\"options\":{\"addresses\":\"127.0.0.1:0\",\"backlog\":\"1024\","
                                + "\"bufferSize\":\"64KiB\",\"maxConnections\":\"none\",\"idleTimeout\":\"none\","
                                + "\"idleClose\":\"none\",\"eventLoops\":\"1\",\"faults\":\"none\",\"script\":\"none\","
                                + "\"upstream\":\"none\",\"proxyProtocol\":\"none\",\"tls\":\"none\",\"recording\":\"64KiB\",\"control\":\"127.0.0.1:0\"},"
                                + "\"failure\":null,\"problems\":[],\"problemsLeftOut\":0,\"recording\":true}]}\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Authorization: Bearer 0123456789abcdef0123456789abcdef",
                "Authorization: Bearer",
                "Authorization: Bearer ",
                "Authorization: TOKEN",
                "Authorization: Basic TOKEN",
                "Authorization: Bearer TOKENx",
                "Authorization: Bearer TOKEN\r\nAuthorization: Bearer TOKEN",
                "X-Token: TOKEN",
            })
    void needsToken(String header) throws IOException {
        String sent = header.replace("TOKEN", peer.token());
        for (String path :
                List.of("/servers", "/servers/default/reset", "/nothing", "/servers?token=" + peer.token())) {
            HttpPeer.Answer answer =
                    peer.request("GET", path, null, peer.host(), "X: y\r\n" + (sent.isEmpty() ? "Y: z" : sent));

            assertThat(answer.status()).as("%s", answer).isEqualTo(401);
            assertThat(answer.headers()).containsEntry("www-authenticate", "Bearer");
            assertThat(answer.error())
                    .contains("\"Authorization: Bearer TOKEN\"", "#token=")
                    .doesNotContain(peer.token());
        }
    }

    @Test
    void saysWhetherTokenIsMissingOrWrong() throws IOException {
        assertThat(peer.request("GET", "/servers", null, peer.host()).error()).startsWith("the request has no token;");
        assertThat(peer.request("GET", "/servers", null, peer.host(), "Authorization: Bearer x")
                        .error())
                .startsWith("the token of the request is not that of this server;");
    }

    @Test
    void takesSchemeOfTokenInAnyCase() throws IOException {
        assertThat(peer.request("GET", "/servers", null, peer.host(), "authorization: bearer " + peer.token())
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:PORT, 200",
        "LOCALHOST:PORT, 200",
        "127.0.0.1:PORT, 200",
        "[::1]:PORT, 200",
        "evil.example:PORT, 421",
        "127.0.0.1.evil.example:PORT, 421",
        "localhost.:PORT, 421",
        "127.0.0.1, 421",
        "localhost, 421",
        "127.0.0.1:1, 421",
        "10.0.0.1:PORT, 421",
        "127.0.0.2:PORT, 421",
        "[::2]:PORT, 421",
        "[::1, 421",
        "user@localhost:PORT, 421",
        "localhost:PORT:PORT, 421",
        "127.1:PORT, 421",
        "'', 421",
    })
    void answersItsOwnHostsOnly(String host, int status) throws IOException {
        String port = "" + server.controlUri().orElseThrow().getPort();
        HttpPeer.Answer answer =
                peer.request("GET", "/servers", null, "Host: " + host.replace("PORT", port), peer.authorization());

        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
        if (status == 421) {
            assertThat(answer.error()).contains("is not that of this interface; use http://127.0.0.1:" + port + "/");
        }
    }

    @Test
    void pageNeedsHostToo() throws IOException {
        assertThat(peer.request("GET", "/", null, "Host: evil.example:80").status())
                .isEqualTo(421);
        assertThat(peer.request("GET", "/", null, peer.host(), "Origin: http://evil.example")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void needsOneHost() throws IOException {
        assertThat(peer.request("GET", "/servers", null, peer.authorization()).status())
                .isEqualTo(400);
        assertThat(peer.request("GET", "/servers", null, peer.host(), peer.host(), peer.authorization())
                        .status())
                .isEqualTo(400);
        String http10 = "GET /servers HTTP/1.0\r\n" + peer.authorization() + "\r\n\r\n";
        assertThat(peer.raw("GET", http10.getBytes(ISO_8859_1)).status()).isEqualTo(400);
    }

    @Test
    void checksHostOfAbsoluteTarget() throws IOException {
        assertThat(peer.get("http://" + peer.authority() + "/servers").status()).isEqualTo(200);
        assertThat(peer.get("http://evil.example/servers").status()).isEqualTo(421);
    }

    @ParameterizedTest
    @CsvSource({
        "http://OWN, 200",
        "http://evil.example, 403",
        "https://OWN, 403",
        "http://localhost:1, 403",
        "null, 403",
        "'', 403",
        "http://OWN.evil.example, 403",
    })
    void answersPagesOfItsOwnOnly(String origin, int status) throws IOException {
        for (String method : List.of("GET", "OPTIONS")) {
            HttpPeer.Answer answer = peer.request(
                    method,
                    "/servers",
                    null,
                    peer.host(),
                    peer.authorization(),
                    "Origin: " + origin.replace("OWN", peer.authority()));

            assertThat(answer.status())
                    .as("%s", answer)
                    .isEqualTo(status == 200 && method.equals("OPTIONS") ? 405 : status);
            assertThat(answer.headers().keySet()).noneMatch(name -> name.startsWith("access-control"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nothing",
        "GET, /Servers",
        "GET, /servers/",
        "GET, /servers/default/",
        "GET, /servers/default/nothing",
        "GET, /servers/default/recording/x",
        "GET, /servers/default/recording.exe",
        "GET, /servers/default/page/x",
        "GET, /servers/default/x/1",
        "POST, /servers/default/connections/1/explode",
        "POST, /servers/default/x/1/reset",
        "POST, /servers/default/connections/1/reset/now",
        "GET, /servers/../servers",
        "GET, /favicon.ico",
    })
    void saysWhatThereIsAtUnknownPaths(String method, String path) throws IOException {
        HttpPeer.Answer answer = peer.send(method, path, null);

        assertThat(answer.status()).as("%s", answer).isEqualTo(404);
        assertThat(answer.error()).startsWith("there is n").doesNotContain("Exception");
    }

    @Test
    void namesServersForUnknownId() throws IOException {
        assertThat(peer.get("/servers/other").error()).isEqualTo("there is no server \"other\"; there is default");
        assertThat(peer.get("/servers/other/faults").status()).isEqualTo(404);
        assertThat(peer.get("/servers/%64efault").status()).isEqualTo(200);
        assertThat(peer.get("/servers/a%2Fb").error()).isEqualTo("there is no server \"a/b\"; there is default");
        assertThat(peer.get("/servers/%0A%1b").error()).isEqualTo("there is no server \"\\n\\x1b\"; there is default");
        assertThat(peer.get("/servers/%FF").status()).isEqualTo(400);
        assertThat(peer.get("/servers/%C3%A9").error()).isEqualTo("there is no server \"é\"; there is default");
    }

    @Test
    void survivesVeryLongPath() throws IOException {
        HttpPeer.Answer answer = peer.get("/servers/" + "x".repeat(100_000));

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.error()).hasSizeLessThan(3_000);
        assertThat(peer.get("/servers").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "DELETE, /servers, 'GET, HEAD'",
        "POST, /, 'GET, HEAD'",
        "PUT, /servers/default, 'GET, HEAD, DELETE'",
        "GET, /servers/default/faults, PUT",
        "POST, /servers/default/faults, PUT",
        "GET, /servers/default/reset, POST",
        "HEAD, /servers/default/reset, POST",
        "GET, /servers/default/restart, POST",
        "GET, /servers/default/catch-up, POST",
        "GET, /servers/default/note, POST",
        "PUT, /servers/default/connections/1/send, POST",
        "POST, /servers/default/connections, 'GET, HEAD'",
        "POST, /servers/default/connections/1.html, 'GET, HEAD'",
        "POST, /servers/default/page, 'GET, HEAD'",
        "POST, /servers/default/recording, 'GET, HEAD, DELETE'",
        "DELETE, /servers/default/recording.txt, 'GET, HEAD'",
        "POST, /servers/default/events, 'GET, HEAD'",
        "TRACE, /servers, 'GET, HEAD'",
        "OPTIONS, /servers/default/reset, POST",
    })
    void saysWhichMethodsThereAre(String method, String path, String allowed) throws IOException {
        HttpPeer.Answer answer = peer.send(method, path, null);

        assertThat(answer.status()).as("%s", answer).isEqualTo(405);
        assertThat(answer.headers()).containsEntry("allow", allowed);
        if (!method.equals("HEAD")) {
            assertThat(answer.error())
                    .isEqualTo(method + " is not possible here; use " + allowed.replace(", ", " or "));
        }
    }

    @Test
    void headHasHeadersOfGetAndNoBody() throws IOException {
        for (String path : List.of("/", "/servers", "/servers/default")) {
            HttpPeer.Answer get = peer.get(path);
            HttpPeer.Answer head = peer.send("HEAD", path, null);

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.headers().get("content-length")).isEqualTo("" + get.body().length);
            assertThat(head.headers().get("content-type"))
                    .isEqualTo(get.headers().get("content-type"));
        }
        for (String path :
                List.of("recording", "recording.pcapng", "recording.html", "recording.txt", "events", "page")) {
            assertThat(peer.send("HEAD", "/servers/default/" + path, null).status())
                    .isEqualTo(200);
        }
        try (Socket socket = peer.connect()) {
            String request = "HEAD /servers HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization() + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            HttpPeer.read(socket.getInputStream(), true);
            socket.getOutputStream().write(request.replace("HEAD", "GET").getBytes(ISO_8859_1));
            assertThat(HttpPeer.read(socket.getInputStream(), false).json()).containsKey("servers");
        }
    }

    @Test
    void refusesOversizedBodies() throws IOException {
        int limit = 64 << 10;
        assertThat(peer.send("PUT", "/servers/default/faults", "none" + " ".repeat(limit - 4))
                        .status())
                .isEqualTo(200);
        HttpPeer.Answer declared = peer.send("PUT", "/servers/default/faults", " ".repeat(limit + 1));
        assertThat(declared.status()).isEqualTo(413);
        assertThat(declared.error()).isEqualTo("the body has more than 65536 bytes (64 KiB); send less");
        assertThat(peer.send("PUT", "/servers/default/faults", " ".repeat(5 << 20))
                        .status())
                .isEqualTo(413);

        String head = "PUT /servers/default/faults HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                + "\r\nTransfer-Encoding: chunked\r\n\r\n";
        String chunk = "4000\r\n" + " ".repeat(0x4000) + "\r\n";
        assertThat(peer.raw("PUT", (head + chunk.repeat(100) + "0\r\n\r\n").getBytes(ISO_8859_1))
                        .status())
                .isEqualTo(413);
        assertThat(peer.raw("PUT", (head + "4\r\nnone\r\n0\r\n\r\n").getBytes(ISO_8859_1))
                        .status())
                .isEqualTo(200);
        assertThat(peer.raw(
                                "PUT",
                                head.replace("Transfer-Encoding: chunked", "Content-Length: 9999999999999999999")
                                        .getBytes(ISO_8859_1))
                        .status())
                .isIn(400, 413);
    }

    @Test
    void refusesBodyThatIsNoText() throws IOException {
        byte[] request = ("PUT /servers/default/faults HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                        + "\r\nContent-Length: 1\r\n\r\n\u00ff")
                .getBytes(ISO_8859_1);

        assertThat(peer.raw("PUT", request).error()).isEqualTo("the body must be UTF-8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET|/servers?x=1|there is no parameter \"x\" here; leave it out",
                "PUT|/servers/default/faults?opne=true|there is no parameter \"opne\" here; there is open",
                "PUT|/servers/default/faults?open=yes|open (yes) must be true or false",
                "PUT|/servers/default/faults?open=true&open=true|open is given twice; leave one out",
                "POST|/servers/default/restart|restart needs a time, as in restart?time=1s",
                "POST|/servers/default/restart?time=0s|time (0s) must be at least 1ms and at most 365 days",
                "POST|/servers/default/refuse?time=soon|time (soon) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days",
                "POST|/servers/default/reset?time=1s|there is no parameter \"time\" here; leave it out",
                "POST|/servers/default/catch-up?time=2h|time (2h) must be at most 1m",
                "GET|/servers/default/recording?after=x|after (x) must be the number \"changes\" of an earlier answer",
                "GET|/servers/default/recording?wait=1s|after () must be the number \"changes\" of an earlier answer",
                "GET|/servers/default/recording?after=1&wait=61s|wait (61s) must be at most 1m",
            })
    void explainsWrongParameters(String method, String path, String error) throws IOException {
        HttpPeer.Answer answer = peer.send(method, path, null);

        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
        assertThat(answer.error()).isEqualTo(error);
    }

    @Test
    void malformedRequestsEndOnlyTheirConnection() throws IOException {
        for (String request :
                List.of("\r\n\r\n", "GET\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "\u0000\u0001\r\n\r\n")) {
            try (Socket socket = peer.connect()) {
                socket.getOutputStream().write(request.getBytes(ISO_8859_1));
                socket.shutdownOutput();
                byte[] rest = socket.getInputStream().readAllBytes();
                assertThat(new String(rest, ISO_8859_1)).doesNotContain(" 200 ");
            }
        }
        assertThat(peer.get("/servers").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Length: 100       | none                            | ",
                "Transfer-Encoding: chunked| 9\\r\\nnone\\r\\n0\\r\\n\\r\\n        | ",
                "Transfer-Encoding: chunked| zz\\r\\nnone\\r\\n0\\r\\n\\r\\n       | ",
                "Transfer-Encoding: chunked| ffffffffffffffff\\r\\nnone        | ",
                "Transfer-Encoding: chunked| ffffffffffff\\r\\nnone\\r\\n        | ",
                "Content-Length: 70000     | none                            | more than 65536 bytes",
            })
    void explainsBodiesOfWrongLength(String header, String body, String error) throws IOException {
        try (Socket socket = peer.connect()) {
            String request = "PUT /servers/default/faults HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                    + "\r\n" + header + "\r\n\r\n" + body.replace("\\r\\n", "\r\n");
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            HttpPeer.Answer answer = HttpPeer.read(socket.getInputStream(), false);

            assertThat(answer.status()).as("%s", answer).isIn(400, 413);
            assertThat(answer.error()).contains(error == null ? "the body cannot be read (" : error);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void pageNeedsNoTokenAndHasNoData() throws IOException {
        HttpPeer.Answer page = peer.request("GET", "/", null, peer.host());

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.headers()).containsEntry("content-type", "text/html; charset=utf-8");
        assertThat(page.headers().get("content-security-policy"))
                .contains("default-src 'none'", "script-src 'sha256-", "connect-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.text()).contains("Authorization").doesNotContain(peer.token(), "" + server.port());
    }

    @Test
    void connectionServesOneRequestAfterTheOther() throws IOException {
        try (Socket socket = peer.connect()) {
            for (int i = 0; i < 20; i++) {
                String path = i % 2 == 0 ? "/servers/default" : "/servers/other";
                socket.getOutputStream()
                        .write(("GET " + path + " HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                                        + "\r\n\r\n")
                                .getBytes(ISO_8859_1));
                assertThat(HttpPeer.read(socket.getInputStream(), false).status())
                        .isEqualTo(i % 2 == 0 ? 200 : 404);
            }
        }
    }

    @Test
    void portInUseIsNamedAndNothingStaysOpen() throws IOException {
        int control = server.controlUri().orElseThrow().getPort();
        int free;
        try (EchoServer probe = EchoServer.builder().start()) {
            free = probe.port();
        }
        EchoServer second = EchoServer.builder()
                .addresses("127.0.0.1:" + free)
                .control("127.0.0.1:" + control)
                .build();

        assertThatThrownBy(second::start)
                .isInstanceOf(java.net.BindException.class)
                .hasMessage("cannot listen on 127.0.0.1:" + control
                        + " for control: Address already in use; take another port, or 0 for a free one");
        assertThat(second.isRunning()).isFalse();
        PlainSockets.listen(free).close();
    }

    @Test
    void refusesMalformedAddress() {
        for (String address : new String[] {"nowhere", "", "unix:", "127.0.0.1:x", "tls:1"}) {
            assertThatThrownBy(() -> EchoServer.builder().control(address))
                    .hasMessage(
                            "control (" + address + ") must be host:port, [v6]:port or *:port, such as 127.0.0.1:0");
        }
        assertThat(Map.of(
                        "a", EchoServer.builder().set("control", "none").build().controlUri()))
                .containsEntry("a", java.util.Optional.empty());
    }

    @Test
    void warnsIfOtherMachinesMayConnect() throws IOException {
        org.echoharness.support.AwaitedLines lines = new org.echoharness.support.AwaitedLines();
        try (EchoServer open =
                EchoServer.builder().control("*:0").warnings(lines).start()) {
            int port = open.controlUri().orElseThrow().getPort();
            assertThat(lines.seen())
                    .singleElement()
                    .asString()
                    .matches("control listens on (::|0\\.0\\.0\\.0) port " + port
                            + ": other machines may connect, and the token is sent to them in plain text");
            assertThat(new HttpPeer(open).get("/servers").status()).isEqualTo(200);
        }
    }
}
