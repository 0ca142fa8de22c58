package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.echoharness.memory.ChangeCount;
import org.echoharness.memory.NewestSet;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the recorded connections of a server, or the one of a client: the newest connections, and the first bytes of each.
 * The threads of the server or client write, and any thread reads and waits. Its lock is the only one on the path of a byte.
 */
final class RecordingStore implements Recording.Source {

    /** The most faults that are remembered as having taken effect, far more than a plan has. */
    private static final int MOST_APPLIED = 4_096;

    /** The source of the events. */
    interface Source {
        /** Throws if this thread must not wait for an event, because it would wait for itself. */
        void refuseWait();
    }

    private final Ending.Side by;
    private final int bytes;
    private final int connections;
    private final ArrayDeque<ConnectionRecorder> recorders = new ArrayDeque<>();
    private final Set<ConnectionRecorder> openLeftOut = new LinkedHashSet<>(); // not kept any more, and still open
    private final NewestSet<Fault> applied = new NewestSet<>(MOST_APPLIED);
    private final ServerLog serverLog = new ServerLog();
    private long accepted;
    private long newest; // its number
    private long leftOut;
    private long forgotten;
    private int open; // of those with a number
    private int peak;
    private volatile long origin; // the start of the first connection
    private final ChangeCount changes = new ChangeCount(this);
    private final RecordingMemory.Share memory;
    private boolean isFull;
    private volatile @Nullable String over;
    private volatile @Nullable FaultPlan plan;
    private volatile String title = "";
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

    @Override
    public Ending.Side by() {
        return by;
    }

    /** Sets the plan in force. */
    synchronized void plan(FaultPlan inForce) {
        plan = inForce;
        changes.changed();
    }

    @Override
    public @Nullable FaultPlan plan() {
        return plan;
    }

    @Override
    public synchronized void title(String of) {
        title = Escaping.cut(Escaping.escape(of));
        changes.changed();
    }

    @Override
    public String title() {
        return title;
    }

    /** Sets the source that is asked before each wait. Until then any thread may wait. */
    void from(Source events) {
        source = events;
    }

    /**
     * Begins to record a connection; number 0 means that it is reset at once. Returns null if it is closed already.
     *
     * @param of the address of the server, if it accepted the connection; the channel has a more exact one for TCP
     */
    @Nullable
    ConnectionRecorder open(SocketChannel channel, @Nullable SocketAddress of, long number) {
        SocketAddress local;
        SocketAddress remote;
        try {
            local = of == null || of instanceof InetSocketAddress ? channel.getLocalAddress() : of;
            remote = channel.getRemoteAddress();
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

    /** Records a connection that is accepted and reset at once. It never counts as open. */
    synchronized void reject(SocketChannel channel, SocketAddress local) {
        ConnectionRecorder recorder = open(channel, local, 0);
        if (recorder != null) {
            recorder.rejected("maxConnections", System.nanoTime());
        }
    }

    /** Leaves out the oldest connection that has ended, or else the oldest, which may stay open but keeps nothing more. */
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

    /** Takes memory for a connection, and leaves out older ones that have ended if necessary. False if that is not enough. */
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

    @Override
    public synchronized boolean isFull() {
        return isFull;
    }

    /** Called when a connection has ended. The recorder holds the lock. */
    void ended(ConnectionRecorder recorder) {
        open--;
        openLeftOut.remove(recorder);
    }

    /** Drops the connections that have ended, and returns how many. */
    synchronized int forgetEnded() {
        int before = recorders.size();
        for (Iterator<ConnectionRecorder> each = recorders.iterator(); each.hasNext(); ) {
            ConnectionRecorder recorder = each.next();
            if (recorder.hasEnded()) {
                each.remove();
                memory.release(recorder.giveUp());
            }
        }
        int count = before - recorders.size();
        forgotten += count;
        changes.changed();
        return count;
    }

    /** Returns how many connections were dropped on request. */
    synchronized long forgotten() {
        return forgotten;
    }

    /** Adds the connections of a session, all of which have ended. Its first one gets the number after this offset. */
    void add(RecordingStore session, long offset) {
        List<ConnectionRecorder> theirs;
        Set<Fault> effective;
        long total;
        int most;
        synchronized (session) {
            theirs = List.copyOf(session.recorders);
            effective = session.applied();
            total = session.accepted;
            most = session.peak;
        }
        synchronized (this) {
            effective.forEach(this::applied);
            leftOut += total - theirs.size();
            if (accepted == 0 && !theirs.isEmpty()) {
                origin = theirs.get(0).start();
            }
            for (ConnectionRecorder each : theirs) {
                ConnectionRecorder moved = each.moveTo(this, offset);
                recorders.add(moved);
                newest = Math.max(newest, moved.number());
            }
            inOrder();
            while (recorders.size() > connections) {
                leaveOutOldest();
            }
            accepted += total;
            peak = Math.max(peak, open + most);
            changed(System.nanoTime());
        }
    }

    /** Restores the order of the accepts: the server may have accepted others since the session ended. */
    private void inOrder() {
        List<ConnectionRecorder> all = new ArrayList<>(recorders);
        all.sort(Comparator.comparingLong(ConnectionRecorder::start));
        recorders.clear();
        recorders.addAll(all);
    }

    /** Remembers that a fault has taken effect on a connection. */
    synchronized void applied(Fault fault) {
        applied.add(fault);
    }

    @Override
    public synchronized Set<Fault> applied() {
        return applied.copy();
    }

    @Override
    public synchronized void noteAll(String unescaped) {
        String text = Escaping.escape(unescaped);
        long now = System.nanoTime();
        for (ConnectionRecorder recorder : recorders) {
            recorder.note(RecordedEvent.Kind.NOTE, text, now); // an ended connection ignores it
        }
        if (open == 0) {
            server("note: ".concat(Escaping.cut(text)));
        }
        changed(now);
    }

    /** Records what was done to the server as a whole, even without connections. Loads no class: see {@link Preload}. */
    synchronized void server(String what) {
        serverLog.add(what);
        changes.changed();
    }

    @Override
    public synchronized ServerLog.Snapshot serverLog() {
        return serverLog.snapshot(by == Ending.Side.CLIENT ? "the client" : "the server", accepted > 0, origin);
    }

    @Override
    public synchronized List<RecordedConnection> snapshots() {
        List<RecordedConnection> all = new ArrayList<>(recorders.size());
        for (ConnectionRecorder recorder : recorders) {
            all.add(recorder.snapshot());
        }
        return all;
    }

    /** Returns the connections that are open and not kept any more. */
    synchronized List<RecordedConnection> openLeftOutSnapshots() {
        return openLeftOut.stream().map(ConnectionRecorder::snapshot).collect(Collectors.toList());
    }

    @Override
    public synchronized List<RecordedConnection> openSnapshots() {
        List<RecordedConnection> open = openLeftOutSnapshots();
        for (ConnectionRecorder recorder : recorders) {
            if (!recorder.hasEnded()) {
                open.add(recorder.snapshot());
            }
        }
        return open;
    }

    @Override
    public synchronized @Nullable RecordedConnection snapshot(long number) {
        for (ConnectionRecorder recorder : recorders) {
            if (recorder.number() == number) {
                return recorder.snapshot();
            }
        }
        return null;
    }

    @Override
    public synchronized boolean knew(long number) {
        return number >= 1 && number <= newest;
    }

    synchronized long newest() {
        return newest;
    }

    @Override
    public synchronized long accepted() {
        return accepted;
    }

    /** Notes that no further connection can come, and why. */
    synchronized void finish(String why) {
        over = why;
        changes.changed();
    }

    @Override
    public @Nullable String over() {
        return over;
    }

    /** Returns when the first connection was accepted. The clock that all connections share begins there. */
    long origin() {
        return origin;
    }

    /** Returns the most connections that were open at the same time. */
    @Override
    public synchronized int peak() {
        return peak;
    }

    @Override
    public synchronized long leftOut() {
        return leftOut;
    }

    /**
     * Waits until the supplier returns a value that is not null, and returns it; null at the deadline. Calls the supplier
     * after events and without the lock, so that a slow one does not delay a connection.
     */
    <T> @Nullable T await(Duration timeout, Supplier<@Nullable T> condition) throws InterruptedException {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        while (true) {
            long seen = changes.count();
            T found = condition.get();
            if (found != null || deadline - System.nanoTime() <= 0) {
                return found;
            }
            refuseWait();
            changes.await(seen, deadline);
        }
    }

    private void refuseWait() {
        Source events = source;
        if (events != null) {
            events.refuseWait();
        }
    }

    /** Returns the count of what has happened. */
    ChangeCount changes() {
        return changes;
    }

    @Override
    public boolean awaitAccepted(int count, Duration timeout) throws InterruptedException {
        return await(timeout, () -> (over() != null || accepted() >= count) ? true : null) != null;
    }

    @Override
    public boolean awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        while (true) {
            long seen = changes.count();
            long missing = Quantities.nanos(quiet) - changes.quietNanos();
            if (missing <= 0 || over != null) {
                return true;
            }
            long now = System.nanoTime();
            if (deadline - now <= 0) {
                return false;
            }
            refuseWait();
            changes.await(seen, now + Math.min(missing, deadline - now));
        }
    }

    /** Called when something has happened on a connection. The recorder holds the lock. */
    void changed(long now) {
        changes.event(now);
    }
}
