package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.echoharness.control.ControlServer;
import org.echoharness.control.ControlledServer;
import org.echoharness.control.RecordingView;
import org.echoharness.control.ServerView;
import org.echoharness.sockets.NameResolver;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.jspecify.annotations.Nullable;

/** Shows one server to the HTTP interface, and passes on what that is asked to do. The threads of the interface call it. */
final class ControlAdapter implements ControlledServer {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Duration RESOLVING = Duration.ofSeconds(5);

    /** The name of a server in its own interface. */
    static final String DEFAULT_ID = "default";

    private final ServerCore core;
    private final ServerControls controls;
    private final ControlServer server;

    private ControlAdapter(ServerCore core, ServerControls controls, ControlServer server) {
        this.core = core;
        this.controls = controls;
        this.server = server;
    }

    /** Reads the address of an interface. */
    static HostAndPort parse(String address) {
        try {
            return HostAndPort.parse(address);
        } catch (IllegalArgumentException malformed) {
            throw Quantities.refused(
                    "control", Escaping.escape(address), "be host:port, [v6]:port or *:port, such as 127.0.0.1:0");
        }
    }

    /** Returns the name of a server in an interface, which is a part of paths. */
    static String checkedId(String id) {
        if (!id.matches("[A-Za-z0-9_-]+")) {
            throw new IllegalArgumentException(
                    "id (" + Escaping.escape(id) + ") of control must be of letters, digits, - and _ alone");
        }
        return id;
    }

    /** Adds a server to the interface of another one, or starts one for it. */
    static ControlAdapter open(ServerCore core, ServerControls controls, ServerConfig.Control options)
            throws IOException {
        ControlServer shared = options.shared();
        ControlServer server = shared == null ? start(core, options.address()) : shared;
        ControlAdapter adapter = new ControlAdapter(core, controls, server);
        server.add(options.id(), adapter);
        return adapter;
    }

    /** Starts an interface, and warns if other machines can reach it. */
    private static ControlServer start(ServerCore core, HostAndPort address) throws IOException {
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

    ControlServer server() {
        return server;
    }

    /** Removes the server from the interface, which ends with its last server. */
    void close() {
        server.remove(this);
    }

    @Override
    public ServerView view() {
        ConnectionCounters counters = core.counts().snapshot();
        Map<String, Long> counted = new LinkedHashMap<>();
        counted.put("accepted", counters.accepted());
        counted.put("rejected", counters.rejected());
        counted.put("idleClosed", counters.idleClosed());
        counted.put("reset", counters.reset());
        counted.put("failed", counters.failed());
        counted.put("peak", counters.peak());
        Throwable failure = core.failure();
        ScriptProblem.Log log = core.problems();
        return new ServerView(
                core.isRunning() ? ListeningPort.state(core.ports()) : "closed",
                core.isRunning() && core.loops().get(0).isFrozen(),
                kind(core.config()),
                core.addresses().stream().map(HostAndPort::text).toList(),
                counters.accepted(),
                counted,
                core.counts().open(),
                core.admission().faults().toString(),
                options(core.config()),
                failure == null ? null : String.valueOf(failure),
                log == null ? List.of() : problems(log.list()),
                log == null ? 0 : log.leftOut(),
                core.recordings() != null);
    }

    private static String kind(ServerConfig config) {
        if (config.pumps().relays()) {
            return "relay";
        }
        return config.script() != null ? "script" : config.pumps().echoes() ? "echo" : "handler";
    }

    /** Returns the values with which the server was started, in the order of the pages. */
    private static Map<String, String> options(ServerConfig config) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put(
                "addresses",
                String.join(
                        ", ", config.addresses().stream().map(String::valueOf).toList()));
        options.put("backlog", "" + config.backlog());
        options.put("bufferSize", Quantities.text(config.bufferSize()));
        options.put("maxConnections", orNone(config.maxConnections(), "" + config.maxConnections()));
        String idle = orNone(config.idleNanos(), Quantities.text(Duration.ofNanos(config.idleNanos())));
        options.put("idleTimeout", config.closesIdle() ? OptionText.NONE : idle);
        options.put("idleClose", config.closesIdle() ? idle : OptionText.NONE);
        options.put("eventLoops", "" + config.eventLoops());
        options.put("faults", config.faults().toString());
        options.put("script", config.script() == null ? OptionText.NONE : "" + config.script());
        if (config.pumps() instanceof RelayPumps relay) {
            options.put("upstream", relay.options().upstream().toString());
            options.put("upstreamFailure", relay.options().onFailure().toString());
            options.put("connectTimeout", Quantities.text(relay.options().connectTimeout()));
        } else {
            options.put("upstream", OptionText.NONE);
        }
        options.put("recording", orNone(config.recordedConnections(), Quantities.text(config.recordedBytes())));
        options.put(
                "control", Objects.requireNonNull(config.control()).address().toString());
        return options;
    }

    private static String orNone(long value, String text) {
        return value == 0 ? OptionText.NONE : text;
    }

    private static List<ServerView.Problem> problems(List<ScriptProblem> all) {
        List<ServerView.Problem> problems = new ArrayList<>();
        for (ScriptProblem each : all) {
            problems.add(new ServerView.Problem(
                    each.connection(),
                    each.kind().name(),
                    each.where(),
                    each.expected(),
                    each.seen(),
                    each.afterFault(),
                    each.isExcused(),
                    each.toString()));
        }
        return problems;
    }

    @Override
    public void setFaults(String text, boolean alsoOpen) {
        FaultPlan plan = FaultPlan.parse(text);
        if (alsoOpen) {
            controls.setFaultsOfAll(plan);
        } else {
            mustRun();
            core.admission().setFaults(plan);
        }
    }

    private void mustRun() {
        if (!core.isRunning()) {
            throw new IllegalStateException("the server is not running: " + core.stopped());
        }
    }

    @Override
    public void control(Control control, @Nullable Duration time) {
        switch (control) {
            case REFUSE -> {
                if (time == null) {
                    controls.refuse();
                } else {
                    controls.refuse(time);
                }
            }
            case UNANSWERED -> controls.unanswered();
            case RESUME -> controls.resume();
            case FREEZE -> controls.freeze(true);
            case UNFREEZE -> controls.freeze(false);
            case RESET -> controls.endConnections(false, "resetConnections()");
            case CLOSE -> controls.endConnections(true, "closeConnections()");
            case RESTART -> controls.restart(Objects.requireNonNull(time));
        }
    }

    @Override
    public boolean catchUp(Duration timeout) {
        return controls.catchUp(timeout);
    }

    @Override
    public List<ServerView.Problem> unfinished() {
        return problems(controls.unfinishedScripts());
    }

    @Override
    public Found end(long number, boolean clean) {
        boolean[] isOpen = {false};
        controls.endConnections(
                each -> {
                    isOpen[0] |= each == number;
                    return each == number;
                },
                clean,
                (clean ? "closeConnection(" : "resetConnection(") + number + ")");
        return isOpen[0] ? Found.OPEN : gone(number);
    }

    private Found gone(long number) {
        return number <= core.counts().accepted.sum() ? Found.ENDED : Found.UNKNOWN;
    }

    @Override
    public Found send(long number, byte[] bytes) {
        controls.acceptPending();
        if (gone(number) == Found.UNKNOWN) {
            return Found.UNKNOWN;
        }
        controls.connection(number).send(bytes);
        return Found.OPEN;
    }

    @Override
    public @Nullable RecordingView recording() {
        RecordingStore store = core.recordings();
        if (store == null) {
            return null;
        }
        long changes = store.changes(); // before what it counts
        List<RecordingView.Done> log = new ArrayList<>();
        for (ServerLog.Event each : store.serverLog().events()) {
            log.add(new RecordingView.Done(each.since().toNanos(), each.what()));
        }
        List<RecordingView.Connection> connections = new ArrayList<>();
        for (RecordedConnection each : store.snapshots()) {
            connections.add(new ConnectionView(each));
        }
        return new RecordingView(
                store.by().name(),
                store.accepted(),
                store.leftOut(),
                store.forgotten(),
                store.peak(),
                changes,
                store.over(),
                store.applied().stream().map(Fault::toString).toList(),
                log,
                connections);
    }

    @Override
    public void awaitChange(long changes, Duration timeout) throws InterruptedException {
        recordings().awaitChange(changes, System.nanoTime() + timeout.toNanos());
    }

    private RecordingStore recordings() {
        return Objects.requireNonNull(core.recordings()); // the interface has looked at it before
    }

    @Override
    public void note(String text) {
        new Recording(recordings()).note(text);
    }

    @Override
    public int forgetEnded() {
        return recordings().forgetEnded();
    }

    @Override
    public void write(FileKind kind, Path file) throws IOException {
        Recording recording = new Recording(recordings());
        switch (kind) {
            case PCAPNG -> recording.writePcapng(file);
            case HTML -> recording.writeHtml(file);
            case TXT -> recording.writeTranscript(file);
            case SCRIPT -> recording.writeScript(file);
        }
    }

    /** A connection of a recording, as the HTTP interface sees it. */
    private record ConnectionView(RecordedConnection of) implements RecordingView.Connection {

        @Override
        public Object key() {
            return of.key();
        }

        @Override
        public long number() {
            return of.number();
        }

        @Override
        public String local() {
            return text(of.localSocketAddress());
        }

        @Override
        public String remote() {
            return text(of.remoteSocketAddress());
        }

        private static String text(SocketAddress address) {
            return HostAndPort.text(address);
        }

        private boolean isClient() {
            return of.recordedBy() == Ending.Side.CLIENT;
        }

        @Override
        public String accepted() {
            return TIME.format(of.accepted());
        }

        @Override
        public long opened() {
            return of.opened().toNanos();
        }

        @Override
        public long receivedTotal() {
            return of.bytesReceived();
        }

        @Override
        public ByteBuffer received() {
            return isClient() ? of.toClient().kept() : of.toServer().kept();
        }

        @Override
        public long sentTotal() {
            return of.bytesSent();
        }

        @Override
        public ByteBuffer sent() {
            return isClient() ? of.toServer().kept() : of.toClient().kept();
        }

        @Override
        public int eventCount() {
            return of.log().size();
        }

        @Override
        public List<RecordingView.Event> events(int from) {
            List<RecordingView.Event> events = new ArrayList<>();
            int at = 0;
            for (RecordedEvent each : of.log()) {
                if (at++ >= from) {
                    events.add(new RecordingView.Event(
                            each.kind().name(), each.after().toNanos(), each.bytes(), each.offset(), each.detail()));
                }
            }
            return events;
        }

        @Override
        public long eventsLeftOut() {
            return of.eventsLeftOut();
        }

        @Override
        public ByteBuffer payload(RecordingView.Event event) {
            ByteBuffer all = event.kind().equals(RecordedEvent.Kind.RECEIVED.name()) ? received() : sent();
            int from = (int) Math.min(event.offset(), all.limit());
            int to = (int) Math.min(all.limit(), event.offset() + event.bytes());
            return all.slice(from, to - from);
        }

        @Override
        public RecordingView.@Nullable End end() {
            return of.ending()
                    .map(end -> new RecordingView.End(end.by().name(), end.how().name(), end.why()))
                    .orElse(null);
        }

        @Override
        public boolean failed() {
            return of.hasFailed();
        }

        @Override
        public RecordingView.@Nullable Connection upstream() {
            return of.upstream().map(ConnectionView::new).orElse(null);
        }
    }
}
