package org.echoharness;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Predicate;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Records one connection, as one of its ends sees it. Any thread may call the methods. They synchronize on its {@link
 * RecordingStore}, unless stated otherwise.
 */
final class ConnectionRecorder implements RecordedConnection.Recorder {

    private static final byte[] NONE = {};

    /** How many bytes of memory a connection takes, about, if only its beginning and its end are kept. */
    private static final int BASE = 1_024;

    private final RecordingStore store;
    private final Ending.Side recordedBy;
    private final long number;
    private volatile SocketAddress local; // this and the next two change once, when a header of a proxy comes
    private volatile SocketAddress remote;
    private volatile @Nullable SocketAddress proxy;
    private final Instant accepted;
    private final long start;
    private final int keeps;
    private final Kept received;
    private final Kept sent;
    private RecordedEvent.Log events = new RecordedEvent.Log(this::takes);
    private @Nullable ConnectionRecorder upstream; // of a relay
    private @Nullable ConnectionRecorder client; // of which this one is the upstream
    private long taken; // of the memory for recordings
    private Ending.@Nullable Side firstFin;
    private boolean bothFins;
    private @Nullable Ending ending;
    private boolean hasFailed;
    private boolean isLeftOut;
    private boolean hasGivenUp; // what it had taken; it takes nothing more

    ConnectionRecorder(
            RecordingStore store,
            Ending.Side recordedBy,
            long number,
            SocketAddress local,
            SocketAddress remote,
            int bytes,
            Instant accepted,
            long start) {
        this.store = store;
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

        /**
         * Adds the next bytes.
         *
         * @param chunk at least those that are to be kept, and perhaps more
         * @param count how many bytes there are
         */
        void add(ByteBuffer chunk, int count) {
            int n = Math.min(Math.min(chunk.remaining(), count), room());
            if (n > 0) {
                n = grow(n);
                chunk.get(chunk.position(), bytes, size, n);
                size += n;
            }
            total += count;
        }

        /**
         * Makes room and returns how many of the next bytes fit. If not all fit, none is kept later: there would be a
         * gap.
         */
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

        void copy(Kept other) {
            most = other.most;
            bytes = other.bytes;
            size = other.size;
            total = other.total;
        }

        void leaveOut() {
            most = 0;
            bytes = NONE;
            size = 0;
        }

        /** Returns a view without a copy, since kept bytes never change. */
        ByteBuffer snapshot() {
            return ByteBuffer.wrap(bytes, 0, size).slice().asReadOnlyBuffer();
        }
    }

    /**
     * Asks for the memory of a new connection and returns whether it was granted. The store may drop other connections
     * for it. The caller has the lock.
     */
    boolean takesBase() {
        return takes(BASE);
    }

    private boolean takes(long bytes) {
        boolean taking = !hasGivenUp && store.take(client == null ? this : client, bytes);
        taken += taking ? bytes : 0;
        return taking;
    }

    /** Returns a recorder of another store with what this one has recorded of a connection that has ended. */
    ConnectionRecorder moveTo(RecordingStore other, long offset) {
        synchronized (store) {
            ConnectionRecorder moved = new ConnectionRecorder(
                    other, recordedBy, number == 0 ? 0 : number + offset, local, remote, keeps, accepted, start);
            moved.proxy = proxy;
            moved.events = events;
            moved.received.copy(received);
            moved.sent.copy(sent);
            moved.firstFin = firstFin;
            moved.bothFins = bothFins;
            moved.ending = ending;
            moved.hasFailed = hasFailed;
            moved.isLeftOut = isLeftOut;
            if (upstream != null) {
                moved.upstream = upstream.moveTo(other, offset);
                moved.upstream.client = moved;
            }
            if (!moved.takes(taken)) {
                moved.leaveOut();
            }
            return moved;
        }
    }

    /** Records the header of a proxy. From now on, the connection is one of the client that it names. */
    void proxied(SocketAddress client, SocketAddress server, SocketAddress by, String what) {
        synchronized (store) {
            remote = client;
            local = server;
            proxy = by;
            note(RecordedEvent.Kind.NOTE, what, System.nanoTime());
        }
    }

    /** Begins to record the connection to the server behind a relay, which belongs to this one. */
    @Nullable
    ConnectionRecorder upstream(SocketChannel channel) {
        SocketAddress from;
        SocketAddress to;
        try {
            from = channel.getLocalAddress();
            to = channel.getRemoteAddress();
        } catch (IOException closed) {
            return null;
        }
        return upstream(from, to, System.nanoTime());
    }

    ConnectionRecorder upstream(SocketAddress from, SocketAddress to, long now) {
        synchronized (store) {
            Instant at = accepted.plusNanos(now - start); // one clock for both legs
            ConnectionRecorder leg =
                    new ConnectionRecorder(store, Ending.Side.CLIENT, number, from, to, keeps, at, now);
            leg.client = this;
            leg.hasGivenUp = hasGivenUp;
            upstream = leg;
            if (isLeftOut || !leg.takesBase()) {
                leg.leaveOut();
            }
            leg.note(RecordedEvent.Kind.CONNECTED, "", now);
            return leg;
        }
    }

    /**
     * Gives back the memory that it has taken, and returns how many bytes that is. From now on it takes none, since nobody
     * would give that back. The caller has the lock.
     */
    long giveUp() {
        hasGivenUp = true;
        long all = taken + (upstream == null ? 0 : upstream.giveUp());
        taken = 0;
        return all;
    }

    RecordingStore store() {
        return store;
    }

    @Override
    public Ending.Side recordedBy() {
        return recordedBy;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public SocketAddress local() {
        return local;
    }

    @Override
    public SocketAddress remote() {
        return remote;
    }

    @Override
    public @Nullable SocketAddress proxy() {
        return proxy;
    }

    @Override
    public boolean isUpstream() {
        return client != null;
    }

    @Override
    public long opened() {
        return start - store.origin();
    }

    /** Returns when it opened, in nanoseconds of the clock of this JVM. */
    long start() {
        return start;
    }

    @Override
    public Instant accepted() {
        return accepted;
    }

    @Override
    public int keeps() {
        return keeps;
    }

    /** Makes a call that does not wait. */
    interface IoCall {
        int make() throws IOException;
    }

    /**
     * Makes a call under the lock, so that what it records stands in the right order among the calls of other threads.
     */
    int inOrder(IoCall call) throws IOException {
        synchronized (store) {
            return call.make();
        }
    }

    void received(ByteBuffer chunk) {
        synchronized (store) {
            received(chunk, System.nanoTime());
        }
    }

    void received(ByteBuffer chunk, long at) {
        synchronized (store) {
            events.add(at - start, RecordedEvent.Kind.RECEIVED, chunk.remaining(), "");
            received.add(chunk, chunk.remaining());
            store.changed(at);
        }
    }

    /** Returns how many of the next bytes sent are kept at most; if the connection is left out before, none is. */
    int roomForSent() {
        return sent.room();
    }

    /**
     * Records bytes that were sent.
     *
     * @param first the first of them: at least those that are to be kept, and perhaps more
     * @param count how many were sent
     * @param since the time before they were sent: no peer can have received them earlier
     */
    void sent(ByteBuffer first, int count, long since) {
        synchronized (store) {
            events.add(since - start, RecordedEvent.Kind.SENT, count, "");
            sent.add(first, count);
            store.changed(System.nanoTime());
        }
    }

    /** Records that the FIN of the other end has come. */
    void inputEnded() {
        note(fin(other()), "", System.nanoTime());
    }

    /** Records that this end has sent its FIN. */
    void outputEnded(String why, long since) {
        note(fin(recordedBy), why, since);
    }

    private Ending.Side other() {
        return recordedBy == Ending.Side.CLIENT ? Ending.Side.SERVER : Ending.Side.CLIENT;
    }

    private static RecordedEvent.Kind fin(Ending.Side of) {
        return of == Ending.Side.CLIENT ? RecordedEvent.Kind.CLIENT_FIN : RecordedEvent.Kind.SERVER_FIN;
    }

    private static RecordedEvent.Kind rst(Ending.Side of) {
        return of == Ending.Side.CLIENT ? RecordedEvent.Kind.CLIENT_RST : RecordedEvent.Kind.SERVER_RST;
    }

    /** Records that a fault takes effect. */
    void applying(Fault fault) {
        synchronized (store) {
            store.applied(fault);
            note(RecordedEvent.Kind.FAULT, fault.toString(), System.nanoTime());
        }
    }

    /** Records an event without bytes, unless the connection has ended: a socket may report its end more than once. */
    void note(RecordedEvent.Kind kind, String detail, long at) {
        synchronized (store) {
            Ending.Side fin = kind == RecordedEvent.Kind.CLIENT_FIN
                    ? Ending.Side.CLIENT
                    : kind == RecordedEvent.Kind.SERVER_FIN ? Ending.Side.SERVER : null;
            if (ending == null && (fin == null || isNew(fin))) {
                events.add(at - start, kind, 0, Escaping.cut(detail));
            }
            store.changed(System.nanoTime());
        }
    }

    /** Returns whether this is the first FIN of its side, and notes it. */
    private boolean isNew(Ending.Side fin) {
        if (firstFin == fin || bothFins) {
            return false;
        }
        bothFins = firstFin != null;
        firstFin = bothFins ? firstFin : fin;
        return true;
    }

    /** Records that the connection was accepted and is reset at once. */
    void rejected(String why, long at) {
        synchronized (store) {
            events.add(at - start, RecordedEvent.Kind.REJECTED, 0, why);
            ending = new Ending(Ending.Side.SERVER, Ending.How.RST, why);
        }
    }

    void ended(Ending.Side by, Ending.How how, String why, boolean failed) {
        ended(by, how, why, failed, System.nanoTime());
    }

    /** Records the end; calls after the first do nothing. An end with a FIN is by the side whose FIN came first. */
    void ended(Ending.Side by, Ending.How how, String why, boolean failed, long at) {
        synchronized (store) {
            if (ending == null) {
                hasFailed = failed;
                note(how == Ending.How.FIN ? fin(recordedBy) : rst(by), why, at);
                ending = new Ending(how == Ending.How.FIN && firstFin != null ? firstFin : by, how, Escaping.cut(why));
                if (client == null) {
                    store.ended(this);
                }
            }
            store.changed(System.nanoTime());
        }
    }

    /** Drops what it keeps. From now on it counts, and keeps only how the connection ends. The caller has the lock. */
    void leaveOut() {
        isLeftOut = true;
        if (upstream != null) {
            upstream.leaveOut();
        }
        received.leaveOut();
        sent.leaveOut();
        events = events.leaveOut();
    }

    /** Returns whether the connection has ended. The caller has the lock. */
    boolean hasEnded() {
        return ending != null;
    }

    @Override
    public @Nullable RecordedConnection await(Duration timeout, Predicate<RecordedConnection> condition)
            throws InterruptedException {
        return store.await(timeout, () -> {
            RecordedConnection later = snapshot();
            return condition.test(later) ? later : null;
        });
    }

    @Override
    public RecordedConnection snapshot() {
        synchronized (store) {
            return new RecordedConnection(
                    this,
                    received.total,
                    sent.total,
                    received.snapshot(),
                    sent.snapshot(),
                    events.snapshot(),
                    ending,
                    hasFailed,
                    upstream == null ? null : upstream.snapshot());
        }
    }
}
