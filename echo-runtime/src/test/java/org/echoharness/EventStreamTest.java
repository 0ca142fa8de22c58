package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server-sent events of a server. */
@Timeout(60)
class EventStreamTest extends ControlledServerTest {

    private static final String EVENTS = "/servers/default/events";

    private static List<HttpPeer.Events.Message> until(HttpPeer.Events events, String name) throws IOException {
        List<HttpPeer.Events.Message> all = new ArrayList<>();
        do {
            all.add(events.next());
        } while (!all.get(all.size() - 1).name().equals(name));
        return all;
    }

    @Test
    void beginsWithStateSoFar() throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "early");
        }
        server.recording().connection(1).awaitEnd();
        try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS)) {
            HttpPeer.Events.Message first = events.next();

            assertThat(first.name()).isEqualTo("state");
            assertThat(first.id()).isEqualTo("1");
            assertThat(first.json().get("server"))
                    .isEqualTo(peer.get("/servers/default").json());
            assertThat(withoutQuiet(first.json().get("recording")))
                    .isEqualTo(
                            withoutQuiet(peer.get("/servers/default/recording").json()));
        }
    }

    /** The time since the last event goes on. */
    private static Map<Object, Object> withoutQuiet(Object recording) {
        Map<Object, Object> rest = new HashMap<>((Map<?, ?>) recording);
        assertThat((Long) rest.remove("quiet")).isPositive();
        return rest;
    }

    @Test
    void reportsConnectionFromItsBeginningToItsEnd() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS)) {
            events.await("state");
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "héllo");
                socket.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            List<HttpPeer.Events.Message> all = until(events, "end");

            assertThat(all)
                    .filteredOn(each -> !List.of("server", "recording").contains(each.name()))
                    .extracting(HttpPeer.Events.Message::name)
                    .containsExactly("connection", "accepted", "bytes", "bytes", "fin", "fin", "end");
            assertThat(all).allSatisfy(each -> {
                if (!List.of("server", "recording").contains(each.name())) {
                    assertThat(each.json()).containsEntry("connection", 1L).containsEntry("leg", "client");
                }
            });
            Map<?, ?> bytes = (Map<?, ?>) all.stream()
                    .filter(each -> each.name().equals("bytes"))
                    .findFirst()
                    .orElseThrow()
                    .json()
                    .get("event");
            assertThat(bytes.get("kind")).isEqualTo("RECEIVED");
            assertThat(bytes.get("bytes")).isEqualTo(6L);
            assertThat(bytes.get("kept")).isEqualTo(Map.of("text", "héllo"));
            assertThat(all.get(all.size() - 1).json())
                    .containsEntry("ending", Map.of("by", "CLIENT", "how", "FIN", "why", ""))
                    .containsEntry("received", 6L)
                    .containsEntry("sent", 6L);
        }
    }

    @Test
    void reportsStateFaultsAndCounters() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS)) {
            events.await("state");
            server.refuse();
            assertThat(events.await("server").json()).containsEntry("state", "refusing");
            server.resume();
            assertThat(events.await("server").json()).containsEntry("state", "accepting");
            server.setFaults(FaultPlan.parse("delay 1ms"));
            assertThat(events.await("server").json()).containsEntry("faults", "delay 1ms");
            PlainSockets.connect(server.address()).close();
            assertThat(events.await("recording").json()).containsEntry("total", 1L);
        }
    }

    @Test
    void reportsFaultsNotesAndBothLegs() throws Exception {
        try (EchoServer behind = EchoServer.builder().start()) {
            start(EchoServer.builder().upstream("127.0.0.1:" + behind.port()).faults("delay 1ms"));
            try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS);
                    Socket socket = PlainSockets.connect(server.address())) {
                events.await("state");
                PlainSockets.echoes(socket, "x");
                server.recording().note("here");
                assertThat(events.await("note").json().get("event").toString()).contains("detail=here");
                PlainSockets.echoes(socket, "y");
                socket.shutdownOutput();
                List<HttpPeer.Events.Message> all = until(events, "end");
                assertThat(all).anyMatch(each -> each.data().contains("\"leg\":\"upstream\""));
            }
        }
    }

    @Test
    void hasEveryEventOfManyConnections() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS)) {
            events.await("state");
            for (int i = 0; i < 200; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "message " + i);
                }
            }
            List<Object> seen = new ArrayList<>();
            for (int ends = 0; ends < 200; ) {
                HttpPeer.Events.Message message = events.next();
                ends += message.name().equals("end") ? 1 : 0;
                if (message.data().contains("RECEIVED")) {
                    seen.add(((Map<?, ?>) ((Map<?, ?>) message.json().get("event")).get("kept")).get("text"));
                }
            }
            assertThat(seen).hasSize(200).startsWith("message 0", "message 1").endsWith("message 199");
        }
    }

    @Test
    void endsWithServer() throws Exception {
        try (HttpPeer.Events events = new HttpPeer.Events(peer, EVENTS)) {
            events.await("state");
            server.close();

            assertThat(events.await("server").json()).containsEntry("state", "closed");
            assertThat(events.next()).isNull();
        }
    }

    @Test
    void limitsStreams() throws Exception {
        List<HttpPeer.Events> open = new ArrayList<>();
        try {
            for (int i = 0; i < 32; i++) {
                open.add(new HttpPeer.Events(peer, EVENTS));
                open.get(i).await("state");
            }
            HttpPeer.Answer answer = peer.get(EVENTS);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.error()).isEqualTo("there are too many event streams; end some of them");
            assertThat(peer.get("/servers").status()).isEqualTo(200);
            server.freeze();
            for (HttpPeer.Events each : open) {
                assertThat(each.await("server").json()).containsEntry("frozen", true);
            }
        } finally {
            for (HttpPeer.Events each : open) {
                each.close();
            }
        }
    }
}
