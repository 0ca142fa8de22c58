package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.FaultPlan;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests to the HTTP interface of a server. Each is answered or its connection is closed; no answer has the status 500; and
 * others are served. An input is the first line and the body of a proper request, or with a {@code !} before it a whole
 * request, in which HOST and TOKEN stand for those of the server.
 */
class ControlRequestsFuzz {

    private static final int CHECKED = 16; // requests until others are looked at
    private static final int IMPATIENT = 50; // milliseconds, for answers that may never end
    private static final Pattern WAITS = Pattern.compile("wait|time|events|page|sessions");
    private static final int ATTEMPTS = 20;
    private static final Pattern SESSION = Pattern.compile("\"id\":\"(default~\\d+)\"");
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) .*", Pattern.DOTALL);
    private static final byte[] MESSAGE = "still here".getBytes(StandardCharsets.US_ASCII);

    @AutoClose
    private static EchoServer server;

    /** So that there is a connection to ask for. */
    @AutoClose
    private static EchoClient open;

    private static URI uri;
    private static String token;
    private static int inputs;

    static Stream<Arguments> seeds() {
        String server = "/servers/default";
        String chunked = "Authorization: Bearer TOKEN\r\nTransfer-Encoding: chunked";
        return Inputs.seeds(
                "GET /servers",
                "GET /",
                "HEAD " + server,
                "PUT " + server + "/faults?open=true\nreset after 4; others: none",
                "POST " + server + "/restart?time=1ms",
                "POST " + server + "/catch-up?time=1s",
                "POST " + server + "/accept-pending",
                "POST " + server + "/refuse?time=10ms",
                "POST " + server + "/unanswered",
                "POST " + server + "/resume",
                "POST " + server + "/freeze",
                "POST " + server + "/unfreeze",
                "POST " + server + "/reset",
                "POST " + server + "/close",
                "GET " + server + "/unfinished",
                "POST " + server + "/note\n\u00e4\0",
                "POST " + server + "/title\na title",
                "GET " + server + "/certificate",
                "GET " + server + "/connections?text=a%00%ff",
                "GET " + server + "/connections/1.html",
                "GET " + server + "/connections/1",
                "POST " + server + "/connections/1/send\nbytes",
                "POST " + server + "/connections/1/half-close",
                "POST " + server + "/connections/1/start-tls?time=1s",
                "POST " + server + "/connections/1/reset",
                "POST " + server
                        + "/sessions?wait=1s\n{\"script\":\"echo\",\"bufferSize\":\"16\",\"faults\":\"delay 1ms\"}",
                "POST " + server + "/sessions\n{\"tls\":\"none\",\"a\":[1,-2.5e3,true,null,\"\\u00e4\\n\"]}",
                "GET " + server + "/recording?after=1&wait=1s&connections=open",
                "GET " + server + "/recording",
                "DELETE " + server + "/recording",
                "GET " + server + "/recording.pcapng",
                "GET " + server + "/recording.html",
                "GET " + server + "/recording.txt",
                "GET " + server + "/recording.script",
                "GET " + server + "/events",
                "GET " + server + "/page",
                whole("GET /servers", "Authorization: Bearer TOKEN", ""),
                whole("GET /servers", "Origin: http://HOST\r\nAuthorization: Bearer x", ""),
                whole("PUT " + server + "/faults", chunked, "4\r\nnone\r\n0\r\n\r\n"),
                whole("PUT " + server + "/faults", chunked, "ffffffffffffffff\r\nnone\r\n0\r\n\r\n"),
                whole("PUT " + server + "/faults", chunked, "ffffffffffff\r\nnone\r\n0\r\n\r\n"),
                whole("POST http://HOST" + server + "/note", "Content-Length: 70000\r\nExpect: 100-continue", "abc"));
    }

    private static String whole(String start, String headers, String body) {
        return "!" + start + " HTTP/1.1\r\nHost: HOST\r\n" + headers + "\r\n\r\n" + body;
    }

    @BeforeAll
    static void start() throws IOException {
        HostilePeer.watchThreads();
        // With java -ea, an assertion of JDK 17 about the size of a chunk ends the thread of the JDK's server.
        ClassLoader.getPlatformClassLoader().setPackageAssertionStatus("sun.net.httpserver", false);
        server = EchoServer.builder()
                .control("127.0.0.1:0")
                .recording(1_024, 50)
                .conversation(HostilePeer::checkLine)
                .warnings(HostilePeer::checkLine)
                .start();
        uri = server.controlUri().orElseThrow();
        token = server.controlToken().orElseThrow();
        open = EchoClient.connect(server.socketAddress());
        open.expectEcho(MESSAGE);
    }

    @MethodSource("seeds")
    @FuzzTest
    void request(byte[] input) throws IOException {
        String text = Inputs.latin1(input);
        String request = text.startsWith("!")
                ? text.substring(1).replace("HOST", uri.getAuthority()).replace("TOKEN", token)
                : proper(text);
        byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
        boolean mayWait = WAITS.matcher(request).find();
        try (Socket socket = PlainSockets.connect(PlainSockets.loopback(uri.getPort()))) {
            if (mayWait) {
                socket.setSoTimeout(IMPATIENT);
            }
            HostilePeer.send(socket, bytes, 0, bytes.length + 1);
            assertAnswer(mayWait ? begin(socket) : HostilePeer.readToEnd(socket));
        }
        HostilePeer.assertSound();
        if (++inputs % CHECKED == 1) {
            assertServes();
        }
    }

    private static String proper(String text) {
        int end = text.indexOf('\n');
        String body = end < 0 ? "" : text.substring(end + 1);
        return (end < 0 ? text : text.substring(0, end)) + " HTTP/1.1\r\nHost: " + uri.getAuthority()
                + "\r\nAuthorization: Bearer " + token + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /** Reads what an answer begins with, if it comes soon. */
    private static byte[] begin(Socket socket) throws IOException {
        try {
            return socket.getInputStream().readNBytes(20);
        } catch (SocketTimeoutException waits) {
            return new byte[0];
        } finally {
            PlainSockets.reset(socket);
        }
    }

    private static void assertAnswer(byte[] answer) {
        if (answer.length > 12) {
            Matcher status = STATUS.matcher(Inputs.latin1(answer));
            assertThat(status.matches()).as(Inputs.latin1(answer)).isTrue();
            assertThat(status.group(1)).as(Inputs.latin1(answer)).isNotEqualTo("500");
        }
    }

    private static void assertServes() throws IOException {
        assertThat(answer("GET /servers/default")).startsWith("HTTP/1.1 200 ").contains("\"id\":\"default\"");
        server.setFaults(FaultPlan.none());
        server.unfreeze();
        server.resume();
        boolean hasEchoed = false;
        for (int i = 0; !hasEchoed; i++) {
            hasEchoed = echoes(i == ATTEMPTS);
        }
        assertThat(server.failure()).isEmpty();
        Inputs.assertShown(server.recording().transcript().replace("\n", ""));
    }

    /** Ends the sessions, which take the connections of the server, and returns whether the server echoes. */
    private static boolean echoes(boolean isLast) throws IOException {
        Matcher session = SESSION.matcher(answer("GET /servers"));
        while (session.find()) {
            assertThat(answer("DELETE /servers/" + session.group(1))).startsWith("HTTP/1.1 ");
        }
        try (EchoClient other = EchoClient.builder()
                .address(server.socketAddress())
                .readTimeout(Duration.ofSeconds(60))
                .connect()) {
            other.expectEcho(MESSAGE);
            return true;
        } catch (SocketException ofSession) { // one has begun, and has ended with its connections
            if (isLast) {
                throw ofSession;
            }
            return false;
        }
    }

    private static String answer(String request) throws IOException {
        try (Socket socket = PlainSockets.connect(PlainSockets.loopback(uri.getPort()))) {
            byte[] bytes = proper(request).getBytes(StandardCharsets.ISO_8859_1);
            HostilePeer.send(socket, bytes, 0, bytes.length);
            return Inputs.latin1(HostilePeer.readToEnd(socket));
        }
    }
}
