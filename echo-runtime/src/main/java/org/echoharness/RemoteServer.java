package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.echoharness.control.ControlledServer.Control;
import org.echoharness.control.ServerView;
import org.echoharness.remote.AddressText;
import org.echoharness.remote.ControlClient;
import org.echoharness.remote.RemoteCalls;
import org.echoharness.remote.RemoteConnection;
import org.echoharness.script.ServedConnection;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.tls.PemFile;
import org.echoharness.tls.ServerTls;
import org.echoharness.tls.TlsOptions;
import org.jspecify.annotations.Nullable;

/** A server in another process, which its HTTP interface controls. Any thread may call it. */
final class RemoteServer implements ServerAccess {

    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final ControlClient client;
    private final ServerView first;
    private final List<SocketAddress> addresses;
    private final RemoteRecording recording;
    private volatile @Nullable X509Certificate certificate; // once it was asked for
    private volatile @Nullable ServerView last; // when the server was closed
    private volatile boolean isClosed; // this view of it

    RemoteServer(ControlClient client) throws IOException {
        this.client = client;
        first = client.first();
        recording = new RemoteRecording(client);
        addresses = client.reading(() -> first.addresses().stream()
                .map(text -> HostAndPort.named(AddressText.parse(text)))
                .toList());
    }

    @Override
    public void start() {
        throw new IllegalStateException("the server was started in another process, which its interface at "
                + client.uri() + " controls; to start one here, call EchoServer.builder()");
    }

    @Override
    public void close() {
        boolean wasClosed = isClosed;
        isClosed = true;
        if (!wasClosed && client.isSession()) {
            client.endSession();
        }
    }

    @Override
    public boolean awaitClose(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        long pause = TimeUnit.MILLISECONDS.toNanos(1);
        while (isRunning()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.sleep(Math.min(left, pause));
            pause = Math.min(pause * 2, LONGEST_PAUSE_NANOS);
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while " + client.uri() + " was asked");
        }
        return true;
    }

    @Override
    public boolean isRunning() {
        try {
            return !isClosed && !view().state().equals("closed");
        } catch (UncheckedIOException gone) {
            return false;
        }
    }

    /** Runs a control, unless this view is closed. */
    private void run(RemoteCalls.Action action) {
        mustBeOpen();
        RemoteCalls.run(action);
    }

    private void mustBeOpen() {
        if (isClosed) {
            throw new IllegalStateException("this EchoServer was closed; it stood for the server at " + client.uri()
                    + ", to which EchoServer.connect connects again");
        }
    }

    private ServerView view() {
        ServerView end = last;
        if (end != null) {
            return end;
        }
        ServerView view = RemoteCalls.call(client::view);
        if (view.state().equals("closed")) {
            last = view;
        }
        return view;
    }

    /** Reads a text of the other process. */
    private <T> T read(String what, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException unreadable) {
            throw new UnsupportedOperationException(
                    "the " + what + " of the server at " + client.uri() + " cannot be read here: "
                            + unreadable.getMessage()
                            + "; use the same version of Echo harness in both processes, and no"
                            + " rule that only Java can state",
                    unreadable);
        }
    }

    @Override
    public @Nullable Throwable failure() {
        String text = view().failure();
        return text == null
                ? null
                : new IllegalStateException("in the process of the server: " + Escaping.visible(text));
    }

    @Override
    public List<SocketAddress> addresses() {
        return addresses;
    }

    @Override
    public List<ServerAddress> configuredAddresses() {
        return read(
                "configured address",
                first.options().getOrDefault("addresses", ""),
                text -> OptionText.list("addresses", text).stream()
                        .map(ServerAddress::parse)
                        .toList());
    }

    @Override
    public URI controlUri() {
        return client.uri();
    }

    @Override
    public String controlToken() {
        return client.token();
    }

    @Override
    public ServerConfig.Control joinedControl(String id) {
        throw new IllegalStateException(
                "the HTTP interface at " + client.uri()
                        + " is that of another process, which no server of this one can join; give this server the option control");
    }

    @Override
    public boolean hasTls() {
        return !tls().equals(OptionText.NONE);
    }

    private String tls() {
        return first.options().getOrDefault(TlsOptions.WORD, OptionText.NONE);
    }

    @Override
    public boolean startsInClear() {
        return first.startsInClear();
    }

    @Override
    public @Nullable X509Certificate certificate() {
        return hasTls() && !tls().equals(TlsOptions.CONTEXT) ? known() : null;
    }

    @Override
    public SSLContext sslContext() {
        if (!hasTls()) {
            throw TlsOptions.noTls();
        }
        if (tls().equals(TlsOptions.CONTEXT)) {
            throw TlsOptions.unknownTrust();
        }
        return ServerTls.clientContext(known());
    }

    /** Asks for the certificate once, since it does not change. */
    private X509Certificate known() {
        X509Certificate asked = certificate;
        if (asked == null) {
            String pem = RemoteCalls.call(client::certificate);
            asked = RemoteCalls.call(() -> client.reading(() -> PemFile.certificate(pem)));
            certificate = asked;
        }
        return asked;
    }

    @Override
    public ConnectionCounters counters() {
        Map<String, Long> counters = view().counters();
        return new ConnectionCounters(
                counters.getOrDefault("accepted", 0L),
                counters.getOrDefault("rejected", 0L),
                counters.getOrDefault("idleClosed", 0L),
                counters.getOrDefault("reset", 0L),
                counters.getOrDefault("failed", 0L),
                counters.getOrDefault("peak", 0L));
    }

    @Override
    public ServerAccess session(Map<String, String> options, Duration timeout) throws IOException {
        mustBeOpen();
        return new RemoteServer(client.session(options, timeout));
    }

    @Override
    public Recording.@Nullable Source recording() {
        return first.recording() ? recording : null;
    }

    @Override
    public ServedConnection connection(long number) {
        mustBeOpen();
        Quantities.atLeastOne("connection", number);
        return new RemoteConnection(
                client, number, RemoteCalls.call(() -> address(client.remote(number))), this::mustBeOpen);
    }

    private SocketAddress address(String text) throws IOException {
        return client.reading(() -> AddressText.parse(text));
    }

    @Override
    public Script script() {
        String text = first.options().getOrDefault("script", OptionText.NONE);
        return text.equals(OptionText.NONE) ? Script.none() : read("script", text, Script::parse);
    }

    @Override
    public List<ScriptProblem> scriptProblems() {
        return problems(view().problems());
    }

    private List<ScriptProblem> problems(List<ServerView.Problem> views) {
        List<ScriptProblem> problems = new ArrayList<>();
        for (ServerView.Problem each : views) {
            problems.add(new ScriptProblem(
                    each.connection(),
                    RemoteCalls.call(() -> client.reading(() -> ScriptProblem.Kind.valueOf(each.kind()))),
                    each.where(),
                    each.expected(),
                    each.seen(),
                    each.afterFault()));
        }
        return List.copyOf(problems);
    }

    @Override
    public long scriptProblemsLeftOut() {
        return view().problemsLeftOut();
    }

    @Override
    public boolean echoes() {
        return first.kind().equals("echo");
    }

    @Override
    public boolean relays() {
        return first.kind().equals("relay");
    }

    @Override
    public List<ScriptProblem> unfinishedScripts() {
        mustBeOpen();
        return problems(RemoteCalls.call(client::unfinished));
    }

    @Override
    public FaultPlan faults() {
        return read("plan of faults", view().faults(), FaultPlan::parse);
    }

    @Override
    public void setFaults(FaultPlan plan) {
        setFaults(plan, false);
    }

    @Override
    public void setFaultsOfAll(FaultPlan plan) {
        setFaults(plan, true);
    }

    private void setFaults(FaultPlan plan, boolean alsoOpen) {
        String text = plan.toString();
        boolean isText;
        try {
            isText = FaultPlan.parse(text).equals(plan);
        } catch (IllegalArgumentException noPlan) {
            isText = false;
        }
        if (!isText) {
            throw Quantities.refused(
                    "faults",
                    text,
                    "be a plan that has a text, since the server runs in another process; name the"
                            + " connections by their numbers");
        }
        run(() -> client.setFaults(text, alsoOpen));
    }

    @Override
    public boolean catchUp(Duration timeout) {
        mustBeOpen();
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        long left = Quantities.nanos(timeout);
        boolean isCaughtUp;
        do {
            Duration most = Duration.ofNanos(left);
            isCaughtUp = RemoteCalls.call(() -> client.catchUp(most));
            left = deadline - System.nanoTime();
        } while (!isCaughtUp && left > 0);
        return isCaughtUp;
    }

    @Override
    public void acceptPending() {
        run(client::acceptPending);
    }

    @Override
    public void refuse() {
        control(Control.REFUSE, null);
    }

    @Override
    public void refuse(Duration time) {
        control(Control.REFUSE, Quantities.positive("refuse", time));
    }

    @Override
    public void restart(Duration downTime) {
        control(Control.RESTART, Quantities.positive("restart", downTime));
    }

    @Override
    public void unanswered() {
        control(Control.UNANSWERED, null);
    }

    @Override
    public void resume() {
        control(Control.RESUME, null);
    }

    @Override
    public void freeze(boolean frozen) {
        control(frozen ? Control.FREEZE : Control.UNFREEZE, null);
    }

    @Override
    public void endConnections(boolean clean) {
        control(clean ? Control.CLOSE : Control.RESET, null);
    }

    private void control(Control control, @Nullable Duration time) {
        run(() -> client.control(control, time));
    }

    @Override
    public void resetConnection(long number) {
        run(() -> client.reset(number));
    }

    @Override
    public String toString() {
        return "EchoServer " + ServerCore.texts(addresses) + " in another process, controlled at " + client.uri();
    }
}
