package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.echoharness.control.RecordingView;
import org.echoharness.remote.AddressText;
import org.echoharness.remote.ControlClient;
import org.echoharness.remote.RemoteCalls;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.jspecify.annotations.Nullable;

/**
 * The recording of a server in another process. Each method asks its HTTP interface. Any thread may call it; waits end if
 * the thread is interrupted.
 */
final class RemoteRecording implements Recording.Source {

    private static final String ALL = "all";
    private static final String NONE = "none";
    private static final String OPEN = "open";
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final ControlClient client;
    private volatile SoftReference<RecordingView> all = new SoftReference<>(null); // of all connections, the newest
    private volatile @Nullable RecordingView last; // when the server was closed, so that nothing changes any more

    RemoteRecording(ControlClient client) {
        this.client = client;
    }

    private RecordingView fetch(String which) {
        try {
            return keep(client.recording(which));
        } catch (IOException failed) {
            RecordingView end = last;
            String why = end == null ? "" : " (the server is not running: " + end.over() + ")";
            throw new UncheckedIOException(failed.getMessage() + why, failed);
        }
    }

    private RecordingView keep(RecordingView view) {
        if (view.over() != null) {
            last = view;
        }
        return view;
    }

    private <T> T reading(Supplier<T> parser) {
        return RemoteCalls.call(() -> client.reading(parser));
    }

    /** Returns the numbers of the recording. */
    private RecordingView numbers() {
        RecordingView end = last;
        return end == null ? fetch(NONE) : end;
    }

    /** Returns the next state that the condition accepts, or that nothing follows; null at the deadline. */
    private @Nullable RecordingView await(String which, Duration timeout, Predicate<RecordingView> condition)
            throws InterruptedException {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        long pause = TimeUnit.MILLISECONDS.toNanos(1);
        RecordingView view = fetchOrInterrupted(() -> client.recording(which));
        while (!condition.test(view)) {
            long left = deadline - System.nanoTime();
            if (left <= 0 || view.over() != null) {
                return null;
            }
            long seen = view.changes();
            view = fetchOrInterrupted(() -> client.recording(which, seen, Duration.ofNanos(left)));
            if (!condition.test(view)) { // a busy server changes all the time
                TimeUnit.NANOSECONDS.sleep(Math.min(pause, Math.max(0, deadline - System.nanoTime())));
                pause = Math.min(pause * 2, LONGEST_PAUSE_NANOS);
            }
        }
        return view;
    }

    private interface Fetch {
        RecordingView get() throws IOException;
    }

    private RecordingView fetchOrInterrupted(Fetch fetch) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        try {
            return keep(fetch.get());
        } catch (InterruptedIOException failed) {
            if (Thread.interrupted()) {
                throw new InterruptedException(failed.getMessage());
            }
            throw new UncheckedIOException(failed.getMessage(), failed);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed.getMessage(), failed);
        }
    }

    @Override
    public Ending.Side by() {
        return Ending.Side.SERVER;
    }

    @Override
    public long accepted() {
        return numbers().total();
    }

    @Override
    public boolean knew(long number) {
        return number >= 1 && number <= numbers().newest();
    }

    @Override
    public long leftOut() {
        return numbers().leftOut();
    }

    @Override
    public int peak() {
        return numbers().peak();
    }

    @Override
    public @Nullable String over() {
        return numbers().over();
    }

    @Override
    public boolean isFull() {
        return numbers().full();
    }

    @Override
    public @Nullable FaultPlan plan() {
        String text = numbers().faults();
        try {
            return text == null ? null : FaultPlan.parse(text);
        } catch (IllegalArgumentException unreadable) {
            return null; // it has a rule that only Java can state
        }
    }

    @Override
    public Set<Fault> applied() {
        Set<Fault> applied = new LinkedHashSet<>();
        for (String text : numbers().applied()) {
            applied.add(reading(() -> Fault.parse(text)));
        }
        return applied;
    }

    @Override
    public ServerLog.Snapshot serverLog() {
        RecordingView view = numbers();
        List<ServerLog.Event> events = new ArrayList<>();
        for (RecordingView.Done each : view.log()) {
            events.add(new ServerLog.Event(Duration.ofNanos(each.after()), each.text()));
        }
        return new ServerLog.Snapshot("the server", events, view.logLeftOut());
    }

    @Override
    public String title() {
        return numbers().title();
    }

    @Override
    public void title(String of) {
        RemoteCalls.run(() -> client.title(of));
    }

    @Override
    public void noteAll(String text) {
        RemoteCalls.run(() -> client.note(text));
    }

    @Override
    public List<RecordedConnection> snapshots() {
        return snapshots(all().connections());
    }

    /** Asks for all that is kept only if something has changed since. */
    private RecordingView all() {
        RecordingView before = all.get();
        if (before == null || numbers().changes() != before.changes()) {
            before = fetch(ALL);
            all = new SoftReference<>(before);
        }
        return before;
    }

    @Override
    public List<RecordedConnection> openSnapshots() {
        RecordingView view = fetch(OPEN);
        List<RecordedConnection> open = snapshots(view.openLeftOut());
        open.addAll(snapshots(view.connections()));
        return open;
    }

    private List<RecordedConnection> snapshots(List<RecordingView.Connection> connections) {
        List<RecordedConnection> snapshots = new ArrayList<>();
        for (RecordingView.Connection each : connections) {
            snapshots.add(reading(() -> new Connection(this, each, false).snapshot(each)));
        }
        return snapshots;
    }

    @Override
    public @Nullable RecordedConnection snapshot(long number) {
        List<RecordedConnection> found = snapshots(fetch(Long.toString(number)).connections());
        return found.isEmpty() ? null : found.get(0);
    }

    @Override
    public boolean awaitAccepted(int count, Duration timeout) throws InterruptedException {
        return await(NONE, timeout, view -> view.over() != null || view.total() >= count) != null;
    }

    @Override
    public boolean awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        RecordingView view = fetchOrInterrupted(() -> client.recording(NONE));
        while (view.quiet() < Quantities.nanos(quiet) && view.over() == null) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            long seen = view.changes();
            long missing = Quantities.nanos(quiet) - view.quiet();
            view = fetchOrInterrupted(() -> client.recording(NONE, seen, Duration.ofNanos(Math.min(left, missing))));
        }
        return true;
    }

    /** What the other process has recorded of one connection, or of the one to the server behind a relay. */
    private static final class Connection implements RecordedConnection.Recorder {

        private final RemoteRecording recording;
        private final RecordingView.Connection of; // an earlier state of it
        private final boolean isUpstream;
        private final SocketAddress local;
        private final SocketAddress remote;
        private final @Nullable SocketAddress proxy;
        private final Instant accepted;

        Connection(RemoteRecording recording, RecordingView.Connection of, boolean isUpstream) {
            this.recording = recording;
            this.of = of;
            this.isUpstream = isUpstream;
            local = AddressText.parse(of.local());
            remote = AddressText.parse(of.remote());
            String sender = of.proxy();
            proxy = sender == null ? null : AddressText.parse(sender);
            accepted = Instant.parse(of.accepted());
        }

        @Override
        public Ending.Side recordedBy() {
            return isUpstream ? Ending.Side.CLIENT : Ending.Side.SERVER;
        }

        @Override
        public long number() {
            return of.number();
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
            return isUpstream;
        }

        @Override
        public Instant accepted() {
            return accepted;
        }

        @Override
        public long opened() {
            return of.opened();
        }

        @Override
        public int keeps() {
            return of.keeps();
        }

        @Override
        public RecordedConnection snapshot() {
            return of.end() == null ? snapshotIn(recording.fetch(Long.toString(number()))) : snapshot(of);
        }

        /** Finds this connection, or what belongs to it, in a later state. */
        private RecordedConnection snapshotIn(RecordingView view) {
            List<RecordingView.Connection> known = new ArrayList<>(view.connections());
            known.addAll(view.openLeftOut());
            for (RecordingView.Connection each : known) {
                RecordingView.Connection leg = isUpstream ? each.upstream() : each;
                if (leg != null && leg.key().equals(of.key())) {
                    return recording.reading(() -> snapshot(leg));
                }
            }
            throw new AssertionError((isUpstream ? "the upstream of connection " : "connection ") + number()
                    + " is not kept any more: " + snapshot(of));
        }

        RecordedConnection snapshot(RecordingView.Connection now) {
            List<RecordedEvent> events = new ArrayList<>();
            for (RecordingView.Event each : now.events(0)) {
                events.add(event(each));
            }
            RecordingView.End end = now.end();
            RecordingView.Connection upstream = now.upstream();
            boolean isSame = now.remote().equals(of.remote()) && Objects.equals(now.proxy(), of.proxy());
            return new RecordedConnection(
                    isSame ? this : new Connection(recording, now, isUpstream), // after a header of a proxy
                    now.receivedTotal(),
                    now.sentTotal(),
                    now.received(),
                    now.sent(),
                    RecordedEvent.Log.of(events, now.eventsBeforeGap(), now.eventsLeftOut()),
                    end == null
                            ? null
                            : new Ending(Ending.Side.valueOf(end.by()), Ending.How.valueOf(end.how()), end.why()),
                    now.failed(),
                    upstream == null ? null : new Connection(recording, upstream, true).snapshot(upstream));
        }

        /** Shows an event of a kind that only a later version knows as a note. */
        private static RecordedEvent event(RecordingView.Event of) {
            Duration after = Duration.ofNanos(of.after());
            for (RecordedEvent.Kind kind : RecordedEvent.Kind.values()) {
                if (kind.name().equals(of.kind())) {
                    return new RecordedEvent(after, kind, of.offset(), of.bytes(), of.detail());
                }
            }
            return new RecordedEvent(after, RecordedEvent.Kind.NOTE, 0, 0, of.kind() + " " + of.detail());
        }

        @Override
        public @Nullable RecordedConnection await(Duration timeout, Predicate<RecordedConnection> condition)
                throws InterruptedException {
            if (of.end() != null) {
                RecordedConnection ended = snapshot(of);
                return condition.test(ended) ? ended : null;
            }
            RecordingView found =
                    recording.await(Long.toString(number()), timeout, view -> condition.test(snapshotIn(view)));
            return found == null ? null : snapshotIn(found);
        }
    }
}
