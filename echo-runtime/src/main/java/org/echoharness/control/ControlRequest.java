package org.echoharness.control;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.echoharness.json.JsonWriter;
import org.echoharness.text.Escaping;

/** One request and its answer. One thread at a time uses it. */
final class ControlRequest {

    private static final long MOST_DRAINED = 16 << 20;
    private static final int PIECE = 16 << 10;

    private final HttpExchange exchange;
    private final RequestThreads threads;
    private final ControlLimits limits;
    private boolean hasBegun;
    private boolean isHandedOver;

    /** Writes the answer on a thread that may wait. */
    interface Answer {
        void write() throws IOException, InterruptedException;
    }

    ControlRequest(HttpExchange exchange, RequestThreads threads, ControlLimits limits) {
        this.exchange = exchange;
        this.threads = threads;
        this.limits = limits;
    }

    HttpExchange exchange() {
        return exchange;
    }

    /** Returns the decoded parts of the path: one empty part for {@code /}. */
    List<String> path() {
        List<String> parts = new ArrayList<>();
        String path = exchange.getRequestURI().getRawPath();
        for (String part : path.substring(path.startsWith("/") ? 1 : 0).split("/", -1)) {
            parts.add(decoded(part));
        }
        return parts;
    }

    /** Returns the parameters after the question mark, and refuses one that has another name. */
    Map<String, String> parameters(String... known) {
        Map<String, String> parameters = new LinkedHashMap<>();
        String query = exchange.getRequestURI().getRawQuery();
        for (String each : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
            int equals = each.indexOf('=');
            String name = decoded(equals < 0 ? each : each.substring(0, equals));
            if (!List.of(known).contains(name)) {
                throw new RefusedRequestException(
                        400,
                        "there is no parameter " + Escaping.quote(name) + " here; "
                                + (known.length == 0 ? "leave it out" : "there is " + String.join(" and ", known)));
            }
            if (parameters.put(name, equals < 0 ? "" : decoded(each.substring(equals + 1))) != null) {
                throw new RefusedRequestException(400, name + " is given twice; leave one out");
            }
        }
        return parameters;
    }

    /** Returns whether this parameter is true, and refuses all others. */
    boolean flag(String name) {
        String text = parameters(name).getOrDefault(name, "false");
        if (!text.equals("true") && !text.equals("false")) {
            throw new RefusedRequestException(400, name + " (" + Escaping.escape(text) + ") must be true or false");
        }
        return text.equals("true");
    }

    private static String decoded(String part) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            if (c == '%' && i + 2 < part.length()) {
                bytes.write(Integer.parseInt(part.substring(i + 1, i + 3), 16)); // the JDK has checked the digits
                i += 2;
            } else {
                bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        return utf8(bytes.toByteArray(), "the escapes of the address");
    }

    private static String utf8(byte[] bytes, String what) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException other) {
            throw new RefusedRequestException(400, what + " must be UTF-8");
        }
    }

    /** Refuses another method than this one; HEAD is allowed where GET is. */
    void only(String... methods) {
        List<String> allowed = new ArrayList<>();
        for (String each : methods) {
            allowed.add(each);
            if (each.equals("GET")) {
                allowed.add("HEAD");
            }
        }
        if (!allowed.contains(exchange.getRequestMethod())) {
            throw new RefusedRequestException(
                    405,
                    Escaping.escape(Escaping.cut(exchange.getRequestMethod())) + " is not possible here; use "
                            + String.join(" or ", allowed),
                    "Allow",
                    String.join(", ", allowed));
        }
    }

    boolean isHead() {
        return exchange.getRequestMethod().equals("HEAD");
    }

    String bodyText() throws IOException {
        return utf8(body(), "the body");
    }

    /** Reads the whole body. */
    byte[] body() throws IOException {
        String declared = exchange.getRequestHeaders().getFirst("Content-Length");
        if (declared != null && Long.parseLong(declared) > ControlLimits.BODY) { // the JDK has checked the digits
            throw tooLarge();
        }
        threads.beginClientTime(limits.body());
        byte[] body;
        try {
            body = exchange.getRequestBody().readNBytes(ControlLimits.BODY + 1);
        } catch (IOException | IndexOutOfBoundsException malformed) { // the latter for a chunk of 2^31 bytes or more
            throw new RefusedRequestException(
                    400,
                    "the body cannot be read (" + Escaping.escape(String.valueOf(malformed.getMessage()))
                            + "); send as many bytes as Content-Length says, or chunks with their sizes",
                    "Connection", // nobody knows where the next request would begin
                    "close");
        }
        threads.endClientTime();
        if (body.length > ControlLimits.BODY) {
            throw tooLarge();
        }
        return body;
    }

    private static RefusedRequestException tooLarge() {
        return new RefusedRequestException(
                413, "the body has more than " + ControlLimits.BODY + " bytes (64 KiB); send less");
    }

    /** Answers with 200 and a JSON text. */
    void answer(JsonWriter.Value value) throws IOException {
        answer(200, JsonWriter.text(value));
    }

    private void answer(int status, String json) throws IOException {
        answer(status, "application/json", (json + "\n").getBytes(StandardCharsets.UTF_8));
    }

    void answer(int status, String type, byte[] body) throws IOException {
        begin(status, type, body.length);
        if (!isHead()) {
            try (OutputStream out = new LimitedOutput(exchange.getResponseBody())) {
                out.write(body);
                if (status == 413) {
                    out.flush();
                    drain();
                }
            }
        }
    }

    /** Answers with the content of a file. */
    void answer(String type, Path file) throws IOException {
        begin(200, type, Files.size(file));
        try (OutputStream out = new LimitedOutput(exchange.getResponseBody())) {
            Files.copy(file, out);
        }
    }

    /** Answers with a text whose length is not known yet. The caller closes it. */
    Writer answer(String type) throws IOException {
        begin(200, type, -1);
        OutputStream out = isHead() ? OutputStream.nullOutputStream() : exchange.getResponseBody();
        return new BufferedWriter(new OutputStreamWriter(new LimitedOutput(out), StandardCharsets.UTF_8));
    }

    /** Answers with an error, unless an answer has begun. */
    void refuse(RefusedRequestException refused) throws IOException {
        if (!hasBegun) {
            if (!refused.header().isEmpty()) {
                header(refused.header(), refused.value());
            }
            String error = String.valueOf(refused.getMessage());
            answer(
                    refused.status(),
                    JsonWriter.text(json ->
                            json.beginObject().name("error").value(error).endObject()));
        }
    }

    /** Sets a header of the answer. */
    void header(String name, String value) {
        exchange.getResponseHeaders().set(name, value);
    }

    private void begin(int status, String type, long length) throws IOException {
        hasBegun = true;
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", type);
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Referrer-Policy", "no-referrer");
        if (!headers.containsKey("Content-Security-Policy")) {
            headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
        }
        threads.beginClientTime(limits.write());
        if (isHead()) {
            if (length >= 0) {
                headers.set("Content-Length", Long.toString(length));
            }
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, length < 0 ? 0 : length == 0 ? -1 : length);
        }
    }

    /** Reads what the client still sends: if it were left unread, the close would be an RST, and the answer could be lost. */
    private void drain() throws IOException {
        threads.beginClientTime(limits.body());
        InputStream in = exchange.getRequestBody();
        byte[] piece = new byte[PIECE];
        long drained = 0;
        for (int n = in.read(piece); n >= 0 && drained < MOST_DRAINED; n = in.read(piece)) {
            drained += n;
        }
    }

    /** Answers on a thread that may wait; refuses that if too many wait. */
    void handOver(Runnable answer) {
        try {
            isHandedOver = true;
            threads.waiting(answer);
        } catch (RejectedExecutionException tooMany) {
            isHandedOver = false;
            throw new RefusedRequestException(503, "too many requests wait for events; end some of them");
        }
    }

    /** Ends the exchange, unless another thread goes on with it. */
    void end() {
        if (!isHandedOver) {
            close();
        }
    }

    /** Ends the exchange. Closes the connection if the answer is not complete. */
    void close() {
        threads.beginClientTime(limits.write());
        try {
            exchange.close();
        } finally {
            threads.endClientTime();
        }
    }

    /** Gives the client a time limit for each piece. */
    private final class LimitedOutput extends OutputStream {
        private final OutputStream out;

        LimitedOutput(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            for (int at = 0; at < count; at += PIECE) {
                threads.beginClientTime(limits.write());
                out.write(bytes, from + at, Math.min(PIECE, count - at));
            }
        }

        /** The thread may wait for other things next. */
        @Override
        public void flush() throws IOException {
            threads.beginClientTime(limits.write());
            out.flush();
            threads.endClientTime();
        }

        @Override
        public void close() throws IOException {
            threads.beginClientTime(limits.write());
            out.close();
            threads.endClientTime();
        }
    }
}
