package org.echoharness.control;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;
import org.echoharness.control.ControlledServer.Control;
import org.echoharness.control.ControlledServer.FileKind;
import org.echoharness.json.JsonWriter;
import org.echoharness.page.LivePage;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** What the HTTP interface answers at which path. The threads of requests call it. */
final class ControlRoutes {

    private static final Duration CATCH_UP = Duration.ofSeconds(5);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    private static final String RECORDING = "recording";
    private static final String PEM = "application/pem-certificate-chain"; // RFC 8555, section 9.1

    private final Supplier<Map<String, ControlledServer>> servers;
    private final Function<String, @Nullable ControlledServer> find;
    private final RequestThreads threads;
    private final ControlLimits limits;
    private final Semaphore streams;
    private final Semaphore waits;
    private final Semaphore downloads;

    /**
     * @param servers the servers that are listed
     * @param find finds one of these, or a session that has ended; null if there is none
     */
    ControlRoutes(
            Supplier<Map<String, ControlledServer>> servers,
            Function<String, @Nullable ControlledServer> find,
            RequestThreads threads,
            ControlLimits limits) {
        this.servers = servers;
        this.find = find;
        this.threads = threads;
        this.limits = limits;
        streams = new Semaphore(limits.streams());
        waits = new Semaphore(limits.waits());
        downloads = new Semaphore(limits.downloads());
    }

    /** Returns whether the path is one of the page's own files, which need no token. */
    static boolean isPage(List<String> path) {
        return path.equals(List.of(""));
    }

    void page(ControlRequest request) throws IOException {
        request.only("GET");
        request.header("Content-Security-Policy", LivePage.policy());
        request.answer(200, FileKind.HTML.type(), LivePage.html().getBytes(StandardCharsets.UTF_8));
    }

    void handle(List<String> path, ControlRequest request) throws IOException {
        if (!path.get(0).equals("servers")) {
            throw nothingAt(path);
        }
        if (path.size() == 1) {
            request.only("GET");
            request.parameters();
            request.answer(this::list);
            return;
        }
        String id = path.get(1);
        ControlledServer server = server(id);
        switch (path.size()) {
            case 2 -> {
                request.only("GET", "DELETE");
                request.parameters();
                if (request.exchange().getRequestMethod().equals("DELETE") && !server.endSession()) {
                    throw new RefusedRequestException(
                            409, "the server " + Escaping.quote(id) + " is no session; end it where it was started");
                }
                answer(id, server, request);
            }
            case 3 -> handle(path, id, server, request);
            case 4, 5 -> {
                if (path.size() == 4 && path.get(2).equals("connections") && PageRoutes.isConversation(path.get(3))) {
                    request.only("GET");
                    RecordingView recording = mustRecord(server);
                    download(request, () -> PageRoutes.conversation(path.get(3), recording, server, request));
                    return;
                }
                if (!path.get(2).equals("connections") || !ConnectionRoutes.handle(path, server, request)) {
                    throw nothingAt(path);
                }
                if (path.size() == 5) {
                    answer(id, server, request);
                }
            }
            default -> throw nothingAt(path);
        }
    }

    private void handle(List<String> path, String id, ControlledServer server, ControlRequest request)
            throws IOException {
        String word = path.get(2);
        switch (word) {
            case "faults" -> faults(id, server, request);
            case "catch-up" -> catchUp(server, request);
            case "accept-pending" -> {
                request.only("POST");
                request.parameters();
                server.acceptPending();
                answer(id, server, request);
            }
            case "unfinished" -> {
                request.only("GET");
                request.parameters();
                unfinished(server, request);
            }
            case "note", "title" -> {
                request.only("POST");
                request.parameters();
                mustRecord(server);
                if (word.equals("note")) {
                    server.note(request.bodyText());
                } else {
                    server.title(request.bodyText());
                }
                answer(id, server, request);
            }
            case "certificate" -> {
                request.only("GET");
                request.parameters();
                request.answer(200, PEM, server.certificate().getBytes(StandardCharsets.US_ASCII));
            }
            case "sessions" -> openSession(server, request);
            case RECORDING -> recording(server, request);
            case "events" -> stream(request, out -> new EventStream(id, server, threads, limits.beat(), out).run());
            case "page" -> stream(request, out -> new PageStream(server, threads, limits.beat(), out).run());
            case "connections" -> {
                request.only("GET");
                PageRoutes.find(mustRecord(server), server, request);
            }
            default -> {
                Control control = control(word);
                FileKind kind = RecordingDownload.kind(word);
                if (control != null) {
                    control(control, id, server, request);
                } else if (kind != null) {
                    request.only("GET");
                    request.parameters();
                    mustRecord(server);
                    download(request, () -> RecordingDownload.answer(kind, id, server, request));
                } else {
                    throw nothingAt(path);
                }
            }
        }
    }

    private void openSession(ControlledServer server, ControlRequest request) throws IOException {
        request.only("POST");
        String wait = request.parameters("wait").get("wait");
        Duration timeout = wait == null ? Duration.ZERO : atMostAMinute("wait", wait);
        Map<String, String> options = SessionStream.options(request.bodyText());
        SessionStream session = new SessionStream(server, this::server, limits.beat());
        handOver(waits, "sessions and requests that wait", request, () -> session.run(options, timeout, request));
    }

    private void list(JsonWriter json) throws IOException {
        json.beginObject().name("servers").beginArray();
        for (Map.Entry<String, ControlledServer> each : servers.get().entrySet()) {
            each.getValue().view().writeTo(each.getKey(), json);
        }
        json.endArray().endObject();
    }

    private static void answer(String id, ControlledServer server, ControlRequest request) throws IOException {
        ServerView view = server.view();
        request.answer(json -> view.writeTo(id, json));
    }

    private ControlledServer server(String id) {
        ControlledServer server = find.apply(id);
        if (server == null) {
            List<String> ids = new ArrayList<>(servers.get().keySet());
            throw new RefusedRequestException(
                    404,
                    "there is no server " + Escaping.quote(id) + "; "
                            + (ids.isEmpty() ? "none is running" : "there is " + String.join(", ", ids)));
        }
        return server;
    }

    private static void faults(String id, ControlledServer server, ControlRequest request) throws IOException {
        request.only("PUT");
        boolean alsoOpen = request.flag("open");
        server.setFaults(request.bodyText().strip(), alsoOpen);
        answer(id, server, request);
    }

    private static void control(Control control, String id, ControlledServer server, ControlRequest request)
            throws IOException {
        request.only("POST");
        String time = control.takesTime() ? request.parameters("time").get("time") : null;
        if (!control.takesTime()) {
            request.parameters();
        }
        if (control == Control.RESTART && time == null) {
            throw new RefusedRequestException(400, "restart needs a time, as in restart?time=1s");
        }
        server.control(control, time == null ? null : Quantities.duration("time", time));
        answer(id, server, request);
    }

    private static void catchUp(ControlledServer server, ControlRequest request) throws IOException {
        request.only("POST");
        String time = request.parameters("time").get("time");
        Duration timeout = time == null ? CATCH_UP : atMostAMinute("time", time);
        boolean isCaughtUp = server.catchUp(timeout);
        List<ServerView.Problem> unfinished = server.unfinished();
        request.answer(json -> {
            json.beginObject().name("caughtUp").value(isCaughtUp).name("unfinished");
            ServerView.write(unfinished, json);
            json.endObject();
        });
    }

    private static void unfinished(ControlledServer server, ControlRequest request) throws IOException {
        List<ServerView.Problem> unfinished = server.unfinished();
        request.answer(json -> {
            ServerView.write(unfinished, json.beginObject().name("unfinished"));
            json.endObject();
        });
    }

    private void recording(ControlledServer server, ControlRequest request) throws IOException {
        request.only("GET", "DELETE");
        RecordingView now = mustRecord(server);
        if (request.exchange().getRequestMethod().equals("DELETE")) {
            request.parameters();
            int forgotten = server.forgetEnded();
            request.answer(json ->
                    json.beginObject().name("forgotten").value(forgotten).endObject());
            return;
        }
        Map<String, String> parameters = request.parameters("after", "wait", "connections");
        String which = parameters.getOrDefault("connections", "all");
        if (!which.matches("all|open|none|0|[1-9]\\d{0,17}")) {
            throw new RefusedRequestException(
                    400,
                    "connections (" + Escaping.escape(which)
                            + ") must be all, open, none or the number of a connection");
        }
        String after = parameters.get("after");
        String wait = parameters.get("wait");
        if (after == null && wait == null) {
            download(request, () -> write(now, which, request));
            return;
        }
        if (after == null || !after.matches("\\d{1,18}")) {
            throw new RefusedRequestException(
                    400,
                    "after (" + (after == null ? "" : Escaping.escape(after))
                            + ") must be the number \"changes\" of an earlier answer");
        }
        Duration timeout = wait == null ? Duration.ZERO : atMostAMinute("wait", wait);
        if (now.changes() != Long.parseLong(after) || timeout.isZero()) {
            write(now, which, request);
            return;
        }
        handOver(waits, "requests that wait", request, () -> {
            server.awaitChange(now.changes(), timeout);
            write(mustRecord(server), which, request);
        });
    }

    private static Duration atMostAMinute(String name, String text) {
        Duration time = Quantities.duration(name, text);
        if (time.compareTo(LONGEST_WAIT) > 0) {
            throw new RefusedRequestException(400, name + " (" + Escaping.escape(text) + ") must be at most 1m");
        }
        return time;
    }

    private static void write(RecordingView recording, String which, ControlRequest request) throws IOException {
        try (Writer out = request.answer("application/json")) {
            if (!request.isHead()) {
                recording.writeTo(which, new JsonWriter(out));
                out.append('\n');
            }
        }
    }

    private static RecordingView mustRecord(ControlledServer server) {
        RecordingView recording = server.recording();
        if (recording == null) {
            throw new RefusedRequestException(409, "the server does not record; start it without recording=none");
        }
        return recording;
    }

    /** Writes events until the server or the interface closes. */
    private interface Stream {
        void run(Writer out) throws IOException, InterruptedException;
    }

    private void stream(ControlRequest request, Stream stream) throws IOException {
        request.only("GET");
        request.parameters();
        if (request.isHead()) {
            request.answer("text/event-stream").close();
            return;
        }
        handOver(streams, "event streams", request, () -> {
            try (Writer out = request.answer("text/event-stream")) {
                stream.run(out);
            }
        });
    }

    /** Answers with much. The thread is one that may wait for a slow client, as long as there is one. */
    private void download(ControlRequest request, Download answer) throws IOException {
        if (!handOver(downloads, request, answer::write)) {
            answer.write();
        }
    }

    /** Writes an answer that has much text. */
    private interface Download {
        void write() throws IOException;
    }

    /** Answers on a thread that may wait, or refuses that. */
    private static void handOver(Semaphore places, String what, ControlRequest request, ControlRequest.Answer answer) {
        if (!handOver(places, request, answer)) {
            throw new RefusedRequestException(503, "there are too many " + what + "; end some of them");
        }
    }

    /** Answers on a thread that may wait. Returns false if there is none. */
    private static boolean handOver(Semaphore places, ControlRequest request, ControlRequest.Answer answer) {
        if (!places.tryAcquire()) {
            return false;
        }
        boolean isHandedOver = false;
        try {
            request.handOver(() -> {
                try {
                    try {
                        answer.write();
                    } catch (RuntimeException | Error failed) {
                        request.refuse(RefusedRequestException.of(failed));
                    }
                } catch (IOException | InterruptedException | RuntimeException | OutOfMemoryError ended) {
                    return; // the client has gone, or the interface closes
                } finally {
                    places.release();
                    request.close();
                }
            });
            isHandedOver = true;
            return true;
        } finally {
            if (!isHandedOver) {
                places.release();
            }
        }
    }

    private static @Nullable Control control(String word) {
        for (Control each : Control.values()) {
            if (each.word().equals(word)) {
                return each;
            }
        }
        return null;
    }

    private static RefusedRequestException nothingAt(List<String> path) {
        return new RefusedRequestException(
                404,
                "there is nothing at " + Escaping.quote("/" + String.join("/", path)) + "; there is /, /servers,"
                        + " /servers/ID and, below that, faults, refuse, unanswered, resume, freeze, unfreeze, reset,"
                        + " close, restart, catch-up, accept-pending, unfinished, note, title, certificate, connections/N,"
                        + " connections/N/reset, connections/N/close, connections/N/half-close,"
                        + " connections/N/start-tls, connections/N/send, sessions,"
                        + " connections/N.html, connections?text=, recording, recording.pcapng, recording.html, recording.txt,"
                        + " recording.script, events and page");
    }
}
