package org.echoharness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.echoharness.script.Framings;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server does when it is controlled through its HTTP interface. */
@Timeout(60)
class ControlsByHttpTest extends ControlledServerTest {

    private static final String SERVER = "/servers/default";

    private Socket client() throws IOException {
        return PlainSockets.connect(server.address());
    }

    private HttpPeer.Answer done(String control) throws IOException {
        HttpPeer.Answer answer = peer.post(SERVER + "/" + control);
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        return answer;
    }

    private Object state() throws IOException {
        return peer.get(SERVER).json().get("state");
    }

    @Test
    void setsFaultsOfLaterConnections() throws IOException {
        try (Socket early = client()) {
            PlainSockets.echoes(early, "x");
            HttpPeer.Answer answer = peer.send("PUT", SERVER + "/faults", "first 1: reset after 4; others: none\n");

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json()).containsEntry("faults", "first 1: reset after 4; others: none");
            PlainSockets.echoes(early, "this one has no fault");
            try (Socket late = client()) {
                late.getOutputStream().write("123456".getBytes(UTF_8));
                assertThatThrownBy(() -> late.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
            }
        }
        assertThat(server.faults()).isEqualTo(FaultPlan.parse("first 1: reset after 4; others: none"));
    }

    @Test
    void setsFaultsOfOpenConnections() throws IOException {
        try (Socket open = client()) {
            PlainSockets.echoes(open, "x");
            assertThat(peer.send("PUT", SERVER + "/faults?open=true", "reset after 4")
                            .status())
                    .isEqualTo(200);
            open.getOutputStream().write("123456".getBytes(UTF_8));

            assertThatThrownBy(() -> open.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void refusesMalformedPlanWithMessageOfParser() throws IOException {
        for (String plan : List.of("rest after 4", "", "reset after", "first 0: reset", "delay 1s 2s")) {
            HttpPeer.Answer answer = peer.send("PUT", SERVER + "/faults", plan);

            assertThat(answer.status()).isEqualTo(400);
            assertThatThrownBy(() -> FaultPlan.parse(plan)).hasMessage(answer.error());
        }
        assertThat(peer.send("PUT", SERVER + "/faults", "to server reset").status())
                .isEqualTo(400);
        assertThat(server.faults()).isEqualTo(FaultPlan.none());
    }

    @Test
    void refusesAndResumes() throws IOException {
        assertThat(done("refuse").json()).containsEntry("state", "refusing");
        assertThatThrownBy(this::client).isInstanceOf(ConnectException.class);
        assertThat(done("resume").json()).containsEntry("state", "accepting");
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, "x");
        }
    }

    @Test
    void refusesForTime() throws Exception {
        done("refuse?time=50ms");
        awaitState("accepting");
        client().close();
    }

    private void awaitState(String state) throws IOException {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, SERVER + "/events")) {
            for (HttpPeer.Events.Message each = events.next(); each != null; each = events.next()) {
                Object seen = each.name().equals("state")
                        ? ((Map<?, ?>) each.json().get("server")).get("state")
                        : each.name().equals("server") ? each.json().get("state") : "";
                if (state.equals(seen)) {
                    return;
                }
            }
        }
    }

    @Test
    void restarts() throws Exception {
        try (Socket open = client()) {
            PlainSockets.echoes(open, "x");
            assertThat(done("restart?time=50ms").json()).containsEntry("open", 0L);
            assertThatThrownBy(() -> open.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        awaitState("accepting");
        client().close();
    }

    @Test
    void leavesConnectsUnanswered() throws IOException {
        HttpPeer.Answer answer = peer.post(SERVER + "/unanswered");
        if (answer.status() == 501) {
            assertThat(answer.error()).startsWith("connects cannot be left unanswered");
            return;
        }
        assertThat(answer.json()).containsEntry("state", "unanswered");
        try (Socket socket = new Socket()) {
            assertThatThrownBy(() -> socket.connect(server.address(), 300)).isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(done("resume").json()).containsEntry("state", "accepting");
        client().close();
    }

    @Test
    void freezesAndUnfreezes() throws IOException {
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, "x");
            assertThat(done("freeze").json()).containsEntry("frozen", true);
            socket.getOutputStream().write('y');
            assertThat(peer.get(SERVER).json()).containsEntry("frozen", true);
            socket.setSoTimeout(100);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            socket.setSoTimeout(30_000);
            assertThat(done("unfreeze").json()).containsEntry("frozen", false);
            assertThat(socket.getInputStream().read()).isEqualTo('y');
        }
    }

    @Test
    void endsAllConnections() throws IOException {
        try (Socket first = client();
                Socket second = client()) {
            PlainSockets.echoes(first, "x");
            PlainSockets.echoes(second, "x");
            assertThat(done("reset").json()).containsEntry("open", 0L);
            assertThatThrownBy(() -> first.getInputStream().read()).hasMessage("Connection reset");
            assertThatThrownBy(() -> second.getInputStream().read()).hasMessage("Connection reset");
        }
        try (Socket third = client()) {
            PlainSockets.echoes(third, "x");
            done("close");
            assertThat(third.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void endsOneConnection() throws IOException {
        try (Socket first = client();
                Socket second = client();
                Socket third = client()) {
            PlainSockets.echoes(first, "x");
            PlainSockets.echoes(second, "x");
            PlainSockets.echoes(third, "x");
            assertThat(done("connections/2/reset").json()).containsEntry("open", 2L);
            assertThatThrownBy(() -> second.getInputStream().read()).hasMessage("Connection reset");
            done("connections/3/close");
            assertThat(third.getInputStream().read()).isEqualTo(-1);
            PlainSockets.echoes(first, "still here");

            HttpPeer.Answer ended = peer.post(SERVER + "/connections/2/reset");
            assertThat(ended.status()).isEqualTo(409);
            assertThat(ended.error()).isEqualTo("connection 2 has ended");
        }
        HttpPeer.Answer unknown = peer.post(SERVER + "/connections/4/reset");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.error())
                .isEqualTo("connection 4 has not been accepted; the server has accepted 3 connections");
        for (String number : List.of("0", "-1", "x", "01", "99999999999999999999")) {
            assertThat(peer.post(SERVER + "/connections/" + number + "/reset").status())
                    .as(number)
                    .isEqualTo(404);
        }
        assertThat(server.recording().connection(2).ending().orElseThrow())
                .hasToString("SERVER RST (resetConnection(2))");
        assertThat(server.recording().connection(3).ending().orElseThrow())
                .hasToString("SERVER FIN (closeConnection(3))");
    }

    @Test
    void sendsBytesOnConnectionOfHandler() throws IOException {
        start(EchoServer.builder().respond(Framings.lines(), line -> "answer"));
        try (Socket socket = client()) {
            byte[] bytes = {0, 1, (byte) 0xFF, '\n'};
            String body = "h\u00e9llo\n";

            assertThat(peer.send("POST", SERVER + "/connections/1/send", body).status())
                    .isEqualTo(200);
            assertThat(socket.getInputStream().readNBytes(7)).isEqualTo(body.getBytes(UTF_8));
            byte[] head = ("POST " + SERVER + "/connections/1/send HTTP/1.1\r\n" + peer.host() + "\r\n"
                            + peer.authorization() + "\r\nContent-Length: 4\r\n\r\n")
                    .getBytes(UTF_8);
            byte[] request = Arrays.copyOf(head, head.length + 4);
            System.arraycopy(bytes, 0, request, head.length, 4);
            assertThat(peer.raw("POST", request).status()).isEqualTo(200);
            assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(bytes);
        }
        assertThat(peer.send("POST", SERVER + "/connections/2/send", "x").status())
                .isEqualTo(404);
    }

    @Test
    void doesNotSendOnEcho() throws IOException {
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, "x");
            HttpPeer.Answer answer = peer.send("POST", SERVER + "/connections/1/send", "x");

            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.error()).contains("the server echoes on it");
        }
    }

    @Test
    void catchesUpAndListsWhatIsLeft() throws IOException {
        start(EchoServer.builder().script("expect line \"A\", send \"B\\n\", expect line \"C\""));
        try (Socket socket = client()) {
            socket.getOutputStream().write("A\n".getBytes(UTF_8));
            HttpPeer.Answer answer = done("catch-up");

            assertThat(answer.json()).containsEntry("caughtUp", true);
            assertThat(answer.text())
                    .contains("\"unfinished\":[{\"connection\":1,\"kind\":\"LEFT_OVER\",\"where\":\"step 3 of 3\"")
                    .contains("\"excused\":false");
            assertThat(server.recording().connection(1).received()).isEqualTo("A\n".getBytes(UTF_8));
            socket.getOutputStream().write("X\n".getBytes(UTF_8));
            done("catch-up");
        }
        assertThat(peer.get(SERVER).text())
                .contains("\"kind\":\"script\"")
                .contains("\"problems\":[{\"connection\":1,\"kind\":\"MISMATCH\",\"where\":\"step 3 of 3\","
                        + "\"expected\":\"line \\\"C\\\"\",\"seen\":\"\\\"X\\\\n\\\"\",\"afterFault\":false,\"excused\":false,"
                        + "\"text\":\"connection 1, step 3 of 3: expected line \\\"C\\\", seen \\\"X\\\\n\\\"\"}]")
                .contains("\"script\":\"expect line \\\"A\\\", send \\\"B\\\\n\\\", expect line \\\"C\\\"\"");
    }

    @Test
    void showsRelay() throws IOException {
        try (EchoServer behind = EchoServer.builder().start()) {
            start(EchoServer.builder().upstream("127.0.0.1:" + behind.port()));

            assertThat(peer.get(SERVER).text())
                    .contains("\"kind\":\"relay\"")
                    .contains("\"upstream\":\"127.0.0.1:" + behind.port()
                            + "\",\"upstreamFailure\":\"reset\",\"upstreamTls\":\"none\","
                            + "\"upstreamProxyProtocol\":\"none\",\"connectTimeout\":\"5s\"");
        }
    }

    @Test
    void optionsCanBeSetAgain() throws IOException {
        start(EchoServer.builder()
                .idleClose(java.time.Duration.ofSeconds(90))
                .maxConnections(3)
                .bufferSize(1000)
                .faults("delay 1ms"));
        Map<?, ?> options = (Map<?, ?>) peer.get(SERVER).json().get("options");
        EchoServer.Builder again = EchoServer.builder();
        options.forEach((word, text) -> again.set(word.toString(), text.toString()));

        try (EchoServer second = again.start()) {
            assertThat(((Map<?, ?>) new HttpPeer(second).get(SERVER).json().get("options")))
                    .isEqualTo(options);
        }
        assertThat(options.toString()).contains("idleTimeout=none, idleClose=90s, ", "bufferSize=1000");
    }

    /** As after an error that ended a thread of the server, before its owner closes it. */
    @Test
    void closedServerIsShownAndControlsNothing() throws IOException {
        server.core().close();

        assertThat(peer.get(SERVER).json()).containsEntry("state", "closed").containsEntry("open", 0L);
        assertThat(peer.get(SERVER + "/recording").json()).containsEntry("over", "it was closed");
        List<String> controls =
                List.of("refuse", "unanswered", "resume", "freeze", "reset", "close", "restart?time=1s", "catch-up");
        for (String control : controls) {
            HttpPeer.Answer answer = peer.post(SERVER + "/" + control);
            assertThat(answer.status()).as("%s", answer).isEqualTo(409);
            assertThat(answer.error()).isEqualTo("the server is not running: it was closed");
        }
        for (String parameter : List.of("", "?open=true")) {
            assertThat(peer.send("PUT", SERVER + "/faults" + parameter, "reset").status())
                    .isEqualTo(409);
        }
        for (String control : List.of("reset", "close", "send")) {
            assertThat(peer.post(SERVER + "/connections/1/" + control).status()).isEqualTo(409);
        }
        try (HttpPeer.Events events = new HttpPeer.Events(peer, SERVER + "/events")) {
            assertThat(events.next().name()).isEqualTo("state");
            assertThat(events.next()).isNull();
        }
    }

    @Test
    void blockedCallbackIsNamed() throws Exception {
        java.util.concurrent.CountDownLatch blocks = new java.util.concurrent.CountDownLatch(1);
        java.util.concurrent.CountDownLatch isIn = new java.util.concurrent.CountDownLatch(1);
        start(EchoServer.builder().respond(Framings.lines(), line -> {
            isIn.countDown();
            org.echoharness.support.Background.await(blocks);
            return line;
        }));
        try (Socket socket = client()) {
            socket.getOutputStream().write("x\n".getBytes(UTF_8));
            org.echoharness.support.Background.await(isIn);
            assertThat(state()).isEqualTo("accepting");
            HttpPeer.Answer answer = peer.post(SERVER + "/freeze");

            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.error()).contains("did not answer within 10s", "Background.await");
        } finally {
            blocks.countDown();
        }
    }
}
