package org.echoharness;

import java.io.IOException;
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
import org.echoharness.page.PageConnection;
import org.echoharness.page.PageHead;
import org.echoharness.script.ServedConnection;
import org.echoharness.text.ServerLog;
import org.jspecify.annotations.Nullable;

/** Shows one server to the HTTP interface, and passes on what that is asked to do. The threads of the interface call it. */
final class ControlAdapter implements ControlledServer {

    private final SessionStart sessions;
    private final Runnable close;
    private final ServerCore core;
    private final ServerControls controls;
    private final ControlServer server;

    /** Starts a session of the server. A server implements it as a method reference, and so does not load it if unused. */
    interface SessionStart {
        /** Returns the name of the session in the interface. */
        String openSession(Map<String, String> options, Duration timeout) throws IOException;
    }

    /** @param close ends the server, if it is a session itself */
    ControlAdapter(
            ServerCore core, ServerControls controls, SessionStart sessions, Runnable close, ControlServer server) {
        this.core = core;
        this.controls = controls;
        this.sessions = sessions;
        this.close = close;
        this.server = server;
    }

    /** Adds the server to the interface. */
    void open(String id) {
        server.add(id, this);
    }

    ControlServer server() {
        return server;
    }

    /** Removes the server from the interface, which ends with its last server. */
    void close() {
        if (core.isSession()) {
            server.removeSession(Objects.requireNonNull(core.config().control()).id());
        } else {
            server.remove(this);
        }
    }

    @Override
    public String openSession(Map<String, String> options, Duration timeout) throws IOException {
        return sessions.openSession(options, timeout);
    }

    @Override
    public boolean endSession() {
        if (core.isSession()) {
            close.run();
        }
        return core.isSession();
    }

    @Override
    public boolean awaitClose(Duration timeout) throws InterruptedException {
        return core.awaitClose(timeout);
    }

    @Override
    public String certificate() {
        return core.trustedTls().pem();
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
                core.config().kind(),
                core.config().startsInClear(),
                core.addresses().stream().map(HostAndPort::text).toList(),
                counters.accepted(),
                counted,
                core.counts().open(),
                core.admission().faults().toString(),
                core.config().texts(),
                failure == null ? null : String.valueOf(failure),
                log == null ? List.of() : problems(log.list()),
                log == null ? 0 : log.leftOut(),
                core.recordings() != null);
    }

    private static List<ServerView.Problem> problems(List<ScriptProblem> all) {
        return all.stream().map(ScriptProblem::view).toList();
    }

    @Override
    public void setFaults(String text, boolean alsoOpen) {
        FaultPlan plan = FaultPlan.parse(text);
        if (alsoOpen) {
            controls.setFaultsOfAll(plan);
        } else {
            core.mustRun();
            core.admission().setFaults(plan);
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
    public void acceptPending() {
        controls.acceptPending();
    }

    @Override
    public String remote(long number) {
        return HostAndPort.exactText(controls.connection(number).remoteSocketAddress());
    }

    @Override
    public void endWhenSent(long number, End how) {
        ServedConnection connection = controls.connection(number);
        switch (how) {
            case CLOSE -> connection.close();
            case HALF_CLOSE -> connection.halfClose();
            case RESET -> connection.reset();
        }
    }

    @Override
    public void startTls(long number) {
        controls.connection(number).startTls();
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
        long changes = store.changes().count(); // before what it counts
        ServerLog.Snapshot server = store.serverLog();
        List<RecordingView.Done> log = new ArrayList<>();
        for (ServerLog.Event each : server.events()) {
            log.add(new RecordingView.Done(each.since().toNanos(), each.what()));
        }
        FaultPlan plan = store.plan();
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
                server.leftOut(),
                store.newest(),
                store.changes().quietNanos(),
                store.isFull(),
                store.title(),
                plan == null ? null : plan.toString(),
                views(store.snapshots()),
                views(store.openLeftOutSnapshots()));
    }

    private static List<RecordingView.Connection> views(List<RecordedConnection> connections) {
        List<RecordingView.Connection> views = new ArrayList<>();
        for (RecordedConnection each : connections) {
            views.add(new ConnectionView(each));
        }
        return views;
    }

    @Override
    public PageHead pageHead(long span) {
        return new Recording(recordings()).pageHead(span);
    }

    @Override
    public PageConnection page(RecordingView.Connection of) throws IOException {
        return HtmlPage.neutral(((ConnectionView) of).of());
    }

    @Override
    public long sinceFirst() {
        RecordingStore store = recordings();
        return store.accepted() == 0 ? 0 : System.nanoTime() - store.origin();
    }

    @Override
    public void awaitChange(long changes, Duration timeout) throws InterruptedException {
        recordings().changes().await(changes, System.nanoTime() + timeout.toNanos());
    }

    private RecordingStore recordings() {
        return Objects.requireNonNull(core.recordings()); // the interface has looked at it before
    }

    @Override
    public void note(String text) {
        recordings().noteAll(text);
    }

    @Override
    public void title(String text) {
        recordings().title(text);
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

        private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                        "uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSSX", Locale.ROOT)
                .withZone(ZoneOffset.UTC);

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

        @Override
        public @Nullable String proxy() {
            return of.proxy().map(ConnectionView::text).orElse(null);
        }

        private static String text(SocketAddress address) {
            return HostAndPort.exactText(address);
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
        public int keeps() {
            return of.keeps();
        }

        @Override
        public int eventsBeforeGap() {
            return Math.min(of.log().size(), of.log().beforeTheGap());
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
