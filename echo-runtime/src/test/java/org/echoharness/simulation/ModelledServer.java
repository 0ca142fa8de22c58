package org.echoharness.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.simulation.ModelledConnection.EarlyEnd;
import org.echoharness.simulation.ModelledConnection.End;
import org.jspecify.annotations.Nullable;

/** A server, or a session of one, and what the model knows of it: numbers, the plan in force, and its connections. */
final class ModelledServer {

    private final EchoServer real;
    private final @Nullable ModelledServer host; // of a session
    private final @Nullable SimulatedUpstream behind; // a relay
    private final List<SimulatedClient> clients =
            new ArrayList<>(); // of accepted connections, in the order of their numbers
    private FaultPlan plan;
    private long placed; // connections under this plan
    private boolean isFrozen;
    private boolean wasSettled; // when it froze
    private final boolean isRecorded;
    private int rejected;
    private long skipped; // numbers, which are those of sessions
    private long offset; // of the numbers of a session among those of its host
    private final List<ModelledServer> sessions = new ArrayList<>(); // that have ended

    ModelledServer(
            EchoServer real,
            FaultPlan plan,
            boolean isRecorded,
            @Nullable ModelledServer host,
            @Nullable SimulatedUpstream behind) {
        this.isRecorded = isRecorded;
        this.real = real;
        this.plan = plan;
        this.host = host;
        this.behind = behind;
    }

    EchoServer real() {
        return real;
    }

    @Nullable
    ModelledServer host() {
        return host;
    }

    List<SimulatedClient> clients() {
        return clients;
    }

    FaultPlan plan() {
        return plan;
    }

    /** A session has ended, whose connections have the numbers that follow. */
    void ends(ModelledServer session) {
        session.offset = skipped + clients.size();
        skipped += session.clients.size();
        sessions.add(session);
    }

    List<ModelledServer> sessions() {
        return sessions;
    }

    /** The number of a connection in the recording of the host. */
    long numberAtHost(ModelledConnection connection) {
        return offset + connection.number();
    }

    /** Whether a connection may deal with bytes at a time that its client does not see. */
    boolean mayActLater() {
        boolean hasTls = real.speaksTls() || (behind != null && behind.hasTls());
        return clients.stream()
                .filter(this::isOpen)
                .anyMatch(client -> client.model() != null && client.model().mayActLater(hasTls));
    }

    boolean isRecorded() {
        return isRecorded;
    }

    int rejected() {
        return rejected;
    }

    void rejects() {
        rejected++;
    }

    boolean isFrozen() {
        return isFrozen;
    }

    /** Whether nothing can be said about what the client has seen by now. */
    boolean holdsUp(SimulatedClient client) {
        return isFrozen
                && clients.contains(client)
                && client.model() != null
                && !client.model().wasEnded();
    }

    /** Returns whether the model knows exactly which bytes the server has answered. */
    boolean knowsAll() {
        return !isFrozen || wasSettled;
    }

    /** The model of the next connection. */
    ModelledConnection accepts(String kind) {
        List<Fault> ofBehind = behind == null ? List.of() : behind.faults();
        return new ModelledConnection(kind, skipped + clients.size() + 1L, faults(++placed), ofBehind, isFrozen);
    }

    private List<Fault> faults(long place) {
        for (FaultPlan.Rule rule : plan.rules()) {
            if (rule.connections().include(place, real.socketAddress())) {
                return rule.faults();
            }
        }
        return List.of();
    }

    void setFaults(FaultPlan next) {
        plan = next;
        placed = 0;
    }

    /** Open connections get the first numbers. */
    void setFaultsOfAll(FaultPlan next) {
        List<SimulatedClient> open = clients.stream().filter(this::isOpen).toList();
        real.setFaultsOfAll(next);
        setFaults(next);
        for (SimulatedClient client : open) {
            ModelledConnection model = client.model();
            if (model != null) {
                model.setFaults(faults(++placed));
            }
        }
    }

    /** Whether all open connections have faults that only take time, as those of this plan. */
    boolean takesTimeOnly(FaultPlan next) {
        List<Fault> all = new ArrayList<>();
        next.rules().forEach(rule -> all.addAll(rule.faults()));
        clients.stream().filter(this::isOpen).forEach(client -> {
            if (client.model() != null) {
                all.addAll(client.model().faults());
            }
        });
        return all.stream().allMatch(ModelledFaults::takesTimeOnly);
    }

    void freeze(boolean frozen, boolean settled) {
        isFrozen = frozen;
        wasSettled = settled;
        models().forEach(model -> model.freeze(frozen));
    }

    private List<ModelledConnection> models() {
        List<ModelledConnection> models = new ArrayList<>();
        for (SimulatedClient client : clients) {
            if (client.model() != null) {
                models.add(client.model());
            }
        }
        return models;
    }

    /** A control ends all connections that are open. */
    void ends(boolean clean, String why) {
        clients.stream().filter(this::isOpen).forEach(client -> ends(client, clean, why));
    }

    static void ends(SimulatedClient client, boolean clean, String why) {
        ModelledConnection model = client.model();
        if (model != null) {
            EnumSet<End> ends = clean ? EnumSet.complementOf(EnumSet.of(End.CUT)) : EnumSet.of(End.RST, End.BROKEN);
            model.mayEnd(new EarlyEnd(ends, System.nanoTime(), why, true));
        }
    }

    /** Whether the server may still have the connection open. */
    boolean isOpen(SimulatedClient client) {
        ModelledConnection model = client.model();
        return model != null && !model.wasEnded() && client.end() != End.RST && !isRecordedAsEnded(model);
    }

    private boolean isRecordedAsEnded(ModelledConnection model) {
        return isRecorded
                && real.recording().connections().stream()
                        .anyMatch(each ->
                                each.number() == model.number() && each.ending().isPresent());
    }

    /** Waits until the server has ended the connections whose end the clients have seen. */
    void awaitEnds() throws InterruptedException {
        for (SimulatedClient client : clients) {
            ModelledConnection model = client.model();
            if (isRecorded && model != null && client.end() != null && model.isOver()) {
                real.recording().connection(model.number()).awaitEnd();
            }
        }
    }

    /** Whether the model knows which connections are open. */
    boolean knowsOpenOnes() {
        return clients.stream().allMatch(client -> !isOpen(client) || isSurelyOpen(client));
    }

    /** Whether the server has the connection open for sure: it can have ended neither by itself nor by its client. */
    boolean isSurelyOpen(SimulatedClient client) {
        ModelledConnection model = client.model();
        return isOpen(client)
                && !client.isClosed()
                && model != null
                && model.naturalEnds().isEmpty()
                && model.earlyEnds().isEmpty();
    }

    static Duration time(String text) {
        return Duration.ofMillis(Long.parseLong(text.replace("ms", "")));
    }
}
