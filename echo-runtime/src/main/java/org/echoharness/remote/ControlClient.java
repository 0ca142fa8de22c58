package org.echoharness.remote;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.echoharness.control.ControlledServer;
import org.echoharness.control.RecordingView;
import org.echoharness.control.ServerView;
import org.echoharness.json.JsonReader;
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

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(30); // a control waits for callbacks, for 10 s at most
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final int MOST_BYTES = 256 << 20;
    private static final int SHOWN = 8_192;
    private static final byte[] NOTHING = {};

    private final String host;
    private final int port;
    private final String url;
    private final String token;
    private final String id;
    private final ServerView first;

    private final @Nullable HttpCall held; // which keeps the session; null if the server is none

    private ControlClient(URI interfaceAddress, String token, @Nullable String id) throws IOException {
        this.token = checkedToken(token);
        host = checkedHost(interfaceAddress);
        port = interfaceAddress.getPort() < 0 ? 80 : interfaceAddress.getPort();
        url = "http://" + host + ":" + port + "/";
        Found found = find(id);
        this.id = found.id();
        first = found.view();
        held = null;
    }

    private ControlClient(ControlClient host, Found session, HttpCall held) {
        this.host = host.host;
        port = host.port;
        url = host.url;
        token = host.token;
        id = session.id();
        first = session.view();
        this.held = held;
    }

    /**
     * Asks an interface for its servers.
     *
     * @param id the server; null if there is only one
     * @throws IllegalArgumentException if the address or the token is malformed, or if there is no such server
     */
    public static ControlClient connect(URI interfaceAddress, String token, @Nullable String id) throws IOException {
        return new ControlClient(interfaceAddress, token, id);
    }

    private static String checkedHost(URI of) {
        String host = of.getHost();
        boolean isPlain = "http".equalsIgnoreCase(of.getScheme())
                && of.getRawUserInfo() == null
                && of.getRawQuery() == null
                && List.of("", "/").contains(String.valueOf(of.getRawPath()));
        if (host == null || !isPlain) {
            throw Quantities.refused(
                    "control",
                    Escaping.escape(of.getScheme() + "://" + of.getHost() + of.getRawPath()),
                    "be the address of an HTTP interface, such as http://127.0.0.1:40123/");
        }
        return host.toLowerCase(Locale.ROOT);
    }

    private static String checkedToken(String token) {
        if (!token.matches("[!-~]{1,1024}")) {
            throw new IllegalArgumentException(
                    "the token has " + token.length() + " characters, of which some are no"
                            + " letters or digits; give the 32 characters after #token= in the address that the server printed");
        }
        return token;
    }

    private record Found(String id, ServerView view) {}

    private Found find(@Nullable String wanted) throws IOException {
        JsonObject answer = json(send("GET", "servers", NOTHING, ANSWER));
        List<String> ids = new ArrayList<>();
        JsonObject found = null;
        try {
            for (JsonObject each : answer.objects("servers")) {
                String id = each.text("id");
                if (wanted == null && id.contains(ControlledServer.SESSION)) {
                    continue;
                }
                ids.add(id);
                found = wanted == null || wanted.equals(each.text("id")) ? each : found;
            }
            boolean isOne = found != null && (wanted != null || ids.size() == 1);
            if (found == null || !isOne) {
                throw new NoServerException(noServer(wanted, ids));
            }
            return new Found(found.text("id"), ViewReader.server(found));
        } catch (NoServerException unknown) {
            throw unknown;
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
    }

    private static final class NoServerException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        NoServerException(String message) {
            super(message);
        }
    }

    private String noServer(@Nullable String wanted, List<String> ids) {
        String there = ids.isEmpty() ? "no server" : String.join(", ", ids);
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
            call = HttpCall.connect(unbracketed(host), port, CONNECT, SILENCE);
            String head = head("POST", path("/sessions?wait=" + millis(wait)), options);
            HttpCall.Answer answer = call.begin(head, options, ANSWER.plus(wait), MOST_BYTES);
            JsonObject json = json(answer);
            session = new ControlClient(this, new Found(json.text("id"), ViewReader.server(json)), call);
            return session;
        } catch (IOException failed) {
            throw named(failed);
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
        return URI.create(url);
    }

    public String token() {
        return token;
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
        return view(call("GET", "", NOTHING, ANSWER));
    }

    private ServerView view(JsonObject json) throws IOException {
        try {
            return ViewReader.server(json);
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
    }

    /**
     * Returns the recording.
     *
     * @param which the connections that it has: {@code all}, {@code open}, {@code none}, or the number of one
     */
    public RecordingView recording(String which) throws IOException {
        return recording("/recording?connections=" + which, ANSWER);
    }

    /** Returns the recording when it has another count of changes than this one, or at the deadline. */
    public RecordingView recording(String which, long changes, Duration timeout) throws IOException {
        Duration wait = timeout.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : timeout;
        return recording(
                "/recording?connections=" + which + "&after=" + changes + "&wait=" + millis(wait), ANSWER.plus(wait));
    }

    private RecordingView recording(String path, Duration timeout) throws IOException {
        JsonObject json = call("GET", path, NOTHING, timeout);
        try {
            return ViewReader.recording(json);
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
    }

    private static String millis(Duration time) {
        return Math.max(1, time.plusNanos(999_999).toMillis()) + "ms";
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
        try {
            return json.flag("caughtUp");
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
    }

    public List<ServerView.Problem> unfinished() throws IOException {
        JsonObject json = call("GET", "/unfinished", NOTHING, ANSWER);
        try {
            return ViewReader.problems("unfinished", json);
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
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
        try {
            return json.text("remote");
        } catch (IllegalArgumentException other) {
            throw unexpected(other);
        }
    }

    public void send(long connection, byte[] bytes) throws IOException {
        call("POST", "/connections/" + connection + "/send", bytes, ANSWER);
    }

    /** Ends one connection at once. Does nothing if it is not open. */
    public void reset(long connection) throws IOException {
        HttpCall.Answer answer = send("POST", path("/connections/" + connection + "/reset"), NOTHING, ANSWER);
        boolean isGone = answer.status() == 404 || answer.status() == 409;
        if (!isGone || view().state().equals("closed")) {
            json(answer);
        }
    }

    /** Ends a connection with a script or a handler, or its output, when all was sent. */
    public void endWhenSent(long connection, ControlledServer.End how) throws IOException {
        String word = how.name().toLowerCase(Locale.ROOT).replace('_', '-');
        post("/connections/" + connection + "/" + word + (how == ControlledServer.End.HALF_CLOSE ? "" : "?sent=true"));
    }

    private void post(String path) throws IOException {
        call("POST", path, NOTHING, ANSWER);
    }

    private JsonObject call(String method, String path, byte[] body, Duration timeout) throws IOException {
        return json(send(method, path(path), body, timeout));
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

    private HttpCall.Answer send(String method, String path, byte[] body, Duration timeout) throws IOException {
        try (HttpCall call = HttpCall.connect(unbracketed(host), port, CONNECT, SILENCE)) {
            return call.answer(head(method, path, body), body, timeout, MOST_BYTES);
        } catch (IOException failed) {
            throw named(failed);
        }
    }

    private String head(String method, String path, byte[] body) {
        return method + " /" + path + " HTTP/1.1\r\nHost: " + host + ":" + port + "\r\nAuthorization: Bearer " + token
                + "\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n\r\n";
    }

    private IOException named(IOException failed) {
        if (failed instanceof InterruptedIOException && Thread.currentThread().isInterrupted()) {
            InterruptedIOException named = new InterruptedIOException("interrupted while " + url + " was asked");
            named.initCause(failed);
            return named;
        }
        return unreachable(failed);
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private IOException unreachable(IOException why) {
        String message = "the server at " + url + " cannot be asked: " + why.getMessage();
        if (why instanceof ProtocolException) {
            return new IOException(
                    message + "; give the address that the server printed for control, and not that of a server", why);
        }
        String cure = "; is it still running? each start has another address and token";
        IOException named = why instanceof ConnectException
                ? new ConnectException(message + cure)
                : why instanceof SocketTimeoutException
                        ? new SocketTimeoutException(message + cure)
                        : why instanceof EOFException
                                ? new EOFException(message + cure)
                                : new IOException(message + cure);
        named.initCause(why);
        return named;
    }

    private IOException unexpected(IllegalArgumentException why) {
        return new IOException(
                "the answer of " + url + " is not that of a control interface of this version: " + why.getMessage()
                        + "; use the same version of Echo harness in both processes",
                why);
    }

    /** Returns the answer, or throws what its status stands for. */
    private JsonObject json(HttpCall.Answer answer) throws IOException {
        if (answer.status() == 401) {
            throw new IOException("the token is not that of the server at " + url
                    + "; give the one that the server has printed after #token=: each start has another");
        }
        JsonObject json;
        try {
            json = JsonObject.of(JsonReader.read(answer.text(), MOST_BYTES));
        } catch (IllegalArgumentException other) {
            throw answer.status() / 100 == 2
                    ? unexpected(other)
                    : new IOException("the server at " + url + " answered with status " + answer.status()
                            + "; give the address that the server printed for control");
        }
        if (answer.status() / 100 == 2) {
            return json;
        }
        String error = Escaping.first(json.text("error", ""), SHOWN);
        switch (answer.status()) {
            case 400 -> throw new IllegalArgumentException(error);
            case 409 -> throw new IllegalStateException(error);
            case 501 -> throw new UnsupportedOperationException(error);
            default ->
                throw new IOException(
                        "the server at " + url + " answered with status " + answer.status() + ": " + error);
        }
    }

    @Override
    public String toString() {
        return url + " server " + Escaping.quote(id);
    }
}
