package org.echoharness.proxy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.echoharness.sockets.StartupClasses;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header with which a connection begins. It never reads more than the header must still have, so that the next byte of
 * the socket is the first after the header. The thread of the connection's event loop uses it.
 */
public final class HeaderInput {

    /** What a mismatch names in place of a step. */
    public static final String NAME = "PROXY header";

    /** How long the header may take. The protocol asks for 3 seconds or more, since a packet may be lost. */
    private static final long MOST_NANOS = 5_000_000_000L;

    /** How many bytes are read at once of those that are left out. */
    private static final int DROPPED = 1_024;

    private static final byte[] NONE = {};

    private final ReadableByteChannel socket;
    private final HeaderVersion required;
    private final long limit;
    private long deadline;
    private byte[] bytes = NONE; // the first that have come
    private int size; // of all that have come
    private boolean isOver;
    private @Nullable ProxyHeader header;
    private String expected = "";
    private String seen = "";

    /** @param idleNanos the idle time of the server, if it is shorter than the limit for the header; 0 for none */
    public HeaderInput(ReadableByteChannel socket, HeaderVersion required, long idleNanos, long now) {
        this.socket = socket;
        this.required = required;
        limit = idleNanos > 0 ? Math.min(idleNanos, MOST_NANOS) : MOST_NANOS;
        deadline = now + limit;
    }

    /** Loads the classes that a header needs: none can be loaded when no file descriptor is left. */
    public static void load() {
        StartupClasses.load(MalformedHeaderException.class);
        for (HeaderVersion each : List.of(HeaderVersion.V1, HeaderVersion.V2)) {
            SocketAddress any = new InetSocketAddress(LineHeader.inet(new byte[16]), 0);
            HeaderInput sample =
                    new HeaderInput(new OneHeader(ProxyHeader.of(each, any, any).bytes()), each, 0, 0);
            try {
                sample.advance(0);
            } catch (IOException impossible) {
                throw new AssertionError(impossible); // it comes from memory
            }
        }
        Escaping.quote(ByteBuffer.allocate(1));
    }

    /** Has the bytes of a header. */
    private record OneHeader(ByteBuffer bytes) implements ReadableByteChannel {
        @Override
        public int read(ByteBuffer into) {
            int n = Math.min(into.remaining(), bytes.remaining());
            into.put(bytes.slice(bytes.position(), n));
            bytes.position(bytes.position() + n);
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** Reads what has come. Returns whether it is over: the header is complete or wrong, or the client has sent its FIN. */
    public boolean advance(long now) throws IOException {
        while (!isOver) {
            int missing = missing();
            if (missing > 0) {
                int n = read(missing);
                if (n < 0) {
                    ends();
                } else if (n == 0) {
                    awaits(now);
                    return isOver;
                }
            }
        }
        return true;
    }

    /** Returns how many more bytes the header has at least. Ends it if it is complete or wrong. */
    private int missing() {
        try {
            boolean isBinary = begins(ProxyHeader.SIGNATURE) && required.includes(2);
            boolean isLine = begins(LineHeader.PREFIX) && required.includes(1);
            if (!isBinary && !isLine) {
                throw new MalformedHeaderException(required.header());
            }
            if (isBinary && isLine) {
                return LineHeader.LEAST; // nothing has come
            }
            int missing = isBinary ? BinaryHeader.missing(bytes, size) : LineHeader.missing(bytes, size);
            if (missing == 0) {
                header = isBinary ? BinaryHeader.read(bytes) : LineHeader.read(bytes, size);
                over();
            }
            return missing;
        } catch (MalformedHeaderException wrong) {
            fail(wrong.expected(), quoted());
            return 0;
        }
    }

    private boolean begins(byte[] prefix) {
        int length = Math.min(size, prefix.length);
        return Arrays.equals(bytes, 0, length, prefix, 0, length);
    }

    /** Reads some of the bytes that are missing, and keeps those that say something. */
    private int read(int missing) throws IOException {
        int kept = Math.min(missing, BinaryHeader.MOST_READ - size);
        if (size + kept > bytes.length) {
            bytes = Arrays.copyOf(bytes, size + kept);
        }
        ByteBuffer into =
                kept > 0 ? ByteBuffer.wrap(bytes, size, kept) : ByteBuffer.allocate(Math.min(missing, DROPPED));
        int n = socket.read(into);
        size += Math.max(0, n);
        return n;
    }

    /** The client's FIN has come. One before the first byte is no mistake: health checks of proxies send it. */
    private void ends() {
        if (size == 0) {
            over();
        } else {
            fail(required.header(), "the client's FIN after " + quoted());
        }
    }

    private void awaits(long now) {
        if (now - deadline >= 0) {
            String within = " within " + Quantities.text(Duration.ofNanos(limit));
            fail(required.header() + within, size == 0 ? "nothing" : quoted());
        }
    }

    private String quoted() {
        int more = Math.max(0, size - BinaryHeader.MOST_READ);
        String first = Escaping.quote(ByteBuffer.wrap(bytes, 0, size - more));
        return more == 0 ? first : first + " and " + more + " more bytes";
    }

    private void fail(String what, String came) {
        expected = what;
        seen = came;
        over();
    }

    private void over() {
        isOver = true;
        bytes = NONE;
    }

    /** Returns whether nothing more is read. */
    public boolean isOver() {
        return isOver;
    }

    /** Returns whether the header says that the proxy has connected on its own behalf, such as for a health check. */
    public boolean isLocal() {
        ProxyHeader known = header;
        return known != null && known.family().equals(ProxyHeader.LOCAL);
    }

    /** Returns the header; null if it is not complete, or wrong, or if the client has sent nothing but its FIN. */
    public @Nullable ProxyHeader header() {
        return header;
    }

    /** Returns what was expected in place of what has come; empty if nothing was wrong. */
    public String expected() {
        return expected;
    }

    /** Returns what has come, with bytes quoted and escaped; empty if nothing was wrong. */
    public String seen() {
        return seen;
    }

    /** Returns the nanoseconds until the header is late: at least 1. */
    public long untilLate(long now) {
        return Math.max(1, deadline - now);
    }

    /** Called when the server begins to read again after it stood still: the header has its whole time again. */
    public void restart(long now) {
        deadline = now + limit;
    }

    /** Returns the address of the client that the header names; otherwise that of the socket's other end. */
    public SocketAddress clientOr(SocketAddress other) {
        ProxyHeader known = header;
        return known == null ? other : Objects.requireNonNullElse(known.client(), other);
    }

    /** Returns the address that the client has connected to; otherwise that of the socket's own end. */
    public SocketAddress serverOr(SocketAddress own) {
        ProxyHeader known = header;
        return known == null ? own : Objects.requireNonNullElse(known.server(), own);
    }
}
