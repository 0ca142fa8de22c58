package org.echoharness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.echoharness.Trigger.HandshakeStage;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.gates.Verdict;
import org.echoharness.loop.EventLoop;
import org.echoharness.memory.RingBuffer;
import org.echoharness.memory.RingPool;
import org.echoharness.sockets.NameResolver;
import org.echoharness.text.Escaping;
import org.echoharness.tls.HandshakeSummary;
import org.echoharness.tls.PemFile;
import org.echoharness.tls.ServerTls;
import org.echoharness.tls.TlsChannel;
import org.echoharness.tls.TlsException;
import org.echoharness.tls.TlsObserver;
import org.echoharness.tls.TlsOptions;
import org.jspecify.annotations.Nullable;

/** TLS on a connection: the pump reads and writes the text of a {@link TlsChannel}. Only a server with TLS loads it. */
final class TlsWire implements ConnectionWire, ConnectionPump.Supply, TlsObserver, TlsUpgrade {

    /** Makes wires. It has the certificate of the server once the server starts. */
    static final class Maker implements Factory {

        private static final long RESOLVE_NANOS = 5_000_000_000L;

        private final TlsOptions options;
        private volatile @Nullable ServerTls server;

        Maker(TlsOptions options) {
            this.options = options;
        }

        /** Returns the key and the certificate; null before the start. Any thread may call it. */
        @Nullable
        ServerTls server() {
            return server;
        }

        @Override
        public void prepare(List<ServerAddress> addresses) throws IOException {
            ServerTls made = options.context() != null ? ServerTls.of(options.context(), options.parameters()) : null;
            if (made == null) {
                Set<String> names = new LinkedHashSet<>();
                Set<InetAddress> numbers = new LinkedHashSet<>();
                for (ServerAddress each : addresses) {
                    if (each instanceof HostAndPort address) {
                        add(address, names, numbers);
                    }
                }
                made = ServerTls.issued(Objects.requireNonNull(options.kind()), names, numbers, options.parameters());
            }
            TlsChannel.load();
            made.tasks();
            if (options.certificateFile() != null) {
                PemFile.write(TlsOptions.FILE, options.certificateFile(), Objects.requireNonNull(made.certificate()));
            }
            server = made;
        }

        @Override
        public boolean speaksTls() {
            return true;
        }

        private static void add(HostAndPort address, Set<String> names, Set<InetAddress> numbers) throws IOException {
            if (address.isEveryInterface()) {
                numbers.add(new InetSocketAddress(0).getAddress());
                return;
            }
            names.add(address.host());
            numbers.addAll(List.of(NameResolver.resolve(
                    address.host(), System.nanoTime() + RESOLVE_NANOS, "cannot listen on " + address)));
        }

        @Override
        public ConnectionWire open(
                SocketChannel socket,
                ConnectionPump.Owner owner,
                EventLoop loop,
                @Nullable ConnectionReporter reporter) {
            ServerTls own = Objects.requireNonNull(server);
            return new TlsWire(socket, owner, loop, reporter, own, options.startsInClear());
        }
    }

    private final ConnectionPump.Owner owner;
    private final EventLoop loop;
    private final @Nullable ConnectionReporter reporter;
    private final TlsChannel channel;
    private final Runnable goOn = new GoOn();
    private final boolean startsInClear;
    private String lastAlert = ""; // and by whom
    private final SocketChannel socket;
    private @Nullable WireOutput faults; // null if there are none
    private boolean hasSaidHello;
    private @Nullable HandshakeStage stage; // at which the channel waits for faults
    private boolean isMarked; // the faults know the stage
    private boolean hasSent; // by faults of the wire, before there were none
    private String reason = "";

    private TlsWire(
            SocketChannel socket,
            ConnectionPump.Owner owner,
            EventLoop loop,
            @Nullable ConnectionReporter reporter,
            ServerTls server,
            boolean startsInClear) {
        this.socket = socket;
        this.owner = owner;
        this.loop = loop;
        this.reporter = reporter;
        channel = new TlsChannel(socket, server.engine(), new Tasks(server), this);
        this.startsInClear = startsInClear;
        if (startsInClear) {
            channel.inClear();
        }
    }

    /**
     * Runs a task at once if nobody waits for it: if this is the only connection of the loop, and no code of the user's may
     * block. That saves two changes of thread. Otherwise, runs it on a thread for handshakes.
     */
    private final class Tasks implements Executor {
        private final ServerTls server;

        Tasks(ServerTls server) {
            this.server = server;
        }

        @Override
        public void execute(Runnable task) {
            if (!server.runsUsersCode() && loop.servesOnly(socket)) {
                task.run();
            } else {
                server.tasks().execute(task);
            }
        }
    }

    /** A class, because the first use of a lambda is slow. */
    private final class GoOn implements Runnable {
        @Override
        public void run() {
            owner.goOn();
        }
    }

    @Override
    public @Nullable TlsUpgrade upgrade() {
        return startsInClear ? this : null;
    }

    /** Speaks TLS from here on: see {@link TlsChannel#startTls}. */
    @Override
    public void start(RingBuffer clear) {
        channel.startTls(clear.copy(0, clear.size()));
        clear.discard(clear.size());
        if (faults != null) {
            faults.expectHello();
        }
    }

    @Override
    public boolean isHandshaking() {
        return channel.isHandshaking();
    }

    @Override
    public String lost(IOException failure) {
        if (!lastAlert.isEmpty()) {
            Throwable why = by(failure) == Ending.Side.SERVER ? failure.getCause() : null;
            return "alert " + lastAlert + (why == null ? "" : ": " + Escaping.escape(String.valueOf(why.getMessage())));
        }
        if (!(failure instanceof TlsException)) {
            return ConnectionPump.LOST;
        }
        if (!channel.hasEnded()) {
            return "bytes that begin no TLS record";
        }
        return "the client's FIN" + (channel.isHandshaking() ? "" : " without a close_notify");
    }

    @Override
    public ByteChannel bytes(SocketChannel socket) {
        return channel;
    }

    @Override
    public void turn() throws IOException {
        channel.advance();
        if (reporter != null) {
            reporter.printTls();
        }
    }

    @Override
    public boolean mayEnd(boolean clean) throws IOException {
        boolean isWritten = isWritten(clean);
        if (faults == null) {
            return isWritten;
        }
        if (!isWritten) {
            faults.pump(this); // makes room
            isWritten = isWritten(clean);
        }
        return isWritten && faults.sendsAll(this);
    }

    private boolean isWritten(boolean clean) throws IOException {
        return clean ? channel.endOutput() : channel.flush();
    }

    /** Reading goes on, and the engine may have an answer to what comes. */
    @Override
    public void endOutput(SocketChannel socket) throws IOException {
        channel.outputCut();
        socket.shutdownOutput();
    }

    @Override
    public void setFaults(List<Fault> plan, long number, LongSupplier clock, RingPool rings) {
        WireOutput output = faults;
        if (output == null && plan.isEmpty()) {
            return;
        }
        if (output == null) {
            output = new WireOutput(socket, rings, clock, owner);
            if (!hasSaidHello && !channel.isClear()) {
                output.expectHello();
            }
            channel.wire(output);
            faults = output;
        }
        output.setFaults(plan, number);
        isMarked = false;
    }

    @Override
    public ConnectionPump.Next next(LongSupplier clock) throws IOException {
        WireOutput output = faults;
        if (output == null) {
            return ConnectionPump.Next.WAIT;
        }
        if (stage != null && !isMarked && channel.flush()) {
            output.reached(stage);
            isMarked = true;
        }
        ConnectionPump.Next next = output.pump(this);
        if (next == ConnectionPump.Next.CLOSE || (next == ConnectionPump.Next.WAIT && hasActed(output))) {
            stage = null;
            channel.resume();
            loop.post(goOn);
        }
        if (output.isPlain()) {
            channel.wire(socket);
            output.release();
            faults = null;
            hasSent |= output.hasSent();
        }
        reason = output.reason();
        return next == ConnectionPump.Next.END ? ConnectionPump.Next.WAIT : next;
    }

    /** Returns whether the faults have acted for which the channel waits. */
    private boolean hasActed(WireOutput output) {
        return stage != null && !output.awaits(stage);
    }

    @Override
    public boolean more(LongSupplier clock) throws IOException {
        int before = faults == null ? 0 : faults.held();
        channel.flush();
        return faults != null && faults.held() > before;
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public void outputEnded() {
        if (faults != null) {
            faults.outputEnded();
        }
    }

    @Override
    public int interest(int wanted) {
        int all = channel.interest(wanted);
        if (faults == null) {
            return all;
        }
        int writes = faults.rest((all & SelectionKey.OP_WRITE) != 0);
        return writes | (faults.reads() ? all & SelectionKey.OP_READ : 0);
    }

    @Override
    public boolean mayWake() {
        return faults != null && faults.mayWake();
    }

    @Override
    public long untilWake(long now) {
        return faults == null ? Verdict.NEVER : faults.untilWake(now);
    }

    @Override
    public boolean hasSent() {
        return hasSent || (faults != null && faults.hasSent());
    }

    @Override
    public boolean hasMoved() {
        boolean hasSome = channel.hasMoved();
        return (faults != null && faults.hasMoved()) || hasSome;
    }

    @Override
    public boolean hasInput() {
        return channel.hasInput();
    }

    @Override
    public boolean endsWithFin(IOException failure) {
        return failure instanceof TlsException tls && tls.mayEndWithFin();
    }

    @Override
    public Ending.Side by(IOException failure) {
        return failure instanceof TlsException tls && !tls.isByPeer() ? Ending.Side.SERVER : Ending.Side.CLIENT;
    }

    @Override
    public String why(IOException failure) {
        return failure instanceof TlsException tls
                ? String.valueOf(tls.getMessage())
                : ConnectionWire.super.why(failure);
    }

    @Override
    public void release() {
        channel.close();
        if (faults != null) {
            faults.release();
        }
    }

    @Override
    public boolean reached(TlsObserver.Stage reached) {
        hasSaidHello |= reached == TlsObserver.Stage.SERVER_HELLO;
        if (faults == null || reached == TlsObserver.Stage.SERVER_HELLO) {
            return true; // the output finds the ServerHello itself, since it may be a part of a record
        }
        HandshakeStage known = HandshakeStage.valueOf(reached.name());
        if (!faults.awaits(known)) {
            return true;
        }
        stage = known;
        isMarked = false;
        return false;
    }

    @Override
    public void agreed(HandshakeSummary summary) {
        if (reporter != null) {
            reporter.tls(RecordedEvent.Kind.HANDSHAKE, summary.toString());
        }
    }

    @Override
    public void alerted(String alert) {
        lastAlert = alert;
        if (reporter != null) {
            reporter.tls(RecordedEvent.Kind.ALERT, lastAlert);
        }
    }

    @Override
    public void tasksDone() {
        if (!loop.isCurrent()) { // the channel goes on by itself
            loop.post(goOn);
        }
    }
}
