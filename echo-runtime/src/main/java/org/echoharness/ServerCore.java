package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.Warnings;
import org.echoharness.proxy.HeaderInput;
import org.echoharness.text.Quantities;
import org.echoharness.tls.ServerTls;
import org.echoharness.tls.TlsOptions;
import org.jspecify.annotations.Nullable;

/**
 * The life cycle of one server, with its listening sockets, its event loops and what they share. Any thread may start and
 * close it.
 */
final class ServerCore implements EventLoop.Owner, RecordingStore.Source, ServerContext.Server {

    private static final long CLOSE_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How the connections of another server come to this one. */
    interface HandOver {

        /** Called when this server runs: from now on it gets the connections. */
        void begin() throws IOException;

        /** Called before it ends, by every thread that closes it. */
        void giveBack();

        /** Called once when it has ended. */
        void ended();
    }

    enum State {
        NEW,
        RUNNING,
        CLOSED
    }

    private final ServerContext context;
    private final Admission admission;
    private final @Nullable ServerCore host; // whose connections this server gets; null for one with ports of its own
    private @Nullable HandOver handOver; // of these connections; set before the start
    private volatile @Nullable ServerCore session; // that gets the connections of this server
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile State state = State.NEW;
    private volatile List<SocketAddress> addresses = List.of();
    private volatile List<ServingLoop> loops = List.of();
    private final List<ListeningPort> ports; // the thread of the first loop opens and shuts them
    private ListeningPort.@Nullable ScheduledResume scheduledResume; // the thread of the first loop uses it
    private volatile @Nullable Throwable failure;
    private String loopFailure = ""; // the beginning of a warning; made early, because memory may be short later
    private volatile @Nullable Thread starting; // the thread that reports the start; no connection is accepted yet

    /** @param host the server whose connections this one gets as its session; null for a server of its own */
    ServerCore(ServerConfig config, @Nullable ServerCore host) {
        this.host = host;
        ports = host == null ? new ArrayList<>() : host.ports;
        RecordingStore recordings = config.recordedConnections() == 0
                ? null
                : new RecordingStore(Ending.Side.SERVER, config.recordedBytes(), config.recordedConnections());
        Warnings warnings = new Warnings(config.warnings());
        boolean hasNone = config.pumps().echoes() && config.proxyProtocol() == null;
        ScriptProblem.Log problems = hasNone ? null : new ScriptProblem.Log(warnings);
        context = new ServerContext(config, new ConnectionCounters.Counts(), recordings, problems, warnings, this);
        admission = new Admission(context);
        if (recordings != null) {
            recordings.from(this);
            recordings.plan(config.faults());
        }
    }

    /** Calls callbacks while the loops run, and without the monitor: they may call controls and wait for a close. */
    void start() throws IOException {
        List<ServingLoop> opened = new ArrayList<>();
        try {
            launch(opened);
            if (handOver != null) {
                handOver.begin();
                admission.reportSeed(config().faults());
                reportTrust();
            } else {
                reportStart(opened.get(0));
            }
        } catch (Throwable failed) {
            starting = null;
            if (!opened.isEmpty()) {
                close();
            }
            throw failed;
        }
        if (state == State.CLOSED) {
            close(); // the close of another thread may not have finished
            throw new IllegalStateException(
                    failure == null ? "a callback closed the server while it started" : stopped());
        }
    }

    /** Returns the server that has the ports: this one, or the one whose session this is in the end. */
    ServerCore owner() {
        return host == null ? this : host.owner();
    }

    /** Returns the loop whose thread accepts connections, and opens and shuts the ports. */
    EventLoop portLoop() {
        return owner().loops.get(0).loop();
    }

    boolean isSession() {
        return host != null;
    }

    void handOver(HandOver by) {
        handOver = by;
    }

    /** Returns the session that gets the connections of this server; null if there is none. */
    @Nullable
    ServerCore session() {
        return session;
    }

    void session(@Nullable ServerCore inner) {
        session = inner;
    }

    void close() {
        ServerCore inner = session;
        if (inner != null) {
            inner.close();
        }
        if (handOver != null) {
            handOver.giveBack();
        }
        List<ServingLoop> ending;
        boolean first;
        synchronized (this) {
            first = state != State.CLOSED;
            state = State.CLOSED;
            ending = loops;
        }
        boolean inCallback = false;
        for (ServingLoop each : ending) {
            inCallback |= each.loop().isCurrent();
        }
        try {
            for (ServingLoop each : ending) {
                each.loop().end();
            }
            if (first || !inCallback) { // two callbacks that close at once must not wait for each other
                awaitEnd(ending);
            }
        } finally {
            if (first || !inCallback) {
                RecordingStore recordings = recordings();
                if (recordings != null) {
                    recordings.finish(stopped());
                }
                if (first && handOver != null) {
                    handOver.ended();
                }
                ended.countDown();
            }
        }
    }

    private void awaitEnd(List<ServingLoop> ending) {
        long deadline = System.nanoTime() + CLOSE_DEADLINE_NANOS;
        for (ServingLoop each : ending) {
            String busy = each.loop().isCurrent() ? "" : each.loop().join(deadline);
            if (!busy.isEmpty()) {
                warnings().warn("a thread did not end within 10s of close(): " + busy);
            }
        }
    }

    @Override
    public void failing(Throwable why) {
        if (failure == null) {
            failure = why;
        }
    }

    @Override
    public void reportFailure(Throwable why) {
        if (!warnings().report(loopFailure, why)) {
            // the first report may have needed too much memory
            warnings().report("the event loop failed, so the server closes", null);
        }
    }

    /** Gives up the rings only now, because a callback that closes the server may still use one. */
    @Override
    public void ended(EventLoop loop) {
        try {
            for (ServingLoop each : loops) {
                if (each.loop() == loop) {
                    each.rings().leave();
                }
            }
        } finally {
            close();
        }
    }

    /** Returns why the server closed by itself, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Returns why the server is not running, for a sentence. */
    String stopped() {
        Throwable why = failure;
        if (why != null) {
            return "its event loop failed: " + Warnings.text(why);
        }
        return state == State.NEW ? "call start() first" : "it was closed";
    }

    boolean awaitClose(Duration timeout) throws InterruptedException {
        if (ended.getCount() > 0 && !timeout.isNegative() && !timeout.isZero()) {
            refuseCallback();
        }
        return ended.await(Quantities.nanos(timeout), TimeUnit.NANOSECONDS);
    }

    /** Throws if the server is not running. */
    void mustRun() {
        if (!isRunning()) {
            throw new IllegalStateException("the server is not running: " + stopped());
        }
    }

    /** Throws on one of the server's own threads, which must not wait for the server. */
    void refuseCallback() {
        if (isCallback()) {
            throw new IllegalStateException(
                    "a callback of the server must not wait for the server; call this from another thread");
        }
    }

    /** Returns whether this is one of the server's own threads, or of the servers whose session it is. */
    boolean isCallback() {
        for (ServingLoop each : loops) {
            if (each.loop().isCurrent()) {
                return true;
            }
        }
        return host != null && host.isCallback();
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

    @Override
    public boolean isRunning() {
        return state == State.RUNNING;
    }

    List<ServingLoop> loops() {
        return loops;
    }

    /** Returns a port for each address. The thread of the first loop opens and shuts them. */
    List<ListeningPort> ports() {
        return ports;
    }

    /** On the thread of the first loop. */
    ListeningPort.ScheduledResume scheduledResume() {
        return Objects.requireNonNull(owner().scheduledResume);
    }

    /** Returns the bound addresses, in numeric form; none before the start. */
    List<SocketAddress> addresses() {
        return addresses;
    }

    ServerConfig config() {
        return context.config();
    }

    /** Returns the recordings, or null if nothing is recorded. */
    @Nullable
    RecordingStore recordings() {
        return context.recordings();
    }

    /** Returns the problems of the script and of PROXY headers, or null if the server echoes and gets no headers. */
    ScriptProblem.@Nullable Log problems() {
        return context.problems();
    }

    /** Returns the key and the certificate of a server with TLS that was started. */
    ServerTls tls() {
        ServerTls made = config().wires() instanceof TlsWire.Maker maker ? maker.server() : null;
        if (made == null) {
            throw new IllegalStateException("the server has no certificate yet; call start() first");
        }
        return made;
    }

    /** Returns the same for a server that knows what its clients have to trust. */
    ServerTls trustedTls() {
        TlsOptions options = config().tls();
        if (options == null) {
            throw TlsOptions.noTls();
        }
        if (options.context() != null) {
            throw TlsOptions.unknownTrust();
        }
        return tls();
    }

    /** Records what is done to the server as a whole, unless the text is empty. */
    void record(String what) {
        RecordingStore recordings = recordings();
        if (recordings != null && !what.isEmpty()) {
            recordings.server(what);
        }
    }

    @Override
    public boolean listensAt(SocketAddress address) {
        for (SocketAddress own : addresses) {
            if (ListeningSockets.reaches(address, own)) {
                return true;
            }
        }
        return false;
    }

    /** Records what is done to the ports, here and in the recording of the session. */
    void recordOfPorts(String what) {
        record(what);
        ServerCore inner = session;
        if (inner != null) {
            inner.recordOfPorts(what);
        }
    }

    /** Records it if all ports listen. */
    @Override
    public void listensAgain() {
        for (ListeningPort port : ports) {
            if (!port.isListening()) {
                return;
            }
        }
        recordOfPorts("accepts connects again");
    }

    ConnectionCounters.Counts counts() {
        return context.counts();
    }

    Warnings warnings() {
        return context.warnings();
    }

    Admission admission() {
        return admission;
    }

    /** Binds and runs, without callbacks. Adds the loops that it makes to the list, even if it throws later. */
    private synchronized void launch(List<ServingLoop> opened) throws IOException {
        if (state != State.NEW) {
            throw new IllegalStateException("this server was " + (state == State.RUNNING ? "started" : "closed")
                    + " before; build another one");
        }
        config().wires().prepare(config().addresses());
        List<ListeningSockets.Bound> bound = host != null
                ? List.of()
                : ListeningSockets.bind(config().addresses(), config().bindsEvery(), config().backlog());
        try {
            launch(bound, opened);
        } catch (Throwable failed) {
            state = State.CLOSED;
            addresses = List.of();
            loops = List.copyOf(opened);
            ListeningSockets.close(bound);
            if (opened.isEmpty()) {
                ended.countDown();
            }
            throw failed;
        }
    }

    private void launch(List<ListeningSockets.Bound> bound, List<ServingLoop> opened) throws IOException {
        Preload.run();
        if (config().warnings() instanceof LineBuffer.DefaultWarnings) {
            LineBuffer.DefaultWarnings.load();
        }
        Preload.faults(config().faults());
        config().pumps().load(config().bufferSize());
        if (config().proxyProtocol() != null) {
            HeaderInput.load();
        }
        if (recordings() != null) {
            Preload.recording();
        }
        List<SocketAddress> taken = new ArrayList<>();
        for (ListeningSockets.Bound each : bound) {
            taken.add(each.address());
        }
        addresses = host == null ? List.copyOf(taken) : host.addresses;
        if (config().pumps().relays()) {
            config().pumps().check(this::listensAt);
        }
        for (int i = 1; i <= config().eventLoops(); i++) {
            EventLoop loop = new EventLoop("echo-server " + texts(addresses) + " loop " + i, warnings(), this);
            opened.add(new ServingLoop(context, loop));
        }
        loopFailure = "the event loop of " + texts(addresses) + " failed, so the server closes: ";
        admission.distributeTo(opened);
        if (host == null) {
            openPorts(bound, opened.get(0));
        }
        loops = List.copyOf(opened);
        state = State.RUNNING;
        for (ServingLoop each : loops) {
            each.loop().start();
        }
    }

    private void openPorts(List<ListeningSockets.Bound> bound, ServingLoop first) throws IOException {
        scheduledResume = new ListeningPort.ScheduledResume(first.loop().alarms(), ports, warnings());
        for (ListeningSockets.Bound each : bound) {
            ports.add(new ListeningPort(first, admission, each));
        }
        if (config().conversation() != null) {
            ports.forEach(port -> port.park(true)); // the lines about the start come before those of connections
        }
    }

    private void reportStart(ServingLoop first) {
        starting = config().conversation() == null ? null : Thread.currentThread();
        reportStart(addresses);
        starting = null;
        if (config().conversation() != null) {
            first.loop().post(() -> ports.forEach(port -> port.park(false)));
        }
    }

    private void reportStart(List<SocketAddress> taken) {
        List<SocketAddress> exposed = new ArrayList<>();
        for (SocketAddress address : taken) {
            if (address instanceof InetSocketAddress inet && !inet.getAddress().isLoopbackAddress()) {
                exposed.add(address);
            }
        }
        if (!exposed.isEmpty()) {
            warnings().warn("listening on " + texts(exposed) + ": other machines may connect");
        }
        admission.reportSeed(config().faults());
        reportTrust();
        Conversation conversation = config().conversation();
        if (conversation != null) {
            String tls = config().startLineOfTls();
            for (SocketAddress each : taken) {
                conversation.startingUp(each, tls);
            }
            conversation.waiting();
        }
    }

    /** Warns of a relay that trusts any upstream. */
    private void reportTrust() {
        String trust = config().pumps().relays() && config().pumps() instanceof RelayPumps relay
                ? String.valueOf(relay.options().tls())
                : "";
        String warning = OptionText.warning("upstreamTls", trust);
        if (!warning.isEmpty()) {
            warnings().warn(warning);
        }
    }

    /** Returns {@code 127.0.0.1:1, [::1]:2}, for messages. */
    static String texts(List<SocketAddress> addresses) {
        StringBuilder texts = new StringBuilder();
        for (SocketAddress address : addresses) {
            texts.append(texts.isEmpty() ? "" : ", ").append(HostAndPort.text(address));
        }
        return texts.toString();
    }
}
