package org.echoharness;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** What is kept of one connection, by one of its ends. Its {@link RecordingStore} guards it, but for what never changes. */
final class ConnectionRecorder {

    private static final byte[] NONE = {};

    /** About what a connection takes of which nothing is kept but how it began and ended. */
    private static final int BASE = 1_024;

    private final RecordingStore recorder;
    private final Ending.Side recordedBy;
    private final long number;
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private final Instant accepted;
    private final long start;
    private final int keeps;
    private final Kept received;
    private final Kept sent;
    private EventLog events = new EventLog(this::takes);
    private long taken; // of the memory for recordings
    private Ending.@Nullable Side firstFin;
    private boolean bothFins;
    private @Nullable Ending ending;
    private boolean hasFailed;

    ConnectionRecorder(
            RecordingStore recorder,
            Ending.Side recordedBy,
            long number,
            InetSocketAddress local,
            InetSocketAddress remote,
            int bytes,
            Instant accepted,
            long start) {
        this.recorder = recorder;
        this.recordedBy = recordedBy;
        this.number = number;
        this.local = local;
        this.remote = remote;
        this.accepted = accepted;
        this.start = start;
        keeps = bytes;
        received = new Kept(bytes);
        sent = new Kept(bytes);
    }

    /** The first bytes of one direction, and how many there were. */
    private final class Kept {
        private int most;
        private byte[] bytes = NONE;
        private int size;
        private long total;

        Kept(int most) {
            this.most = most;
        }

        int room() {
            return most - size;
        }

        /** Of so many bytes these are at hand, the first ones. */
        void add(ByteBuffer chunk, int count) {
            int n = Math.min(Math.min(chunk.remaining(), count), room());
            if (n > 0) {
                n = grow(n);
                chunk.get(chunk.position(), bytes, size, n);
                size += n;
            }
            total += count;
        }

        /** Returns how many of the next bytes fit. Where that is not all, none is kept later: there would be a gap. */
        private int grow(int n) {
            if (size + n <= bytes.length) {
                return n;
            }
            int doubled = (int) Math.min(most, Math.max(size + n, bytes.length * 2L));
            for (int capacity : new int[] {doubled, size + n}) {
                if (takes(capacity - bytes.length)) {
                    bytes = Arrays.copyOf(bytes, capacity);
                    return n;
                }
            }
            most = bytes.length;
            return most - size;
        }

        void leaveOut() {
            most = 0;
            bytes = NONE;
            size = 0;
        }

        /** Without a copy: what is there once never changes. */
        ByteBuffer snapshot() {
            return ByteBuffer.wrap(bytes, 0, size).slice().asReadOnlyBuffer();
        }
    }

    /** Asks for the memory of a new connection. Others may have to go for it. */
    boolean takesBase() {
        return takes(BASE);
    }

    private boolean takes(long bytes) {
        boolean taking = recorder.take(this, bytes);
        taken += taking ? bytes : 0;
        return taking;
    }

    /** The memory that it has taken and gives back now. */
    long giveUp() {
        long all = taken;
        taken = 0;
        return all;
    }

    RecordingStore recorder() {
        return recorder;
    }

    Ending.Side recordedBy() {
        return recordedBy;
    }

    /** 1 for the first that its recorder was told of; 0 if it was rejected. */
    long number() {
        return number;
    }

    InetSocketAddress local() {
        return local;
    }

    InetSocketAddress remote() {
        return remote;
    }

    /** Nanoseconds since the first connection of its recorder. */
    long opened() {
        return start - recorder.origin();
    }

    Instant accepted() {
        return accepted;
    }

    /** The most bytes of each direction that are kept. */
    int keeps() {
        return keeps;
    }

    void received(ByteBuffer chunk, long now) {
        events.add(now - start, RecordedEvent.Kind.RECEIVED, chunk.remaining(), "");
        received.add(chunk, chunk.remaining());
    }

    /** How many of the bytes that are sent next are kept: so many, or less where it is left out meanwhile. */
    int roomForSent() {
        return sent.room();
    }

    /** So many bytes were sent, of which as many as are kept are at hand. */
    void sent(ByteBuffer chunk, int count, long now) {
        events.add(now - start, RecordedEvent.Kind.SENT, count, "");
        sent.add(chunk, count);
    }

    /** Nothing where it has ended: a socket may tell more than once. */
    void note(RecordedEvent.Kind kind, String detail, long now) {
        if (ending != null) {
            return;
        }
        boolean fin = kind == RecordedEvent.Kind.CLIENT_FIN || kind == RecordedEvent.Kind.SERVER_FIN;
        if (fin && !isNew(kind == RecordedEvent.Kind.CLIENT_FIN ? Ending.Side.CLIENT : Ending.Side.SERVER)) {
            return;
        }
        events.add(now - start, kind, 0, Escaping.cut(detail));
    }

    /** There is one FIN of each side. */
    private boolean isNew(Ending.Side fin) {
        if (firstFin == fin || bothFins) {
            return false;
        }
        bothFins = firstFin != null;
        firstFin = bothFins ? firstFin : fin;
        return true;
    }

    /** It was accepted and is reset at once. */
    void reject(String why, long now) {
        events.add(now - start, RecordedEvent.Kind.REJECTED, 0, why);
        ending = new Ending(Ending.Side.SERVER, Ending.How.RST, why);
    }

    /** The end; with a FIN it belongs to whose FIN came first. */
    void end(Ending.Side by, Ending.How how, String why, boolean failed, long now) {
        if (ending != null) {
            return;
        }
        hasFailed = failed;
        RecordedEvent.Kind kind = how == Ending.How.FIN
                ? recordedBy == Ending.Side.CLIENT ? RecordedEvent.Kind.CLIENT_FIN : RecordedEvent.Kind.SERVER_FIN
                : by == Ending.Side.CLIENT ? RecordedEvent.Kind.CLIENT_RST : RecordedEvent.Kind.SERVER_RST;
        note(kind, why, now);
        ending = new Ending(how == Ending.How.FIN && firstFin != null ? firstFin : by, how, Escaping.cut(why));
    }

    /** Goes on to count, and keeps nothing any more but how it ends. */
    void leaveOut() {
        received.leaveOut();
        sent.leaveOut();
        events = events.leaveOut();
    }

    boolean hasEnded() {
        return ending != null;
    }

    RecordedConnection snapshot() {
        return new RecordedConnection(
                this,
                received.total,
                sent.total,
                received.snapshot(),
                sent.snapshot(),
                events.snapshot(),
                ending,
                hasFailed);
    }
}
