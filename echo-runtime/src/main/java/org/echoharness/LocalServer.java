package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.echoharness.control.ControlServer;
import org.echoharness.script.ServedConnection;
import org.echoharness.sockets.NameResolver;
import org.jspecify.annotations.Nullable;

/** A server of this process, with its HTTP interface if it has one. Any thread may call it. */
final class LocalServer implements ServerAccess {

    private static final Duration RESOLVING = Duration.ofSeconds(5);

    private final ServerCore core;
    private final ServerControls controls;
    private volatile @Nullable ControlAdapter control;

    LocalServer(ServerConfig config) {
        core = new ServerCore(config);
        controls = new ServerControls(core);
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
            ControlAdapter adapter = new ControlAdapter(core, controls, used);
            adapter.open(options.id());
            control = adapter;
        } catch (Throwable failed) {
            close();
            throw failed;
        }
        if (!core.isRunning()) {
            close(); // the close of another thread has not seen the interface
            throw new IllegalStateException("the server is not running: " + core.stopped());
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
    public ConnectionCounters counters() {
        return core.counts().snapshot();
    }

    @Override
    public Recording.@Nullable Source recording() {
        return core.recordings();
    }

    @Override
    public ServedConnection connection(long number) {
        return controls.connection(number);
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
        return core.problems() == null;
    }

    @Override
    public boolean relays() {
        return core.config().pumps().relays();
    }

    @Override
    public List<ScriptProblem> unfinishedScripts() {
        return controls.unfinishedScripts();
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
        controls.setFaultsOfAll(plan);
    }

    @Override
    public boolean catchUp(Duration timeout) {
        return controls.catchUp(timeout);
    }

    @Override
    public void acceptPending() {
        controls.acceptPending();
    }

    @Override
    public void refuse() {
        controls.refuse();
    }

    @Override
    public void refuse(Duration time) {
        controls.refuse(time);
    }

    @Override
    public void restart(Duration downTime) {
        controls.restart(downTime);
    }

    @Override
    public void unanswered() {
        controls.unanswered();
    }

    @Override
    public void resume() {
        controls.resume();
    }

    @Override
    public void freeze(boolean frozen) {
        controls.freeze(frozen);
    }

    @Override
    public void endConnections(boolean clean) {
        controls.endConnections(clean, clean ? "closeConnections()" : "resetConnections()");
    }

    @Override
    public void resetConnection(long number) {
        controls.endConnections(each -> each == number, false, "resetConnection(" + number + ")");
    }

    @Override
    public String toString() {
        List<SocketAddress> bound = core.addresses();
        return "EchoServer " + (bound.isEmpty() ? core.config().addresses() : ServerCore.texts(bound)) + " "
                + core.state();
    }
}
