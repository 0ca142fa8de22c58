package org.echoharness.control;

import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.echoharness.json.JsonReader;
import org.echoharness.json.JsonWriter;
import org.echoharness.text.Escaping;

/**
 * The answer to a request that starts a session of a server: what the session is, and then an empty line from time to time,
 * until the session ends. The session ends with the connection of the client. The thread of the stream calls it.
 */
final class SessionStream {

    /** How soon the end of the client is noticed: after two of these times at the latest. */
    private static final Duration LONGEST_BEAT = Duration.ofSeconds(2);

    private final ControlledServer host;
    private final Function<String, ControlledServer> servers;
    private final Duration beat;

    /** @param servers finds the server of an ID */
    SessionStream(ControlledServer host, Function<String, ControlledServer> servers, Duration beat) {
        this.host = host;
        this.servers = servers;
        this.beat = beat.compareTo(LONGEST_BEAT) < 0 ? beat : LONGEST_BEAT;
    }

    /** Reads the options from the body of the request: none, or an object of texts. */
    static Map<String, String> options(String body) {
        if (body.isBlank()) {
            return Map.of();
        }
        Map<String, String> options = new LinkedHashMap<>();
        if (!(JsonReader.read(body, ControlLimits.BODY) instanceof Map<?, ?> members)) {
            throw wrong(body);
        }
        members.forEach((word, text) -> {
            if (!(text instanceof String value)) {
                throw wrong(body);
            }
            options.put(String.valueOf(word), value);
        });
        return options;
    }

    private static RefusedRequestException wrong(String body) {
        return new RefusedRequestException(
                400,
                "the body (" + Escaping.escape(Escaping.cut(body))
                        + ") must be a JSON object with options and their values as texts, such as {\"faults\":\"reset after 4\"}");
    }

    /** Starts the session, and holds it until it or the client ends. */
    void run(Map<String, String> options, Duration timeout, ControlRequest request)
            throws IOException, InterruptedException {
        String id = host.openSession(options, timeout);
        ControlledServer session = servers.apply(id);
        try (Writer out = request.answer("application/json")) {
            session.view().writeTo(id, new JsonWriter(out));
            do {
                out.write('\n');
                out.flush();
            } while (!session.awaitClose(beat));
        } finally {
            session.endSession();
        }
    }
}
