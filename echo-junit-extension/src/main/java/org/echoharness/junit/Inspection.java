package org.echoharness.junit;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.echoharness.Ending;
import org.echoharness.FaultPlan;
import org.echoharness.HostAndPort;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent.Kind;
import org.echoharness.Recording;

/**
 * Looks at what a test, or all the tests of a class, did with one embedded server that records, on their thread.
 *
 * @param before how many connections the server had accepted when it began
 * @param last whether the server ends with it
 */
record Inspection(Peer peer, long before, boolean last, Checks checks) {

    private static final String FAILED = "an exception in the server";
    private static final int SHOWN = 100;

    /** Before the injected clients are closed: that may reset them, which is not the test's doing. */
    List<String> endings() throws InterruptedException {
        List<String> complaints = new ArrayList<>();
        if (checks.include(Check.RESETS)) {
            resets(complaints);
        }
        if (checks.include(Check.FAULTS) && last) {
            unconsumed(complaints);
        }
        return complaints;
    }

    /** When the injected clients are closed. */
    List<String> leaks() throws InterruptedException {
        List<String> complaints = new ArrayList<>();
        if (checks.include(Check.LEAKS) && peer.server().isRunning()) {
            long deadline = System.nanoTime() + timeout().toNanos();
            for (RecordedConnection connection : open()) {
                try {
                    connection.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                } catch (AssertionError stillOpen) {
                    complaints.add("the test left " + name(connection) + " open; " + lastSaid(latest(connection))
                            + "; close it in the test, or leave leaks out of checks");
                }
            }
        }
        return complaints;
    }

    /**
     * Those of the test that are open, also those that nobody had accepted yet. Where the server ends now, nothing holds up
     * their end any more; where it goes on, one that a fault may hold up is left out.
     */
    private List<RecordedConnection> open() {
        try {
            peer.accepted();
            List<RecordedConnection> open = connections().stream()
                    .filter(connection -> connection.ending().isEmpty() && (last || !isFaulty(connection)))
                    .toList();
            if (last && !open.isEmpty()) {
                peer.server().unfreeze();
                peer.server().setFaultsOfAll(FaultPlan.none());
            }
            return open;
        } catch (UncheckedIOException | IllegalStateException closedOrInterrupted) {
            return List.of();
        }
    }

    private void resets(List<String> complaints) throws InterruptedException {
        for (RecordedConnection connection : settled()) {
            Ending ending = connection.ending().orElse(null);
            if (ending != null && ending.how() == Ending.How.RST && isUnasked(connection, ending)) {
                complaints.add(name(connection) + " was reset by "
                        + (ending.by() == Ending.Side.CLIENT ? "the client" : ending.why())
                        + ", which no fault asked for; " + lastSaid(connection)
                        + "; read all that comes before you close, or leave resets out of checks");
            }
        }
    }

    /** A reset may be on its way that was sent an instant before. */
    private List<RecordedConnection> settled() throws InterruptedException {
        List<RecordedConnection> connections = connections();
        if (connections.stream().allMatch(connection -> connection.ending().isPresent())) {
            return connections;
        }
        try {
            recording().awaitQuiet(Duration.ofMillis(50), timeout());
        } catch (AssertionError busy) {
            // then what there is counts
        }
        return connections();
    }

    private static boolean isUnasked(RecordedConnection connection, Ending ending) {
        return ending.by() == Ending.Side.CLIENT
                ? !isFaulty(connection)
                : ending.why().equals(FAILED);
    }

    private void unconsumed(List<String> complaints) {
        List<RecordedConnection> connections = connections();
        if (recording().leftOut() > 0 || connections.stream().anyMatch(each -> each.eventsLeftOut() > 0)) {
            return; // it may have taken hold there
        }
        Set<String> tookHold = connections.stream()
                .flatMap(connection -> connection.events().stream())
                .filter(event -> event.kind() == Kind.FAULT)
                .map(event -> event.detail())
                .collect(Collectors.toSet());
        FaultPlan plan = peer.server().faults();
        plan.rules().stream()
                .flatMap(rule -> rule.faults().stream())
                .map(Object::toString)
                .distinct()
                .filter(fault -> !tookHold.contains(fault))
                .forEach(fault -> complaints.add("the fault \"" + fault + "\" never took hold, of the plan \"" + plan
                        + "\", on " + connections.size() + (connections.size() == 1 ? " connection" : " connections")
                        + "; let the test get there, or leave faults out of checks"));
    }

    private List<RecordedConnection> connections() {
        return recording().connections().stream()
                .filter(connection -> connection.number() > before)
                .toList();
    }

    private RecordedConnection latest(RecordedConnection connection) {
        return connections().stream()
                .filter(each -> each.number() == connection.number())
                .findFirst()
                .orElse(connection);
    }

    private Recording recording() {
        return peer.server().recording();
    }

    private Duration timeout() {
        return peer.declaration().options().newClient().readTimeout();
    }

    private static boolean isFaulty(RecordedConnection connection) {
        return connection.events().stream().anyMatch(event -> event.kind() == Kind.FAULT);
    }

    private static String name(RecordedConnection connection) {
        return "connection " + connection.number() + " from " + HostAndPort.of(connection.remote());
    }

    /** As the transcript has it, without time and address. */
    private static String lastSaid(RecordedConnection connection) {
        String from = " from " + HostAndPort.of(connection.remote());
        String last = connection
                .transcript()
                .lines()
                .filter(line -> line.matches(" *\\d+\\.\\d{3}  received .*"))
                .reduce("", (earlier, later) -> later.strip().replaceFirst("^\\S+ +received ", ""));
        if (last.isEmpty()) {
            return "it sent nothing";
        }
        String what = last.substring(0, last.length() - from.length());
        return "it last sent " + (what.length() > SHOWN ? what.substring(0, SHOWN) + "…" : what);
    }
}
