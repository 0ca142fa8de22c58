package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;

/** A connection that is recorded without a socket, at times that a test sets. */
final class RecordedBytes {

    static final Instant ACCEPTED = Instant.parse("2026-01-02T03:04:05.006007008Z");

    private final ConnectionRecorder recorder;
    private long now;

    RecordedBytes(long number, int kept) {
        this(number, kept, new InetSocketAddress("10.0.0.1", 7), new InetSocketAddress("10.0.0.2", 4000), ACCEPTED);
    }

    RecordedBytes(long number, int kept, InetSocketAddress local, InetSocketAddress remote, Instant accepted) {
        this(Ending.Side.SERVER, number, kept, local, remote, accepted);
        recorder.note(RecordedEvent.Kind.ACCEPTED, "", 0);
    }

    private RecordedBytes(ConnectionRecorder recorder) {
        this.recorder = recorder;
    }

    private RecordedBytes(
            Ending.Side by, long number, int kept, InetSocketAddress local, InetSocketAddress remote, Instant start) {
        recorder = new ConnectionRecorder(new RecordingStore(by, 1, 1), by, number, local, remote, kept, start, 0);
    }

    /** The other end of {@link #RecordedBytes(long, int)}, which connected this long before the server accepted. */
    static RecordedBytes byClient(int kept, Duration before) {
        RecordedBytes client = new RecordedBytes(
                Ending.Side.CLIENT,
                1,
                kept,
                new InetSocketAddress("10.0.0.2", 4000),
                new InetSocketAddress("10.0.0.1", 7),
                ACCEPTED.minus(before));
        client.recorder.note(RecordedEvent.Kind.CONNECTED, "", 0);
        return client;
    }

    /** The connection of a relay to the server behind it, made at the time of this one. */
    RecordedBytes upstream() {
        return new RecordedBytes(recorder.upstream(
                        new InetSocketAddress("10.0.0.1", 5000), new InetSocketAddress("10.0.0.3", 5432), now))
                .at(now);
    }

    /** Sets the time, in nanoseconds after the accept. */
    RecordedBytes at(long nanos) {
        now = nanos;
        return this;
    }

    RecordedBytes received(byte[] bytes) {
        recorder.received(ByteBuffer.wrap(bytes), now);
        return this;
    }

    RecordedBytes received(String latin1) {
        return received(latin1.getBytes(ISO_8859_1));
    }

    RecordedBytes sent(byte[] bytes) {
        recorder.sent(ByteBuffer.wrap(bytes), bytes.length, now);
        return this;
    }

    RecordedBytes sent(String latin1) {
        return sent(latin1.getBytes(ISO_8859_1));
    }

    RecordedBytes note(RecordedEvent.Kind kind, String detail) {
        recorder.note(kind, detail, now);
        return this;
    }

    RecordedBytes reject() {
        recorder.rejected("maxConnections", now);
        return this;
    }

    RecordedBytes end(Ending.Side by, Ending.How how, String why) {
        recorder.ended(by, how, why, false, now);
        return this;
    }

    RecordedConnection snapshot() {
        return recorder.snapshot();
    }
}
