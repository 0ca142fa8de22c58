package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.support.Background;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers to a client of the HTTP interface from something that is no server of this project. The client uses them, or says
 * what is wrong. An input is the JSON of an answer, or with a {@code !} before it the whole answer.
 */
class ControlAnswersFuzz {

    private static final int HEAD = 20; // bytes of a request that the server waits for

    @AutoClose
    private static HostileServer server;

    static Stream<Arguments> seeds() throws IOException {
        String json = realAnswer();
        return Inputs.seeds(
                json,
                "{\"servers\":[]}",
                json.replace("\"default\"", "\"a\\u001b\""),
                json.replace("\"servers\":[", "\"servers\":[{\"id\":\"a\\u001b\"},"),
                "{\"error\":\"\\u00e4\\ud83d\\ude00 \\\\ \\/ \\b\\f\\n\\r\\t\",\"a\":[1,-2.5e+3,true,false,null,{}]}",
                "!HTTP/1.1 200 OK\r\nContent-Length: " + json.length() + "\r\n\r\n" + json,
                "!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                "!HTTP/1.1 401 Unauthorized\r\nContent-Length: 14\r\n\r\n{\"error\":\"no\"}",
                "!HTTP/1.1 400 Bad\r\nContent-Length: 20\r\n\r\n{\"error\":\"a\\u001bb\"}",
                "!HTTP/1.1 400 Bad\r\nContent-Length: 12\r\n\r\n{\"error\":\"\"}",
                "!HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 500 \r\n\r\nx",
                "!SSH-2.0-OpenSSH\r\n");
    }

    /** Returns one answer for all requests: the members of the list of servers, of a server and of its recording. */
    private static String realAnswer() throws IOException {
        try (EchoServer real = EchoServer.builder()
                .control("127.0.0.1:0")
                .script("answer { line \"PING\" -> send \"PONG\\r\\n\" }")
                .recording(64, 8)
                .start()) {
            try (EchoClient client = EchoClient.connect(real.socketAddress())) {
                client.expectEcho(
                        "PING\n".getBytes(StandardCharsets.US_ASCII), "PONG\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            real.catchUp(Background.LONGEST);
            String servers = members(real, "/servers");
            String of = members(real, "/servers/default");
            return "{" + servers + "," + of + "," + members(real, "/servers/default/recording") + "}";
        }
    }

    /** Returns the members of the object that is the answer to a request. */
    private static String members(EchoServer real, String path) throws IOException {
        URI uri = real.controlUri().orElseThrow().resolve(path);
        URLConnection request = uri.toURL().openConnection();
        request.setRequestProperty(
                "Authorization", "Bearer " + real.controlToken().orElseThrow());
        request.setReadTimeout((int) Background.LONGEST.toMillis());
        try (InputStream in = request.getInputStream()) {
            String json = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
            return json.substring(1, json.length() - 1);
        }
    }

    @BeforeAll
    static void start() throws IOException {
        server = new HostileServer(HEAD);
    }

    @MethodSource("seeds")
    @FuzzTest
    void answer(byte[] input) {
        server.answer(input.length > 0 && input[0] == '!' ? Inputs.rest(input, 1) : proper(input));
        try (EchoServer remote =
                EchoServer.connect(URI.create("http://127.0.0.1:" + server.port() + "/"), "0123456789abcdef")) {
            Inputs.assertShown(remote.toString());
            assertThat(remote.faults()).isNotNull();
            assertThat(remote.counters()).isNotNull();
            assertThat(remote.scriptProblems()).isNotNull();
            Inputs.assertShown(remote.recording().transcript().replace("\n", ""));
            for (RecordedConnection connection : remote.recording().connections()) {
                assertThat(connection.events()).isNotNull();
                Inputs.assertShown(connection.hexDump().replace("\n", ""));
            }
        } catch (IOException
                | IllegalArgumentException
                | IllegalStateException
                | UncheckedIOException
                | UnsupportedOperationException refused) {
            String message = refused.getMessage();
            assertThat(message).as("%s", refused).isNotBlank();
            Inputs.assertShown(message);
        }
    }

    private static byte[] proper(byte[] json) {
        byte[] head =
                ("HTTP/1.1 200 OK\r\nContent-Length: " + json.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        return Inputs.joined(head, json);
    }
}
