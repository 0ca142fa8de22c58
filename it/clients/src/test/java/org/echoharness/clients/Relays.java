package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.support.Background;

/** Relays before the real servers, and what their recordings say. */
final class Relays {

    /** The bytes of each direction that are recorded. */
    static final int RECORDED = 4 << 20;

    private Relays() {}

    /** A relay to this port, which records all bytes. */
    static EchoServer.Builder before(int port) {
        return EchoServer.builder().upstream("127.0.0.1:" + port).recording(RECORDED, 100);
    }

    /** What a connection received, as text. */
    static String received(RecordedConnection connection) {
        return new String(connection.received(), ISO_8859_1);
    }

    /** What a connection sent, as text. */
    static String sent(RecordedConnection connection) {
        return new String(connection.sent(), ISO_8859_1);
    }

    /** The connection to the real server. */
    static RecordedConnection upstream(RecordedConnection connection) {
        return connection.upstream().orElseThrow();
    }

    /** Asserts that each leg of a connection sent what the other received. */
    static void assertUnchanged(EchoServer relay, long number) {
        assertThat(relay.catchUp(Background.LONGEST)).isTrue();
        RecordedConnection connection = relay.recording().connection(number);
        RecordedConnection upstream = upstream(connection);
        assertThat(connection.received()).hasSize((int) connection.bytesReceived());
        assertThat(connection.sent()).hasSize((int) connection.bytesSent());
        assertThat(upstream.sent()).isEqualTo(connection.received()).isNotEmpty();
        assertThat(connection.sent()).isEqualTo(upstream.received()).isNotEmpty();
    }

    /** Asserts that every write to this side had one byte. */
    static void assertSentByteByByte(RecordedConnection connection) {
        assertThat(connection.events().stream()
                        .filter(event -> event.kind() == RecordedEvent.Kind.SENT)
                        .mapToInt(RecordedEvent::bytes))
                .isNotEmpty()
                .containsOnly(1);
    }
}
