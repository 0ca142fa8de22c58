package org.echoharness.replay;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The steps that a server carries out to do again what it did on a connection. The bytes of the client become {@code
 * expect}, those of the server {@code send}.
 */
public final class SessionSteps {

    private static final int MOST_STEPS = 9_000; // under the most of a rule, since a person may add some

    /**
     * A step, or what is missing in place of one.
     *
     * @param step the step; null if the script cannot go on
     * @param remark what is not kept; empty if nothing is missing
     */
    public record Part(@Nullable Step step, String remark) {}

    /**
     * What happened in another session of the client.
     *
     * @param received what the client sent, for each turn of its; none if it is the same
     * @param sent what the server sent, for each turn of its; none if that is not known
     */
    private record Others(Iterator<String> received, Iterator<String> sent, ReturnedValues values) {

        static Others none() {
            return new Others(Collections.emptyIterator(), Collections.emptyIterator(), new ReturnedValues());
        }
    }

    private final MessageSteps.Detail detail;
    private final long leastPause;
    private final Consumer<Part> to;
    private final Others others;
    private final List<Session.Turn> afterFin = new ArrayList<>(); // the server's FIN, and what the client did then
    private boolean wasClientFin;
    private long count;

    private SessionSteps(MessageSteps.Detail detail, long leastPause, Others others, Consumer<Part> to) {
        this.detail = detail;
        this.leastPause = leastPause;
        this.others = others;
        this.to = to;
    }

    /**
     * Makes the steps for a client that sends other values each time. The two sessions show which: any value is expected
     * in their place. Where the server has sent such a value back, the script does so.
     *
     * @param other what the same client did another time
     * @param to gets the steps one by one
     * @throws IllegalArgumentException if the sessions differ in more than values
     */
    public static void marked(Session session, Session other, Consumer<Part> to) {
        List<Session.Turn> mine = messages(session);
        List<Session.Turn> theirs = messages(other);
        List<String> ofClient = bytes(mine, SessionEvent.Kind.RECEIVED);
        List<String> received = bytes(theirs, SessionEvent.Kind.RECEIVED);
        if (received.size() != ofClient.size()) {
            int bytes = length(received);
            received = cutAlike(received, ofClient);
            if (received.isEmpty()) {
                throw new IllegalArgumentException("the client sent " + Escaping.bytes(length(ofClient)) + " and "
                        + Escaping.bytes(bytes) + ", in other turns");
            }
        }
        List<String> sent = bytes(theirs, SessionEvent.Kind.SENT);
        if (!kinds(mine).equals(kinds(theirs))) {
            sent = cutAlike(sent, bytes(mine, SessionEvent.Kind.SENT));
        }
        ReturnedValues values = new ReturnedValues();
        SessionSteps found = new SessionSteps(
                MessageSteps.Detail.LINES,
                Session.NO_PAUSES,
                new Others(received.iterator(), sent.iterator(), values),
                part -> {});
        found.add(session);
        values.beginAgain();
        new SessionSteps(
                        found.detail(), Session.NO_PAUSES, new Others(received.iterator(), sent.iterator(), values), to)
                .add(session);
    }

    private static List<Session.Turn> messages(Session session) {
        List<Session.Turn> messages = new ArrayList<>();
        session.turns(Session.NO_PAUSES, turn -> {
            if (turn.kind().hasBytes()) {
                messages.add(turn);
            }
        });
        return messages;
    }

    private static List<SessionEvent.Kind> kinds(List<Session.Turn> turns) {
        return turns.stream().map(Session.Turn::kind).toList();
    }

    private static List<String> bytes(List<Session.Turn> turns, SessionEvent.Kind kind) {
        return turns.stream()
                .filter(turn -> turn.kind() == kind)
                .map(Session.Turn::bytes)
                .toList();
    }

    /** Cuts messages where others end, if both have as many bytes. Returns none otherwise: how they correspond is not known. */
    private static List<String> cutAlike(List<String> messages, List<String> others) {
        List<String> cut = new ArrayList<>();
        if (length(messages) == length(others)) {
            String all = String.join("", messages);
            int at = 0;
            for (String other : others) {
                cut.add(all.substring(at, at + other.length()));
                at += other.length();
            }
        }
        return cut;
    }

    private static int length(List<String> messages) {
        return messages.stream().mapToInt(String::length).sum();
    }

    /**
     * Makes the steps, and says what is missing among them.
     *
     * @param leastPause the shortest pause of the server that is kept as {@code wait}; null to keep none
     * @param to gets the steps one by one
     */
    public static void of(Session session, @Nullable Duration leastPause, Consumer<Part> to) {
        long pause = leastPause == null ? Session.NO_PAUSES : leastPause.toNanos();
        SessionSteps counted = new SessionSteps(MessageSteps.Detail.LINES, pause, Others.none(), part -> {});
        counted.add(session);
        new SessionSteps(counted.detail(), pause, Others.none(), to).add(session);
    }

    /** Returns how finely the bytes can be divided, after all steps were counted. */
    private MessageSteps.Detail detail() {
        return count > MOST_STEPS ? MessageSteps.Detail.FEW : MessageSteps.Detail.LINES;
    }

    private void add(Session session) {
        session.turns(leastPause, this::add);
        boolean isWhole = session.eventsLeftOut() == 0 && session.hasEnded();
        if (isWhole && !afterFin.isEmpty() && !wasClientFin) {
            waits(afterFin.get(0));
            add(Step.close());
        } else if (!isWhole) {
            carryOutHeld();
        }
        if (session.eventsLeftOut() > 0) {
            add(new Part(null, session.eventsLeftOut() + " events are not kept"));
        }
        if (count == 0) {
            add(Step.expect(Expectation.fin()));
        }
    }

    /**
     * Adds the steps for a turn. If only the end of the client follows the server's FIN, the server has perhaps closed the
     * connection: whether the client's FIN is recorded then depends on when it comes.
     */
    private void add(Session.Turn turn) {
        boolean isEnd = turn.kind() == SessionEvent.Kind.CLIENT_FIN || turn.kind() == SessionEvent.Kind.CLIENT_RST;
        if (turn.kind() == SessionEvent.Kind.SERVER_FIN || (isEnd && !afterFin.isEmpty())) {
            afterFin.add(turn);
            return;
        }
        carryOutHeld();
        carryOut(turn);
    }

    private void carryOutHeld() {
        afterFin.forEach(this::carryOut);
        afterFin.clear();
    }

    private void carryOut(Session.Turn turn) {
        switch (turn.kind()) {
            case RECEIVED -> expected(turn.bytes()).forEach(this::add);
            case SENT -> {
                waits(turn);
                if (!turn.bytes().isEmpty()) {
                    add(sent(turn.bytes()));
                }
            }
            case HANDSHAKE -> {
                if (count > 0) { // otherwise the option tls is enough
                    add(Step.startTls());
                }
            }
            case CLIENT_FIN -> {
                wasClientFin = true;
                add(Step.expect(Expectation.fin()));
            }
            case SERVER_FIN -> {
                waits(turn);
                add(Step.halfClose());
            }
            case SERVER_RST -> {
                waits(turn);
                add(Step.reset());
            }
            case CLIENT_RST -> {} // no step is left for the client
        }
        if (turn.missing() > 0) {
            boolean isByClient = turn.kind() == SessionEvent.Kind.RECEIVED;
            String what = Escaping.bytes(turn.missing()) + " that the " + (isByClient ? "client" : "server") + " sent "
                    + (turn.missing() == 1 ? "is" : "are") + " not kept";
            add(new Part(isByClient ? Step.expect(turn.missing()) : null, what));
        }
    }

    private List<Step> expected(String bytes) {
        String other = others.received().hasNext() ? others.received().next() : bytes;
        return other.equals(bytes)
                ? MessageSteps.expected(bytes, detail)
                : MarkedMessage.expected(bytes, other, others.values());
    }

    private Step sent(String bytes) {
        String other = others.sent().hasNext() ? others.sent().next() : bytes;
        return MarkedAnswer.sent(bytes, other, others.values(), detail);
    }

    private void waits(Session.Turn turn) {
        if (turn.pause() >= leastPause) {
            add(Step.waitFor(Duration.ofMillis(turn.pause() / 1_000_000)));
        }
    }

    private void add(Step step) {
        add(new Part(step, ""));
    }

    private void add(Part part) {
        count++;
        to.accept(part);
    }
}
