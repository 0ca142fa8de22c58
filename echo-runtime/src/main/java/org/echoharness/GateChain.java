package org.echoharness;

import java.util.List;
import org.echoharness.gates.Gate;
import org.echoharness.gates.GateProgress;
import org.echoharness.gates.TriggerPositions;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * Applies the faults of one connection. It opens the gate of each fault when its trigger is reached, asks the open
 * gates what to do with the oldest bytes, and is called when that was done. Time is an argument, as {@link
 * System#nanoTime()} gives it, and random values come from seeds, so that the same calls always have the same results.
 * The thread of one event loop uses it.
 *
 * <p>A trigger that counts what the client has sent is a position in the output. For an echo this position is known from
 * the start. For a dialogue it is where the output ends at the moment when the count is reached: the output before it
 * answers earlier messages, and passes.
 */
final class GateChain implements Verdict.Order {

    /** Learns which faults take effect. */
    interface Observer {
        void applying(Fault fault);
    }

    private final Fault[] faults;
    private final Gate[] gates; // one for each fault
    private final boolean[] open;
    private final long[] moments; // at which they opened
    private final TriggerPositions positions;
    private final long connection;
    private final boolean isDialogue;
    private final Observer observer;
    private final long accepted;
    private final GateProgress progress = new GateProgress();
    private final Verdict verdict = new Verdict(this);
    private boolean isSettled;
    private boolean blocked;
    private boolean asksForMore;

    /**
     * @param connection the number of the connection, so that two connections with the same seed draw different values
     * @param isDialogue whether it is called with what a dialogue has matched; otherwise the connection echoes
     */
    GateChain(List<Fault> faults, long connection, long now, boolean isDialogue, Observer observer) {
        this.faults = faults.toArray(Fault[]::new);
        this.connection = connection;
        this.isDialogue = isDialogue;
        this.observer = observer;
        accepted = now;
        gates = new Gate[this.faults.length];
        open = new boolean[gates.length];
        moments = new long[gates.length];
        positions = new TriggerPositions(gates.length, isDialogue);
        for (int i = 0; i < gates.length; i++) {
            gates[i] = gate(i);
            Trigger trigger = this.faults[i].trigger();
            if (trigger instanceof Trigger.AfterReceived after) {
                positions.afterBytes(i, after.bytes());
            } else if (trigger instanceof Trigger.AfterMessages after) {
                positions.afterMessages(i, after.messages());
            } else if (trigger instanceof Trigger.EveryMessage every) {
                positions.everyMessage(i, every.messages());
            } else if (trigger instanceof Trigger.AfterHandshake) {
                positions.afterHandshake(i);
            }
        }
    }

    private Gate gate(int index) {
        return EffectRow.gate(faults[index].effect(), connection);
    }

    /** Called when bytes have come; this many are held now. */
    void received(int held, long now) {
        progress.at(now - accepted, held);
        for (Gate gate : gates) {
            gate.received(progress);
        }
    }

    /** Gives back what the gates took of {@link HeldMemory}. The chain is not used after this. */
    void release() {
        for (Gate gate : gates) {
            gate.release();
        }
    }

    /** Called when the client's FIN has come. */
    void inputEnded(int held, long now) {
        progress.at(now - accepted, held);
        progress.endInput();
        for (Gate gate : gates) {
            gate.inputEnded(progress.now());
        }
    }

    /** Decides what to do next. The verdict is valid until the next call. Reports the faults that take effect now. */
    Verdict judge(int held, long now) {
        progress.at(now - accepted, held);
        verdict.begin();
        closeGates();
        open(false);
        while (isDialogue && !holdsFin() && openAtPause()) {}
        if (!holdsFin()) {
            open(true);
        }
        for (int i = 0; i < gates.length; i++) {
            if (!open[i]) {
                awaitTrigger(i);
            }
        }
        verdict.stopBefore(positions.pause() - progress.moved());
        for (int i = 0; i < gates.length; i++) {
            if (open[i]) {
                verdict.asks(i);
                gates[i].judge(progress, verdict);
            }
        }
        verdict.settle(held, progress.outputEnded(), progress.inputEnded());
        if (verdict.kind() == Verdict.Kind.WAIT) {
            waits(held);
        }
        settle(held);
        return verdict;
    }

    private void waits(int held) {
        asksForMore = false;
        if (verdict.isHeldBack()) {
            return;
        }
        if (held > 0 || progress.inputEnded() || !verdict.reading()) {
            idles();
            return;
        }
        for (int i = 0; i < gates.length; i++) {
            asksForMore |= open[i] && gates[i].makesUp();
        }
    }

    /**
     * Returns whether to read at once and call {@link #idles} if nothing has come, because a gate must know whether the
     * client has sent more. It is valid if the last verdict was to wait.
     */
    boolean asksForMore() {
        return asksForMore;
    }

    /** Called when the client has sent nothing more. */
    void idles() {
        for (int i = 0; i < gates.length; i++) {
            if (open[i]) {
                gates[i].idles();
            }
        }
    }

    private void open(boolean onFin) {
        for (int i = 0; i < gates.length; i++) {
            Trigger trigger = faults[i].trigger();
            boolean isNow = trigger instanceof Trigger.OnFin == onFin && !positions.isAtPause(i);
            if (!open[i] && isNow && isReached(i)) {
                open(i);
            }
        }
    }

    private void open(int index) {
        open[index] = true;
        moments[index] = progress.moment();
        gates[index].opened(progress);
        observer.applying(faults[index]);
    }

    private boolean isReached(int index) {
        Trigger trigger = faults[index].trigger();
        if (positions.counts(index)) {
            return progress.moved() >= positions.position(index);
        }
        if (trigger instanceof Trigger.AfterSent after) {
            return progress.sent() >= after.bytes();
        }
        if (trigger instanceof Trigger.AfterTime after) {
            return progress.now() >= after.age().toNanos();
        }
        return trigger instanceof Trigger.AtAccept || progress.isAtFin();
    }

    /** Limits the verdict to what comes before the trigger of a gate that is not open. */
    private void awaitTrigger(int index) {
        Trigger trigger = faults[index].trigger();
        if (positions.counts(index)) {
            verdict.stopBefore(positions.position(index) - progress.moved());
        } else if (trigger instanceof Trigger.AfterSent after) {
            verdict.atMost(after.bytes() - progress.sent());
        } else if (trigger instanceof Trigger.AfterTime after) {
            verdict.wakeAt(after.age().toNanos());
        }
    }

    /**
     * Opens the gates whose trigger is reached where the dialogue pauses, and whose count comes first: the fewest bytes, then
     * messages. Returns whether there were any. If one of them must act first, the others wait for that, as they do if an
     * echo reaches one count after the other.
     */
    private boolean openAtPause() {
        long first = Long.MAX_VALUE;
        boolean any = false;
        for (int i = 0; i < gates.length; i++) {
            if (isDue(i)) {
                first = Math.min(first, positions.order(i));
                any = true;
            }
        }
        for (int i = 0; any && i < gates.length; i++) {
            if (isDue(i) && positions.order(i) == first) {
                open(i);
            }
        }
        return any;
    }

    private boolean isDue(int index) {
        return !open[index] && positions.isAtPause(index) && isReached(index);
    }

    /** Closes the gates whose message is answered. Each gate then begins again, for the next of its messages. */
    private void closeGates() {
        for (int i = 0; i < gates.length; i++) {
            if (positions.closes(i) && progress.moved() >= positions.pause() && !gates[i].holdsFin(progress)) {
                gates[i].release();
                gates[i] = gate(i);
                open[i] = false;
                positions.closed(i);
            }
        }
    }

    /** Called when the handshake has reached a stage: the faults that wait for it act after the bytes that are held. */
    void reached(Trigger.HandshakeStage stage, int held) {
        for (int i = 0; i < gates.length; i++) {
            if (awaits(i, stage)) {
                positions.reached(i, progress.moved() + held);
            }
        }
    }

    /** Returns whether a fault waits for this stage, or has not taken effect since. */
    boolean awaits(Trigger.HandshakeStage stage) {
        boolean any = false;
        for (int i = 0; i < gates.length; i++) {
            any |= awaits(i, stage);
        }
        return any;
    }

    private boolean awaits(int index, Trigger.HandshakeStage stage) {
        return !open[index]
                && faults[index].trigger() instanceof Trigger.AfterHandshake after
                && after.stage() == stage;
    }

    /** Returns whether a fault asked for the last action that waited for the end of the handshake. */
    boolean isAfterHandshake() {
        return verdict.author() >= 0
                && faults[verdict.author()].trigger() instanceof Trigger.AfterHandshake after
                && after.stage() == Trigger.HandshakeStage.HANDSHAKE;
    }

    /** Called when what a fault asked for last is done elsewhere: the fault acts no more, and the others go on. */
    void drop() {
        int author = verdict.author();
        if (author >= 0) {
            gates[author] = new Passing(); // the former one ended the connection, so it holds no memory
        }
    }

    /** Lets everything pass. */
    private static final class Passing extends Gate {
        @Override
        public void judge(GateProgress progress, Verdict verdict) {}
    }

    /** Called when a dialogue has matched bytes of the client, while this many bytes of output are held. */
    void matched(int bytes, int held) {
        positions.matched(bytes, progress.moved() + held);
        isSettled = false;
    }

    /** Called when a dialogue is about to put bytes of the client after the bytes of output that are held. */
    void echoed(int bytes, int held) {
        positions.echoed(bytes, progress.moved() + held);
    }

    /**
     * Called when a dialogue has matched a message, while this many bytes of output are held. Returns whether it goes on;
     * if not, a gate opens or closes here, and the dialogue pauses until {@link #isSettled}.
     */
    boolean message(int held) {
        isSettled = false;
        return positions.message(progress.moved() + held, open);
    }

    /**
     * Called when a dialogue waits until {@link #isSettled}: nothing that is held waits for what comes after it. Returns
     * whether this is new, so that another judgement is due.
     */
    boolean flush(int held) {
        long here = progress.moved() + held;
        boolean isNew = positions.pause() != here && !(isSettled && held == 0);
        if (isNew) {
            positions.pauseAt(here);
            isSettled = false;
        }
        return isNew;
    }

    /** The dialogue goes on after a pause when all before it has moved, and each gate that opens or closes has acted. */
    private void settle(int held) {
        isSettled = isDialogue && held == 0 && !holdsFin();
        if (isSettled) {
            positions.goOn();
        }
    }

    /** Returns whether nothing is left to do before the dialogue goes on, by the last verdict. */
    boolean isSettled() {
        return isSettled;
    }

    /**
     * A gate interrupts another if its trigger was reached later. If both were reached at the same moment, the order of
     * the faults decides.
     */
    @Override
    public boolean interrupts(int asking, int inserting) {
        if (faults[asking].trigger() instanceof Trigger.AfterTime after) {
            return !after.equals(faults[inserting].trigger());
        }
        return moments[asking] > moments[inserting];
    }

    /** Returns whether an open gate keeps the client's FIN from taking effect; gates {@code on fin} then stay closed. */
    private boolean holdsFin() {
        for (int i = 0; i < gates.length; i++) {
            if (open[i] && gates[i].holdsFin(progress)) {
                return true;
            }
        }
        return false;
    }

    /** Alters the bytes of a verdict to send or copy, before they are sent. */
    void alter(RingBuffer ring) {
        alter(ring, verdict.from(), verdict.count(), progress.moved() + verdict.from());
    }

    /** Undoes {@link #alter} for the bytes that the ring still holds, after the write and before {@link #done}. */
    void restore(RingBuffer ring, int taken) {
        boolean kept = verdict.kind() == Verdict.Kind.COPY;
        int first = kept ? verdict.from() : 0;
        int left = kept ? verdict.count() : verdict.count() - taken;
        alter(ring, first, left, progress.moved() + (kept ? first : taken));
    }

    private void alter(RingBuffer ring, int index, int count, long position) {
        for (int i = 0; i < gates.length; i++) {
            if (open[i]) {
                gates[i].alter(ring, index, count, position);
            }
        }
    }

    /** Called when the verdict was carried out, with this many bytes. */
    void done(int bytes, long now) {
        Verdict.Kind kind = verdict.kind();
        if (kind == Verdict.Kind.SEND || kind == Verdict.Kind.DISCARD) {
            progress.move(bytes);
        }
        if (kind != Verdict.Kind.DISCARD) {
            progress.send(bytes);
            for (int i = 0; i < gates.length; i++) {
                if (open[i]) {
                    gates[i].sent(bytes, now - accepted);
                }
            }
        }
        if (verdict.author() >= 0) {
            gates[verdict.author()].done(bytes);
        }
    }

    /** Returns the text of the fault that the last verdict comes from, or an empty string. */
    String reason() {
        return verdict.author() < 0 ? "" : faults[verdict.author()].toString();
    }

    /** Called when the server's FIN was sent: from now on all bytes are dropped. */
    void outputEnded() {
        progress.endOutput();
    }

    /** Returns whether to go on as soon as the socket takes bytes. */
    boolean isBlocked() {
        return blocked;
    }

    /** Returns whether what is held waits for more bytes, and for nothing else, by the last verdict. */
    boolean awaitsMore() {
        return !blocked && verdict.reading() && verdict.wake() == Verdict.NEVER;
    }

    void blocked(boolean now) {
        blocked = now;
    }

    /** Returns whether to read what the client sends, by the last verdict. */
    boolean reading() {
        return verdict.reading();
    }

    /**
     * Returns the nanoseconds until {@link #judge} is due, at least 1, or {@link Verdict#NEVER}, by the last verdict.
     */
    long untilWake(long now) {
        return verdict.wake() == Verdict.NEVER ? Verdict.NEVER : Math.max(1, verdict.wake() - (now - accepted));
    }

    /** Returns how many of the oldest bytes were sent already. */
    int copied() {
        int most = 0;
        for (Gate gate : gates) {
            most = Math.max(most, gate.copied(progress));
        }
        return most;
    }
}
