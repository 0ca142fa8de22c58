package org.echoharness;

import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.echoharness.sockets.SocketChannels;
import org.jspecify.annotations.Nullable;

/**
 * Decides for each connection that a server accepts whether the limit allows it, and gives it a number, faults and an
 * event loop. The thread of the first event loop calls it, unless stated otherwise.
 */
final class Admission {

    private static final long WARNING_INTERVAL_NANOS = 1_000_000_000;

    private final ServerContext context;
    private List<ServingLoop> loops = List.of();
    private volatile @Nullable Admission session; // gets the connections in place of this one
    private int next; // of the loops
    private volatile long numbered; // connections; only the thread of the first loop changes it
    private volatile InForce faults;
    private boolean hasRejected;
    private boolean hasWarnedOfAccept; // this and the next field are about all acceptors
    private long lastAcceptWarning;
    private final AtomicInteger warningsOfLinger = new AtomicInteger(); // also those that were not printed

    /** A plan and the number of the next connection in it. */
    private static final class InForce {
        private final FaultPlan plan;
        private long next;

        InForce(FaultPlan plan, long next) {
            this.plan = plan;
            this.next = next;
        }
    }

    Admission(ServerContext context) {
        this.context = context;
        faults = new InForce(context.config().faults(), 1);
    }

    /** Sets the loops among which connections are distributed. It is called before any of them starts. */
    void distributeTo(List<ServingLoop> all) {
        loops = List.copyOf(all);
    }

    /** Returns the loop whose thread calls this. */
    ServingLoop firstLoop() {
        return loops.get(0);
    }

    /** Returns what decides for the next connection: this, or the innermost session. */
    Admission inUse() {
        Admission inner = session;
        return inner == null ? this : inner.inUse();
    }

    /** Begins a session, which gets all connections from now on. */
    void begin(Admission inner) {
        session = inner;
    }

    /** Ends the session. Any thread may call it. */
    void endSession() {
        session = null;
    }

    /** Skips the numbers of the connections of a session, which follow those of this server, and returns the last of these. */
    long skipNumbers(long count) {
        long before = numbered;
        numbered = before + count;
        return before;
    }

    /** Returns whether the limit allows the connection just accepted at this address. If not, resets it. */
    boolean admits(SocketChannel accepted, SocketAddress local) {
        int limit = context.config().maxConnections();
        if (context.counts().opens(limit)) {
            return true;
        }
        Conversation conversation = context.config().conversation();
        String peer = conversation == null ? "" : HostAndPort.peerOf(accepted, local, 0);
        RecordingStore recordings = context.recordings();
        if (recordings != null) {
            recordings.reject(accepted, local);
        }
        SocketChannels.reset(accepted);
        if (!hasRejected) {
            hasRejected = true;
            context.warnings()
                    .warn("maxConnections (" + limit + ") is reached at " + HostAndPort.text(local)
                            + ": further connections are reset");
        }
        if (conversation != null) {
            conversation.rejecting(peer, limit);
        }
        return false;
    }

    /** Returns the loop for the connection just accepted; the loops take turns. */
    ServingLoop nextLoop() {
        ServingLoop chosen = loops.get(next);
        next = (next + 1) % loops.size();
        return chosen;
    }

    /** Returns the number of the connection just accepted; the first has number 1. */
    long nextNumber() {
        long number = numbered + 1;
        numbered = number;
        return number;
    }

    /** Returns how many connections have a number. Any thread may call it. */
    long accepted() {
        return numbered;
    }

    /**
     * Returns the plan for the connection just accepted and its number in that plan, or null if the plan has no rule.
     */
    FaultPlan.@Nullable Place nextFaults() {
        InForce current = faults;
        return current.plan.rules().isEmpty() ? null : new FaultPlan.Place(current.plan, current.next++);
    }

    /** Returns the plan in force. Any thread may call this method and those below, except {@link #warnOfAccept}. */
    FaultPlan faults() {
        return faults.plan;
    }

    /** Checks a plan, reports its seed, and puts it in force for connections accepted from now on. */
    void setFaults(FaultPlan plan) {
        announce(plan);
        setFaults(plan, 1);
    }

    /** Puts a plan in force for connections accepted from now on. The next one has this number in the plan. */
    void setFaults(FaultPlan plan, long number) {
        faults = new InForce(plan, number);
        RecordingStore recordings = context.recordings();
        if (recordings != null) {
            recordings.plan(plan);
        }
    }

    /** Checks a plan that is about to be in force, and reports its seed. */
    void announce(FaultPlan plan) {
        ConnectionPump.Factory pumps = context.config().pumps();
        Preload.faults(plan.checked(
                        context.config().bufferSize(),
                        pumps.countsMessages(),
                        pumps.relays(),
                        context.config().wires().speaksTls())
                .checked(context.config().addresses(), context.config().proxyProtocol() != null));
        reportSeed(plan);
    }

    /** Reports a random plan, since its faults cannot be repeated without the seed. */
    void reportSeed(FaultPlan plan) {
        if (plan.isRandom()) {
            context.warnings().warn("faults: " + plan);
        }
    }

    /** Reports once that resets may not be sent. Any thread may call it. Uses concat, which loads no class. */
    void warnOfLinger(String address) {
        if (warningsOfLinger.getAndIncrement() == 0) {
            context.warnings()
                    .warn("cannot set SO_LINGER of a connection to "
                            .concat(address)
                            .concat(": where the system does not allow it, clients see a FIN in place of an RST"));
        }
    }

    /**
     * Reports that accepting fails, at most once a second. It joins text by concat, which loads no class: see {@link
     * Preload}.
     */
    void warnOfAccept(String address, long now, @Nullable String why) {
        if (!hasWarnedOfAccept || now - lastAcceptWarning >= WARNING_INTERVAL_NANOS) {
            hasWarnedOfAccept = true;
            lastAcceptWarning = now;
            context.warnings()
                    .warn("cannot accept connections at "
                            .concat(address)
                            .concat(", trying again every 100ms: ")
                            .concat(String.valueOf(why)));
        }
    }
}
