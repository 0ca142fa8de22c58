package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of the connections of a server, or of the one of a client: its threads write, any thread reads and waits.
 * Here is the one lock on the path of a byte. Bounded: the newest connections, the first bytes of each.
 */
final class RecordingStore {

    /** Faults that took effect are remembered up to this number, far more than a plan has. */
    private static final int MOST_APPLIED = 4_096;

    /** What brings the events. */
    interface Source {
        /** Throws where this thread must not wait for an event, since it would wait for itself. */
        void refuseWait();
    }

    private final Ending.Side by;
    private final int bytes;
    private final int connections;
    private final ArrayDeque<ConnectionRecorder> recorders = new ArrayDeque<>();
    private final Set<ConnectionRecorder> openLeftOut = new LinkedHashSet<>(); // not kept any more, and still open
    private final Set<Fault> applied = new LinkedHashSet<>(); // the newest last
    private final ServerLog serverLog = new ServerLog();
    private long accepted;
    private long newest; // its number
    private long leftOut;
    private int open; // of those with a number
    private int peak;
    private volatile long origin; // the start of the first connection
    private long lastEvent = System.nanoTime();
    private long changes;
    private int waiting;
    private final RecordingMemory.Share memory;
    private boolean isFull;
    private volatile @Nullable String over;
    private volatile @Nullable Source source;

    RecordingStore(Ending.Side by, int bytes, int connections) {
        this(by, bytes, connections, RecordingMemory.OF_HEAP);
    }

    RecordingStore(Ending.Side by, int bytes, int connections, RecordingMemory memory) {
        this.memory = memory.share();
        this.by = by;
        this.bytes = bytes;
        this.connections = connections;
    }

    Ending.Side by() {
        return by;
    }

    /** Asked before each wait; before that any thread may wait. */
    void from(Source events) {
        source = events;
    }

    /** A connection was accepted, or is made; where it is reset at once, its number is 0. Null where it has gone already. */
    @Nullable
    ConnectionRecorder open(SocketChannel channel, long number) {
        InetSocketAddress local;
        InetSocketAddress remote;
        try {
            local = (InetSocketAddress) channel.getLocalAddress();
            remote = (InetSocketAddress) channel.getRemoteAddress();
        } catch (IOException closed) {
            return null;
        }
        Instant at = Instant.now();
        long now = System.nanoTime();
        synchronized (this) {
            if (accepted == 0) {
                origin = now;
            }
            ConnectionRecorder recorder = new ConnectionRecorder(this, by, number, local, remote, bytes, at, now);
            boolean fits = recorder.takesBase();
            if (recorders.size() == connections || (!fits && !recorders.isEmpty())) {
                leaveOutOldest();
                if (!fits) {
                    recorder.takesBase();
                }
            }
            recorders.add(recorder);
            accepted++;
            newest = Math.max(newest, number);
            if (number > 0) {
                peak = Math.max(peak, ++open);
            }
            recorder.note(
                    by == Ending.Side.CLIENT ? RecordedEvent.Kind.CONNECTED : RecordedEvent.Kind.ACCEPTED, "", now);
            changed(now);
            return recorder;
        }
    }

    /** A connection is accepted and reset at once: it never counts as open. */
    synchronized void reject(SocketChannel channel) {
        ConnectionRecorder recorder = open(channel, 0);
        if (recorder != null) {
            recorder.rejected("maxConnections", System.nanoTime());
        }
    }

    /** The oldest that has ended, or else the oldest, which may go on for long and keeps nothing any more. */
    private void leaveOutOldest() {
        leftOut++;
        for (Iterator<ConnectionRecorder> each = recorders.iterator(); each.hasNext(); ) {
            ConnectionRecorder recorder = each.next();
            if (recorder.hasEnded()) {
                each.remove();
                memory.release(recorder.giveUp());
                return;
            }
        }
        ConnectionRecorder oldest = recorders.remove();
        oldest.leaveOut();
        memory.release(oldest.giveUp());
        openLeftOut.add(oldest);
    }

    /** Takes memory for a connection, for which older ones that have ended may go. False where there is not enough. */
    boolean take(ConnectionRecorder recorder, long bytes) {
        while (!memory.take(bytes)) {
            isFull = true;
            if (!leaveOutEnded(recorder)) {
                return false;
            }
        }
        return true;
    }

    private boolean leaveOutEnded(ConnectionRecorder but) {
        for (Iterator<ConnectionRecorder> each = recorders.iterator(); each.hasNext(); ) {
            ConnectionRecorder recorder = each.next();
            if (recorder != but && recorder.hasEnded()) {
                each.remove();
                leftOut++;
                memory.release(recorder.giveUp());
                return true;
            }
        }
        return false;
    }

    /** Whether memory was too short to keep all that was asked for. */
    synchronized boolean isFull() {
        return isFull;
    }

    /** A connection has ended: the recorder has the lock. */
    void ended(ConnectionRecorder recorder) {
        open--;
        openLeftOut.remove(recorder);
    }

    /** A fault has taken effect on a connection. */
    synchronized void applied(Fault fault) {
        applied.remove(fault);
        applied.add(fault);
        if (applied.size() > MOST_APPLIED) {
            applied.remove(applied.iterator().next());
        }
    }

    synchronized Set<Fault> applied() {
        return new LinkedHashSet<>(applied);
    }

    /** On each connection that is open; where there is none, on the server. */
    synchronized void noteAll(String text) {
        long now = System.nanoTime();
        for (ConnectionRecorder recorder : recorders) {
            recorder.note(RecordedEvent.Kind.NOTE, text, now); // an ended one takes none
        }
        if (open == 0) {
            server("note: ".concat(Escaping.cut(text)));
        }
        changed(now);
    }

    /** Something was done to the server as a whole, with connections or without. Loads no class: see {@link Preload}. */
    synchronized void server(String what) {
        serverLog.add(what);
    }

    /** What was done to the server as a whole. */
    synchronized ServerLog.Snapshot serverLog() {
        return serverLog.snapshot(by == Ending.Side.CLIENT ? "the client" : "the server", accepted > 0, origin);
    }

    synchronized List<RecordedConnection> snapshots() {
        List<RecordedConnection> all = new ArrayList<>(recorders.size());
        for (ConnectionRecorder recorder : recorders) {
            all.add(recorder.snapshot());
        }
        return all;
    }

    /** Those that are open, of which some may keep nothing any more, in the order of their accept. */
    synchronized List<RecordedConnection> openSnapshots() {
        List<RecordedConnection> open = new ArrayList<>();
        for (ConnectionRecorder recorder : openLeftOut) {
            open.add(recorder.snapshot());
        }
        for (ConnectionRecorder recorder : recorders) {
            if (!recorder.hasEnded()) {
                open.add(recorder.snapshot());
            }
        }
        return open;
    }

    synchronized @Nullable RecordedConnection snapshot(long number) {
        for (ConnectionRecorder recorder : recorders) {
            if (recorder.number() == number) {
                return recorder.snapshot();
            }
        }
        return null;
    }

    /** Whether there was a connection of that number. */
    synchronized boolean knew(long number) {
        return number >= 1 && number <= newest;
    }

    synchronized long accepted() {
        return accepted;
    }

    /** No connection comes any more. */
    synchronized void finish(String why) {
        over = why;
        changes++;
        notifyAll();
    }

    /** Why no connection comes any more; null while one may come. */
    @Nullable
    String over() {
        return over;
    }

    /** When its first connection was accepted: the clock that all share begins there. */
    long origin() {
        return origin;
    }

    /** The most that were open at the same time. */
    synchronized int peak() {
        return peak;
    }

    synchronized long leftOut() {
        return leftOut;
    }

    /**
     * Waits until the supplier has something; null at the deadline. It is asked after events, without the lock: what it
     * does, slow or not, holds up no connection.
     */
    <T> @Nullable T await(Duration timeout, Supplier<@Nullable T> condition) throws InterruptedException {
        long deadline = System.nanoTime() + OptionText.nanos(timeout);
        while (true) {
            long seen = changes();
            T found = condition.get();
            if (found != null || deadline - System.nanoTime() <= 0) {
                return found;
            }
            refuseWait();
            awaitChange(seen, deadline);
        }
    }

    private void refuseWait() {
        Source events = source;
        if (events != null) {
            events.refuseWait();
        }
    }

    private synchronized long changes() {
        return changes;
    }

    private synchronized void awaitChange(long seen, long deadline) throws InterruptedException {
        waiting++;
        try {
            long left = deadline - System.nanoTime();
            while (changes == seen && left > 0) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
                left = deadline - System.nanoTime();
            }
        } finally {
            waiting--;
        }
    }

    /** Waits until nothing has happened for that long, or can happen any more; false at the deadline. */
    synchronized boolean awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + OptionText.nanos(timeout);
        while (true) {
            long now = System.nanoTime();
            long left = lastEvent + OptionText.nanos(quiet) - now;
            if (left <= 0 || over != null) {
                return true;
            }
            if (deadline - now <= 0) {
                return false;
            }
            refuseWait();
            TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, deadline - now));
        }
    }

    /** Something has happened on a connection: the recorder has the lock. */
    void changed(long now) {
        lastEvent = now;
        changes++;
        if (waiting > 0) {
            notifyAll();
        }
    }
}
