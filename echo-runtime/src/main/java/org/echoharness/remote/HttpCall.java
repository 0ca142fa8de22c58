package org.echoharness.remote;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.echoharness.sockets.ChannelReadiness;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/**
 * One request of HTTP/1.1 and its answer, on a connection of its own. One thread uses it. All waits have a deadline, and
 * end if the thread is interrupted. It sends a request once only, follows no redirect, and uses no proxy, cookie or setting
 * of the JVM, which the client of the JDK does.
 */
final class HttpCall implements Closeable {

    private static final Duration LONGEST = Duration.ofMinutes(1); // for an answer that has begun
    private static final int PIECE = 16 << 10;
    private static final int MOST_HEAD = 64 << 10;
    private static final int SHOWN = 40;

    private final SocketChannel channel;
    private final ChannelReadiness readiness;
    private final ByteBuffer in = ByteBuffer.allocate(PIECE).flip();
    private final Duration silence;
    private long deadline; // of the next wait
    private long end; // of the whole answer
    private int headLeft = MOST_HEAD;

    /** What came back. */
    record Answer(int status, String text) {}

    /** Thrown if the body of an answer is over the limit. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1L;

        private TooLongException(String message) {
            super(message);
        }
    }

    private HttpCall(SocketChannel channel, Duration silence) throws IOException {
        this.channel = channel;
        this.silence = silence;
        readiness = new ChannelReadiness(channel);
    }

    /**
     * Connects.
     *
     * @param silence how long the peer may send nothing in the middle of an answer
     */
    static HttpCall connect(String host, int port, Duration timeout, Duration silence) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        InetAddress[] addresses = NameResolver.resolve(host, deadline, "its name");
        for (int i = 0; true; i++) {
            long now = System.nanoTime();
            long share = now + Math.max(0, deadline - now) / (addresses.length - i);
            try {
                return connect(new InetSocketAddress(addresses[i], port), share, timeout, silence);
            } catch (IOException refused) {
                if (i + 1 == addresses.length || refused instanceof InterruptedIOException) {
                    throw refused;
                }
            }
        }
    }

    private static HttpCall connect(InetSocketAddress to, long deadline, Duration timeout, Duration silence)
            throws IOException {
        SocketChannel channel = ConnectAttempts.begin(to);
        Closeable opened = channel;
        try {
            HttpCall call = new HttpCall(channel, silence);
            opened = call;
            if (!channel.isConnected() && !call.readiness.awaitConnected(channel, deadline)) {
                throw new SocketTimeoutException("no connection within " + Quantities.text(timeout));
            }
            ConnectAttempts.refuseSelfConnect(channel);
            return call;
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, opened);
            throw failed;
        }
    }

    /**
     * Sends a request and reads the answer.
     *
     * @param head the head, with its empty line
     * @param timeout how long the answer may take to begin
     * @param mostBytes the limit on the size of its body
     */
    Answer answer(String head, byte[] body, Duration timeout, int mostBytes) throws IOException {
        int status = send(head, body, timeout);
        return new Answer(status, body(headers(), mostBytes));
    }

    /** Sends a request and reads the status of the answer. */
    private int send(String head, byte[] body, Duration timeout) throws IOException {
        deadline = System.nanoTime() + timeout.toNanos();
        end = deadline + LONGEST.toNanos();
        write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
        write(ByteBuffer.wrap(body));
        int status = status();
        while (status / 100 == 1) {
            headers();
            status = status();
        }
        return status;
    }

    /**
     * Sends a request and reads the head of the answer and the first line of its body; if the status is that of an error, the
     * whole body. Then the answer goes on until this is closed.
     */
    Answer begin(String head, byte[] body, Duration timeout, int mostBytes) throws IOException {
        int status = send(head, body, timeout);
        Map<String, String> headers = headers();
        if (status / 100 != 2) {
            return new Answer(status, body(headers, mostBytes));
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        do {
            int size = chunkSize(mostBytes);
            if (size == 0) {
                throw new EOFException("it ended the answer before its first line");
            }
            read(size, mostBytes, line);
            if (!line().isEmpty()) {
                throw new ProtocolException("its answer has a malformed chunk");
            }
        } while (line.toByteArray()[line.size() - 1] != '\n');
        return new Answer(status, line.toString(StandardCharsets.UTF_8));
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0 && !readiness.await(SelectionKey.OP_WRITE, deadline)) {
                throw late();
            }
        }
    }

    private int status() throws IOException {
        String line;
        try {
            line = line();
        } catch (EOFException early) {
            throw new EOFException("it ended the connection without an answer");
        }
        if (!line.matches("HTTP/1\\.[01] [1-9]\\d\\d( .*)?")) {
            throw new ProtocolException(
                    "it answered with " + Escaping.quote(Escaping.first(line, SHOWN)) + ", which is not HTTP");
        }
        return Integer.parseInt(line.substring(9, 12));
    }

    private Map<String, String> headers() throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return headers;
    }

    private String body(Map<String, String> headers, int most) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
            for (int size = chunkSize(most); size > 0; size = chunkSize(most)) {
                read(size, most, body);
                if (!line().isEmpty()) {
                    throw new ProtocolException("its answer has a malformed chunk");
                }
            }
            headers(); // the trailer
        } else if (headers.containsKey("content-length")) {
            String length = headers.getOrDefault("content-length", "");
            if (!length.matches("\\d{1,18}")) {
                throw new ProtocolException("its answer has a malformed length");
            }
            read(Long.parseLong(length), most, body);
        } else {
            while (next()) {
                read(in.remaining(), most, body);
            }
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    private int chunkSize(int most) throws IOException {
        headLeft = MOST_HEAD;
        String size = line().split(";", 2)[0].strip();
        if (!size.matches("[0-9A-Fa-f]{1,7}")) {
            throw size.matches("[0-9A-Fa-f]+")
                    ? tooLong(most)
                    : new ProtocolException("its answer has a malformed chunk");
        }
        return Integer.parseInt(size, 16);
    }

    private void read(long count, int most, ByteArrayOutputStream to) throws IOException {
        if (to.size() + count > most) {
            throw tooLong(most);
        }
        for (long left = count; left > 0; ) {
            if (!next()) {
                throw new EOFException("it ended the connection in the middle of its answer");
            }
            int n = (int) Math.min(left, in.remaining());
            to.write(in.array(), in.position(), n);
            in.position(in.position() + n);
            left -= n;
        }
    }

    private static TooLongException tooLong(int most) {
        return new TooLongException("its answer has more than " + Quantities.text((long) most));
    }

    /** Reads a line without its end. */
    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            if (!next()) {
                throw new EOFException("it ended the connection in the middle of its answer");
            }
            if (headLeft-- == 0) {
                throw new ProtocolException(
                        "the head of its answer has more than " + Quantities.text((long) MOST_HEAD));
            }
            char c = (char) (in.get() & 0xFF);
            if (c == '\n') {
                int length = line.length();
                return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
            }
            line.append(c);
        }
    }

    /** Waits for the next bytes. Returns false at the end of the stream. */
    private boolean next() throws IOException {
        while (!in.hasRemaining()) {
            in.clear();
            int n = channel.read(in);
            in.flip();
            if (n < 0) {
                return false;
            }
            if (n == 0 && !readiness.await(SelectionKey.OP_READ, deadline)) {
                throw late();
            }
            if (n > 0) {
                long now = System.nanoTime();
                deadline = now + Math.min(silence.toNanos(), Math.max(0, end - now));
            }
        }
        return true;
    }

    private static SocketTimeoutException late() {
        return new SocketTimeoutException("it does not answer");
    }

    @Override
    public void close() throws IOException {
        try {
            readiness.close();
        } finally {
            channel.close();
        }
    }
}
