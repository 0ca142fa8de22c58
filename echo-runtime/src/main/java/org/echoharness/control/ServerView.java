package org.echoharness.control;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.echoharness.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/**
 * The state of a server at one moment, and its form in JSON.
 *
 * @param state {@code accepting}, {@code refusing}, {@code unanswered} or {@code closed}
 * @param kind {@code echo}, {@code script}, {@code handler} or {@code relay}
 * @param startsInClear whether connections begin without TLS, although the server has the option {@code tls}
 * @param accepted how many connections have a number
 * @param counters the numbers of connections by their names
 * @param open how many connections are open
 * @param faults the text of the plan in force
 * @param options the text of each option by its word
 * @param failure why the server closed by itself; null otherwise
 * @param recording whether it records
 */
public record ServerView(
        String state,
        boolean frozen,
        String kind,
        boolean startsInClear,
        List<String> addresses,
        long accepted,
        Map<String, Long> counters,
        int open,
        String faults,
        Map<String, String> options,
        @Nullable String failure,
        List<Problem> problems,
        long problemsLeftOut,
        boolean recording) {

    /** What went wrong between a script or a handler and a client. */
    public record Problem(
            long connection,
            String kind,
            String where,
            String expected,
            String seen,
            boolean afterFault,
            boolean excused,
            String text) {

        void writeTo(JsonWriter json) throws IOException {
            json.beginObject()
                    .name("connection")
                    .value(connection)
                    .name("kind")
                    .value(kind)
                    .name("where")
                    .value(where)
                    .name("expected")
                    .value(expected)
                    .name("seen")
                    .value(seen)
                    .name("afterFault")
                    .value(afterFault)
                    .name("excused")
                    .value(excused)
                    .name("text")
                    .value(text)
                    .endObject();
        }
    }

    void writeTo(String id, JsonWriter json) throws IOException {
        json.beginObject()
                .name("id")
                .value(id)
                .name("state")
                .value(state)
                .name("frozen")
                .value(frozen)
                .name("kind")
                .value(kind)
                .name("startsInClear")
                .value(startsInClear)
                .name("addresses")
                .values(addresses);
        json.name("counters").beginObject();
        for (Map.Entry<String, Long> each : counters.entrySet()) {
            json.name(each.getKey()).value(each.getValue());
        }
        json.endObject()
                .name("open")
                .value(open)
                .name("faults")
                .value(faults)
                .name("options")
                .values(options)
                .name("failure")
                .value(failure);
        json.name("problems");
        write(problems, json);
        json.name("problemsLeftOut")
                .value(problemsLeftOut)
                .name("recording")
                .value(recording)
                .endObject();
    }

    static void write(List<Problem> problems, JsonWriter json) throws IOException {
        json.beginArray();
        for (Problem each : problems) {
            each.writeTo(json);
        }
        json.endArray();
    }
}
