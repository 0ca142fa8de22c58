package org.echoharness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the live page asks the HTTP interface for. The page itself is tested in a browser. */
@Timeout(60)
class LivePageTest extends ControlledServerTest {

    private static final String PAGE = "/servers/default/page";
    private static final String CONNECTIONS = "/servers/default/connections";
    private static final String ATTACK = "</script><img src=x onerror=alert(1)>\"'&lt;";

    /** One message of the stream. */
    private record Update(Map<String, Object> json) {

        static Update next(HttpPeer.Events events) throws IOException {
            HttpPeer.Events.Message message = events.next();
            assertThat(message.name()).isEqualTo("page");
            return new Update(message.json());
        }

        /** The rows by their names. */
        @SuppressWarnings("unchecked")
        Map<String, String> rows() {
            Map<String, String> rows = new LinkedHashMap<>();
            for (Map<String, String> row : (List<Map<String, String>>) json.get("rows")) {
                rows.put(row.get("name"), row.get("html"));
            }
            return rows;
        }

        @SuppressWarnings("unchecked")
        Map<String, String> texts() {
            return (Map<String, String>) json.get("texts");
        }
    }

    @Test
    void policyAllowsOnlyStyleAndScriptOfPage() throws Exception {
        HttpPeer.Answer answer = peer.request("GET", "/", null, peer.host());
        String page = answer.text();
        String style = page.substring(page.indexOf("<style>") + 7, page.indexOf("</style>"));
        String script = page.substring(page.indexOf("<script>") + 8, page.indexOf("</script>"));

        assertThat(answer.headers().get("content-security-policy"))
                .isEqualTo("default-src 'none'; style-src '" + sha256(style) + "'; script-src '" + sha256(script)
                        + "'; base-uri 'none'; form-action 'none'; connect-src 'self'; img-src data:;"
                        + " frame-ancestors 'none'");
        assertThat(answer.headers())
                .containsEntry("cache-control", "no-store")
                .containsEntry("x-content-type-options", "nosniff");
        assertThat(page.replace("http://www.w3.org/2000/svg", "").replace("href=\"data:", "href=\"#"))
                .as("nothing from elsewhere")
                .doesNotContain("http:", "https:", "src=", "url(", "@import", "eval(")
                .doesNotContainPattern("href=\"(?!#)")
                .doesNotContainPattern("[{](style|shapes|legend|columns|script)[}]");
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        return "sha256-" + Base64.getEncoder().encodeToString(digest);
    }

    @Test
    void streamBeginsWithEverythingAndGoesOnWithWhatChanges() throws Exception {
        converse("first");
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            Update first = Update.next(events);
            assertThat(first.json())
                    .containsEntry("first", true)
                    .containsEntry("open", false)
                    .containsEntry("state", "accepting")
                    .containsEntry("frozen", false)
                    .containsEntry("kind", "echo")
                    .containsEntry("faults", "none")
                    .containsEntry("gone", List.of());
            assertThat(first.rows()).containsOnlyKeys("c1");
            assertThat(first.rows().get("c1"))
                    .startsWith("<details class=\"c\" id=\"c1\" data-n=\"1\" data-e=\"fin\"")
                    .contains(">5<", "FIN by client", "<svg class=\"s\">")
                    .doesNotContain("class=\"k\"", "first");
            assertThat(first.texts().get("facts"))
                    .contains("echo on 127.0.0.1:" + server.port(), "accepts connects", "0 open; 1 accepted")
                    .contains("<dt>Plan</dt><dd>none</dd>", "1 FIN by client");
            assertThat(first.texts().get("options")).contains("<dt>bufferSize</dt><dd>64KiB</dd>");

            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "more");
                Update next = Update.next(events);
                while (!next.rows().getOrDefault("c2", "").contains(">4<span class=\"v\"> bytes to the client")) {
                    assertThat(next.json()).containsEntry("first", false);
                    assertThat(next.rows()).as("the other has not changed").doesNotContainKey("c1");
                    next = Update.next(events);
                }
                assertThat(next.rows().get("c2")).contains("data-e=\"open\"");
            }
        }
    }

    @Test
    void stateOfServerChangesHeadAlone() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            Update.next(events);
            server.refuse();
            Update refused = Update.next(events);
            assertThat(refused.json()).containsEntry("state", "refusing").containsEntry("rows", List.of());
            assertThat(refused.texts()).containsOnlyKeys("facts", "log");
            assertThat(refused.texts().get("facts")).contains("refuses connects");
            assertThat((List<?>) refused.json().get("done")).hasSize(1);

            server.setFaults(FaultPlan.parse("reset after 4"));
            Update planned = Update.next(events);
            assertThat(planned.json()).containsEntry("faults", "reset after 4");
            assertThat(planned.texts().get("facts")).contains("<dt>Plan</dt><dd>reset after 4</dd>");
        }
    }

    @Test
    void lastMessageSaysThatServerHasClosed() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            Update last = Update.next(events);
            server.close();
            for (HttpPeer.Events.Message next = events.next(); next != null; next = events.next()) {
                last = new Update(next.json());
            }
            assertThat(last.json()).containsEntry("state", "closed");
        }
    }

    @Test
    void forgottenConnectionsAreGone() throws Exception {
        converse("one");
        converse("two");
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            assertThat(Update.next(events).rows()).containsOnlyKeys("c1", "c2");
            peer.send("DELETE", "/servers/default/recording", null);
            Update after = Update.next(events);
            assertThat(after.json()).containsEntry("gone", List.of("c1", "c2"));
            assertThat(after.texts().get("notes")).contains("2 connections are forgotten on request.");
        }
    }

    /** It has no number to ask for its conversation with. */
    @Test
    void rejectedConnectionComesWithItsConversation() throws Exception {
        start(EchoServer.builder().maxConnections(1));
        try (Socket first = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(first, "x");
            try (Socket second = PlainSockets.connect(server.address())) {
                assertThat(second.isConnected()).isTrue();
            } catch (SocketException reset) {
                assertThat(reset).hasMessageContaining("reset");
            }
            server.recording().awaitConnections(2).get(1).awaitEnd();
            try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
                Map<String, String> rows = Update.next(events).rows();
                assertThat(rows).containsOnlyKeys("c1", "r1");
                assertThat(rows.get("r1")).contains("data-n=\"0\"", "class=\"k\"", "rejected: RST");
            }
        }
    }

    @Test
    void serverWithoutRecordingSaysSo() throws Exception {
        start(EchoServer.builder().set("recording", "none"));
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            Update first = Update.next(events);
            assertThat(first.rows()).isEmpty();
            assertThat(first.texts().get("notes")).contains("The server does not record.");
        }
        assertThat(peer.get(CONNECTIONS + "/1.html").status()).isEqualTo(409);
        assertThat(peer.get(CONNECTIONS + "?text=x").status()).isEqualTo(409);
    }

    @Test
    void conversationIsThatOfPageOfRecording() throws Exception {
        converse("hello\r\n");
        HttpPeer.Answer answer = peer.get(CONNECTIONS + "/1.html");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
                .containsEntry("content-type", "text/html; charset=utf-8")
                .containsEntry("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
        assertThat(answer.text()).startsWith("<div class=\"k\">").contains("hello<i>\\r<wbr/>\\n</i>");
        StringBuilder page = new StringBuilder();
        server.recording().writePage(page);
        assertThat(page).contains(answer.text());
    }

    @ParameterizedTest
    @CsvSource({
        "/1.html, connection 1 is not kept any more",
        "/9.html, connection 9 has not been accepted; the server has accepted 1 connection",
        "/x.html, 'connection \"x\" is no number; the first accepted one is 1'",
        "/1.txt, 'connection \"1.txt\" is no number; the first accepted one is 1'"
    })
    void conversationThatIsNotThereIsRefused(String path, String error) throws Exception {
        converse("gone");
        peer.send("DELETE", "/servers/default/recording", null);
        HttpPeer.Answer answer = peer.get(CONNECTIONS + path);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.error()).startsWith(error);
    }

    @ParameterizedTest
    @CsvSource({"PING, '1, 3'", "ping%203, 3", "%C3%9C, 2", "fin%20by%20client, '1, 2, 3'", "%0D%0A, 3", "nothing, ''"})
    void findsTextInConversations(String text, String numbers) throws Exception {
        converse("PING 1");
        converse("\u00fcber");
        converse("Ping 3\r\n");
        List<?> found = (List<?>) peer.get(CONNECTIONS + "?text=" + text).json().get("connections");
        assertThat(String.join(", ", found.stream().map(String::valueOf).toList()))
                .isEqualTo(numbers);
    }

    @Test
    void textToFindIsNeeded() throws Exception {
        HttpPeer.Answer answer = peer.get(CONNECTIONS);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error()).isEqualTo("connections needs a text, as in connections?text=PING");
    }

    /** Bytes, a note and a problem are of those who send them; none of them becomes an element or ends one. */
    @Test
    void whatOthersSendBecomesNoMarkup() throws Exception {
        start(EchoServer.builder().script("expect \"HELO\"").warnings(warning -> {}));
        peer.send("POST", "/servers/default/note", ATTACK);
        try (Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(ATTACK.getBytes(UTF_8));
            server.recording().awaitConnections(1).get(0).awaitEnd();
        }
        StringBuilder all = new StringBuilder(peer.get(CONNECTIONS + "/1.html").text());
        try (HttpPeer.Events events = new HttpPeer.Events(peer, PAGE)) {
            Update first = Update.next(events);
            first.texts().forEach((place, html) -> all.append(html));
            first.rows().forEach((name, html) -> all.append(html));
            assertThat(first.texts().get("log")).contains("note: &lt;/script&gt;&lt;img src=x");
            assertThat(first.texts().get("problems")).contains("seen &quot;&lt;/script&gt;&lt;img src=x");
        }
        assertThat(all).contains("&lt;/script&gt;&lt;img").doesNotContain("<img", "</script", "'\"");
    }

    /** It is downloaded; opened in its place it works, but as a page of nowhere. */
    @Test
    void pageOfRecordingMayRunItsOwnScriptOnly() throws Exception {
        assertThat(peer.get("/servers/default/recording.html").headers().get("content-security-policy"))
                .contains("style-src 'sha256-", "script-src 'sha256-")
                .endsWith("; frame-ancestors 'none'; sandbox allow-scripts");
    }
}
