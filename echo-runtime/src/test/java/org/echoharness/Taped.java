package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;

/** A connection that is recorded without a socket, at times that a test sets. */
final class Taped {

    static final Instant ACCEPTED = Instant.parse("2026-01-02T03:04:05.006007008Z");

    private final Recorder recorder = new Recorder(1, 1);
    private final Tape tape;
    private long now;

    Taped(long number, int kept) {
        this(number, kept, new InetSocketAddress("10.0.0.1", 7), new InetSocketAddress("10.0.0.2", 4000), ACCEPTED);
    }

    Taped(long number, int kept, InetSocketAddress local, InetSocketAddress remote, Instant accepted) {
        tape = new Tape(number, local, remote, kept, accepted, 0);
        tape.note(RecordedEvent.Kind.ACCEPTED, "", 0);
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
        return tape.snapshot(recorder);
    }
}
