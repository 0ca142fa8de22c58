package org.echoharness;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One recorded connection as it was when it was asked for: immutable. */
public final class RecordedConnection {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Recorder recorder;
    private final Tape tape;
    private final long number;
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private final Instant accepted;
    private final long bytesReceived;
    private final long bytesSent;
    private final byte[] received;
    private final byte[] sent;
    private final List<RecordedEvent> events;
    private final long eventsLeftOut;
    private final @Nullable Ending ending;

    RecordedConnection(
            Recorder recorder,
            Tape tape,
            long number,
            InetSocketAddress local,
            InetSocketAddress remote,
            Instant accepted,
            long bytesReceived,
            long bytesSent,
            byte[] received,
            byte[] sent,
            List<RecordedEvent> events,
            long eventsLeftOut,
            @Nullable Ending ending) {
        this.recorder = recorder;
        this.tape = tape;
        this.number = number;
        this.local = local;
        this.remote = remote;
        this.accepted = accepted;
        this.bytesReceived = bytesReceived;
        this.bytesSent = bytesSent;
        this.received = received;
        this.sent = sent;
        this.events = List.copyOf(events);
        this.eventsLeftOut = eventsLeftOut;
        this.ending = ending;
    }

    /**
     * Its number among the accepted connections of the server.
     *
     * @return 1 or more; 0 if it was rejected
     */
    public long number() {
        return number;
    }

    /**
     * The server's end.
     *
     * @return the address that the client connected to
     */
    public InetSocketAddress local() {
        return local;
    }

    /**
     * The client's end.
     *
     * @return the address that the client connected from
     */
    public InetSocketAddress remote() {
        return remote;
    }

    /**
     * When it was accepted.
     *
     * @return an instant of the system's clock
     */
    public Instant accepted() {
        return accepted;
    }

    /**
     * How many bytes came from the client, those that were not kept too.
     *
     * @return a number of bytes
     */
    public long bytesReceived() {
        return bytesReceived;
    }

    /**
     * How many bytes were sent to the client, those that were not kept too.
     *
     * @return a number of bytes
     */
    public long bytesSent() {
        return bytesSent;
    }

    /**
     * What came from the client: the first bytes, as many as are kept.
     *
     * @return a copy
     */
    public byte[] received() {
        return received.clone();
    }

    /**
     * What was sent to the client: the first bytes, as many as are kept.
     *
     * @return a copy
     */
    public byte[] sent() {
        return sent.clone();
    }

    /**
     * Whether bytes or events are missing here, since there were more than are kept.
     *
     * @return whether it is cut
     */
    public boolean isCut() {
        return bytesReceived > received.length || bytesSent > sent.length || eventsLeftOut > 0;
    }

    /**
     * What happened, in order.
     *
     * @return the events; the first is the accept
     */
    public List<RecordedEvent> events() {
        return events;
    }

    /**
     * How many events were not kept.
     *
     * @return a number, most often 0
     */
    public long eventsLeftOut() {
        return eventsLeftOut;
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
     * As {@link #awaitEnd(Duration)}, for 5 seconds.
     *
     * @return a snapshot of then
     * @throws AssertionError at the deadline
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
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitEnd(Duration timeout) throws InterruptedException {
        return await(timeout, "the end", later -> later.ending != null);
    }

    /**
     * As {@link #awaitReceived(byte[], Duration)}, for 5 seconds.
     *
     * @param bytes what is to come
     * @return a snapshot of then
     * @throws AssertionError at the deadline
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(byte[] bytes) throws InterruptedException {
        return awaitReceived(bytes, TIMEOUT);
    }

    /**
     * Waits until these bytes, one behind the other, are among those that came from the client and are kept.
     *
     * @param bytes what is to come
     * @param timeout the longest to wait
     * @return a snapshot of then
     * @throws AssertionError at the deadline, with the transcript
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(byte[] bytes, Duration timeout) throws InterruptedException {
        return await(timeout, Text.quote(ByteBuffer.wrap(bytes)), later -> contains(later.received, bytes));
    }

    /**
     * Waits until what came from the client is as the predicate wants it.
     *
     * @param received decides by the bytes that are kept, again after events
     * @param timeout the longest to wait
     * @return a snapshot of then
     * @throws AssertionError at the deadline, with the transcript
     * @throws InterruptedException if the thread is interrupted
     */
    public RecordedConnection awaitReceived(Predicate<byte[]> received, Duration timeout) throws InterruptedException {
        return await(timeout, "what the predicate wants", later -> received.test(later.received()));
    }

    private RecordedConnection await(Duration timeout, String what, Predicate<RecordedConnection> condition)
            throws InterruptedException {
        RecordedConnection found = recorder.await(timeout, () -> {
            RecordedConnection later = recorder.snapshot(tape);
            return condition.test(later) ? later : null;
        });
        if (found == null) {
            throw new AssertionError("awaited " + what + " of connection " + number + " for " + Options.text(timeout)
                    + ", saw:\n" + recorder.snapshot(tape).transcript());
        }
        return found;
    }

    private static boolean contains(byte[] all, byte[] part) {
        for (int at = 0; at <= all.length - part.length; at++) {
            if (Arrays.equals(all, at, at + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Checks how it ended.
     *
     * @param by who is to have ended it
     * @param how with what
     * @throws AssertionError if it is open, or if it ended in another way; with the transcript
     */
    public void assertEndedBy(Ending.Side by, Ending.How how) {
        Ending was = ending;
        if (was == null || was.by() != by || was.how() != how) {
            throw new AssertionError("connection " + number + " was to be ended by " + by + " with " + how + ", but "
                    + (was == null ? "is open" : "was ended by " + was) + ":\n" + transcript());
        }
    }

    /**
     * The conversation for people, a line an event: payload quoted and escaped, what is cut said.
     *
     * @return lines, each with its end
     */
    public String transcript() {
        return Transcript.of(this);
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

    /** The bytes of one event, of those that are kept. */
    byte[] bytes(RecordedEvent event) {
        byte[] of = event.kind() == RecordedEvent.Kind.RECEIVED ? received : sent;
        int from = (int) Math.min(event.offset(), of.length);
        return Arrays.copyOfRange(of, from, (int) Math.min(of.length, event.offset() + event.bytes()));
    }

    @Override
    public String toString() {
        return "connection " + number + " from " + HostAndPort.of(remote) + ", " + bytesReceived + " bytes in, "
                + bytesSent + " out, " + (ending == null ? "open" : "ended by " + ending);
    }
}
