package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.echoharness.gates.Verdict;
import org.echoharness.proxy.HeaderVersion;
import org.echoharness.proxy.ProxyHeader;
import org.echoharness.relay.LostUpstreamException;
import org.echoharness.relay.Upstream;
import org.echoharness.relay.UpstreamChannel;
import org.echoharness.relay.UpstreamConnection;
import org.echoharness.relay.UpstreamTls;
import org.echoharness.sockets.StartupClasses;
import org.echoharness.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * Passes on what comes, in both directions, between the client and the server behind a relay. Each direction is an {@link
 * EchoPump} between the two sockets, with gates of its own. Nothing is read before the server has accepted. The thread of the
 * connection's event loop uses it; that loop also serves the socket to the server.
 */
final class RelayPump implements ConnectionPump, UpstreamConnection.Owner {

    /**
     * What all relays of a server share.
     *
     * @param onFailure what a client gets if the upstream cannot be reached: a reset, a close or a stall
     * @param tls whose certificates to trust; null for a connection to the server without TLS of its own
     * @param header what the relay sends first to the server; null for none
     * @param isLost whether the upstream could not be reached the last time
     */
    record Options(
            Upstream upstream,
            Duration connectTimeout,
            Effect onFailure,
            @Nullable TlsTrust tls,
            @Nullable HeaderVersion header,
            AtomicBoolean isLost) {}

    private final ByteChannel client;
    private final Terms terms;
    private final Serving serving;
    private final Options options;
    private final UpstreamConnection upstream;
    private final @Nullable UpstreamTls tls;
    private @Nullable ProxyHeader header; // that it sends to the server
    private @Nullable Streams streams; // once it is connected
    private @Nullable Faults faults; // to be set then
    private String reason = "";
    private String lost = ""; // why the connection to the server was lost
    private boolean hasBegun;
    private boolean isReadable; // the connection to the server
    private boolean isPosted; // a call of upstreamGoesOn
    private @Nullable Next ending; // once the server's socket has all that is to be sent before
    private boolean endsServer; // by a fault, when all was sent
    private boolean isReleased;

    private record Faults(List<Fault> list, long number, long since) {}

    /** Both directions. */
    private static final class Streams {
        private final UpstreamChannel server;
        private final @Nullable ConnectionReporter reporter; // of the connection to the server
        private final EchoPump toServer;
        private final EchoPump toClient;
        private boolean serverGotFin;
        private boolean clientGotFin;
        private boolean serverHasAll; // and its FIN, if it got one
        private boolean clientHasAll;

        Streams(ByteChannel client, UpstreamChannel server, Terms terms, @Nullable ConnectionReporter reporter) {
            this.server = server;
            this.reporter = reporter;
            Terms ofServer = new Terms(terms.rings(), reporter, terms.owner(), terms.serving(), null);
            toServer = new EchoPump(client, server, terms, reporter);
            toClient = new EchoPump(server, client, ofServer, terms.reporter());
        }
    }

    RelayPump(ByteChannel client, Terms terms, Options options) {
        this.client = client;
        this.terms = terms;
        this.options = options;
        serving = Objects.requireNonNull(terms.serving());
        TlsTrust trust = options.tls();
        tls = trust == null ? null : new UpstreamTls(trust, () -> serving.loop().post(this::upstreamGoesOn));
        upstream = new UpstreamConnection(serving.loop(), options.upstream(), options.connectTimeout(), this, tls);
    }

    /** Loads the classes that a connection needs. */
    static void load() {
        StartupClasses.load(Streams.class, Faults.class, Effect.Stall.class, Effect.Close.class);
    }

    /** Called when a task of the handshake with the server is over, or when a record of it has more. */
    private void upstreamGoesOn() {
        isPosted = false;
        upstream.ready();
    }

    @Override
    public void upstreamIsReady() {
        isReadable |= upstream.isReadable();
        if (!isReleased) {
            terms.owner().goOn();
        }
    }

    @Override
    public boolean listensAt(SocketAddress address) {
        return serving.listensAt(address);
    }

    @Override
    public boolean receive(LongSupplier clock) throws IOException {
        Streams both = streams;
        return both != null && (both.toServer.receive(clock) || receivesOfServer(both, clock));
    }

    /** Reads what the server has sent, which the selector may not have reported yet when the idle time ends. */
    private boolean receivesOfServer(Streams both, LongSupplier clock) throws IOException {
        try {
            return upstream.isRead() && both.toClient.receive(clock);
        } catch (LostUpstreamException broken) {
            loses(broken);
            return true;
        }
    }

    @Override
    public Next pump(LongSupplier clock) throws IOException {
        if (!hasBegun) {
            hasBegun = true;
            header = header();
            upstream.connect(header == null ? null : header.bytes());
        }
        if (!upstream.failure().isEmpty()) {
            return fails();
        }
        Streams both = streams;
        if (both == null) {
            if (!upstream.isOpen()) {
                return Next.WAIT;
            }
            both = connected();
        }
        try {
            if (lost.isEmpty()) {
                return relays(both, clock);
            }
        } catch (LostUpstreamException broken) {
            loses(broken);
        }
        return sendsRest(both, clock);
    }

    /** Returns the header that names the client to the server; null for none. */
    private @Nullable ProxyHeader header() throws IOException {
        HeaderVersion version = options.header();
        if (version == null) {
            return null;
        }
        SocketAddress from = terms.owner().remote();
        boolean isUnix = !(from instanceof InetSocketAddress)
                && from.equals(terms.owner().channel().getRemoteAddress()); // and so has no address to name
        return ProxyHeader.of(
                version, isUnix ? null : from, isUnix ? null : terms.owner().local());
    }

    private void loses(LostUpstreamException broken) {
        lost = "upstream " + upstream.peer() + ": " + broken.getMessage();
        ConnectionReporter reporter = streams == null ? null : streams.reporter;
        if (reporter != null) {
            reporter.upstreamEnded(Ending.Side.SERVER, Ending.How.RST, String.valueOf(broken.getMessage()));
        }
    }

    private Next fails() {
        if (upstream.isReset()) {
            reason = upstream.failure();
            return Next.RESET;
        }
        if (reason.isEmpty() && options.isLost().compareAndSet(false, true)) {
            serving.warn("connection "
                    .concat(Long.toString(terms.owner().number())) // concat loads no class
                    .concat(": ")
                    .concat(upstream.failure())
                    .concat(" (further failures are not reported until a connect succeeds)"));
        }
        if (options.onFailure() instanceof Effect.Stall) {
            if (reason.isEmpty() && terms.reporter() != null) {
                terms.reporter().note(upstream.failure());
            }
            reason = upstream.failure();
            return Next.WAIT;
        }
        reason = upstream.failure();
        return options.onFailure() instanceof Effect.Close ? Next.CLOSE : Next.RESET;
    }

    private Streams connected() throws IOException {
        options.isLost().set(false);
        ConnectionReporter reporter = terms.reporter();
        UpstreamChannel server = upstream.channel();
        ConnectionReporter ofServer = reporter == null ? null : reporter.upstream(server.socket(), upstream.peer());
        String detour = ofServer == null ? "" : upstream.detour();
        if (tls != null && ofServer != null) {
            tls.reportTo(
                    text -> ofServer.tls(RecordedEvent.Kind.HANDSHAKE, text),
                    text -> ofServer.tls(RecordedEvent.Kind.ALERT, text));
        }
        if (ofServer != null && !detour.isEmpty()) {
            ofServer.note(detour);
        }
        if (ofServer != null && header != null) {
            ofServer.note("PROXY header, " + header + ", sent");
        }
        Streams both = new Streams(client, server, terms, ofServer);
        streams = both;
        Faults pending = faults;
        if (pending != null) {
            faults = null;
            setFaults(pending.list(), pending.number(), pending.since());
        }
        return both;
    }

    private Next relays(Streams both, LongSupplier clock) throws IOException {
        if (isReadable) {
            isReadable = false;
            both.toClient.receive(clock);
        }
        boolean isFlushed = both.server.flush();
        Next next = ending == null ? sendsToServer(both, clock) : ending;
        ending = endsServer && !isFlushed && !both.server.flush() ? next : null;
        if (ending != null) {
            return Next.WAIT;
        }
        return next == Next.WAIT ? sendsToClient(both, clock) : next;
    }

    private Next sendsToServer(Streams both, LongSupplier clock) throws IOException {
        while (!both.serverHasAll) {
            Next next = both.toServer.pump(clock);
            reason = both.toServer.reason();
            endsServer = next == Next.RESET || next == Next.CLOSE;
            if (next != Next.END && next != Next.HALF_CLOSE) {
                return next;
            }
            if (!both.serverGotFin) {
                both.serverGotFin = true;
                endServerOutput(both);
                both.toServer.outputEnded();
            }
            if (next == Next.END && !both.server.flush()) {
                return Next.WAIT;
            }
            both.serverHasAll = next == Next.END;
        }
        if (both.clientHasAll) {
            return Next.END;
        }
        Next next = endsBoth(both.toServer, clock);
        endsServer = next != Next.WAIT;
        return next;
    }

    /** Returns whether a fault ends both connections, although the direction that it is about is over. */
    private Next endsBoth(EchoPump over, LongSupplier clock) throws IOException {
        Next next = over.pump(clock);
        reason = over.reason();
        return next == Next.RESET || next == Next.CLOSE || next == Next.CUT ? next : Next.WAIT;
    }

    private void endServerOutput(Streams both) throws IOException {
        if (both.reporter != null) {
            both.reporter.sending();
        }
        both.server.endOutput();
        if (both.reporter != null) {
            both.reporter.outputEnded(reason);
        }
    }

    private Next sendsToClient(Streams both, LongSupplier clock) throws IOException {
        if (both.clientHasAll) {
            return endsBoth(both.toClient, clock);
        }
        Next next = both.toClient.pump(clock);
        reason = both.toClient.reason();
        both.clientHasAll = next == Next.END;
        if (next != Next.END || both.serverHasAll) {
            return next;
        }
        reason = "";
        return both.clientGotFin ? Next.WAIT : Next.HALF_CLOSE;
    }

    /** Sends to the client what the server had sent before its connection was lost, and then resets it. */
    private Next sendsRest(Streams both, LongSupplier clock) throws IOException {
        Next next = both.clientHasAll ? Next.END : both.toClient.pump(clock);
        while (next == Next.WAIT && both.toClient.awaitsMore() && both.toClient.receive(clock)) {
            next = both.toClient.pump(clock);
        }
        if (next == Next.WAIT && !both.toClient.awaitsMore()) {
            return Next.WAIT;
        }
        reason = next == Next.WAIT || next == Next.END ? lost : both.toClient.reason();
        return next == Next.WAIT || next == Next.END ? Next.RESET : next;
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public void outputEnded() {
        Streams both = Objects.requireNonNull(streams);
        both.clientGotFin = true;
        both.toClient.outputEnded();
    }

    @Override
    public int rest() {
        Streams both = streams;
        if (both == null) {
            return 0;
        }
        int ofServer = both.toServer.rest(); // reads of the client, writes to the server
        int ofClient = both.toClient.rest();
        boolean isOff = serving.isFrozen() || !lost.isEmpty();
        int wanted = (ofServer & SelectionKey.OP_WRITE) | (ofClient & SelectionKey.OP_READ);
        upstream.interest(isOff ? 0 : both.server.interest(wanted));
        if (!isOff && !isPosted && (wanted & SelectionKey.OP_READ) != 0 && both.server.hasInput()) {
            isPosted = true;
            serving.loop().post(this::upstreamGoesOn);
        }
        return (ofClient & SelectionKey.OP_WRITE) | (lost.isEmpty() ? ofServer & SelectionKey.OP_READ : 0);
    }

    @Override
    public boolean mayWake() {
        Streams both = streams;
        return both == null ? !hasBegun : both.toServer.mayWake() || both.toClient.mayWake();
    }

    /** Leaves out a direction that is not pumped any more, because its last verdict may be of a time that has passed. */
    @Override
    public long untilWake(long now) {
        Streams both = streams;
        if (both == null) {
            return Verdict.NEVER;
        }
        long ofServer = lost.isEmpty() ? both.toServer.untilWake(now) : Verdict.NEVER;
        return Math.min(ofServer, both.toClient.untilWake(now));
    }

    @Override
    public void setFaults(List<Fault> list, long number, long now) {
        Streams both = streams;
        if (both == null) {
            faults = new Faults(list, number, now);
            return;
        }
        List<Fault> ofServer = new ArrayList<>();
        List<Fault> ofClient = new ArrayList<>();
        for (Fault each : list) {
            (each.isToServer() ? ofServer : ofClient).add(each);
        }
        both.toServer.setFaults(ofServer, number, now);
        both.toClient.setFaults(ofClient, number, now);
    }

    @Override
    public boolean drain() throws IOException {
        Streams both = streams;
        if (both == null) {
            EchoPump unread = new EchoPump(client, client, terms);
            try {
                return unread.drain();
            } finally {
                unread.release(false, "");
            }
        }
        boolean came = both.toServer.drain();
        try {
            return both.toClient.drain() || came;
        } catch (LostUpstreamException gone) {
            return came;
        }
    }

    @Override
    public boolean holds() {
        return streams != null && (streams.toServer.holds() || streams.toClient.holds());
    }

    @Override
    public boolean inputEnded() {
        return streams != null && streams.toServer.inputEnded();
    }

    @Override
    public boolean hasSent() {
        return streams != null && streams.toClient.hasSent();
    }

    @Override
    public boolean hasMoved() {
        Streams both = streams;
        if (both == null) {
            return false;
        }
        boolean moved = both.toServer.hasMoved();
        return both.toClient.hasMoved() || moved; // each begins anew
    }

    @Override
    public void release(boolean clean, String why) {
        if (isReleased) {
            return;
        }
        isReleased = true;
        upstream.close(clean, endsServer ? serving.unsentBytes() : null);
        Streams both = streams;
        if (both != null) {
            both.toServer.release(clean, why);
            both.toClient.release(clean, why);
            if (both.reporter != null) {
                both.reporter.upstreamEnded(Ending.Side.CLIENT, clean ? Ending.How.FIN : Ending.How.RST, why);
            }
        }
    }
}
