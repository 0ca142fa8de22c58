package org.echoharness.junit;

import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
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
import org.echoharness.junit.UnclosedSockets.Unclosed;

/**
 * Looks at what a test, or all the tests of a class, did with one embedded server that records, on their thread.
 *
 * @param before how many connections the server had accepted when it began
 * @param last whether the server ends with it
 */
record ConnectionChecks(TargetServer target, long before, boolean last, Checks checks) {

    private static final int SHOWN = 100;
    private static final int SHOWN_OF_PLAN = 500;
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final Duration QUIET = Duration.ofMillis(50);
    private static final long LOOK_NANOS = 2_000_000;

    /** Before the injected clients are closed: that may reset them, which is not the test's doing. */
    List<String> endings() throws InterruptedException {
        Complaints complaints = new Complaints();
        boolean resets = checks.include(Check.RESETS);
        boolean faults = checks.include(Check.FAULTS) && last;
        if (resets || faults) {
            catchUp(complaints, resets ? Check.RESETS : Check.FAULTS);
            if (resets || !unapplied().isEmpty()) {
                awaitQuiet();
            }
        }
        if (resets) {
            resets(complaints);
        }
        return complaints.lines();
    }

    /** When the injected clients are closed. */
    List<String> leaks() throws InterruptedException {
        Complaints complaints = new Complaints();
        if (checks.include(Check.FAULTS) && last) {
            faults(complaints);
        }
        if (checks.include(Check.LEAKS)) {
            long deadline = System.nanoTime() + timeout().toNanos();
            open(complaints, deadline);
            awaitClosed(deadline);
            unclosed(complaints, deadline);
        }
        return complaints.lines();
    }

    /** So that what clients did is seen, though the server had no time for it yet. */
    private void catchUp(Complaints complaints, Check check) throws InterruptedException {
        try {
            target.server().catchUp(LONGEST);
        } catch (UncheckedIOException | IllegalStateException failed) {
            unjudged(complaints, check, failed);
        }
    }

    /** A server that the test has closed needs no check; for any other reason there is a complaint. */
    private void unjudged(Complaints complaints, Check check, RuntimeException failed) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (target.server().isRunning()) {
            complaints.add(() -> check + " could not be judged: " + failed.getMessage());
        }
    }

    private void open(Complaints complaints, long deadline) throws InterruptedException {
        Set<Long> open = Set.of();
        try {
            open = openNow();
        } catch (UncheckedIOException | IllegalStateException failed) {
            unjudged(complaints, Check.LEAKS, failed);
        }
        if (open.isEmpty()) {
            return;
        }
        try {
            for (RecordedConnection connection : recording().openConnections()) {
                if (open.contains(connection.number())) {
                    connection.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                }
            }
        } catch (AssertionError deadlineReached) {
            for (RecordedConnection connection : recording().openConnections()) {
                if (open.contains(connection.number())) {
                    complaints.add(() -> "the test left " + name(connection) + " open; " + lastSaid(connection)
                            + "; close it in the test, or leave leaks out of checks");
                }
            }
            complaints.summarize("connection that the test left open", "connections that the test left open");
        }
    }

    /**
     * The numbers of those of the test that are open, also those that the server had not accepted yet. Where the server ends now,
     * nothing holds up their end any more; where it goes on, one that a fault may hold up is left out.
     */
    private Set<Long> openNow() {
        target.server().acceptPending();
        Set<Long> open = recording().openConnections().stream()
                .filter(connection -> connection.number() > before && (last || !isFaulty(connection)))
                .map(RecordedConnection::number)
                .collect(Collectors.toSet());
        if (last && !open.isEmpty()) {
            recording()
                    .note("the test is over: to find leaks, the extension lifts freeze() and the faults; what is sent"
                            + " from here on is its doing");
            target.server().unfreeze();
            target.server().setFaultsOfAll(FaultPlan.none());
        }
        return open;
    }

    /** A connection that a fault closes ends when its client's system has acknowledged all bytes. */
    private void awaitClosed(long deadline) throws InterruptedException {
        Set<String> closing = recording().appliedFaults().stream()
                .filter(fault -> fault.effect() instanceof Effect.Close)
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

    /** The client's sockets of connections that the server ended first. The server has closed its own sockets of them. */
    private void unclosed(Complaints complaints, long deadline) throws InterruptedException {
        Map<Unclosed, String> ended = endedByTheServer();
        Set<Integer> ports =
                ended.keySet().stream().map(each -> each.remote().getPort()).collect(Collectors.toSet());
        boolean all = last && notKept() > 0;
        if (all) {
            target.server().addresses().forEach(each -> ports.add(each.getPort()));
        }
        if (ports.isEmpty()) {
            return;
        }
        Set<Unclosed> unclosed = UnclosedSockets.to(ports);
        while (!isFree(unclosed, ended, all) && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            unclosed = UnclosedSockets.to(ports);
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

    private static boolean isFree(Set<Unclosed> unclosed, Map<Unclosed, String> ended, boolean all) {
        return all ? unclosed.isEmpty() : unclosed.stream().noneMatch(ended::containsKey);
    }

    /** As the sockets of their clients, with their names. */
    private Map<Unclosed, String> endedByTheServer() {
        Map<Unclosed, String> ended = new LinkedHashMap<>(); // in the order of the connections
        for (RecordedConnection connection : connections()) {
            Ending ending = connection.ending().orElse(null);
            if (ending != null && ending.how() == Ending.How.FIN && ending.by() == Ending.Side.SERVER) {
                InetSocketAddress client = connection.remote();
                ended.put(new Unclosed(client, connection.local()), name(connection));
            }
        }
        return ended;
    }

    private void resets(Complaints complaints) {
        List<RecordedConnection> connections = connections();
        for (RecordedConnection connection : connections) {
            Ending ending = connection.ending().orElse(null);
            if (ending != null && ending.how() == Ending.How.RST && isUnasked(connection, ending)) {
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

    /** Since the start of the server, those that are not kept too. */
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

    private static boolean isUnasked(RecordedConnection connection, Ending ending) {
        return ending.by() == Ending.Side.CLIENT ? !isFaulty(connection) : connection.hasFailed();
    }

    /** What a client sent before it closed is judged though a fault delays it, and though the server was slow. */
    private void faults(Complaints complaints) throws InterruptedException {
        if (unapplied().isEmpty()) {
            return;
        }
        catchUp(complaints, Check.FAULTS);
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

    /** A reset takes what the server still has to do, so that a fault may not be reached. */
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

    /** A connection whose client is done goes on until the server is done too. */
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

    /** While connections are open, bytes that were sent an instant before may still be on their way. */
    private void awaitQuiet() throws InterruptedException {
        if (recording().openConnections().stream().noneMatch(connection -> connection.number() > before)) {
            return;
        }
        try {
            recording().awaitQuiet(QUIET, timeout());
        } catch (AssertionError busy) {
            // then what there is counts
        }
    }

    private List<RecordedConnection> connections() {
        return recording().connections().stream()
                .filter(connection -> connection.number() > before)
                .toList();
    }

    /** How many connections of the test are not kept any more. */
    private long notKept() {
        return target.server().counters().accepted() - before - connections().size();
    }

    private Recording recording() {
        return target.server().recording();
    }

    /** A long read time-out of the client does not make the check take as long. */
    private Duration timeout() {
        Duration timeout = target.declaration().options().newClient().readTimeout();
        return timeout.compareTo(LONGEST) < 0 ? timeout : LONGEST;
    }

    private static boolean isResetByClient(Ending ending) {
        return ending.how() == Ending.How.RST && ending.by() == Ending.Side.CLIENT;
    }

    private static boolean isFaulty(RecordedConnection connection) {
        return connection.events().stream().anyMatch(event -> event.kind() == Kind.FAULT);
    }

    private static String name(RecordedConnection connection) {
        return "connection " + connection.number() + " from " + HostAndPort.of(connection.remote());
    }

    /** As the transcript shows it. */
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
