package org.echoharness.simulation;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardSocketOptions;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.simulation.ModelledConnection.EarlyEnd;
import org.echoharness.simulation.ModelledConnection.End;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program: one thread drives all clients and the controls, and the server has its own threads. It does not wait for the
 * server unless the program says so, so that controls meet bytes that are under way. Everything that a client sees is compared
 * with the model at once.
 */
final class Simulation implements AutoCloseable {

    private static final Duration LONGEST = Duration.ofSeconds(20);

    private final Program program;
    private final String kind;
    private final Selector selector = Selector.open();
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final @Nullable SimulatedUpstream behind; // a relay
    private final ModelledServer host;
    private final long idleNanos; // 0 if there is no such limit
    private final boolean closesIdle;
    private final int maxConnections;
    private ModelledServer server; // the host, or its session
    private boolean refuses;
    private long downUntil; // of a restart; 0 if there is none
    private int at; // line of the program

    Simulation(Program program) throws IOException {
        this.program = program;
        kind = program.option("kind", "echo");
        behind = SimulatedUpstream.of(program);
        EchoServer.Builder options = EchoServer.builder().warnings(line -> {});
        if (behind != null) {
            behind.addTo(options);
        } else if (kind.equals("script")) {
            options.script(ModelledScript.TEXT);
        }
        for (Program.Line line : program.lines()) {
            boolean isOfServer = !line.verb().equals("kind") && !line.verb().startsWith(SimulatedUpstream.OPTION);
            if (line.actor().equals(Program.OPTION) && isOfServer) {
                options.set(line.verb(), line.value());
            }
        }
        closesIdle = !program.option("idleClose", "").isEmpty();
        String idle = program.option("idleTimeout", program.option("idleClose", ""));
        idleNanos = idle.isEmpty() ? 0 : ModelledServer.time(idle).toNanos();
        maxConnections = Integer.parseInt(program.option("maxConnections", "0"));
        host = new ModelledServer(
                options.start(), FaultPlan.parse(program.option("faults", "none")), isRecorded(), null, behind);
        server = host;
    }

    void run() throws Exception {
        try {
            for (Program.Line line : program.lines()) {
                if (line.actor().equals(Program.CLIENT)) {
                    clientActs(line);
                } else if (line.actor().equals(Program.SERVER)) {
                    serverActs(line);
                }
                poll(0);
                at++;
            }
            end();
        } catch (Throwable failed) {
            throw new AssertionError(
                    "at line " + (at + 1) + " of the program: " + failed.getMessage() + "\n" + this, failed);
        }
    }

    private void end() throws Exception {
        while (server.host() != null) {
            endSession();
        }
        host.real().acceptPending(); // a close does not
        host.ends(false, "the server closes");
        host.real().close();
        settle();
        new Aftermath(host, maxConnections).check();
        if (behind != null) {
            behind.check();
        }
    }

    private void clientActs(Program.Line line) throws IOException {
        if (line.verb().equals("connect")) {
            connect(line.client());
            return;
        }
        SimulatedClient client = client(line.client());
        if (client == null || client.isClosed()) {
            return;
        }
        switch (line.verb()) {
            case "write" -> client.write(line.number());
            case "say" -> client.write((line.value() + "\n").getBytes(StandardCharsets.ISO_8859_1));
            case "pause" -> client.pause(true);
            case "read" -> client.pause(false);
            case "half-close" -> client.halfClose();
            case "flood" -> flood(client, line.number());
            case "reset", "close" -> client.close(line.verb().equals("reset"));
            case "settle" -> settle(List.of(client));
            default -> throw new IllegalArgumentException("what is " + line);
        }
    }

    /** Writes much while the server behind the relay stands still, so that the relay holds what the kernel does not take. */
    private void flood(SimulatedClient client, int count) throws IOException {
        if (behind == null) {
            return;
        }
        behind.freeze(true);
        client.write(count);
        server.real().catchUp(LONGEST);
        behind.freeze(false);
    }

    private @Nullable SimulatedClient client(int number) {
        return clients.stream()
                .filter(client -> client.number() == number)
                .findFirst()
                .orElse(null);
    }

    private void connect(int number) throws IOException {
        if (maxConnections > 0) {
            mayBeRejected(number);
            return;
        }
        long since = System.nanoTime();
        SocketChannel socket = open();
        if (socket != null) {
            add(number, socket, server.accepts(kind), since);
        }
    }

    /** Returns null if the server refuses connects. */
    private @Nullable SocketChannel open() throws IOException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (true) {
            try {
                SocketChannel socket = SocketChannel.open(host.real().socketAddress());
                if (refuses) {
                    throw new AssertionError("a connect was accepted after refuse()");
                }
                if (System.nanoTime() - downUntil < 0 && downUntil != 0) {
                    throw new AssertionError("a connect was accepted too early after restart()");
                }
                downUntil = 0;
                socket.configureBlocking(false);
                if (!isUnix()) { // or bytes wait in the client's kernel for an ACK
                    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                return socket;
            } catch (ConnectException refused) {
                if (refuses) {
                    return null;
                }
                if (downUntil == 0 || System.nanoTime() - deadline > 0) {
                    throw refused;
                }
                Thread.onSpinWait();
            }
        }
    }

    /** @param since a time before the connect */
    private void add(int number, SocketChannel socket, @Nullable ModelledConnection model, long since)
            throws IOException {
        boolean hasTls = host.real().speaksTls();
        ClientWire wire = hasTls ? new ClientWire.Tls(socket, host.real().sslContext()) : new ClientWire.Plain(socket);
        SimulatedClient client = new SimulatedClient(number, socket, selector, wire, model, isUnix());
        clients.add(client);
        if (model != null) {
            server.clients().add(client);
            if (idleNanos > 0) {
                EnumSet<End> ends =
                        closesIdle ? EnumSet.complementOf(EnumSet.of(End.CUT)) : EnumSet.of(End.RST, End.BROKEN);
                model.mayEnd(new EarlyEnd(ends, since + idleNanos, "idle for", false));
            }
        }
    }

    private boolean isRecorded() {
        return !program.option("recording", "").isEmpty();
    }

    private boolean isUnix() {
        return program.option("addresses", "").startsWith("unix:");
    }

    /** The counters say what became of the connection. */
    private void mayBeRejected(int number) throws IOException {
        if (server.real().isRunning() && !server.isFrozen()) {
            server.real().catchUp(LONGEST);
            poll(0);
        }
        long before = server.real().counters().rejected();
        long open = server.clients().stream().filter(server::isOpen).count(); // fewer when the server accepts, perhaps
        long since = System.nanoTime();
        SocketChannel socket = open();
        if (socket == null) {
            return;
        }
        long surelyOpen = server.clients().stream().filter(server::isSurelyOpen).count();
        server.real().acceptPending();
        boolean isRejected = server.real().counters().rejected() > before;
        if (isRejected ? open < maxConnections : surelyOpen >= maxConnections) {
            throw new AssertionError("client " + number + " was " + (isRejected ? "rejected" : "accepted") + " where "
                    + surelyOpen + " to " + open + " connections were open");
        }
        if (isRejected) {
            server.rejects();
        }
        add(number, socket, isRejected ? null : server.accepts(kind), since);
    }

    private void serverActs(Program.Line line) throws Exception {
        EchoServer real = server.real();
        switch (line.verb()) {
            case "settle" -> settle();
            case "catchUp" -> catchUp();
            case "setFaults" -> {
                real.acceptPending();
                FaultPlan plan = FaultPlan.parse(line.value());
                real.setFaults(plan);
                server.setFaults(plan);
            }
            case "setFaultsOfAll" -> setFaultsOfAll(FaultPlan.parse(line.value()));
            case "freeze" -> freeze(line.value().equals("settled"));
            case "unfreeze" -> {
                real.unfreeze();
                server.freeze(false, true);
            }
            case "refuse" -> {
                real.refuse();
                refuses = true;
                downUntil = 0;
            }
            case "resume" -> {
                real.resume();
                refuses = false;
                downUntil = 0;
            }
            case "restart" -> {
                Duration time = ModelledServer.time(line.value());
                downUntil = System.nanoTime() + time.toNanos();
                server.ends(false, "the server restarts");
                real.restart(time);
                refuses = false;
            }
            case "resetConnections" -> {
                server.ends(false, "resetConnections()");
                real.resetConnections();
            }
            case "closeConnections" -> {
                server.ends(true, "closeConnections()");
                real.closeConnections();
            }
            case "resetConnection" -> resetConnection(line.number());
            case "session" -> startSession(line.value());
            case "endSession" -> endSession();
            case "unanswered" -> unanswered();
            case "send" -> send(line.number());
            case "finish" -> finish();
            default -> throw new IllegalArgumentException("what is " + line);
        }
    }

    private void setFaultsOfAll(FaultPlan plan) throws Exception {
        boolean changesBytes = !server.takesTimeOnly(plan);
        if (changesBytes && (!server.knowsAll() || server.mayActLater())) {
            return; // how far each connection has come is not known
        }
        if (changesBytes && !server.isFrozen()) {
            settle();
        }
        catchUp();
        server.awaitEnds();
        FaultPlan used = server.knowsOpenOnes() ? plan : ofAll(plan);
        server.setFaultsOfAll(used);
    }

    /** A relay sends what comes, and then reads the echo. */
    private void catchUp() {
        server.real().catchUp(LONGEST);
        if (behind != null) {
            behind.catchUp(LONGEST);
            server.real().catchUp(LONGEST);
        }
    }

    /** The last rule for all connections, whatever their numbers. */
    private static FaultPlan ofAll(FaultPlan plan) {
        return plan.rules().isEmpty()
                ? plan
                : FaultPlan.of(
                        plan.rules().get(plan.rules().size() - 1).faults().toArray(Fault[]::new));
    }

    private void freeze(boolean settled) throws IOException {
        if (server.isFrozen()) {
            return;
        }
        if (settled) {
            settle();
        }
        server.real().freeze();
        server.freeze(true, settled);
    }

    private void resetConnection(int number) {
        server.clients().stream()
                .filter(client -> client.number() == number && client.model() != null)
                .forEach(client -> {
                    long connection = client.model().number();
                    if (server.isOpen(client)) {
                        ModelledServer.ends(client, false, "resetConnection(" + connection + ")");
                    }
                    server.real().resetConnection(connection);
                });
    }

    private void startSession(String faults) throws IOException {
        if (server.host() != null) {
            return;
        }
        EchoServer session = server.real().session(Map.of("faults", faults), LONGEST);
        server = new ModelledServer(session, FaultPlan.parse(faults), isRecorded(), server, behind);
    }

    private void endSession() throws IOException {
        ModelledServer back = server.host();
        if (back == null) {
            return;
        }
        server.ends(false, "the server closes");
        server.real().close();
        back.ends(server);
        server = back;
        if (refuses || downUntil != 0) {
            server.real().resume();
            refuses = false;
            downUntil = 0;
        }
    }

    private void unanswered() throws IOException {
        server.real().unanswered();
        try (SocketChannel socket = SocketChannel.open()) {
            socket.configureBlocking(false);
            if (!isUnix() && socket.connect(host.real().socketAddress())) {
                throw new AssertionError("a connect was answered after unanswered()");
            }
        }
        server.real().resume();
        refuses = false;
        downUntil = 0;
    }

    private void send(int number) throws IOException {
        settle();
        for (SimulatedClient client : server.clients()) {
            ModelledConnection model = client.model();
            boolean goesOn = client.number() == number && client.isOpen() && !client.hasSentFin();
            if (goesOn && model != null && !model.isStalled() && server.isSurelyOpen(client)) {
                server.real().connection(model.number()).send("*".getBytes(StandardCharsets.ISO_8859_1));
                model.sends("*");
            }
        }
    }

    /** Every client ends its stream. */
    private void finish() throws IOException {
        for (SimulatedClient client : clients) {
            if (!client.isClosed()) {
                client.halfClose();
            }
        }
        settle();
    }

    private void settle() throws IOException {
        settle(clients);
    }

    /** Waits until these clients have seen what the model says. While the server is frozen, it says that nothing comes. */
    private void settle(List<SimulatedClient> which) throws IOException {
        which.forEach(client -> client.pause(false));
        poll(0);
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!which.stream().allMatch(this::isSettled)) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                List<SimulatedClient> late =
                        which.stream().filter(client -> !isSettled(client)).toList();
                throw new AssertionError("clients still wait at the deadline: " + late);
            }
            poll(left);
        }
    }

    private boolean isSettled(SimulatedClient client) {
        return client.isSettled() || server.holdsUp(client) || host.holdsUp(client);
    }

    /** Lets every client do what it can, and first waits for one that can do something. */
    private void poll(long nanos) throws IOException {
        if (nanos > 0) {
            selector.select(Math.max(1, nanos / 1_000_000));
        } else {
            selector.selectNow();
        }
        selector.selectedKeys().clear();
        for (SimulatedClient client : clients) {
            if (client.isOpen()) {
                try {
                    client.turn();
                } catch (Throwable failed) {
                    throw new AssertionError(failed.getMessage() + "; " + client, failed);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        try (selector) {
            for (SimulatedClient client : clients) {
                client.close(false);
            }
        } finally {
            host.real().close();
            if (behind != null) {
                behind.close();
            }
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        clients.forEach(client -> text.append(client).append('\n'));
        if (isRecorded()) {
            server.real()
                    .recording()
                    .connections()
                    .forEach(each -> text.append(each).append('\n'));
        }
        return text.toString();
    }
}
