package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The HTTP interface and its server do not disturb each other, and end together. */
@Timeout(60)
class ControlBesideEchoTest {

    @Test
    void thousandRequestsAtOnceAreAnsweredBesideEcho() throws Exception {
        try (EchoServer server = EchoServer.builder().control("127.0.0.1:0").start()) {
            HttpPeer peer = new HttpPeer(server);
            AtomicBoolean isOver = new AtomicBoolean();
            CountDownLatch echoes = new CountDownLatch(100);
            FutureTask<Long> load = Background.inThread("load", () -> {
                long count = 0;
                try (EchoClient client = EchoClient.connect(server.address())) {
                    for (; !isOver.get(); count++) {
                        client.expectEcho(("message " + count).getBytes(ISO_8859_1));
                        echoes.countDown();
                    }
                }
                return count;
            });
            Background.await(echoes);
            List<Socket> sockets = new ArrayList<>();
            try {
                for (int i = 0; i < 1_000; i++) {
                    sockets.add(peer.connect());
                }
                byte[][] requests = new byte[4][];
                String[] starts = {"GET /servers/default", "GET /servers/none", "POST /servers/default/resume", "GET /"
                };
                for (int i = 0; i < 4; i++) {
                    String request = starts[i] + " HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization()
                            + "\r\nContent-Length: 0\r\n\r\n";
                    requests[i] = request.getBytes(ISO_8859_1);
                }
                for (int i = 0; i < sockets.size(); i++) {
                    sockets.get(i).getOutputStream().write(requests[i % 4]);
                }
                for (int i = 0; i < sockets.size(); i++) {
                    HttpPeer.Answer answer = HttpPeer.read(sockets.get(i).getInputStream(), false);
                    assertThat(answer.status()).as("%s", answer).isEqualTo(i % 4 == 1 ? 404 : 200);
                    assertThat(answer.text())
                            .startsWith(i % 4 == 3 ? "<!DOCTYPE html>" : "{")
                            .endsWith("\n");
                }
            } finally {
                for (Socket each : sockets) {
                    each.close();
                }
                isOver.set(true);
            }
            assertThat(Background.result(load)).isGreaterThan(100);
            assertThat(server.counters().accepted()).isEqualTo(1);
        }
    }

    @Test
    void closeFreesPortAlsoWhileRequestsAreUnderWay() throws Exception {
        for (int i = 0; i < 20; i++) {
            EchoServer server = EchoServer.builder().control("127.0.0.1:0").start();
            HttpPeer peer = new HttpPeer(server);
            int port = server.controlUri().orElseThrow().getPort();
            try (HttpPeer.Events events = new HttpPeer.Events(peer, "/servers/default/events")) {
                events.await("state");
                server.close();
                PlainSockets.listen(port).close();
                PlainSockets.listen(server.port()).close();
            }
            assertThatThrownBy(peer::connect).isInstanceOf(IOException.class);
        }
    }

    @Test
    void callbackOnThreadOfInterfaceMayCloseServer() throws Exception {
        AtomicReference<EchoServer> started = new AtomicReference<>();
        CountDownLatch closed = new CountDownLatch(1);
        try (EchoServer server = EchoServer.builder()
                .control("127.0.0.1:0")
                .warnings(line -> {
                    started.get().close();
                    closed.countDown();
                })
                .start()) {
            started.set(server);
            HttpPeer peer = new HttpPeer(server);
            try {
                peer.send("PUT", "/servers/default/faults", "random 10%: reset");
            } catch (IOException ended) {
                assertThat(server.isRunning()).isFalse(); // with the interface, before it has answered
            }
            Background.await(closed);
            assertThat(server.isRunning()).isFalse();
            assertThatThrownBy(peer::connect).isInstanceOf(IOException.class);
        }
    }

    @Test
    void closedServerStartsNoInterface() throws IOException {
        EchoServer server = EchoServer.builder().control("127.0.0.1:0").build();
        server.close();

        assertThatThrownBy(server::start).isInstanceOf(IllegalStateException.class);
        assertThat(server.controlUri()).isEmpty();
    }
}
