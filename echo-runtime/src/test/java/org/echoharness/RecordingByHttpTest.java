package org.echoharness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.echoharness.json.JsonReader;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The recording of a server, as its HTTP interface shows it. */
@Timeout(60)
class RecordingByHttpTest extends ControlledServerTest {

    private static final String RECORDING = "/servers/default/recording";

    @Test
    void hasEverythingOfRecording() throws Exception {
        converse("héllo");
        server.refuse();
        server.resume();
        RecordedConnection of = server.recording().connection(1);
        List<RecordedEvent> events = of.events();

        Map<String, Object> json = peer.get(RECORDING).json();

        assertThat(json)
                .containsEntry("by", "SERVER")
                .containsEntry("total", 1L)
                .containsEntry("leftOut", 0L)
                .containsEntry("forgotten", 0L)
                .containsEntry("peak", 1L)
                .containsEntry("over", null)
                .containsEntry("applied", List.of());
        assertThat((List<?>) json.get("server"))
                .extracting(each -> ((Map<?, ?>) each).get("text"))
                .isEqualTo(List.of("refuses connects", "accepts connects again"));
        Map<?, ?> connection = (Map<?, ?>) ((List<?>) json.get("connections")).get(0);
        assertThat(connection.keySet().toString())
                .isEqualTo(
                        "[number, local, remote, proxy, accepted, opened, keeps, received, sent, events, eventsLeftOut,"
                                + " eventsBeforeGap, ending, failed, upstream]");
        assertThat(connection.get("number")).isEqualTo(1L);
        assertThat(connection.get("local")).isEqualTo("127.0.0.1:" + server.port());
        assertThat(connection.get("remote"))
                .isEqualTo("127.0.0.1:" + of.remote().getPort());
        assertThat(connection.get("accepted").toString())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z");
        assertThat(connection.get("opened")).isEqualTo(0L);
        assertThat(connection.get("received")).isEqualTo(Map.of("total", 6L, "kept", Map.of("text", "héllo")));
        assertThat(connection.get("sent")).isEqualTo(Map.of("total", 6L, "kept", Map.of("text", "héllo")));
        assertThat(connection.get("ending")).isEqualTo(Map.of("by", "CLIENT", "how", "FIN", "why", ""));
        assertThat(connection.get("failed")).isEqualTo(false);
        assertThat(connection.get("upstream")).isNull();
        assertThat((List<?>) connection.get("events"))
                .isEqualTo(events.stream()
                        .map(event -> Map.of(
                                "kind", event.kind().name(),
                                "after", event.after().toNanos(),
                                "bytes", (long) event.bytes(),
                                "offset", event.offset(),
                                "detail", event.detail()))
                        .toList());
    }

    @Test
    void marksBytesThatAreNoText() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(new byte[] {(byte) 0xFF, 0});
            assertThat(socket.getInputStream().readNBytes(2)).hasSize(2);
        }
        Map<?, ?> connection = (Map<?, ?>) ((List<?>) peer.get(RECORDING).json().get("connections")).get(0);

        assertThat(connection.get("received")).isEqualTo(Map.of("total", 2L, "kept", Map.of("base64", "/wA=")));
    }

    @Test
    void hasBothLegsOfRelay() throws Exception {
        try (EchoServer behind = EchoServer.builder().start()) {
            start(EchoServer.builder().upstream("127.0.0.1:" + behind.port()));
            converse("x");
        }
        Map<?, ?> connection = (Map<?, ?>) ((List<?>) peer.get(RECORDING).json().get("connections")).get(0);
        Map<?, ?> upstream = (Map<?, ?>) connection.get("upstream");

        assertThat(upstream.get("number")).isEqualTo(1L);
        assertThat(upstream.get("received")).isEqualTo(Map.of("total", 1L, "kept", Map.of("text", "x")));
        assertThat(upstream.get("upstream")).isNull();
    }

    @Test
    void waitsForChange() throws Exception {
        converse("one");
        Object changes = peer.get(RECORDING).json().get("changes");
        FutureTask<HttpPeer.Answer> waiting =
                Background.inThread("wait", () -> peer.get(RECORDING + "?after=" + changes + "&wait=60s"));
        FutureTask<HttpPeer.Answer> other =
                Background.inThread("wait", () -> peer.get(RECORDING + "?after=" + changes + "&wait=60s"));
        assertThat(peer.get("/servers").status()).isEqualTo(200);
        converse("two");

        assertThat((Long) Background.result(waiting).json().get("changes")).isGreaterThan((Long) changes);
        assertThat(Background.result(other).json()).containsEntry("total", 2L);
    }

    @Test
    void answersAfterTheWaitWithoutChange() throws Exception {
        Object changes = peer.get(RECORDING).json().get("changes");

        assertThat(peer.get(RECORDING + "?after=" + changes + "&wait=10ms").json())
                .containsEntry("changes", changes);
        assertThat(peer.get(RECORDING + "?after=" + changes).json()).containsEntry("changes", changes);
        assertThat(peer.get(RECORDING + "?after=12345&wait=1m").json()).containsEntry("changes", changes);
    }

    @ParameterizedTest
    @CsvSource({
        "txt, text/plain; charset=utf-8, transcript.txt",
        "html, text/html; charset=utf-8, conversation.html",
        "pcapng, application/x-pcapng, conversation.pcapng",
        "script, text/plain; charset=utf-8, conversation.script"
    })
    void downloadsFiles(String suffix, String type, String name, @TempDir Path folder) throws Exception {
        converse("hello");
        server.recording().writeFiles(folder);

        HttpPeer.Answer answer = peer.get(RECORDING + "." + suffix);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
                .containsEntry("content-type", type)
                .containsEntry("content-disposition", "attachment; filename=\"default." + suffix + "\"");
        assertThat(answer.headers().get("content-security-policy")).startsWith("default-src 'none'");
        assertThat(answer.body()).isEqualTo(Files.readAllBytes(folder.resolve(name)));
    }

    @Test
    void forgetsConnectionsThatEnded() throws Exception {
        converse("one");
        converse("two");
        try (Socket open = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(open, "three");
            assertThat(peer.send("DELETE", RECORDING, null).text()).isEqualTo("{\"forgotten\":2}\n");

            assertThat(peer.get(RECORDING).json())
                    .containsEntry("total", 3L)
                    .containsEntry("forgotten", 2L)
                    .containsEntry("leftOut", 0L);
            assertThat(server.recording().connections())
                    .singleElement()
                    .extracting(RecordedConnection::number)
                    .isEqualTo(3L);
            open.shutdownOutput();
            assertThat(open.getInputStream().read()).isEqualTo(-1);
        }
        server.recording().connection(3).awaitEnd();
        assertThat(server.recording().toScript().toString())
                .isEqualTo("connection 3: expect \"three\", send \"three\", expect fin");
        assertThat(peer.send("DELETE", RECORDING, null).text()).isEqualTo("{\"forgotten\":1}\n");
        assertThat(peer.send("DELETE", RECORDING, null).text()).isEqualTo("{\"forgotten\":0}\n");
    }

    @Test
    void addsNotes() throws Exception {
        try (Socket open = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(open, "x");
            assertThat(peer.send("POST", "/servers/default/note", "the second é\n")
                            .status())
                    .isEqualTo(200);
            assertThat(server.recording().connection(1).transcript()).contains("note: the second é\\n");
        }
    }

    @Test
    void saysThatNothingIsRecorded() throws IOException {
        start(EchoServer.builder().set("recording", "none"));

        assertThat(peer.get("/servers/default").json()).containsEntry("recording", false);
        for (String path : List.of(RECORDING, RECORDING + ".txt")) {
            HttpPeer.Answer answer = peer.get(path);
            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.error()).isEqualTo("the server does not record; start it without recording=none");
        }
        assertThat(peer.send("DELETE", RECORDING, null).status()).isEqualTo(409);
        assertThat(peer.send("POST", "/servers/default/note", "x").status()).isEqualTo(409);
        try (HttpPeer.Events events = new HttpPeer.Events(peer, "/servers/default/events")) {
            assertThat(events.next().json()).containsEntry("recording", null);
            server.freeze();
            assertThat(events.next().json()).containsEntry("frozen", true);
        }
    }

    @Test
    void bytesMatchRecordingUnderLimits() throws Exception {
        start(EchoServer.builder().recording(3, 2));
        converse("one");
        converse("two, longer");
        converse("3");
        Map<String, Object> json = peer.get(RECORDING).json();

        assertThat(json).containsEntry("total", 3L).containsEntry("leftOut", 1L);
        Map<?, ?> second = (Map<?, ?>) ((List<?>) json.get("connections")).get(0);
        assertThat(second.get("received")).isEqualTo(Map.of("total", 11L, "kept", Map.of("text", "two")));
        assertThat(JsonReader.bytes(Map.of("text", "two"))).isEqualTo("two".getBytes(UTF_8));
    }
}
