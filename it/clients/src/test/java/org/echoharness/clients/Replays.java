package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.echoharness.support.Background;

/** Sessions that a relay before a real server records, and that a server without the real one plays again. */
final class Replays {

    /** How often each session is played. */
    private static final int TIMES = 10;

    /** A session of a client. */
    interface Session {
        /** Returns all that the client gets from the server on this port of 127.0.0.1. */
        List<String> on(int port) throws Exception;
    }

    /** What a client got from the real server, and what the relay recorded. */
    record Recorded(List<String> results, Recording recording) {}

    private Replays() {}

    /** Records a session with the real server on this port. */
    static Recorded record(int port, Session session) throws Exception {
        try (EchoServer relay = Relays.before(port).start()) {
            List<String> results = session.on(relay.port());
            assertThat(relay.catchUp(Background.LONGEST)).isTrue();
            for (RecordedConnection connection : relay.recording().connections()) {
                connection.awaitEnd(Background.LONGEST);
                Relays.assertUnchanged(relay, connection.number());
            }
            return new Recorded(results, relay.recording());
        }
    }

    /**
     * Plays a session ten times. Each time the client gets the same results, and each connection has the same bytes as with
     * the real server.
     *
     * @param playing gives the server what it plays
     */
    static void assertSame(Recorded recorded, UnaryOperator<EchoServer.Builder> playing, Session session)
            throws Exception {
        for (int time = 1; time <= TIMES; time++) {
            Recorded played = play(recorded, playing, session);
            assertThat(played.results()).as("time %d", time).isEqualTo(recorded.results());
            for (RecordedConnection connection : recorded.recording().connections()) {
                RecordedConnection again = played.recording().connection(connection.number());
                again.assertReceived(connection.received());
                again.assertSent(connection.sent());
            }
        }
    }

    /**
     * Plays a session ten times, each time with another value. The client gets that value in place of the recorded one, and
     * otherwise the same results.
     */
    static void assertSameButFor(
            String value, Recorded recorded, String script, Supplier<String> others, Function<String, Session> sessions)
            throws Exception {
        for (int time = 1; time <= TIMES; time++) {
            String other = others.get();
            Recorded played = play(recorded, server -> server.script(script), sessions.apply(other));
            assertThat(played.results())
                    .as("time %d, with %s", time, other)
                    .isEqualTo(recorded.results().stream()
                            .map(result -> result.replace(value, other))
                            .toList());
        }
    }

    /**
     * Plays a session once. The client meets all steps of the script on as many connections as with the real server.
     *
     * @param playing gives the server what it plays
     */
    private static Recorded play(Recorded recorded, UnaryOperator<EchoServer.Builder> playing, Session session)
            throws Exception {
        int connections = recorded.recording().connections().size();
        EchoServer.Builder builder = EchoServer.builder().recording(Relays.RECORDED, 100);
        try (EchoServer server = playing.apply(builder).start()) {
            assertThat(server.script().rules()).hasSize(connections);
            assertThat(server.relays()).isFalse();
            List<String> results = session.on(server.port());
            for (RecordedConnection connection : server.recording().awaitConnections(connections, Background.LONGEST)) {
                connection.awaitEnd(Background.LONGEST);
            }
            Scripts.assertMet(server);
            server.recording().assertConnections(connections);
            return new Recorded(results, server.recording());
        }
    }
}
