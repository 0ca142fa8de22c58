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

    private final MessageSteps.Detail detail;
    private final long leastPause;
    private final Consumer<Part> to;
    private final Iterator<String> others; // what the client sent in another session, for each turn of its
    private final List<Session.Turn> afterFin = new ArrayList<>(); // the server's FIN, and what the client did then
    private boolean wasClientFin;
    private long count;

    private SessionSteps(MessageSteps.Detail detail, long leastPause, Iterator<String> others, Consumer<Part> to) {
        this.detail = detail;
        this.leastPause = leastPause;
        this.others = others;
        this.to = to;
    }

    /**
     * Makes the steps for a client that sends other values each time. The two sessions show which: any value is expected
     * in their place.
     *
     * @param other what the same client did another time
     * @param to gets the steps one by one
     * @throws IllegalArgumentException if the sessions differ in more than values
     */
    public static void marked(Session session, Session other, Consumer<Part> to) {
        List<String> mine = messages(session);
        List<String> theirs = messages(other);
        if (mine.size() != theirs.size()) {
            theirs = cutAlike(String.join("", theirs), mine);
        }
        new SessionSteps(MessageSteps.Detail.LINES, Session.NO_PAUSES, theirs.iterator(), to).add(session);
    }

    private static List<String> messages(Session session) {
        List<String> messages = new ArrayList<>();
        session.turns(Session.NO_PAUSES, turn -> {
            if (turn.kind() == SessionEvent.Kind.RECEIVED) {
                messages.add(turn.bytes());
            }
        });
        return messages;
    }

    /** Cuts what a client sent where it stopped in the other session, if it sent as many bytes. */
    private static List<String> cutAlike(String all, List<String> messages) {
        List<String> cut = new ArrayList<>();
        int at = 0;
        for (String message : messages) {
            int end = Math.min(all.length(), at + message.length());
            cut.add(all.substring(at, end));
            at = end;
        }
        int bytes = String.join("", messages).length();
        if (bytes != all.length()) {
            throw new IllegalArgumentException("the client sent " + Escaping.bytes(bytes) + " and "
                    + Escaping.bytes(all.length()) + ", in other turns");
        }
        return cut;
    }

    /**
     * Makes the steps, and says what is missing among them.
     *
     * @param leastPause the shortest pause of the server that is kept as {@code wait}; null to keep none
     * @param to gets the steps one by one
     */
    public static void of(Session session, @Nullable Duration leastPause, Consumer<Part> to) {
        long pause = leastPause == null ? Session.NO_PAUSES : leastPause.toNanos();
        SessionSteps counted =
                new SessionSteps(MessageSteps.Detail.LINES, pause, Collections.emptyIterator(), part -> {});
        counted.add(session);
        MessageSteps.Detail detail = counted.count > MOST_STEPS ? MessageSteps.Detail.FEW : MessageSteps.Detail.LINES;
        new SessionSteps(detail, pause, Collections.emptyIterator(), to).add(session);
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
                    add(MessageSteps.sent(turn.bytes(), detail));
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
        String other = others.hasNext() ? others.next() : bytes;
        return other.equals(bytes) ? MessageSteps.expected(bytes, detail) : MarkedMessage.expected(bytes, other);
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
