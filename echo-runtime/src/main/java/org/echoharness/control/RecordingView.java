package org.echoharness.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/**
 * A recording at one moment, and its form in JSON.
 *
 * @param by {@code SERVER}
 * @param total how many connections there were
 * @param leftOut how many are not kept, because there were too many
 * @param forgotten how many were dropped on request
 * @param changes a count that grows with each event
 * @param over why nothing more can come; null while something may
 * @param applied the faults that have taken effect
 * @param log what was done to the server as a whole: the last 256 things
 * @param logLeftOut how many were done before those
 * @param newest the greatest number of a connection so far; 0 without one
 * @param quiet the nanoseconds since something has happened on a connection
 * @param full whether memory was too short to keep all that was to be recorded
 * @param title what the recording is of; empty if nobody said
 * @param faults the text of the plan in force; null if there is none
 * @param openLeftOut the connections that are open and not kept any more
 */
public record RecordingView(
        String by,
        long total,
        long leftOut,
        long forgotten,
        int peak,
        long changes,
        @Nullable String over,
        List<String> applied,
        List<Done> log,
        long logLeftOut,
        long newest,
        long quiet,
        boolean full,
        String title,
        @Nullable String faults,
        List<Connection> connections,
        List<Connection> openLeftOut) {

    /**
     * Something that was done to the server as a whole.
     *
     * @param after nanoseconds since the first connection
     */
    public record Done(long after, String text) {}

    /**
     * One event of a connection.
     *
     * @param kind its name, such as {@code RECEIVED}
     * @param after nanoseconds since the connection was opened
     */
    public record Event(String kind, long after, int bytes, long offset, String detail) {

        void writeTo(JsonWriter json) throws IOException {
            members(json.beginObject());
            json.endObject();
        }

        void members(JsonWriter json) throws IOException {
            json.name("kind")
                    .value(kind)
                    .name("after")
                    .value(after)
                    .name("bytes")
                    .value(bytes)
                    .name("offset")
                    .value(offset)
                    .name("detail")
                    .value(detail);
        }
    }

    /** How a connection ended. */
    public record End(String by, String how, String why) {

        void writeTo(JsonWriter json) throws IOException {
            json.beginObject()
                    .name("by")
                    .value(by)
                    .name("how")
                    .value(how)
                    .name("why")
                    .value(why)
                    .endObject();
        }
    }

    /** One connection, or the one to the server behind a relay. Its content does not change. */
    public interface Connection {

        /** Returns what is the same object in all views of one connection, and another for another. */
        Object key();

        /** Returns 1 for the first that was accepted, and 0 for one that was rejected. */
        long number();

        String local();

        String remote();

        /** Returns the address of the proxy that has sent a header; null if none has come. */
        @Nullable
        String proxy();

        /** Returns the time of the accept, such as {@code 2026-11-27T07:00:00.123456789Z}. */
        String accepted();

        /** Returns the nanoseconds since the first connection. */
        long opened();

        long receivedTotal();

        ByteBuffer received();

        long sentTotal();

        ByteBuffer sent();

        /** Returns the most bytes of each direction that are kept. */
        int keeps();

        /** Returns how many events are kept. */
        int eventCount();

        /** Returns how many of them come before the first that was left out; all of them if none was. */
        int eventsBeforeGap();

        /** Returns the kept events without the first ones. */
        List<Event> events(int from);

        long eventsLeftOut();

        /** Returns the kept bytes of an event. */
        ByteBuffer payload(Event event);

        @Nullable
        End end();

        boolean failed();

        /** Returns the connection to the server behind a relay, or null. */
        @Nullable
        Connection upstream();
    }

    /** Returns the connections that one of these words stands for: {@code all}, {@code open}, {@code none}, or a number. */
    private List<Connection> selected(String which) {
        List<Connection> known = new ArrayList<>(which.equals("all") ? List.of() : openLeftOut);
        known.addAll(connections);
        return switch (which) {
            case "all" -> known;
            case "none" -> List.of();
            case "open" -> known.stream().filter(each -> each.end() == null).toList();
            default ->
                known.stream().filter(each -> which.equals("" + each.number())).toList();
        };
    }

    void writeTo(JsonWriter json) throws IOException {
        writeTo("all", json);
    }

    /** @param which {@code all}, {@code open}, {@code none}, or the number of a connection */
    void writeTo(String which, JsonWriter json) throws IOException {
        json.beginObject().name("by").value(by);
        sums(json);
        json.name("newest")
                .value(newest)
                .name("changes")
                .value(changes)
                .name("quiet")
                .value(quiet)
                .name("over")
                .value(over)
                .name("full")
                .value(full)
                .name("title")
                .value(title)
                .name("faults")
                .value(faults)
                .name("applied")
                .values(applied);
        json.name("server").beginArray();
        for (Done each : log) {
            json.beginObject()
                    .name("after")
                    .value(each.after())
                    .name("text")
                    .value(each.text())
                    .endObject();
        }
        json.endArray().name("serverLeftOut").value(logLeftOut);
        json.name("openLeftOut").beginArray();
        for (Connection each : openLeftOut) {
            json.value(each.number());
        }
        json.endArray().name("connections").beginArray();
        for (Connection each : selected(which)) {
            write(each, json);
        }
        json.endArray().endObject();
    }

    /** Writes the numbers of connections. */
    void sums(JsonWriter json) throws IOException {
        json.name("total")
                .value(total)
                .name("leftOut")
                .value(leftOut)
                .name("forgotten")
                .value(forgotten)
                .name("peak")
                .value(peak);
    }

    private static void write(Connection of, JsonWriter json) throws IOException {
        head(of, json.beginObject());
        kept("received", of.receivedTotal(), of.received(), json);
        kept("sent", of.sentTotal(), of.sent(), json);
        json.name("events").beginArray();
        for (Event each : of.events(0)) {
            each.writeTo(json);
        }
        json.endArray().name("eventsLeftOut").value(of.eventsLeftOut());
        json.name("eventsBeforeGap").value(of.eventsBeforeGap());
        tail(of, json);
        json.name("upstream");
        Connection upstream = of.upstream();
        if (upstream == null) {
            json.value(null);
        } else {
            write(upstream, json);
        }
        json.endObject();
    }

    /** Writes what is known at the beginning of a connection. */
    static void head(Connection of, JsonWriter json) throws IOException {
        json.name("number")
                .value(of.number())
                .name("local")
                .value(of.local())
                .name("remote")
                .value(of.remote())
                .name("proxy")
                .value(of.proxy())
                .name("accepted")
                .value(of.accepted())
                .name("opened")
                .value(of.opened())
                .name("keeps")
                .value(of.keeps());
    }

    /** Writes what is known at its end. */
    static void tail(Connection of, JsonWriter json) throws IOException {
        json.name("ending");
        End end = of.end();
        if (end == null) {
            json.value(null);
        } else {
            end.writeTo(json);
        }
        json.name("failed").value(of.failed());
    }

    private static void kept(String name, long total, ByteBuffer bytes, JsonWriter json) throws IOException {
        json.name(name).beginObject().name("total").value(total).name("kept").bytes(bytes);
        json.endObject();
    }
}
