package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.echoharness.replay.Session;
import org.echoharness.replay.SessionEvent;
import org.echoharness.replay.SessionSteps;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.FirstDifference;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** An immutable snapshot of one recorded connection. */
public final class RecordedConnection {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Recorder recorder;
    private final long bytesReceived;
    private final long bytesSent;
    private final ByteBuffer received;
    private final ByteBuffer sent;
    private final RecordedEvent.Log log;
    private final @Nullable Ending ending;
    private final boolean hasFailed;
    private final @Nullable RecordedConnection upstream;

    /** What has recorded a connection: an object for each connection, in this process or for one in another process. */
    interface Recorder {

        Ending.Side recordedBy();

        /** Returns 1 for the first connection, and 0 for one that was rejected. */
        long number();

        SocketAddress local();

        SocketAddress remote();

        /** Returns the other end of the socket if a header has come from there; otherwise null. */
        @Nullable
        SocketAddress proxy();

        /** Returns whether it records the connection to the server behind a relay. */
        boolean isUpstream();

        Instant accepted();

        /** Returns when it opened, in nanoseconds since the first connection of its recording. */
        long opened();

        /** Returns the most bytes of each direction that are kept. */
        int keeps();

        RecordedConnection snapshot();

        /**
         * Waits for a snapshot that the condition accepts, and returns it; null at the deadline. Calls the condition after
         * events.
         */
        @Nullable
        RecordedConnection await(Duration timeout, Predicate<RecordedConnection> condition) throws InterruptedException;
    }

    RecordedConnection(
            Recorder recorder,
            long bytesReceived,
            long bytesSent,
            ByteBuffer received,
            ByteBuffer sent,
            RecordedEvent.Log log,
            @Nullable Ending ending,
            boolean hasFailed,
            @Nullable RecordedConnection upstream) {
        this.recorder = recorder;
        this.bytesReceived = bytesReceived;
        this.bytesSent = bytesSent;
        this.received = received;
        this.sent = sent;
        this.log = log;
        this.ending = ending;
        this.hasFailed = hasFailed;
        this.upstream = upstream;
    }

    /**
     * Returns which end recorded the connection.
     *
     * @return SERVER for a connection of {@link EchoServer#recording()}, CLIENT for one of {@link EchoClient#recording()} and
     *     for an {@link #upstream()}
     */
    public Ending.Side recordedBy() {
        return recorder.recordedBy();
    }

    /**
     * Returns the connection's number among the accepted connections of the server.
     *
     * @return 1 or more; 0 if it was rejected; 1 if a client recorded it
     */
    public long number() {
        return recorder.number();
    }

    /**
     * Returns the address of the end that recorded the connection.
     *
     * @return in a server's recording, the address that the client connected to
     * @throws IllegalStateException if the connection is one of a Unix socket; call {@link #localSocketAddress}
     */
    public InetSocketAddress local() {
        return HostAndPort.inet(recorder.local(), name(), "localSocketAddress()");
    }

    /**
     * Returns the address of the other end.
     *
     * @return in a server's recording, the address that the client connected from
     * @throws IllegalStateException if the connection is one of a Unix socket; call {@link #remoteSocketAddress}
     */
    public InetSocketAddress remote() {
        return HostAndPort.inet(recorder.remote(), name(), "remoteSocketAddress()");
    }

    /**
     * Returns the address of the end that recorded the connection, of TCP or of a Unix socket.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress}; its path is empty in a client's
     *     recording
     */
    public SocketAddress localSocketAddress() {
        return recorder.local();
    }

    /**
     * Returns the address of the other end, of TCP or of a Unix socket.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress}; in a server's recording, its path
     *     is empty unless the client has bound its socket
     */
    public SocketAddress remoteSocketAddress() {
        return recorder.remote();
    }

    /**
     * Returns the address of the proxy that has sent the PROXY header of this connection: the other end of the socket. {@link
     * #remote} and {@link #local} then return what the header says: the addresses that the client has connected from and to.
     * They are those of the socket before the header has come, and if it names no client.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress}; empty if no such header has come,
     *     and without the option {@link EchoServer.Builder#proxyProtocol proxyProtocol}
     * @since 0.1.0
     */
    public Optional<SocketAddress> proxy() {
        return Optional.ofNullable(recorder.proxy());
    }

    /**
     * Returns the connection to the server behind a relay that was made for this one. Its number is the same, and {@link
     * #recordedBy} returns CLIENT: what it received came from that server, and what it sent went there. Its events count the
     * time from its own connect. {@link RecordingComparison#ofRelay} compares the two.
     *
     * @return the other leg; empty if the server does not relay, or has not connected
     */
    public Optional<RecordedConnection> upstream() {
        return Optional.ofNullable(upstream);
    }

    /**
     * Returns when the server accepted the connection; in a client's recording when the client connected, and of an {@link
     * #upstream()} when the relay did.
     *
     * @return an instant of the system's clock
     */
    public Instant accepted() {
        return recorder.accepted();
    }

    /**
     * Returns the time from the accept of the recording's first connection to the accept of this one. It puts the events of
     * all connections on one clock: {@code connection.opened().plus(event.after())}.
     *
     * @return zero for the first connection
     */
    public Duration opened() {
        return Duration.ofNanos(recorder.opened());
    }

    /**
     * Returns how many bytes came from the other end, including those that are not kept.
     *
     * @return a number of bytes
     */
    public long bytesReceived() {
        return bytesReceived;
    }

    /**
     * Returns how many bytes were sent to the other end, including those that are not kept.
     *
     * @return a number of bytes
     */
    public long bytesSent() {
        return bytesSent;
    }

    /**
     * Returns the bytes that came from the other end: the first ones, as many as are kept.
     *
     * @return a copy
     */
    public byte[] received() {
        return copy(received, 0, received.limit());
    }

    /**
     * Returns the bytes that were sent to the other end: the first ones, as many as are kept.
     *
     * @return a copy
     */
    public byte[] sent() {
        return copy(sent, 0, sent.limit());
    }

    /**
     * Returns whether bytes or events are missing, because there were more than the recording keeps.
     *
     * @return whether any are missing
     */
    public boolean isCut() {
        return bytesReceived > received.limit() || bytesSent > sent.limit() || log.leftOut() > 0;
    }

    /**
     * Returns what happened, in order. Each call makes a new list.
     *
     * @return the events; the first is the accept or the connect
     */
    public List<RecordedEvent> events() {
        return List.copyOf(log.list());
    }

    /**
     * Returns the number of an event's bytes and those that are kept, as in the transcript: {@code 5 bytes "hello"}.
     *
     * @param event one of {@link #events()}
     * @return the text; empty for an event without bytes
     */
    public String payloadText(RecordedEvent event) {
        return Transcript.payload(this, event);
    }

    /**
     * Returns how many events are not kept.
     *
     * @return a number, usually 0
     */
    public long eventsLeftOut() {
        return log.leftOut();
    }

    /**
     * Returns how the connection ended.
     *
     * @return the ending; empty while the connection is open
     */
    public Optional<Ending> ending() {
        return Optional.ofNullable(ending);
    }

    /**
     * Returns whether the server reset the connection because serving it failed, for example by an exception in a callback.
     *
     * @return true if serving it failed; false while it is open, and always in a client's recording
     */
    public boolean hasFailed() {
        return hasFailed;
    }

    /**
     * Waits until the connection has ended, for 5 seconds. See {@link #awaitEnd(Duration)}.
     *
     * @return a snapshot taken after the end
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitEnd() throws InterruptedException {
        return awaitEnd(TIMEOUT);
    }

    /**
     * Waits until the connection has ended. With a relay, both of its legs have ended then.
     *
     * @param timeout the longest time to wait
     * @return a snapshot taken after the end
     * @throws AssertionError at the deadline, with the {@link #excerpt excerpt}
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitEnd(Duration timeout) throws InterruptedException {
        return await(timeout, "the end", false, later -> later.ending != null, later -> "");
    }

    /**
     * Waits until these bytes have come, for 5 seconds. See {@link #awaitReceived(byte[], Duration)}.
     *
     * @param bytes the bytes to wait for
     * @return a snapshot that has the bytes
     * @throws AssertionError if they do not come, as {@link #awaitReceived(byte[], Duration)} describes
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(byte[] bytes) throws InterruptedException {
        return awaitReceived(bytes, TIMEOUT);
    }

    /**
     * Waits until these bytes, one directly after the other, are among those that came from the other end and are kept.
     *
     * @param bytes the bytes to wait for
     * @param timeout the longest time to wait
     * @return a snapshot that has the bytes
     * @throws AssertionError at the deadline, or at once if the bytes cannot come any more, because the connection has ended
     *     or the recording keeps no more of its bytes; with the first difference and the {@link #excerpt excerpt}
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(byte[] bytes, Duration timeout) throws InterruptedException {
        String what = Escaping.quote(ByteBuffer.wrap(bytes));
        if (bytes.length > recorder.keeps()) {
            throw new AssertionError("awaited " + Escaping.bytes(bytes.length) + " " + what + " of " + name()
                    + ", which can never be seen: the first " + Escaping.bytes(recorder.keeps())
                    + " of each direction are kept; raise recording");
        }
        return await(timeout, what, true, later -> contains(later.received(), bytes), later -> nearest(later, bytes));
    }

    /**
     * Waits until the predicate accepts the bytes that came from the other end.
     *
     * @param received tests the bytes that are kept; it is called again after further events
     * @param timeout the longest time to wait
     * @return a snapshot whose bytes the predicate accepted
     * @throws AssertionError at the deadline, or at once if the connection has ended or the recording keeps no more of its
     *     bytes; with the {@link #excerpt excerpt}
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(Predicate<byte[]> received, Duration timeout) throws InterruptedException {
        return await(
                timeout, "bytes that match the predicate", true, later -> received.test(later.received()), later -> "");
    }

    /** @param ofBytes whether to wait for bytes; the wait then ends when no more of them are kept */
    private RecordedConnection await(
            Duration timeout,
            String what,
            boolean ofBytes,
            Predicate<RecordedConnection> condition,
            Function<RecordedConnection, String> difference)
            throws InterruptedException {
        RecordedConnection found = recorder.await(
                timeout, later -> later.ending != null || (ofBytes && later.isFull()) || condition.test(later));
        if (found == null || !condition.test(found)) {
            RecordedConnection last = found == null ? recorder.snapshot() : found;
            String until = found == null ? "for " + Quantities.text(timeout) : last.whyOver();
            throw new AssertionError("awaited " + what + " of " + name() + " " + until + ", saw:\n" + last.excerpt()
                    + difference.apply(last));
        }
        return found;
    }

    /** Returns whether the recording keeps no more received bytes. */
    private boolean isFull() {
        return bytesReceived > received.limit() || received.limit() == recorder.keeps();
    }

    private String whyOver() {
        return ending != null && !isFull()
                ? "until it ended"
                : "among the first " + Escaping.bytes(received.limit())
                        + ", no more of which are kept (raise recording)";
    }

    private static boolean contains(byte[] all, byte[] part) {
        return part.length == 0 || longest(all, part)[1] == part.length;
    }

    /** Finds the longest beginning of the part. Returns its offset and its length. */
    private static int[] longest(byte[] all, byte[] part) {
        int[] longest = {0, 0};
        for (int at = 0; at < all.length && longest[1] < part.length; at++) {
            if (all[at] == part[0]) {
                int differs = Arrays.mismatch(all, at, all.length, part, 0, part.length);
                int same = differs < 0 ? part.length : differs;
                if (same > longest[1]) {
                    longest = new int[] {at, same};
                }
            }
        }
        return longest;
    }

    /** Describes where the longest beginning of the bytes came, and what came in place of the rest. */
    private static String nearest(RecordedConnection seen, byte[] bytes) {
        byte[] all = seen.received();
        int[] longest = longest(all, bytes);
        int offset = longest[0] + longest[1];
        String there = offset == all.length ? "nothing more" : Escaping.excerpt(all, offset);
        return longest[1] == 0
                ? ""
                : "of the " + Escaping.bytes(bytes.length) + " awaited the first " + longest[1] + " came at offset "
                        + longest[0] + "; then, at offset " + offset + ", expected "
                        + Escaping.excerpt(bytes, longest[1])
                        + ", seen " + there;
    }

    /**
     * Checks that exactly these bytes came from the other end.
     *
     * @param expected all bytes that must have come
     * @throws AssertionError if other bytes came, or if that is unknown because not all are kept; with the bytes expected,
     *     those received, their first difference and the {@link #excerpt excerpt}
     */
    public void assertReceived(byte[] expected) {
        assertSame("received", expected, received(), bytesReceived);
    }

    /**
     * Checks that exactly these bytes were sent to the other end.
     *
     * @param expected all bytes that must have been sent
     * @throws AssertionError if other bytes were sent, or if that is unknown because not all are kept; with the bytes
     *     expected, those sent, their first difference and the {@link #excerpt excerpt}
     */
    public void assertSent(byte[] expected) {
        assertSame("sent", expected, sent(), bytesSent);
    }

    private void assertSame(String verb, byte[] expected, byte[] kept, long total) {
        FirstDifference difference = FirstDifference.of(expected, expected.length, kept, total);
        if (difference == null && kept.length == total) {
            return;
        }
        String what = name() + " should have " + verb + " exactly " + Escaping.bytes(expected.length) + " "
                + Escaping.quote(ByteBuffer.wrap(expected));
        if (difference == null) {
            throw new AssertionError(what + ", and " + verb + " as many, of which the first " + kept.length
                    + " are the same and the others are not kept; raise recording:\n" + excerpt());
        }
        throw new AssertionError(what + ", but " + verb + " " + Escaping.bytes(total) + " "
                + Escaping.quote(ByteBuffer.wrap(kept)) + "; the first difference is at offset " + difference.offset()
                + atTheLatest(difference, kept) + ": expected " + difference.expected() + ", " + verb + " "
                + difference.seen() + ":\n" + excerpt());
    }

    private static String atTheLatest(FirstDifference difference, byte[] kept) {
        return difference.offset() <= kept.length
                ? ""
                : " at the latest (those from offset " + kept.length + " on are not kept; raise recording)";
    }

    /**
     * Checks which side ended the connection, and how.
     *
     * @param by the side that must have ended it
     * @param how FIN or RST
     * @throws AssertionError if the connection is open or ended in another way; with the {@link #excerpt excerpt}
     */
    public void assertEndedBy(Ending.Side by, Ending.How how) {
        Ending was = ending;
        if (was == null || was.by() != by || was.how() != how) {
            throw new AssertionError(name() + " should have been ended by " + by + " with " + how + ", but "
                    + (was == null ? "is open" : "was ended by " + was) + ":\n" + excerpt());
        }
    }

    /**
     * Returns the conversation as text, one line per event. Payload is quoted and escaped. A line states what is cut. With a
     * relay, the events of both legs are in the order of their time: lines about the connection to the server say {@code
     * upstream}. The last lines say what the relay changed.
     *
     * @return lines, each with its end
     */
    public String transcript() {
        return Transcript.of(this);
    }

    /**
     * Returns the part of {@link #transcript()} that error messages show: of more than 61 lines, the first 20 and the last
     * 40, and of each line at most 400 characters.
     *
     * @return lines, each with its end
     */
    public String excerpt() {
        return Transcript.excerpt(transcript());
    }

    /**
     * Returns the conversation in two columns, the client's bytes on the left and the server's on the right, with
     * milliseconds. With a relay, what the relay sends is in a column between the two.
     *
     * @return lines, each with its end
     */
    public String timeline() {
        return Transcript.timeline(this);
    }

    /**
     * Returns the bytes of both directions in hexadecimal and ASCII, sixteen per line. A line begins with {@code >} if the
     * client sent the bytes, and with {@code <} if it received them. With a relay, lines that begin with {@code >>} or {@code
     * <<} show what the server behind it received or sent.
     *
     * @return lines, each with its end
     */
    public String hexDump() {
        return Transcript.hexDump(this);
    }

    /**
     * Returns a script with which a server does again what this server did: it expects what the client has sent, and sends
     * what this server has sent. The script is for every connection. A client that does the same again completes the same
     * session.
     *
     * @return the script, without pauses
     * @throws IllegalStateException if the connection is still open, or if bytes or events are not kept; the message names
     *     the cure
     * @see Recording#toScript()
     */
    public Script toScript() {
        return Script.of(steps((Duration) null).toArray(Step[]::new));
    }

    /**
     * Returns a script as {@link #toScript()} does, for a client that sends other values each time, such as ids or times.
     * Another recording of the same client shows which values differ: the script expects any value in their place, and
     * sends back those that the server has sent back.
     *
     * @param other the same session, recorded another time
     * @return the script
     * @throws IllegalStateException as {@link #toScript()} describes, also for the other recording
     * @throws IllegalArgumentException if the client's bytes differ in more than values
     * @see Recording#toScript(Recording)
     */
    public Script toScript(RecordedConnection other) {
        Objects.requireNonNull(other, "other");
        return Script.of(steps(other).toArray(Step[]::new));
    }

    /** Returns the steps of a script. Fails if something is missing. */
    List<Step> steps(@Nullable Duration leastPause) {
        List<Step> steps = new ArrayList<>();
        SessionSteps.of(session(), leastPause, part -> add(part, steps));
        checkEnded();
        return steps;
    }

    /** Returns the steps of a script that expects any value where that of the other recording differs. */
    List<Step> steps(RecordedConnection other) {
        other.steps((Duration) null); // fails if something is missing
        checkEnded();
        List<Step> steps = new ArrayList<>();
        try {
            SessionSteps.marked(session(), other.session(), part -> add(part, steps));
        } catch (IllegalArgumentException different) {
            throw new IllegalArgumentException(
                    name() + " is not the same session in both recordings: " + different.getMessage()
                            + "; record the same client twice, or edit the script of one recording",
                    different);
        }
        return steps;
    }

    private void checkEnded() {
        if (ending == null) {
            throw new IllegalStateException(name()
                    + " cannot become a script: it is still open, so that its end is missing; close the client, call"
                    + " awaitEnd() on the connection, and then ask the recording again");
        }
    }

    private void add(SessionSteps.Part part, List<Step> to) {
        Step step = part.step();
        if (step == null || !part.remark().isEmpty()) {
            throw new IllegalStateException(name() + " cannot become a script: " + part.remark() + "; " + replayCure());
        }
        to.add(step);
    }

    /** Returns what helps if bytes or events are not kept. */
    String replayCure() {
        return log.leftOut() > 0
                ? "record a shorter conversation (the first " + RecordedEvent.Log.MOST
                        + " events of a connection are kept)"
                : "raise recording (the first " + Escaping.bytes(recorder.keeps()) + " of each direction are kept)";
    }

    /** Returns what happened, for a script. */
    Session session() {
        return new Session(
                () -> log.list().stream()
                        .limit(log.beforeTheGap())
                        .filter(event -> sessionKind(event) != null)
                        .map(this::sessionEvent)
                        .iterator(),
                log.leftOut(),
                ending != null);
    }

    private SessionEvent sessionEvent(RecordedEvent event) {
        byte[] kept = event.bytes() == 0 ? new byte[0] : bytes(event);
        return new SessionEvent(
                Objects.requireNonNull(sessionKind(event)),
                new String(kept, StandardCharsets.ISO_8859_1),
                event.bytes() - kept.length,
                Quantities.nanos(event.after()));
    }

    private SessionEvent.@Nullable Kind sessionKind(RecordedEvent event) {
        return switch (event.kind()) {
            case ACCEPTED, CONNECTED, FAULT, NOTE, STEP, MISMATCH, ALERT -> null;
            case HANDSHAKE -> SessionEvent.Kind.HANDSHAKE;
            case RECEIVED, SENT -> event.isByClient(recordedBy()) ? SessionEvent.Kind.RECEIVED : SessionEvent.Kind.SENT;
            case CLIENT_FIN -> SessionEvent.Kind.CLIENT_FIN;
            case SERVER_FIN -> SessionEvent.Kind.SERVER_FIN;
            case CLIENT_RST -> SessionEvent.Kind.CLIENT_RST;
            case SERVER_RST, REJECTED -> SessionEvent.Kind.SERVER_RST;
        };
    }

    /** The bytes of one direction: the first ones, which are kept, and how many there were. */
    record Stream(ByteBuffer kept, long total) {}

    /** Returns what went from the client to the server, whichever side recorded it. */
    Stream toServer() {
        return recordedBy() == Ending.Side.CLIENT ? new Stream(sent, bytesSent) : new Stream(received, bytesReceived);
    }

    /** Returns what went from the server to the client, whichever side recorded it. */
    Stream toClient() {
        return recordedBy() == Ending.Side.CLIENT ? new Stream(received, bytesReceived) : new Stream(sent, bytesSent);
    }

    /** Returns whether it is the connection to the server behind a relay. */
    boolean isUpstream() {
        return recorder.isUpstream();
    }

    /** Returns an object that all snapshots of this connection have, and no other connection. */
    Object key() {
        return recorder;
    }

    /** Returns the most bytes of each direction that are kept. */
    int keeps() {
        return recorder.keeps();
    }

    /** Returns the log of the events. */
    RecordedEvent.Log log() {
        return log;
    }

    /** Returns the kept bytes of one event. */
    byte[] bytes(RecordedEvent event) {
        ByteBuffer of = event.kind() == RecordedEvent.Kind.RECEIVED ? received : sent;
        int from = (int) Math.min(event.offset(), of.limit());
        return copy(of, from, (int) Math.min(of.limit(), event.offset() + event.bytes()));
    }

    private static byte[] copy(ByteBuffer of, int from, int to) {
        byte[] copy = new byte[to - from];
        of.get(from, copy);
        return copy;
    }

    /** Returns the client's address, whichever side recorded the connection. */
    SocketAddress client() {
        return recordedBy() == Ending.Side.CLIENT ? recorder.local() : recorder.remote();
    }

    /** Returns the server's address, whichever side recorded the connection. */
    SocketAddress server() {
        return recordedBy() == Ending.Side.CLIENT ? recorder.remote() : recorder.local();
    }

    /** Returns the address of the other end, in words. */
    private String otherEnd() {
        return recordedBy() == Ending.Side.CLIENT
                ? HostAndPort.text(recorder.remote())
                : HostAndPort.peer(recorder.remote(), recorder.local(), number());
    }

    /** Returns "connection 1" or "rejected connection", for a sentence. */
    String name() {
        String name = number() == 0 ? "rejected connection" : "connection " + number();
        return isUpstream() ? "upstream of " + name : name;
    }

    /** Returns how a line names the other end. */
    String peer() {
        return (isUpstream() ? "upstream " : "") + otherEnd();
    }

    private String sums() {
        return bytesReceived + " bytes in, " + bytesSent + " out, " + (ending == null ? "open" : "ended by " + ending);
    }

    @Override
    public String toString() {
        return name() + (recordedBy() == Ending.Side.CLIENT ? " to " : " from ") + otherEnd() + ", " + sums()
                + (upstream == null ? "" : "; " + upstream.peer() + ", " + upstream.sums());
    }
}
