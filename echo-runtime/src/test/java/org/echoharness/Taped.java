package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;

/** A connection that is recorded without a socket, at times that a test sets. */
final class Taped {

    static final Instant ACCEPTED = Instant.parse("2026-01-02T03:04:05.006007008Z");

    private final Tape tape;
    private long now;

    Taped(long number, int kept) {
        this(number, kept, new InetSocketAddress("10.0.0.1", 7), new InetSocketAddress("10.0.0.2", 4000), ACCEPTED);
    }

    Taped(long number, int kept, InetSocketAddress local, InetSocketAddress remote, Instant accepted) {
        this(Ending.Side.SERVER, number, kept, local, remote, accepted);
        tape.note(RecordedEvent.Kind.ACCEPTED, "", 0);
    }

    private Taped(
            Ending.Side by, long number, int kept, InetSocketAddress local, InetSocketAddress remote, Instant start) {
        tape = new Tape(new Recorder(by, 1, 1), by, number, local, remote, kept, start, 0);
    }

    /** The other end of {@link #Taped(long, int)}, which connected so much before the server accepted. */
    static Taped byClient(int kept, Duration before) {
        Taped client = new Taped(
                Ending.Side.CLIENT,
                1,
                kept,
                new InetSocketAddress("10.0.0.2", 4000),
                new InetSocketAddress("10.0.0.1", 7),
                ACCEPTED.minus(before));
        client.tape.note(RecordedEvent.Kind.CONNECTED, "", 0);
        return client;
    }

    /** From now on it is so many nanoseconds after the accept. */
    Taped at(long nanos) {
        now = nanos;
        return this;
    }

    Taped received(byte[] bytes) {
        tape.received(ByteBuffer.wrap(bytes), now);
        return this;
    }

    Taped received(String latin1) {
        return received(latin1.getBytes(ISO_8859_1));
    }

    Taped sent(byte[] bytes) {
        tape.sent(ByteBuffer.wrap(bytes), bytes.length, now);
        return this;
    }

    Taped sent(String latin1) {
        return sent(latin1.getBytes(ISO_8859_1));
    }

    Taped note(RecordedEvent.Kind kind, String detail) {
        tape.note(kind, detail, now);
        return this;
    }

    Taped reject() {
        tape.reject("maxConnections", now);
        return this;
    }

    Taped end(Ending.Side by, Ending.How how, String why) {
        tape.end(by, how, why, now);
        return this;
    }

    RecordedConnection snapshot() {
        return tape.snapshot();
    }
}
