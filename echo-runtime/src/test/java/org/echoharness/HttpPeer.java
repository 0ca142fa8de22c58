package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.echoharness.json.JsonReader;
import org.echoharness.support.PlainSockets;

/** A client of the HTTP interface that sends exactly the bytes it is asked to send, on connections of its own. */
public final class HttpPeer {

    /** An answer. The names of headers are in lower case. */
    public record Answer(int status, Map<String, String> headers, String latin1) {

        public byte[] body() {
            return latin1.getBytes(ISO_8859_1);
        }

        public String text() {
            return new String(body(), UTF_8);
        }

        @SuppressWarnings("unchecked")
        public Map<String, Object> json() {
            return (Map<String, Object>) JsonReader.read(text(), Integer.MAX_VALUE);
        }

        public String error() {
            return String.valueOf(json().get("error"));
        }

        @Override
        public String toString() {
            return status + " " + headers + "\n" + text();
        }
    }

    private final URI uri;
    private final String token;

    public HttpPeer(EchoServer server) {
        this(server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
    }

    public HttpPeer(URI uri, String token) {
        this.uri = uri;
        this.token = token;
    }

    public String token() {
        return token;
    }

    /** The host and port, as requests have it. */
    public String authority() {
        return uri.getAuthority();
    }

    public String authorization() {
        return "Authorization: Bearer " + token;
    }

    public String host() {
        return "Host: " + authority();
    }

    public Socket connect() throws IOException {
        return PlainSockets.connect(PlainSockets.at("127.0.0.1", uri.getPort()));
    }

    public Answer get(String path) throws IOException {
        return send("GET", path, null);
    }

    public Answer post(String path) throws IOException {
        return send("POST", path, "");
    }

    /** Sends a proper request. */
    public Answer send(String method, String path, String body) throws IOException {
        return request(method, path, body, host(), authorization());
    }

    /** Sends a request with these headers and no others but for the length of a body. */
    public Answer request(String method, String path, String body, String... headers) throws IOException {
        StringBuilder head = new StringBuilder(method).append(' ').append(path).append(" HTTP/1.1\r\n");
        List.of(headers).forEach(header -> head.append(header).append("\r\n"));
        byte[] bytes = body == null ? new byte[0] : body.getBytes(UTF_8);
        if (body != null) {
            head.append("Content-Length: ").append(bytes.length).append("\r\n");
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.append("\r\n").toString().getBytes(ISO_8859_1));
        all.writeBytes(bytes);
        return raw(method, all.toByteArray());
    }

    /** Sends bytes, and reads one answer. */
    public Answer raw(String method, byte[] bytes) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(bytes);
            return read(socket.getInputStream(), method.equals("HEAD"));
        }
    }

    public static Answer read(InputStream in, boolean isHead) throws IOException {
        String status = line(in);
        Map<String, String> headers = headers(in);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if ("chunked".equals(headers.get("transfer-encoding")) && !isHead) {
            for (int size = size(in); size > 0; size = size(in)) {
                body.writeBytes(exactly(in, size));
                line(in);
            }
            line(in);
        } else if (!isHead) {
            body.writeBytes(exactly(in, Integer.parseInt(headers.getOrDefault("content-length", "0"))));
        }
        return new Answer(Integer.parseInt(status.split(" ", -1)[1]), headers, body.toString(ISO_8859_1));
    }

    static Map<String, String> headers(InputStream in) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private static int size(InputStream in) throws IOException {
        return Integer.parseInt(line(in), 16);
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(bytes.length + " of " + count + " bytes");
        }
        return bytes;
    }

    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the end after \"" + line + "\"");
            }
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(UTF_8);
    }

    /** The messages of an event stream. */
    public static final class Events implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;

        public Events(HttpPeer peer, String path) throws IOException {
            socket = peer.connect();
            in = socket.getInputStream();
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\n" + peer.host() + "\r\n" + peer.authorization() + "\r\n\r\n")
                            .getBytes(ISO_8859_1));
            String status = line(in);
            if (!status.startsWith("HTTP/1.1 200 ")) {
                throw new IOException(status);
            }
            headers(in);
        }

        public record Message(String name, String id, String data) {
            @SuppressWarnings("unchecked")
            public Map<String, Object> json() {
                return (Map<String, Object>) JsonReader.read(data, Integer.MAX_VALUE);
            }
        }

        private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

        /** Reads the next message; comments are left out. Returns null at the end of the stream. */
        public Message next() throws IOException {
            String name = "";
            String id = "";
            while (true) {
                String line = dataLine();
                if (line == null) {
                    return null;
                }
                if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    return new Message(name, id, line.substring(6));
                }
            }
        }

        /** Reads until a message with this name has come. */
        public Message await(String name) throws IOException {
            for (Message next = next(); next != null; next = next()) {
                if (next.name().equals(name)) {
                    return next;
                }
            }
            throw new EOFException("the stream ended without " + name);
        }

        private byte[] chunk = new byte[0];
        private int at;

        /** One line of the content of the chunks. */
        private String dataLine() throws IOException {
            pending.reset();
            while (true) {
                if (at == chunk.length) {
                    int size = size(in);
                    chunk = exactly(in, size);
                    at = 0;
                    line(in);
                    if (size == 0) {
                        return null;
                    }
                }
                byte b = chunk[at++];
                if (b == '\n') {
                    return pending.toString(UTF_8);
                }
                pending.write(b);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
