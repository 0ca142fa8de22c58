package org.echoharness.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.echoharness.ConnectionCounters;
import org.echoharness.Effect;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.HostAndPort;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent.Kind;
import org.echoharness.Recording;
import org.echoharness.ServerAddress;
import org.echoharness.junit.UnclosedSockets.Unclosed;

/**
 * Checks the connections of a test, or of all tests of a class, to one embedded server. It runs on the thread of the
 * test.
 *
 * @param before the number of connections that the server had accepted when the test began
 * @param last whether the server ends with the test
 * @param checks the checks to apply; without a recording, only {@link Check#SCRIPT}
 */
record ConnectionChecks(TargetServer target, long before, boolean last, Set<Check> checks) {

    /** The effects that end a connection with a FIN. */
    private static final Set<Effect.Kind> CLOSING =
            EnumSet.of(Effect.Kind.CLOSE, Effect.Kind.CLOSE_WITHOUT_NOTIFY, Effect.Kind.PLAIN);

    private static final int SHOWN = 100;
    private static final int SHOWN_OF_PLAN = 500;
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final Duration QUIET = Duration.ofMillis(50);
    private static final long LOOK_NANOS = 2_000_000;

    /**
     * Must be called before the injected clients are closed: the close may reset connections, and the test does not
     * cause that.
     */
    List<String> endings() throws InterruptedException {
        Complaints complaints = new Complaints();
        boolean resets = checks.contains(Check.RESETS);
        boolean faults = checks.contains(Check.FAULTS) && last;
        if (resets || faults) {
            target.catchUp(LONGEST, complaints, resets ? Check.RESETS : Check.FAULTS);
            if (resets || !unapplied().isEmpty()) {
                awaitQuiet();
            }
        }
        if (resets) {
            resets(complaints);
        }
        return complaints.lines();
    }

    /** Must be called after the injected clients were closed. */
    List<String> leaks() throws InterruptedException {
        Complaints complaints = new Complaints();
        ScriptCheck script = new ScriptCheck(target, before, last);
        boolean judgesScript = judgesScript();
        if (judgesScript) {
            script.judge(complaints, timeout());
        }
        if (checks.contains(Check.FAULTS) && last) {
            faults(complaints);
        }
        if (checks.contains(Check.LEAKS)) {
            long deadline = System.nanoTime() + timeout().toNanos();
            open(complaints, deadline);
            awaitClosed(deadline);
            unclosed(complaints, deadline);
        }
        if (judgesScript || judgesScript()) { // the server may have seen a wrong header meanwhile
            script.judgeLast(complaints);
        }
        return complaints.lines();
    }

    private boolean judgesScript() {
        return checks.contains(Check.SCRIPT) && target.mayHaveProblems();
    }

    private void open(Complaints complaints, long deadline) throws InterruptedException {
        Set<Long> open = Set.of();
        try {
            open = openNow();
        } catch (UncheckedIOException | IllegalStateException failed) {
            target.unjudged(complaints, Check.LEAKS, failed);
        }
        if (open.isEmpty()) {
            return;
        }
        for (RecordedConnection connection : OpenConnections.leftBy(target.server(), open, deadline)) {
            complaints.add(() -> "the test left " + name(connection) + " open; " + lastSaid(connection)
                    + "; close it in the test, or leave leaks out of checks");
        }
        complaints.summarize("connection that the test left open", "connections that the test left open");
    }

    /**
     * Returns the numbers of the test's open connections, also of those that the server had not accepted yet. If the
     * server ends now, this method lifts {@code freeze()} and the faults. If the server goes on, connections with a
     * fault are left out.
     */
    private Set<Long> openNow() {
        target.server().catchUp(QUIET);
        Set<Long> open = recording().openConnections().stream()
                .filter(connection -> connection.number() > before && (last || !AskedResets.isFaulty(connection)))
                .map(RecordedConnection::number)
                .collect(Collectors.toSet());
        if (last && !open.isEmpty()) {
            recording()
                    .note("the test is over: to find leaks, the extension lifts freeze() and the faults; it"
                            + " causes what is sent from here on");
            target.server().unfreeze();
            target.server().setFaultsOfAll(FaultPlan.none());
        }
        return open;
    }

    /** Waits for connections that a fault closes. They end when the client's system has acknowledged all bytes. */
    private void awaitClosed(long deadline) throws InterruptedException {
        Set<String> closing = recording().appliedFaults().stream()
                .filter(fault -> CLOSING.contains(fault.effect().kind()))
                .map(Object::toString)
                .collect(Collectors.toSet());
        if (closing.isEmpty()) {
            return;
        }
        for (RecordedConnection connection : recording().openConnections()) {
            boolean isClosing = connection.events().stream()
                    .anyMatch(event -> event.kind() == Kind.FAULT && closing.contains(event.detail()));
            if (connection.number() > before && isClosing) {
                try {
                    connection.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                } catch (AssertionError deadlineReached) {
                    return; // its client does not read, as the transcript shows
                }
            }
        }
    }

    /**
     * Finds the clients' open sockets of connections that the server ended first. The server has closed its own sockets
     * of these connections.
     */
    private void unclosed(Complaints complaints, long deadline) throws InterruptedException {
        Map<Unclosed, String> ended = endedByTheServer();
        Set<Integer> ports =
                ended.keySet().stream().map(each -> each.remote().getPort()).collect(Collectors.toSet());
        boolean all = last && notKept() > 0;
        if (all) {
            for (SocketAddress each : target.server().socketAddresses()) {
                if (each instanceof InetSocketAddress inet) {
                    ports.add(inet.getPort());
                }
            }
        }
        if (ports.isEmpty()) {
            return;
        }
        Set<Unclosed> unclosed;
        try {
            unclosed = awaitUnclosed(ports, each -> isFree(each, ended, all), deadline);
        } catch (IOException unreadable) {
            complaints.add(() -> "leaks could not be judged: the list of this process's sockets cannot be read: "
                    + EscapedText.cut(String.valueOf(unreadable.getMessage()), SHOWN_OF_PLAN)
                    + "; close what the test has opened, or leave leaks out of checks");
            return;
        }
        Set<Unclosed> left = new LinkedHashSet<>(ended.keySet());
        left.retainAll(unclosed);
        if (all) {
            left.addAll(unclosed);
        }
        for (Unclosed each : left) {
            complaints.add(() -> "the test left its socket of "
                    + ended.getOrDefault(each, "a connection from " + HostAndPort.of(each.local()))
                    + " open after the server had closed it; close it in the test, or leave leaks out of checks");
        }
        complaints.summarize(
                "socket that the test left open after the server had closed it",
                "sockets that the test left open after the server had closed them");
    }

    /** Looks until the condition holds or the deadline is reached, also while the list cannot be read. */
    private static Set<Unclosed> awaitUnclosed(Set<Integer> ports, Predicate<Set<Unclosed>> isFree, long deadline)
            throws IOException, InterruptedException {
        while (true) {
            boolean isLast = System.nanoTime() - deadline >= 0;
            try {
                Set<Unclosed> unclosed = UnclosedSockets.to(ports);
                if (isLast || isFree.test(unclosed)) {
                    return unclosed;
                }
            } catch (IOException unreadable) {
                if (isLast) {
                    throw unreadable;
                }
            }
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    private static boolean isFree(Set<Unclosed> unclosed, Map<Unclosed, String> ended, boolean all) {
        return all ? unclosed.isEmpty() : unclosed.stream().noneMatch(ended::containsKey);
    }

    /**
     * Returns the clients' sockets of these connections, with the names of the connections. The system does not say whether
     * the client of a Unix socket has closed its own.
     */
    private Map<Unclosed, String> endedByTheServer() {
        Map<Unclosed, String> ended = new LinkedHashMap<>(); // keeps the order of the connections
        for (RecordedConnection connection : connections()) {
            Ending ending = connection.ending().orElse(null);
            if (ending != null
                    && ending.how() == Ending.How.FIN
                    && ending.by() == Ending.Side.SERVER
                    && connection.remoteSocketAddress() instanceof InetSocketAddress client) {
                ended.put(new Unclosed(client, connection.local()), name(connection));
            }
        }
        return ended;
    }

    private void resets(Complaints complaints) {
        List<RecordedConnection> connections = connections();
        Set<Long> explained = checks.contains(Check.SCRIPT) ? target.connectionsWithProblems() : Set.of();
        for (RecordedConnection connection : connections) {
            Ending ending = connection.ending().orElse(null);
            if (ending != null
                    && ending.how() == Ending.How.RST
                    && AskedResets.isUnasked(target.server(), connection, ending)
                    && !explained.contains(connection.number())) {
                complaints.add(() -> name(connection) + " was reset by "
                        + (ending.by() == Ending.Side.CLIENT ? "the client" : ending.why())
                        + ", which no fault asked for; " + lastSaid(connection)
                        + "; read all that comes before you close, or leave resets out of checks");
            }
        }
        long notKept = notKept();
        if (notKept == 0 || (before == 0 && resetInCounters() <= resetsIn(connections))) {
            complaints.summarize("connection that was reset unasked", "connections that were reset unasked");
        } else {
            complaints.summarizeAtLeast("connection that was reset unasked", "connections that were reset unasked");
            complaints.add(() -> "resets could not be judged: " + notKept + " of the test's "
                    + (notKept + connections.size()) + " connections are not kept any more, and some of them may have"
                    + " been reset; record more connections (EchoServer.Builder.recording), or leave resets out of"
                    + " checks");
        }
    }

    /** Counts all connections since the start of the server, also those that are not kept. */
    private long resetInCounters() {
        ConnectionCounters counters = target.server().counters();
        return counters.reset() + counters.failed();
    }

    private static long resetsIn(List<RecordedConnection> connections) {
        return connections.stream()
                .filter(connection -> connection.hasFailed()
                        || connection
                                .ending()
                                .filter(ConnectionChecks::isResetByClient)
                                .isPresent())
                .count();
    }

    /** Waits first, so that a fault or a slow server does not hide what a client sent before it closed. */
    private void faults(Complaints complaints) throws InterruptedException {
        if (unapplied().isEmpty()) {
            return;
        }
        target.catchUp(LONGEST, complaints, Check.FAULTS);
        awaitEndsOfClosed();
        String plan = EscapedText.cut(target.server().faults().toString(), SHOWN_OF_PLAN);
        long count = notKept() + connections().size();
        for (String fault : unapplied()) {
            complaints.add(() -> "the fault \"" + EscapedText.cut(fault, SHOWN_OF_PLAN)
                    + "\" was never applied, of the plan \"" + plan
                    + "\", on " + count + (count == 1 ? " connection" : " connections") + resetByClients()
                    + "; let the test get there, or leave faults out of checks");
        }
        complaints.summarize("fault that was never applied", "faults that were never applied");
    }

    /** A client's reset discards bytes, so that the connection may end before a fault applies. */
    private String resetByClients() {
        long reset = connections().stream()
                .flatMap(connection -> connection.ending().stream())
                .filter(ConnectionChecks::isResetByClient)
                .count();
        return reset == 0 ? "" : ", " + reset + " of which the client reset";
    }

    private List<String> unapplied() {
        Set<Fault> applied = recording().appliedFaults();
        return target.server().faults().rules().stream()
                .flatMap(rule -> rule.faults().stream())
                .filter(fault -> !applied.contains(fault))
                .map(Object::toString)
                .distinct()
                .toList();
    }

    /** Waits for the ends of connections whose client has closed: the server may still be sending. */
    private void awaitEndsOfClosed() throws InterruptedException {
        long deadline = System.nanoTime() + timeout().toNanos();
        for (RecordedConnection connection : recording().openConnections()) {
            if (connection.events().stream().anyMatch(event -> event.kind() == Kind.CLIENT_FIN)) {
                try {
                    connection.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                } catch (AssertionError deadlineReached) {
                    return; // the end of a connection that a fault holds up for this long does not count
                }
            }
        }
        awaitQuiet();
    }

    /** Waits while connections are open: bytes that were sent just before may still be on their way. */
    private void awaitQuiet() throws InterruptedException {
        if (recording().openConnections().stream().noneMatch(connection -> connection.number() > before)) {
            return;
        }
        try {
            recording().awaitQuiet(QUIET, timeout());
        } catch (AssertionError busy) {
            // then the check uses what is recorded by now
        }
    }

    private List<RecordedConnection> connections() {
        return recording().connections().stream()
                .filter(connection -> connection.number() > before)
                .toList();
    }

    /** Returns the number of the test's connections that the recording does not keep any more. */
    private long notKept() {
        return target.server().counters().accepted() - before - connections().size();
    }

    private Recording recording() {
        return target.server().recording();
    }

    /** Returns the read time-out of the client, but at most 5 seconds. */
    private Duration timeout() {
        Duration timeout = target.declaration().options().newClient().readTimeout();
        return timeout.compareTo(LONGEST) < 0 ? timeout : LONGEST;
    }

    private static boolean isResetByClient(Ending ending) {
        return ending.how() == Ending.How.RST && ending.by() == Ending.Side.CLIENT;
    }

    private static String name(RecordedConnection connection) {
        return "connection " + connection.number()
                + (connection.remoteSocketAddress() instanceof InetSocketAddress inet
                        ? " from " + HostAndPort.of(inet)
                        : " of " + ServerAddress.of(connection.localSocketAddress()));
    }

    /** Returns the last bytes received, as the transcript shows them. */
    private static String lastSaid(RecordedConnection connection) {
        if (connection.bytesReceived() > 0 && connection.events().isEmpty()) {
            return "it sent " + connection.bytesReceived() + " bytes, which are not kept any more";
        }
        return connection.events().stream()
                .filter(event -> event.kind() == Kind.RECEIVED)
                .reduce((earlier, later) -> later)
                .map(last -> "it last sent " + EscapedText.cut(connection.payloadText(last), SHOWN))
                .orElse("it sent nothing");
    }
}
