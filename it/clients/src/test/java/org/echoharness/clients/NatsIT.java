package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.Subscription;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * jnats, the client of NATS, with a server that speaks its protocol: INFO, CONNECT, PING, SUB, PUB and MSG. Its
 * documentation says:
 *
 * <ul>
 *   <li>{@link Nats#connect(Options)} throws an {@link IOException} if a networking issue occurs;
 *   <li>{@link Options.Builder#connectionTimeout(Duration)} limits how long a connection attempt waits.
 * </ul>
 */
@Timeout(60)
@SuppressWarnings("try") // the close of a connection throws InterruptedException
class NatsIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(500);

    @Test
    void messageComesBack() throws Exception {
        try (EchoServer server = Scripts.start("nats.echo", "")) {
            try (Connection client = connect(server, LONG)) {
                Subscription subscription = client.subscribe("news");
                client.publish("news", "hello".getBytes(StandardCharsets.UTF_8));
                Message message = subscription.nextMessage(LONG);

                assertThat(message).isNotNull();
                assertThat(message.getData()).asString(StandardCharsets.UTF_8).isEqualTo("hello");
                client.flush(LONG);
            }
            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
        }
    }

    @Test
    void wrongInfoFailsConnect() throws Exception {
        try (EchoServer server = Scripts.startWith("nats.echo", "INFO {", "INFO [")) {
            assertThatThrownBy(() -> connect(server, LONG)).isInstanceOf(IOException.class);

            server.recording().connection(1).awaitEnd();
            assertThat(server.scriptProblems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.toString())
                            .startsWith(
                                    "connection 1, step 2 of 3: expected line \"CONNECT {options}\" within 5s, seen "));
        }
    }

    @Test
    void stallBeforePongFailsConnect() throws Exception {
        try (EchoServer server = Scripts.start("nats.echo", "stall after 2 messages")) {
            assertThatThrownBy(() -> connect(server, SHORT)).isInstanceOf(IOException.class);

            Scripts.assertApplied(server, "stall after 2 messages");
        }
    }

    private static Connection connect(EchoServer server, Duration timeout) throws Exception {
        return Nats.connect(Options.builder()
                .server("nats://127.0.0.1:" + server.port())
                .connectionTimeout(timeout)
                .errorListener(new QuietListener())
                .noReconnect()
                .build());
    }

    /** The default listener prints each error; here they are expected. */
    private static final class QuietListener implements ErrorListener {}
}
