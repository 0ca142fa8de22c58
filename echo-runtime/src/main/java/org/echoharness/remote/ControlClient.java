package org.echoharness.remote;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.echoharness.control.ControlledServer;
import org.echoharness.control.RecordingView;
import org.echoharness.control.ServerView;
import org.echoharness.json.JsonWriter;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * Asks the HTTP interface of one server. Any thread may call it. A refusal becomes the exception that the same call throws
 * in the process of the server: an {@link IllegalArgumentException}, an {@link IllegalStateException} or an {@link
 * UnsupportedOperationException}. Everything else that goes wrong is an {@link IOException} that names the URL and the cure;
 * it is an {@link InterruptedIOException} if the thread is interrupted, whose interrupt status then stays set.
 */
public final class ControlClient {

    /** The longest time that the interface lets one request wait. */
    public static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /** The most bytes of one request. */
    public static final int MOST_SENT = 64 << 10;

    private static final Duration ANSWER = Duration.ofSeconds(30); // a control waits for callbacks, for 10 s at most
    private static final byte[] NOTHING = {};

    private final ControlEndpoint endpoint;
    private final String id;
    private final ServerView first;
    private final @Nullable HttpCall held; // which keeps the session; null if the server is none

    private ControlClient(ControlEndpoint endpoint, JsonObject server, @Nullable HttpCall held) throws IOException {
        this.endpoint = endpoint;
        id = endpoint.reading(() -> server.text("id"));
        first = endpoint.reading(() -> ViewReader.server(server));
        this.held = held;
    }

    /**
     * Asks an interface for its servers.
     *
     * @param id the server; null if there is only one
     * @throws IllegalArgumentException if the address or the token is malformed, or if there is no such server
     */
    public static ControlClient connect(URI interfaceAddress, String token, @Nullable String id) throws IOException {
        ControlEndpoint endpoint = new ControlEndpoint(interfaceAddress, token);
        JsonObject answer = endpoint.call("GET", "servers", NOTHING, ANSWER);
        List<JsonObject> servers = endpoint.reading(() -> answer.objects("servers"));
        Map<String, JsonObject> all = new LinkedHashMap<>();
        for (JsonObject each : servers) {
            String name = endpoint.reading(() -> each.text("id"));
            if (name.equals(id) || !name.contains(ControlledServer.SESSION)) {
                all.put(name, each);
            }
        }
        JsonObject found = id != null
                ? all.get(id)
                : all.size() == 1 ? all.values().iterator().next() : null;
        if (found == null) {
            throw new IllegalArgumentException(noServer(id, List.copyOf(all.keySet()), endpoint.url()));
        }
        return new ControlClient(endpoint, found, null);
    }

    private static String noServer(@Nullable String wanted, List<String> ids, String url) {
        String there = ids.isEmpty() ? "no server" : Escaping.escape(String.join(", ", ids));
        if (wanted != null) {
            return "there is no server " + Escaping.quote(wanted) + " at " + url + "; there is " + there;
        }
        return ids.isEmpty()
                ? "there is no server at " + url + "; start one"
                : "there are " + ids.size() + " servers at " + url + ": " + there + "; give the id of one of them";
    }

    /**
     * Starts a session of the server, which lasts until {@link #endSession} or the end of this process.
     *
     * @param options the words of the options that differ, with their texts
     * @param timeout the longest time to wait for the end of another session
     */
    public ControlClient session(Map<String, String> options, Duration timeout) throws IOException {
        byte[] body = JsonWriter.text(json -> json.values(options)).getBytes(StandardCharsets.UTF_8);
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        while (true) {
            Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            boolean isLast = left.compareTo(LONGEST_WAIT) <= 0;
            try {
                return session(body, isLast ? left : LONGEST_WAIT);
            } catch (IllegalStateException taken) {
                if (isLast) {
                    throw taken;
                }
            }
        }
    }

    private ControlClient session(byte[] options, Duration wait) throws IOException {
        HttpCall call = null;
        ControlClient session = null;
        try {
            call = endpoint.open();
            JsonObject answer =
                    endpoint.begin(call, "POST", path("/sessions?wait=" + millis(wait)), options, ANSWER.plus(wait));
            session = new ControlClient(endpoint, answer, call);
            return session;
        } finally {
            if (session == null && call != null) {
                call.close();
            }
        }
    }

    /** Returns whether the server is a session that this client has started. */
    public boolean isSession() {
        return held != null;
    }

    /** Ends the session. Does nothing if the server cannot be asked any more, since the session ends then too. */
    public void endSession() {
        try {
            call("DELETE", "", NOTHING, ANSWER);
        } catch (IOException | IllegalStateException gone) {
            // the close of the connection ends the session
        } finally {
            release();
        }
    }

    private void release() {
        try {
            Objects.requireNonNull(held).close();
        } catch (IOException closed) {
            // it is of no use any more
        }
    }

    /** Returns the address of the interface, without the token. */
    public URI uri() {
        return URI.create(endpoint.url());
    }

    public String token() {
        return endpoint.token();
    }

    public String id() {
        return id;
    }

    /** Returns the state of the server when it was connected to. */
    public ServerView first() {
        return first;
    }

    /** Returns the state of the server. */
    public ServerView view() throws IOException {
        JsonObject json = endpoint.get(path(""), ANSWER);
        return reading(() -> ViewReader.server(json));
    }

    /**
     * Returns what is read from an answer. If that fails, the answer is not that of this version.
     *
     * @param reading throws an {@link IllegalArgumentException} or a {@link java.time.DateTimeException}
     */
    public <T> T reading(Supplier<T> reading) throws IOException {
        return endpoint.reading(reading);
    }

    /**
     * Returns the recording.
     *
     * @param which the connections that it has: {@code all}, {@code open}, {@code none}, or the number of one
     */
    public RecordingView recording(String which) throws IOException {
        JsonObject json = endpoint.get(path("/recording?connections=" + which), ANSWER);
        return reading(() -> ViewReader.recording(json));
    }

    /**
     * Returns the recording when it has another count of changes than this one, or at the deadline. If the interface lets too
     * many others wait, returns it at once.
     */
    public RecordingView recording(String which, long changes, Duration timeout) throws IOException {
        Duration wait = timeout.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : timeout;
        String path = "/recording?connections=" + which + "&after=" + changes + "&wait=" + millis(wait);
        JsonObject json = endpoint.await(path(path), ANSWER.plus(wait));
        if (json == null) {
            return recording(which);
        }
        return reading(() -> ViewReader.recording(json));
    }

    private static String millis(Duration time) {
        return Math.max(1, time.plusNanos(999_999).toMillis()) + "ms";
    }

    /** Returns the certificate that clients of the server have to trust, as PEM. */
    public String certificate() throws IOException {
        return endpoint.text(path("/certificate"), ANSWER);
    }

    public void setFaults(String plan, boolean alsoOpen) throws IOException {
        call("PUT", "/faults?open=" + alsoOpen, plan.getBytes(StandardCharsets.UTF_8), ANSWER);
    }

    public void control(ControlledServer.Control control, @Nullable Duration time) throws IOException {
        String word = control.name().toLowerCase(Locale.ROOT);
        post("/" + word + (time == null ? "" : "?time=" + millis(time)));
    }

    /** Returns whether nothing is left to read. */
    public boolean catchUp(Duration timeout) throws IOException {
        Duration time = timeout.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : timeout;
        JsonObject json = call("POST", "/catch-up?time=" + millis(time), NOTHING, ANSWER.plus(time));
        return reading(() -> json.flag("caughtUp"));
    }

    public List<ServerView.Problem> unfinished() throws IOException {
        JsonObject json = call("GET", "/unfinished", NOTHING, ANSWER);
        return reading(() -> ViewReader.problems("unfinished", json));
    }

    public void acceptPending() throws IOException {
        post("/accept-pending");
    }

    public void note(String text) throws IOException {
        call("POST", "/note", text.getBytes(StandardCharsets.UTF_8), ANSWER);
    }

    public void title(String text) throws IOException {
        call("POST", "/title", text.getBytes(StandardCharsets.UTF_8), ANSWER);
    }

    /** Returns the address of the client of an open connection with a script or a handler. */
    public String remote(long connection) throws IOException {
        JsonObject json = call("GET", "/connections/" + connection, NOTHING, ANSWER);
        return reading(() -> json.text("remote"));
    }

    public void send(long connection, byte[] bytes) throws IOException {
        call("POST", "/connections/" + connection + "/send", bytes, ANSWER);
    }

    /** Ends one connection at once. Does nothing if it is not open. */
    public void reset(long connection) throws IOException {
        HttpCall.Answer answer = endpoint.send("POST", path("/connections/" + connection + "/reset"), NOTHING, ANSWER);
        boolean isGone = answer.status() == 404 || answer.status() == 409;
        if (!isGone || view().state().equals("closed")) {
            endpoint.json(answer);
        }
    }

    /** Ends a connection with a script or a handler, or its output, when all was sent. */
    public void endWhenSent(long connection, ControlledServer.End how) throws IOException {
        String word = how.name().toLowerCase(Locale.ROOT).replace('_', '-');
        post("/connections/" + connection + "/" + word + (how == ControlledServer.End.HALF_CLOSE ? "" : "?sent=true"));
    }

    /** Starts TLS on a connection with a script or a handler. */
    public void startTls(long connection) throws IOException {
        post("/connections/" + connection + "/start-tls");
    }

    private void post(String path) throws IOException {
        call("POST", path, NOTHING, ANSWER);
    }

    private JsonObject call(String method, String path, byte[] body, Duration timeout) throws IOException {
        return endpoint.call(method, path(path), body, timeout);
    }

    private String path(String below) {
        StringBuilder path = new StringBuilder("servers/");
        for (byte each : id.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (each & 0xFF);
            boolean isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
            path.append(isPlain ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
        }
        return path + below;
    }

    @Override
    public String toString() {
        return endpoint.url() + " server " + Escaping.quote(id);
    }
}
