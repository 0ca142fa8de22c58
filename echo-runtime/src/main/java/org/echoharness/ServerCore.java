package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.echoharness.sockets.SocketChannels;
import org.jspecify.annotations.Nullable;

/**
 * The life of one server: its listening sockets, its event loops, and what they share. Any thread may start and close it;
 * the loops' threads call the rest.
 */
final class ServerCore implements RecordingStore.Source {

    private static final long CLOSE_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    enum State {
        NEW,
        RUNNING,
        CLOSED
    }

    private final ServerConfig config;
    private final ConnectionCounts tally = new ConnectionCounts();
    private final @Nullable RecordingStore recorder;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile State state = State.NEW;
    private volatile List<InetSocketAddress> addresses = List.of();
    private volatile List<EventLoop> loops = List.of();
    private final ServerControls controls = new ServerControls(this);
    private final List<ListeningPort> doors = new ArrayList<>(); // the thread of the first loop opens and shuts them
    private volatile InForce faults;
    private int next; // of the loops; the thread of the first one alone counts
    private long numbered; // connections; as above
    private boolean hasRejected;
    private boolean hasWarnedOfAccept; // this and the next: of all acceptors, which share the first loop's thread
    private long lastAcceptWarning;
    private volatile @Nullable Throwable failure;
    private volatile @Nullable Thread starting; // it reports the start, and nobody is accepted yet

    ServerCore(ServerConfig config) {
        this.config = config;
        faults = new InForce(config.faults(), 1);
        recorder = config.recordedConnections() == 0
                ? null
                : new RecordingStore(Ending.Side.SERVER, config.recordedBytes(), config.recordedConnections());
        if (recorder != null) {
            recorder.from(this);
        }
    }

    /** A plan and the number of the next connection in it. */
    private static final class InForce {
        private final FaultPlan plan;
        private long next; // the thread of the first loop counts

        InForce(FaultPlan plan, long next) {
            this.plan = plan;
            this.next = next;
        }
    }

    /** Callbacks are called while the loops run and without the monitor: they may call controls and wait for a close. */
    void start() throws IOException {
        List<EventLoop> opened = new ArrayList<>();
        try {
            launch(opened);
            starting = config.conversation() == null ? null : Thread.currentThread();
            tellStart(addresses);
            starting = null;
            if (config.conversation() != null) {
                opened.get(0).post(() -> doors.forEach(door -> door.park(false)));
            }
        } catch (Throwable failed) {
            starting = null;
            if (!opened.isEmpty()) {
                close();
            }
            throw failed;
        }
        if (state == State.CLOSED) {
            close(); // another thread's may not have finished
            throw new IllegalStateException(
                    failure == null ? "a listener closed the server while it started" : stopped());
        }
    }

    void close() {
        List<EventLoop> ending;
        boolean first;
        synchronized (this) {
            first = state != State.CLOSED;
            state = State.CLOSED;
            ending = loops;
        }
        boolean inCallback = false;
        for (EventLoop loop : ending) {
            inCallback |= loop.isCurrent();
        }
        try {
            for (EventLoop loop : ending) {
                loop.end();
            }
            if (first || !inCallback) { // two callbacks that close at once must not wait for each other
                awaitEnd(ending);
            }
        } finally {
            if (first || !inCallback) {
                if (recorder != null) {
                    recorder.finish(stopped());
                }
                ended.countDown();
            }
        }
    }

    private void awaitEnd(List<EventLoop> ending) {
        long deadline = System.nanoTime() + CLOSE_DEADLINE_NANOS;
        for (EventLoop loop : ending) {
            String busy = loop.isCurrent() ? "" : loop.join(deadline);
            if (!busy.isEmpty()) {
                warn("a thread did not end within 10s of close(): " + busy);
            }
        }
    }

    /** An event loop ends since this has left it: the server is about to close. Allocates nothing. */
    void failing(Throwable why) {
        if (failure == null) {
            failure = why;
        }
    }

    /** Also where memory is short. */
    void reportFailure(Throwable why) {
        if (!report("the event loop failed, so the server closes: ", why)) {
            report("the event loop failed, so the server closes", null); // the first may have needed too much memory
        }
    }

    /** Why the server closed by itself, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Why a server that is not running is not, for a sentence. */
    String stopped() {
        Throwable why = failure;
        if (why != null) {
            return "its event loop failed: " + text(why);
        }
        return state == State.NEW ? "call start() first" : "it was closed";
    }

    boolean awaitClose(Duration timeout) throws InterruptedException {
        if (ended.getCount() > 0 && !timeout.isNegative() && !timeout.isZero()) {
            refuseCallback();
        }
        return ended.await(OptionText.nanos(timeout), TimeUnit.NANOSECONDS);
    }

    /** Throws on a thread of the server's own, which must not wait for the server. */
    void refuseCallback() {
        for (EventLoop loop : loops) {
            if (loop.isCurrent()) {
                throw new IllegalStateException(
                        "a callback of the server must not wait for the server; call this from another thread");
            }
        }
    }

    @Override
    public void refuseWait() {
        refuseCallback();
        if (Thread.currentThread() == starting) {
            throw new IllegalStateException("a callback of start() must not wait for connections, as none is accepted"
                    + " before the lines about the start are reported; wait when start() has returned");
        }
    }

    State state() {
        return state;
    }

    boolean isRunning() {
        return state == State.RUNNING;
    }

    ServerControls controls() {
        return controls;
    }

    List<EventLoop> loops() {
        return loops;
    }

    /** One for each address. The thread of the first loop opens and shuts them. */
    List<ListeningPort> doors() {
        return doors;
    }

    /** The addresses bound, numeric; none before the start. */
    List<InetSocketAddress> addresses() {
        return addresses;
    }

    ServerConfig config() {
        return config;
    }

    /** Null where nothing is recorded. */
    @Nullable
    RecordingStore recorder() {
        return recorder;
    }

    /** Records what is done to the server as a whole; nothing for an empty text. */
    void record(String what) {
        if (recorder != null && !what.isEmpty()) {
            recorder.server(what);
        }
    }

    /** One door has opened again, perhaps the last. On the first loop's thread. */
    void listensAgain() {
        for (ListeningPort door : doors) {
            if (!door.isListening()) {
                return;
            }
        }
        record("accepts connects again");
    }

    ConnectionCounts tally() {
        return tally;
    }

    /** Whether the connection just accepted stays within the limit. It is reset if not. */
    boolean mayServe(SocketChannel accepted) {
        int limit = config.maxConnections();
        if (tally.opens(limit)) {
            return true;
        }
        String peer = config.conversation() == null ? "" : ServerConnection.text(accepted);
        if (recorder != null) {
            recorder.reject(accepted);
        }
        SocketChannels.reset(accepted);
        if (!hasRejected) {
            hasRejected = true;
            warn("maxConnections (" + limit + ") is reached: further connections are reset");
        }
        if (config.conversation() != null) {
            config.conversation().rejecting(peer, limit);
        }
        return false;
    }

    EventLoop nextLoop() {
        EventLoop chosen = loops.get(next);
        next = (next + 1) % loops.size();
        return chosen;
    }

    /** The number of the connection just accepted, from 1. */
    long nextNumber() {
        return ++numbered;
    }

    /** The plan for the connection just accepted and its number there, or null without a fault. */
    @Nullable
    PlannedFaults nextPlanned() {
        InForce current = faults;
        return current.plan.rules().isEmpty() ? null : new PlannedFaults(current.plan, current.next++);
    }

    FaultPlan faults() {
        return faults.plan;
    }

    /** For connections accepted from now on, of which the next has this number in the plan. */
    void setFaults(FaultPlan plan, long next) {
        faults = new InForce(plan, next);
    }

    /** For connections accepted from now on. */
    void setFaults(FaultPlan plan) {
        announce(plan);
        setFaults(plan, 1);
    }

    /** Checks and announces a plan that is about to be in force. */
    void announce(FaultPlan plan) {
        Preload.faults(plan.checked(config.bufferSize()));
        tellSeed(plan);
    }

    /** Without the seed nobody could repeat what goes wrong. */
    private void tellSeed(FaultPlan plan) {
        if (plan.isRandom()) {
            warn("faults: " + plan);
        }
    }

    /** Tells that accepting fails, at most once a second. Text is put together by concat: see {@link Preload}. */
    void warnOfAccept(long now, @Nullable String why) {
        if (!hasWarnedOfAccept || now - lastAcceptWarning >= 1_000_000_000) {
            hasWarnedOfAccept = true;
            lastAcceptWarning = now;
            warn("cannot accept, trying again every 100ms: ".concat(String.valueOf(why)));
        }
    }

    /** Reports one line to the user. What goes wrong there stays there. */
    void warn(String line) {
        report(line, null);
    }

    /** As {@link #warn(String)}, with what was thrown: by a callback, perhaps, so that its text may fail too. */
    void warn(String line, Throwable thrown) {
        report(line, thrown);
    }

    /** Returns whether the listener took the line. */
    private boolean report(String line, @Nullable Throwable thrown) {
        try {
            config.warnings().accept(thrown == null ? line : line.concat(text(thrown)));
            return true;
        } catch (Throwable ignored) {
            return false; // there is no other place to report it
        }
    }

    private static String text(Throwable thrown) {
        try {
            return String.valueOf(thrown.toString());
        } catch (Throwable unprintable) {
            return thrown.getClass().getName();
        }
    }

    /** Binds and runs; callbacks come later. The loops that were made are in the list, also when it throws. */
    private synchronized void launch(List<EventLoop> opened) throws IOException {
        if (state != State.NEW) {
            throw new IllegalStateException("this server was " + (state == State.RUNNING ? "started" : "closed")
                    + " before; build another one");
        }
        List<ListeningSockets.Bound> bound =
                ListeningSockets.bind(config.addresses(), config.bindsEvery(), config.backlog());
        try {
            launch(bound, opened);
        } catch (Throwable failed) {
            state = State.CLOSED;
            loops = List.copyOf(opened);
            ListeningSockets.close(bound);
            if (opened.isEmpty()) {
                ended.countDown();
            }
            throw failed;
        }
    }

    private void launch(List<ListeningSockets.Bound> bound, List<EventLoop> opened) throws IOException {
        Preload.run();
        if (config.warnings() instanceof DefaultWarnings) {
            DefaultWarnings.load();
        }
        Preload.faults(config.faults());
        if (recorder != null) {
            Preload.recording();
        }
        List<InetSocketAddress> taken = new ArrayList<>();
        for (ListeningSockets.Bound each : bound) {
            taken.add(ListeningSockets.addressOf(each.channel()));
        }
        for (int i = 1; i <= config.eventLoops(); i++) {
            opened.add(new EventLoop(this, config.bufferSize(), "echo-server " + texts(taken) + " loop " + i));
        }
        for (ListeningSockets.Bound each : bound) {
            doors.add(new ListeningPort(this, opened.get(0), each.asked(), each.channel()));
        }
        if (config.conversation() != null) {
            doors.forEach(door -> door.park(true)); // the lines about the start come before those of connections
        }
        addresses = List.copyOf(taken);
        loops = List.copyOf(opened);
        state = State.RUNNING;
        for (EventLoop loop : loops) {
            loop.start();
        }
    }

    private void tellStart(List<InetSocketAddress> taken) {
        List<InetSocketAddress> exposed = new ArrayList<>();
        for (InetSocketAddress address : taken) {
            if (!address.getAddress().isLoopbackAddress()) {
                exposed.add(address);
            }
        }
        if (!exposed.isEmpty()) {
            warn("listening on " + texts(exposed) + ": other machines may connect");
        }
        tellSeed(config.faults());
        Conversation conversation = config.conversation();
        if (conversation != null) {
            taken.forEach(conversation::startingUp);
            conversation.waiting();
        }
    }

    /** "127.0.0.1:1, [::1]:2", for people. */
    static String texts(List<InetSocketAddress> addresses) {
        StringBuilder texts = new StringBuilder();
        for (InetSocketAddress address : addresses) {
            texts.append(texts.isEmpty() ? "" : ", ").append(HostAndPort.of(address));
        }
        return texts.toString();
    }
}
