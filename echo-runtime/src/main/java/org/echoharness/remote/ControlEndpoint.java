package org.echoharness.remote;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.echoharness.json.JsonReader;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP interface, which it asks with the token. It turns what goes wrong into exceptions that name the URL and the cure, and
 * never the token. Any thread may call it.
 */
final class ControlEndpoint {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final int MOST_BYTES = // of an answer: its bytes, its text and what is read take memory
            (int) Math.min(256, (Runtime.getRuntime().maxMemory() >> 20) / 8) << 20;
    private static final int BUSY = 503;
    private static final int SHOWN = 8_192;

    private final String host;
    private final int port;
    private final String url;
    private final String token;

    ControlEndpoint(URI address, String token) {
        this.token = checkedToken(token);
        host = checkedHost(address);
        port = address.getPort() < 0 ? 80 : address.getPort();
        url = "http://" + host + ":" + port + "/";
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

    String url() {
        return url;
    }

    String token() {
        return token;
    }

    /** Sends a request, and returns the answer. */
    JsonObject call(String method, String path, byte[] body, Duration timeout) throws IOException {
        return json(send(method, path, body, timeout));
    }

    /**
     * Asks for something that changes nothing and is not waited for, also if the thread was interrupted before: what an
     * interrupted test has left is still to be reported.
     */
    JsonObject get(String path, Duration timeout) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            return call("GET", path, new byte[0], timeout);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Asks for an answer that is no JSON, as {@link #get} does. */
    String text(String path, Duration timeout) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            HttpCall.Answer answer = send("GET", path, new byte[0], timeout);
            if (answer.status() / 100 != 2) {
                json(answer); // throws what it stands for
            }
            return answer.text();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Sends a request on a connection that stays open, and returns the answer so far. */
    JsonObject begin(HttpCall call, String method, String path, byte[] body, Duration timeout) throws IOException {
        HttpCall.Answer answer;
        try {
            answer = call.begin(head(method, path, body), body, timeout, MOST_BYTES);
        } catch (IOException failed) {
            throw named(failed);
        }
        return json(answer);
    }

    /** Asks as {@link #call} does, for something that is waited for; null if too many others wait. */
    @Nullable
    JsonObject await(String path, Duration timeout) throws IOException {
        HttpCall.Answer answer = send("GET", path, new byte[0], timeout);
        return answer.status() == BUSY ? null : json(answer);
    }

    /** Opens a connection, for {@link #begin}. */
    HttpCall open() throws IOException {
        try {
            return connect();
        } catch (IOException failed) {
            throw named(failed);
        }
    }

    private HttpCall connect() throws IOException {
        return HttpCall.connect(unbracketed(host), port, CONNECT, SILENCE);
    }

    /** Returns what is read from an answer. If that fails, the answer is not that of this version. */
    <T> T reading(Supplier<T> reading) throws IOException {
        try {
            return reading.get();
        } catch (IllegalArgumentException | DateTimeException other) {
            throw unexpected(other);
        }
    }

    HttpCall.Answer send(String method, String path, byte[] body, Duration timeout) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw named(new InterruptedIOException());
        }
        try (HttpCall call = connect()) {
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
        if (why instanceof HttpCall.TooLongException) {
            return new IOException(
                    message
                            + "; if that is a large recording, record fewer bytes with recording, drop the connections that"
                            + " have ended with DELETE " + url + "servers/ID/recording, or raise -Xmx here",
                    why);
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

    private IOException unexpected(RuntimeException why) {
        return new IOException(
                "the answer of " + url + " is not that of a control interface of this version: "
                        + Escaping.visible(String.valueOf(why.getMessage()))
                        + "; use the same version of Echo harness in both processes",
                why);
    }

    private IOException noInterface(HttpCall.Answer answer) {
        return new IOException("the server at " + url + " answered with status " + answer.status()
                + "; give the address that the server printed for control");
    }

    /** Returns the answer, or throws what its status stands for. */
    JsonObject json(HttpCall.Answer answer) throws IOException {
        if (answer.status() == 401) {
            throw new IOException("the token is not that of the server at " + url
                    + "; give the one that the server has printed after #token=: each start has another");
        }
        JsonObject json;
        try {
            json = JsonObject.of(JsonReader.read(answer.text(), MOST_BYTES));
        } catch (IllegalArgumentException other) {
            throw answer.status() / 100 == 2 ? unexpected(other) : noInterface(answer);
        }
        if (answer.status() / 100 == 2) {
            return json;
        }
        String error = Escaping.first(Escaping.visible(json.text("error", "")), SHOWN);
        if (error.isBlank()) {
            throw noInterface(answer);
        }
        switch (answer.status()) {
            case 400 -> throw new IllegalArgumentException(error);
            case 409 -> throw new IllegalStateException(error);
            case 501 -> throw new UnsupportedOperationException(error);
            default ->
                throw new IOException(
                        "the server at " + url + " answered with status " + answer.status() + ": " + error);
        }
    }
}
