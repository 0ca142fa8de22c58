package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.echoharness.control.ControlServer;
import org.echoharness.control.ControlledServer;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.script.ServedConnection;
import org.echoharness.sockets.NameResolver;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** A server of this process, with its HTTP interface if it has one. Any thread may call it. */
final class LocalServer implements ServerAccess {

    private static final Duration RESOLVING = Duration.ofSeconds(5);

    private final ServerCore core;
    private final @Nullable LocalServer host; // whose session this is
    private @Nullable ServerControls controls; // made by the first use
    private final Options options;
    private final AtomicInteger sessions = new AtomicInteger(); // that were started
    private volatile @Nullable LocalServer session;
    private volatile @Nullable ControlAdapter control;
    private volatile boolean isClosing;

    /** The options of a server, which change no more. */
    interface Options {

        ServerConfig config();

        /**
         * Returns the options of a session.
         *
         * @param words the options that differ, with their texts
         * @param inForce the plan of faults of the server
         * @param place where the session is in the HTTP interface of the server
         */
        Options session(Map<String, String> words, FaultPlan inForce, Supplier<ServerConfig.@Nullable Control> place);
    }

    LocalServer(Options options) {
        this.options = options;
        host = null;
        core = new ServerCore(options.config(), null);
    }

    /** Makes a session. */
    private LocalServer(Options options, LocalServer host) {
        this.options = options;
        this.host = host;
        core = new ServerCore(options.config(), host.core);
        core.handOver(new Session(host, this));
    }

    private synchronized ServerControls controls() {
        ServerControls made = controls;
        if (made == null) {
            made = host == null ? new ServerControls(core) : new ServerControls(core, host.controls());
            controls = made;
        }
        return made;
    }

    /** The time in which one server gets the connections of another, its host, which keeps the ports. */
    private static final class Session implements ServerCore.HandOver {
        private final LocalServer host;
        private final LocalServer inner;
        private final AtomicBoolean isGivingBack = new AtomicBoolean();
        private final CountDownLatch givenBack = new CountDownLatch(1);
        private final AtomicInteger beforeMerge = new AtomicInteger(2); // the end of the server, and giving back
        private boolean wasAccepting; // the ports, at the beginning; the thread of the ports uses it
        private volatile long offset; // of the numbers of its connections among those of the host

        Session(LocalServer host, LocalServer inner) {
            this.host = host;
            this.inner = inner;
        }

        /** Starts a session, and before that waits for the end of another one. */
        static LocalServer start(LocalServer host, Map<String, String> words, Duration timeout) throws IOException {
            long deadline = System.nanoTime() + Quantities.nanos(timeout);
            while (true) {
                host.core.mustRun();
                host.core.refuseCallback();
                FaultPlan faults = host.core.admission().faults();
                LocalServer started = new LocalServer(host.options.session(words, faults, host::nextControl), host);
                try {
                    awaitNoSession(host.core, deadline);
                    started.start();
                    return started;
                } catch (SessionTakenException taken) {
                    if (System.nanoTime() - deadline >= 0) {
                        throw taken;
                    }
                }
            }
        }

        private static void awaitNoSession(ServerCore host, long deadline) throws IOException {
            synchronized (host) {
                try {
                    for (long left = deadline - System.nanoTime();
                            host.session() != null && left > 0;
                            left = deadline - System.nanoTime()) {
                        TimeUnit.NANOSECONDS.timedWait(host, left);
                    }
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted while waiting for the end of a session");
                }
                if (host.session() != null) {
                    throw new SessionTakenException(host);
                }
            }
        }

        @Override
        public void begin() throws IOException {
            synchronized (host.core) {
                host.core.mustRun();
                if (host.core.session() != null) {
                    throw new SessionTakenException(host.core);
                }
                host.core.session(inner.core);
                host.session = inner;
            }
            onPorts(() -> {
                wasAccepting = ListeningPort.isAccepting(host.core.ports());
                host.core.admission().begin(inner.core.admission());
            });
            host.core.mustRun();
        }

        /** Connections that clients have made so far are still for the inner server. */
        @Override
        public void giveBack() {
            if (host.core.session() != inner.core) {
                return;
            }
            if (isGivingBack.compareAndSet(false, true)) {
                boolean interrupted = Thread.interrupted();
                try {
                    giveBackConnections();
                } finally {
                    givenBack.countDown();
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                }
            } else if (!inner.core.isCallback()) { // for a callback the other thread may wait
                EventLoopCalls.awaitUninterruptibly(givenBack);
            }
        }

        private void giveBackConnections() {
            try {
                onPorts(() -> hold(true)); // until their numbers are known
                EventLoopCalls.call(inner.firstLoop(), () -> true); // has given a number to each connection
            } catch (IOException | IllegalStateException noAnswer) {
                host.core
                        .warnings()
                        .warn("a session of " + ServerCore.texts(host.core.addresses())
                                + " has ended without its last connections: " + noAnswer.getMessage());
            }
            try {
                long count = inner.core.admission().accepted();
                offset = EventLoopCalls.call(
                        host.firstLoop(), () -> host.core.admission().skipNumbers(count));
            } catch (IOException | IllegalStateException noAnswer) {
                host.core
                        .warnings()
                        .warn("a session of " + ServerCore.texts(host.core.addresses())
                                + " has ended, and the numbers of its connections are not its own: "
                                + noAnswer.getMessage());
            } finally {
                host.core.admission().endSession();
                host.core.portLoop().post(() -> hold(false));
                if (wasAccepting && !host.isClosing) {
                    inner.controls().openPorts();
                }
                synchronized (host.core) {
                    host.core.session(null);
                    host.session = null;
                    host.core.notifyAll();
                }
                mergeAtLast();
            }
        }

        private void hold(boolean held) {
            for (ListeningPort port : host.core.ports()) {
                port.hold(held);
            }
        }

        @Override
        public void ended() {
            mergeAtLast();
        }

        /** Adds what the inner server has counted and recorded to that of the host. */
        private void mergeAtLast() {
            if (beforeMerge.decrementAndGet() > 0) {
                return;
            }
            host.core.counts().add(inner.core.counts());
            RecordingStore all = host.core.recordings();
            RecordingStore ended = inner.core.recordings();
            if (all != null && ended != null) {
                all.add(ended, offset);
            }
        }

        /** Accepts all connections that were made so far, and then makes the change. */
        private void onPorts(Runnable change) throws IOException {
            EventLoopCalls.call(host.core.portLoop(), () -> {
                host.core.ports().forEach(ListeningPort::acceptAll);
                change.run();
                return null;
            });
        }
    }

    /** Thrown if the server has a session already. */
    private static final class SessionTakenException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        SessionTakenException(ServerCore host) {
            super("the server " + ServerCore.texts(host.addresses())
                    + " has a session already; end that one, wait longer, or start a session of that one");
        }
    }

    /** Returns the name of the session in the interface. */
    private String openSession(Map<String, String> words, Duration timeout) throws IOException {
        return Objects.requireNonNull(session(words, timeout).core.config().control())
                .id();
    }

    @Override
    public LocalServer session(Map<String, String> words, Duration timeout) throws IOException {
        return Session.start(this, words, timeout);
    }

    /** Returns the place of the next session in the HTTP interface; null if this server has none. */
    private ServerConfig.@Nullable Control nextControl() {
        ServerConfig.Control own = core.config().control();
        return control == null || own == null
                ? null
                : joinedControl(own.id() + ControlledServer.SESSION + sessions.incrementAndGet());
    }

    /** Returns the loop whose thread numbers the connections. */
    private EventLoop firstLoop() {
        return core.loops().get(0).loop();
    }

    ServerCore core() {
        return core;
    }

    @Override
    public void start() throws IOException {
        core.start();
        ServerConfig.Control options = core.config().control();
        if (options != null) {
            openControl(options);
        }
    }

    private void openControl(ServerConfig.Control options) throws IOException {
        try {
            ControlServer shared = options.shared();
            ControlServer used = shared == null ? startControl(options.address()) : shared;
            ControlAdapter adapter = new ControlAdapter(core, controls(), this::openSession, this::close, used);
            adapter.open(options.id());
            control = adapter;
        } catch (Throwable failed) {
            close();
            throw failed;
        }
        if (!core.isRunning()) {
            close(); // the close of another thread has not seen the interface
            core.mustRun();
        }
    }

    /** Starts an interface, and warns if other machines can reach it. */
    private ControlServer startControl(HostAndPort address) throws IOException {
        InetSocketAddress local = address.isEveryInterface()
                ? new InetSocketAddress(address.port())
                : new InetSocketAddress(
                        NameResolver.resolve(
                                address.host(),
                                System.nanoTime() + RESOLVING.toNanos(),
                                "cannot listen on " + address + " for control")[0],
                        address.port());
        String text = HostAndPort.of(local).connectable().toString();
        ControlServer server = ControlServer.start(local, address.host(), text.substring(0, text.lastIndexOf(':')));
        if (!local.getAddress().isLoopbackAddress()) {
            String bound =
                    HostAndPort.of(local).host() + " port " + server.uri().getPort();
            core.warnings()
                    .warn("control listens on " + bound
                            + ": other machines may connect, and the token is sent to them in plain text");
        }
        return server;
    }

    @Override
    public void close() {
        isClosing = true;
        LocalServer inner = session;
        if (inner != null) {
            inner.close();
        }
        try {
            core.close();
        } finally {
            ControlAdapter opened = control;
            if (opened != null) {
                opened.close();
            }
        }
    }

    @Override
    public boolean awaitClose(Duration timeout) throws InterruptedException {
        return core.awaitClose(timeout);
    }

    @Override
    public boolean isRunning() {
        return core.isRunning();
    }

    @Override
    public @Nullable Throwable failure() {
        return core.failure();
    }

    @Override
    public List<SocketAddress> addresses() {
        return core.addresses();
    }

    @Override
    public List<ServerAddress> configuredAddresses() {
        return core.config().addresses();
    }

    @Override
    public @Nullable URI controlUri() {
        ControlAdapter opened = control;
        return opened == null ? null : opened.server().uri();
    }

    @Override
    public @Nullable String controlToken() {
        ControlAdapter opened = control;
        return opened == null ? null : opened.server().token();
    }

    @Override
    public ServerConfig.Control joinedControl(String id) {
        ControlAdapter joined = control;
        ServerConfig.Control options = core.config().control();
        if (joined == null || options == null) {
            throw new IllegalStateException(
                    "the other server has no HTTP interface; give it the option control, and start it first");
        }
        return new ServerConfig.Control(options.address(), id, joined.server());
    }

    @Override
    public boolean hasTls() {
        return core.config().tls() != null;
    }

    @Override
    public boolean startsInClear() {
        return core.config().startsInClear();
    }

    @Override
    public @Nullable X509Certificate certificate() {
        return hasTls() ? core.tls().certificate() : null;
    }

    @Override
    public SSLContext sslContext() {
        return core.trustedTls().clientContext();
    }

    @Override
    public ConnectionCounters counters() {
        return core.counts().snapshot();
    }

    @Override
    public Recording.@Nullable Source recording() {
        return core.recordings();
    }

    @Override
    public ServedConnection connection(long number) {
        return controls().connection(number);
    }

    @Override
    public Script script() {
        Script script = core.config().script();
        return script == null ? Script.none() : script;
    }

    @Override
    public List<ScriptProblem> scriptProblems() {
        ScriptProblem.Log problems = core.problems();
        return problems == null ? List.of() : problems.list();
    }

    @Override
    public long scriptProblemsLeftOut() {
        ScriptProblem.Log problems = core.problems();
        return problems == null ? 0 : problems.leftOut();
    }

    @Override
    public boolean echoes() {
        return core.config().pumps().echoes();
    }

    @Override
    public boolean relays() {
        return core.config().pumps().relays();
    }

    @Override
    public List<ScriptProblem> unfinishedScripts() {
        return controls().unfinishedScripts();
    }

    @Override
    public FaultPlan faults() {
        return core.admission().faults();
    }

    @Override
    public void setFaults(FaultPlan plan) {
        core.admission().setFaults(plan);
    }

    @Override
    public void setFaultsOfAll(FaultPlan plan) {
        controls().setFaultsOfAll(plan);
    }

    @Override
    public boolean catchUp(Duration timeout) {
        return controls().catchUp(timeout);
    }

    @Override
    public void acceptPending() {
        controls().acceptPending();
    }

    @Override
    public void refuse() {
        controls().refuse();
    }

    @Override
    public void refuse(Duration time) {
        controls().refuse(time);
    }

    @Override
    public void restart(Duration downTime) {
        controls().restart(downTime);
    }

    @Override
    public void unanswered() {
        controls().unanswered();
    }

    @Override
    public void resume() {
        controls().resume();
    }

    @Override
    public void freeze(boolean frozen) {
        controls().freeze(frozen);
    }

    @Override
    public void endConnections(boolean clean) {
        controls().endConnections(clean, clean ? "closeConnections()" : "resetConnections()");
    }

    @Override
    public void resetConnection(long number) {
        controls().endConnections(each -> each == number, false, "resetConnection(" + number + ")");
    }

    @Override
    public String toString() {
        List<SocketAddress> bound = core.addresses();
        return "EchoServer " + (bound.isEmpty() ? core.config().addresses() : ServerCore.texts(bound)) + " "
                + core.state();
    }
}
