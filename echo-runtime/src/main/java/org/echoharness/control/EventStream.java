package org.echoharness.control;

import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.echoharness.json.JsonWriter;
import org.jspecify.annotations.Nullable;

/**
 * One stream of server-sent events: the state so far, and then what is new. It keeps no queue: it compares the recording with
 * what it has sent, so that a client that reads slowly takes no memory. The thread of the stream calls it.
 */
final class EventStream {

    /** How long changes are gathered, so that a busy server is looked at seldom. */
    private static final Duration GATHERED = Duration.ofMillis(50);

    /** How often the state is looked at, which no event reports. */
    private static final Duration STATE = Duration.ofMillis(250);

    private final String id;
    private final ControlledServer server;
    private final RequestThreads threads;
    private final Duration beat;
    private final Writer out;
    private long sent; // messages
    private Map<Object, Progress> progress = new HashMap<>();
    private String lastServer = "";
    private String lastSums = "";

    /** What was sent of one connection. */
    private static final class Progress {
        private int events;
        private int held; // how many events there were when notes at the end were held back
        private boolean hasEnded;
        private String remote = "";
        private @Nullable Progress upstream;
    }

    EventStream(String id, ControlledServer server, RequestThreads threads, Duration beat, Writer out) {
        this.id = id;
        this.server = server;
        this.threads = threads;
        this.beat = beat;
        this.out = out;
    }

    /** Writes events until the server or the interface closes. */
    void run() throws IOException, InterruptedException {
        RecordingView recording = begin();
        long lastWrite = System.nanoTime();
        boolean isLast = false;
        while (!isLast) {
            if (recording == null) {
                threads.awaitClosing(STATE);
            } else if (!threads.awaitClosing(GATHERED)) {
                server.awaitChange(recording.changes(), STATE.minus(GATHERED));
            }
            isLast = threads.isClosing();
            long before = sent;
            ServerView view = server.view();
            recording = server.recording();
            if (recording != null) {
                advance(recording);
            }
            state(view);
            isLast |= view.state().equals("closed");
            if (sent == before && System.nanoTime() - lastWrite >= beat.toNanos()) {
                out.write(": nothing new\n\n");
                sent++;
            }
            if (sent != before) {
                out.flush();
                lastWrite = System.nanoTime();
            }
        }
    }

    private @Nullable RecordingView begin() throws IOException {
        ServerView view = server.view();
        RecordingView recording = server.recording();
        message("state", json -> {
            json.beginObject().name("server");
            view.writeTo(id, json);
            json.name("recording");
            if (recording == null) {
                json.value(null);
            } else {
                recording.writeTo(json);
            }
            json.endObject();
        });
        lastServer = text(view);
        if (recording != null) {
            lastSums = sums(recording);
            for (RecordingView.Connection each : recording.connections()) {
                progress.put(each.key(), seen(each));
            }
        }
        out.flush();
        return recording;
    }

    private static Progress seen(RecordingView.Connection of) {
        Progress seen = new Progress();
        seen.events = of.eventCount();
        seen.hasEnded = of.end() != null;
        seen.remote = of.remote();
        RecordingView.Connection upstream = of.upstream();
        seen.upstream = upstream == null ? null : seen(upstream);
        return seen;
    }

    private void state(ServerView view) throws IOException {
        String text = text(view);
        if (!text.equals(lastServer)) {
            lastServer = text;
            message("server", text);
        }
    }

    private String text(ServerView view) {
        return JsonWriter.text(json -> view.writeTo(id, json));
    }

    private static String sums(RecordingView recording) {
        return JsonWriter.text(json -> {
            recording.sums(json.beginObject());
            json.endObject();
        });
    }

    private void advance(RecordingView recording) throws IOException {
        Map<Object, Progress> kept = new HashMap<>();
        for (RecordingView.Connection each : recording.connections()) {
            kept.put(each.key(), advance(each, "client", progress.get(each.key())));
        }
        progress = kept;
        String sums = sums(recording);
        if (!sums.equals(lastSums)) {
            lastSums = sums;
            message("recording", sums);
        }
    }

    private Progress advance(RecordingView.Connection of, String leg, @Nullable Progress before) throws IOException {
        Progress done = before == null ? new Progress() : before;
        if (!of.remote().equals(done.remote)) { // a header of a proxy names another
            done.remote = of.remote();
            message("connection", of, leg, json -> RecordingView.head(of, json));
        }
        events(of, leg, done);
        RecordingView.Connection upstream = of.upstream();
        if (upstream != null) {
            done.upstream = advance(upstream, "upstream", done.upstream);
        }
        if (of.end() != null && !done.hasEnded) {
            done.hasEnded = true;
            message("end", of, leg, json -> {
                RecordingView.tail(of, json);
                json.name("received").value(of.receivedTotal()).name("sent").value(of.sentTotal());
                json.name("eventsLeftOut").value(of.eventsLeftOut());
            });
        }
        return done;
    }

    private void events(RecordingView.Connection of, String leg, Progress done) throws IOException {
        int count = of.eventCount();
        if (count <= done.events) {
            done.events = count; // fewer, if the connection is not kept any more
            return;
        }
        List<RecordingView.Event> fresh = of.events(done.events);
        int ready = fresh.size();
        if (done.held != count && of.end() == null) { // an event of an earlier time may yet come before a note
            while (ready > 0 && fresh.get(ready - 1).kind().equals("NOTE")) {
                ready--;
            }
            done.held = count;
        }
        for (RecordingView.Event each : fresh.subList(0, ready)) {
            message(name(each.kind()), of, leg, json -> {
                each.members(json.name("event").beginObject());
                if (each.bytes() > 0) {
                    json.name("kept").bytes(of.payload(each));
                }
                json.endObject();
            });
        }
        done.events += ready;
    }

    private static String name(String kind) {
        return switch (kind) {
            case "RECEIVED", "SENT" -> "bytes";
            case "CLIENT_FIN", "SERVER_FIN" -> "fin";
            case "CLIENT_RST", "SERVER_RST" -> "rst";
            default -> kind.toLowerCase(Locale.ROOT);
        };
    }

    private void message(String name, RecordingView.Connection of, String leg, JsonWriter.Value rest)
            throws IOException {
        message(name, json -> {
            json.beginObject().name("connection").value(of.number()).name("leg").value(leg);
            rest.writeTo(json);
            json.endObject();
        });
    }

    private void message(String name, String data) throws IOException {
        out.append("event: ").append(name).append("\nid: ").append(Long.toString(++sent));
        out.append("\ndata: ").append(Objects.requireNonNull(data)).append("\n\n");
    }

    private void message(String name, JsonWriter.Value data) throws IOException {
        out.append("event: ").append(name).append("\nid: ").append(Long.toString(++sent));
        out.append("\ndata: ");
        data.writeTo(new JsonWriter(out));
        out.append("\n\n");
    }
}
