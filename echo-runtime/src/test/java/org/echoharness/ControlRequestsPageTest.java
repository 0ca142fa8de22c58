package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.HttpPeer.Events;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The requests, statuses and members on the page CONTROL against the interface: each request of the page is answered, and
 * the interface has no other.
 */
@Timeout(60)
class ControlRequestsPageTest {

    private static final Path CODE = Path.of("src", "main", "java", "org", "echoharness", "control");
    private static final PageTables PAGE = PageTables.of(Path.of("CONTROL.md"));
    private static final Pattern REQUEST = Pattern.compile("`(GET|POST|PUT|DELETE) (/servers[^`\\s]*)`");
    private static final Pattern ALSO = Pattern.compile("`…(/[^`]+)`");
    private static final Pattern PARAMETERS = Pattern.compile("`(\\?[^`]+)`");

    private static EchoServer server;
    private static HttpPeer peer;

    @BeforeAll
    static void start() throws IOException {
        server = EchoServer.builder()
                .tls("self-signed")
                .handler(ConnectionHandler::silent)
                .handlerStartsTls()
                .control("127.0.0.1:0")
                .start();
        peer = new HttpPeer(server);
    }

    @AfterAll
    static void close() {
        server.close();
    }

    /** The requests of the page as it writes them, with each of the parameters that it names beside them. */
    static Set<String> requests() {
        Set<String> requests = new LinkedHashSet<>();
        for (String line : PAGE.text().lines().toList()) {
            List<MatchResult> found = REQUEST.matcher(line).results().toList();
            for (MatchResult request : found) {
                requests.add(request.group(1) + " " + request.group(2));
            }
            if (found.size() == 1) {
                String first = found.get(0).group(1) + " " + found.get(0).group(2);
                PARAMETERS.matcher(line).results().forEach(more -> requests.add(first + more.group(1)));
                ALSO.matcher(line)
                        .results()
                        .forEach(more -> requests.add(first.replaceFirst("/[^/]*$", more.group(1))));
            }
        }
        return requests;
    }

    @Test
    void pageHasRequests() {
        assertThat(requests()).hasSizeGreaterThan(40);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void requestOfPageIsAnswered(String request) throws Exception {
        String method = request.substring(0, request.indexOf(' '));
        try (Socket client = PlainSockets.connect(server.address())) {
            server.acceptPending();
            String path = request.substring(method.length() + 1)
                    .replace("CHANGES", "0")
                    .replace("TEXT", "PING")
                    .replace("?time=…", "?time=1s")
                    .replace("wait=5s", "wait=20ms")
                    .replace("/N", "/" + server.counters().accepted());
            if (path.contains("/sessions") || path.contains("~N")) {
                startsAndEndsSession(path.replace("/ID~N", "/ID/sessions").replace("/ID", "/default"));
            } else if (path.endsWith("/events") || path.endsWith("/page")) {
                try (Events events = new Events(peer, path.replace("/ID", "/default"))) {
                    assertThat(events.next().id()).isEqualTo("1");
                }
            } else {
                String body = path.contains("/faults") ? "none" : method.equals("GET") ? null : "";
                assertThat(peer.send(method, path.replace("/ID", "/default"), body))
                        .satisfies(answer -> assertThat(answer.status()).isEqualTo(200));
            }
            assertThat(client.isConnected()).isTrue();
        } finally {
            server.resume();
            server.unfreeze();
        }
    }

    private static void startsAndEndsSession(String path) throws IOException {
        try (Socket request = peer.connect()) {
            request.setSoTimeout(30_000);
            request.getOutputStream()
                    .write(("POST " + path + " HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                                    + "\r\nContent-Length: 0\r\n\r\n")
                            .getBytes(ISO_8859_1));
            assertThat(HttpPeer.line(request.getInputStream())).startsWith("HTTP/1.1 200 ");
            HttpPeer.headers(request.getInputStream());
            HttpPeer.line(request.getInputStream()); // the size of a chunk
            String id = HttpPeer.line(request.getInputStream()).replaceFirst(".*\"id\":\"([^\"]*)\".*", "$1");
            assertThat(peer.send("DELETE", "/servers/" + id, null).status()).isEqualTo(200);
        }
    }

    /**
     * Asks for each word of the code as a path, with a method that no path has. The answer to a path that exists names the
     * methods that it has.
     */
    @Test
    void pageHasEveryRequestOfCode() throws IOException {
        Map<String, String> ofCode = new TreeMap<>();
        List<String> paths = new ArrayList<>(List.of(
                "/servers",
                "/servers/default",
                "/servers/default/connections/1",
                "/servers/default/connections/1.html"));
        for (String word : words()) {
            paths.add("/servers/default/" + word);
            paths.add("/servers/default/connections/1/" + word);
        }
        for (String path : paths) {
            HttpPeer.Answer answer = peer.send("PATCH", path, "");
            if (answer.status() != 404) {
                assertThat(answer.status()).as(path).isEqualTo(405);
                for (String method :
                        answer.headers().get("allow").replace(", HEAD", "").split(", ", -1)) {
                    ofCode.put(method + " " + path, path);
                }
            }
        }
        Set<String> ofPage = new TreeSet<>();
        requests()
                .forEach(request -> ofPage.add(request.replaceFirst("\\?.*", "")
                        .replaceFirst("/ID~N", "/ID")
                        .replace("/ID", "/default")
                        .replace("/N", "/1")));

        assertThat(ofCode.keySet()).isEqualTo(ofPage);
    }

    /** The texts of the code that could be a part of a path. */
    private static Set<String> words() throws IOException {
        Set<String> words = new TreeSet<>();
        for (String file : sources()) {
            Pattern.compile("\"([a-z][a-z.-]*)\"").matcher(file).results().forEach(found -> {
                words.add(found.group(1));
                words.add("recording." + found.group(1));
            });
        }
        return words;
    }

    private static List<String> sources() throws IOException {
        List<String> texts = new ArrayList<>();
        try (Stream<Path> files = Files.list(CODE)) {
            for (Path file : files.sorted().toList()) {
                texts.add(Files.readString(file));
            }
        }
        return texts;
    }

    @Test
    void pageHasEveryStatusOfCode() throws IOException {
        Set<String> statuses = new TreeSet<>();
        for (String file : sources()) {
            Pattern.compile("RefusedRequestException\\(\\s*(\\d{3})\\b")
                    .matcher(file)
                    .results()
                    .forEach(found -> statuses.add(found.group(1)));
        }
        assertThat(PAGE.column("status", 0)).containsExactlyElementsOf(statuses);
    }

    @Test
    void tableHasEveryMemberOfServer() throws IOException {
        Set<String> members = new TreeSet<>(peer.get("/servers/default").json().keySet());
        members.remove("id");

        assertThat(members).isEqualTo(new TreeSet<>(PAGE.codes("member", 0, "state")));
    }

    @Test
    void tableHasEveryMemberOfRecording() throws IOException {
        Set<String> members =
                new TreeSet<>(peer.get("/servers/default/recording").json().keySet());
        members.remove("by");

        assertThat(members).isEqualTo(new TreeSet<>(PAGE.codes("member", 0, "total")));
    }

    @Test
    @SuppressWarnings("unchecked")
    void sentenceHasEveryMemberOfConnection() throws IOException {
        try (Socket client = PlainSockets.connect(server.address())) {
            server.acceptPending();
            assertThat(client.isConnected()).isTrue();
        }
        List<Map<String, Object>> connections = (List<Map<String, Object>>)
                peer.get("/servers/default/recording").json().get("connections");
        String sentence = PAGE.text()
                .substring(PAGE.text().indexOf("A connection has `number`"))
                .lines()
                .findFirst()
                .orElseThrow();
        List<String> named = PageTables.codesIn(sentence);
        Set<String> missing = new TreeSet<>(connections.get(0).keySet());
        missing.removeAll(named);
        assertThat(missing).isEmpty();
    }

    @Test
    void tableHasEveryMemberOfPage() throws IOException {
        try (Events events = new Events(peer, "/servers/default/page")) {
            assertThat(new TreeSet<>(events.next().json().keySet()))
                    .isEqualTo(new TreeSet<>(PAGE.codes("member", 0, "first")));
        }
    }

    @Test
    void tableHasEveryEvent() {
        List<String> events = PAGE.codes("event", 0, "state");
        Set<String> expected = new TreeSet<>(List.of("state", "server", "recording", "connection", "end"));
        for (RecordedEvent.Kind kind : RecordedEvent.Kind.values()) {
            expected.add(
                    switch (kind) {
                        case RECEIVED, SENT -> "bytes";
                        case CLIENT_FIN, SERVER_FIN -> "fin";
                        case CLIENT_RST, SERVER_RST -> "rst";
                        default -> kind.name().toLowerCase(java.util.Locale.ROOT);
                    });
        }
        assertThat(new TreeSet<>(events)).isEqualTo(expected);
    }
}
