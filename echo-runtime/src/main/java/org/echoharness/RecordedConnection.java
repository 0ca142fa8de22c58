package org.echoharness;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.echoharness.text.Escaping;
import org.echoharness.text.FirstDifference;
import org.jspecify.annotations.Nullable;

/** One recorded connection as it was when it was asked for: immutable. */
public final class RecordedConnection {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final ConnectionRecorder recorder;
    private final long bytesReceived;
    private final long bytesSent;
    private final ByteBuffer received;
    private final ByteBuffer sent;
    private final EventLog log;
    private final @Nullable Ending ending;
    private final boolean hasFailed;

    RecordedConnection(
            ConnectionRecorder recorder,
            long bytesReceived,
            long bytesSent,
            ByteBuffer received,
            ByteBuffer sent,
            EventLog log,
            @Nullable Ending ending,
            boolean hasFailed) {
        this.recorder = recorder;
        this.bytesReceived = bytesReceived;
        this.bytesSent = bytesSent;
        this.received = received;
        this.sent = sent;
        this.log = log;
        this.ending = ending;
        this.hasFailed = hasFailed;
    }

    /**
     * Which end recorded it.
     *
     * @return SERVER for a connection of {@link EchoServer#recording()}, CLIENT for one of {@link EchoClient#recording()}
     */
    public Ending.Side recordedBy() {
        return recorder.recordedBy();
    }

    /**
     * Its number among the accepted connections of the server.
     *
     * @return 1 or more; 0 if it was rejected; 1 for what a client recorded
     */
    public long number() {
        return recorder.number();
    }

    /**
     * The end that recorded it.
     *
     * @return of a server, the address that the client connected to
     */
    public InetSocketAddress local() {
        return recorder.local();
    }

    /**
     * The other end.
     *
     * @return of a server, the address that the client connected from
     */
    public InetSocketAddress remote() {
        return recorder.remote();
    }

    /**
     * When it was accepted, or by a client made.
     *
     * @return an instant of the system's clock
     */
    public Instant accepted() {
        return recorder.accepted();
    }

    /**
     * How long after the first connection of the recording it was accepted. With it all events of a recording have one
     * clock: {@code connection.opened().plus(event.after())}.
     *
     * @return zero for the first connection
     */
    public Duration opened() {
        return Duration.ofNanos(recorder.opened());
    }

    /**
     * How many bytes came from the other end, those that were not kept too.
     *
     * @return a number of bytes
     */
    public long bytesReceived() {
        return bytesReceived;
    }

    /**
     * How many bytes were sent to the other end, those that were not kept too.
     *
     * @return a number of bytes
     */
    public long bytesSent() {
        return bytesSent;
    }

    /**
     * What came from the other end: the first bytes, as many as are kept.
     *
     * @return a copy
     */
    public byte[] received() {
        return copy(received, 0, received.limit());
    }

    /**
     * What was sent to the other end: the first bytes, as many as are kept.
     *
     * @return a copy
     */
    public byte[] sent() {
        return copy(sent, 0, sent.limit());
    }

    /**
     * Whether bytes or events are missing here, since there were more than are kept.
     *
     * @return whether it is cut
     */
    public boolean isCut() {
        return bytesReceived > received.limit() || bytesSent > sent.limit() || log.leftOut() > 0;
    }

    /**
     * What happened, in order. Each call makes a new list.
     *
     * @return the events; the first is the accept or the connect
     */
    public List<RecordedEvent> events() {
        return List.copyOf(log.list());
    }

    /**
     * How many bytes an event brought, and what is kept of them, as the transcript shows them: {@code 5 bytes "hello"}.
     *
     * @param event one of {@link #events()}
     * @return empty for an event without bytes
     */
    public String payloadText(RecordedEvent event) {
        return Transcript.payload(this, event);
    }

    /**
     * How many events were not kept.
     *
     * @return a number, most often 0
     */
    public long eventsLeftOut() {
        return log.leftOut();
    }

    /**
     * How it ended.
     *
     * @return nothing while it is open
     */
    public Optional<Ending> ending() {
        return Optional.ofNullable(ending);
    }

    /**
     * Whether the server reset the connection because serving it failed: an exception in a callback, for one.
     *
     * @return false while it is open, and where a client recorded it
     */
    public boolean hasFailed() {
        return hasFailed;
    }

    /**
     * As {@link #awaitEnd(Duration)}, for 5 seconds.
     *
     * @return a snapshot of then
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitEnd() throws InterruptedException {
        return awaitEnd(TIMEOUT);
    }

    /**
     * Waits until the connection has ended.
     *
     * @param timeout the longest to wait
     * @return a snapshot of then
     * @throws AssertionError at the deadline, with the transcript
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitEnd(Duration timeout) throws InterruptedException {
        return await(timeout, "the end", false, later -> later.ending != null, later -> "");
    }

    /**
     * As {@link #awaitReceived(byte[], Duration)}, for 5 seconds.
     *
     * @param bytes what is to come
     * @return a snapshot of then
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(byte[] bytes) throws InterruptedException {
        return awaitReceived(bytes, TIMEOUT);
    }

    /**
     * Waits until these bytes, in one piece, are among those that came from the other end and are kept.
     *
     * @param bytes what is to come
     * @param timeout the longest to wait
     * @return a snapshot of then
     * @throws AssertionError at the deadline, or at once where they cannot come any more: the connection has ended, or
     *     keeps no more bytes; with the first difference and the transcript
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
     * Waits until what came from the other end is as the predicate wants it.
     *
     * @param received decides by the bytes that are kept, again after events
     * @param timeout the longest to wait
     * @return a snapshot of then
     * @throws AssertionError at the deadline, or at once where the connection has ended or keeps no more bytes; with the
     *     transcript
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(Predicate<byte[]> received, Duration timeout) throws InterruptedException {
        return await(timeout, "what the predicate wants", true, later -> received.test(later.received()), later -> "");
    }

    /** @param ofBytes whether it waits for bytes, which is over when no more are kept */
    private RecordedConnection await(
            Duration timeout,
            String what,
            boolean ofBytes,
            Predicate<RecordedConnection> condition,
            Function<RecordedConnection, String> difference)
            throws InterruptedException {
        RecordedConnection found = recorder.store().await(timeout, () -> {
            RecordedConnection later = recorder.snapshot();
            boolean over = later.ending != null || (ofBytes && later.isFull());
            return over || condition.test(later) ? later : null;
        });
        if (found == null || !condition.test(found)) {
            RecordedConnection last = found == null ? recorder.snapshot() : found;
            String until = found == null ? "for " + OptionText.text(timeout) : last.whyOver();
            throw new AssertionError("awaited " + what + " of " + name() + " " + until + ", saw:\n" + last.excerpt()
                    + difference.apply(last));
        }
        return found;
    }

    /** Whether no more of what is received is kept. */
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

    /** Where most of the part's beginning stands, and how many bytes of it do. */
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

    /** Where most of the bytes came, and what came in place of the rest. */
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
     * Checks all that came from the other end.
     *
     * @param expected what is to have come, no more and no less
     * @throws AssertionError if other bytes came, or if that cannot be known since not all are kept; with the bytes
     *     expected, those received, their first difference and the transcript
     */
    public void assertReceived(byte[] expected) {
        assertSame("received", expected, received(), bytesReceived);
    }

    /**
     * Checks all that was sent to the other end.
     *
     * @param expected what is to have been sent, no more and no less
     * @throws AssertionError if other bytes were sent, or if that cannot be known since not all are kept; with the bytes
     *     expected, those sent, their first difference and the transcript
     */
    public void assertSent(byte[] expected) {
        assertSame("sent", expected, sent(), bytesSent);
    }

    private void assertSame(String verb, byte[] expected, byte[] kept, long total) {
        FirstDifference difference = FirstDifference.of(expected, expected.length, kept, total);
        if (difference == null && kept.length == total) {
            return;
        }
        String what = name() + " was to have " + verb + " exactly " + Escaping.bytes(expected.length) + " "
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
     * Checks how it ended.
     *
     * @param by the side that is to have ended it
     * @param how FIN or RST
     * @throws AssertionError if it is open, or if it ended in another way; with the transcript
     */
    public void assertEndedBy(Ending.Side by, Ending.How how) {
        Ending was = ending;
        if (was == null || was.by() != by || was.how() != how) {
            throw new AssertionError(name() + " was to be ended by " + by + " with " + how + ", but "
                    + (was == null ? "is open" : "was ended by " + was) + ":\n" + excerpt());
        }
    }

    /**
     * The conversation for people, one line per event. Payload is quoted and escaped; a line says what is cut.
     *
     * @return lines, each with its end
     */
    public String transcript() {
        return Transcript.of(this);
    }

    /**
     * As much of {@link #transcript()} as a message shows: where there are more than 60 lines the first 20 and the last 40,
     * of each at most 400 characters.
     *
     * @return lines, each with its end
     */
    public String excerpt() {
        return Transcript.excerpt(transcript());
    }

    /**
     * The conversation side by side: the client's bytes on the left, the server's on the right, with milliseconds.
     *
     * @return lines, each with its end
     */
    public String timeline() {
        return Transcript.timeline(this);
    }

    /**
     * The bytes of both directions in hexadecimal and ASCII, sixteen a line, {@code >} from the client and {@code <} to it.
     *
     * @return lines, each with its end
     */
    public String hexDump() {
        return Transcript.hexDump(this);
    }

    /** The events one by one. */
    EventLog log() {
        return log;
    }

    /** The bytes of one event, of those that are kept. */
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

    /** The client's end, whichever side recorded it. */
    InetSocketAddress client() {
        return recordedBy() == Ending.Side.CLIENT ? local() : remote();
    }

    /** The server's end, whichever side recorded it. */
    InetSocketAddress server() {
        return recordedBy() == Ending.Side.CLIENT ? remote() : local();
    }

    /** "connection 1", for a sentence. */
    String name() {
        return number() == 0 ? "rejected connection" : "connection " + number();
    }

    @Override
    public String toString() {
        return name() + (recordedBy() == Ending.Side.CLIENT ? " to " : " from ") + HostAndPort.of(remote()) + ", "
                + bytesReceived + " bytes in, " + bytesSent + " out, "
                + (ending == null ? "open" : "ended by " + ending);
    }
}
