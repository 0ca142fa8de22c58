package org.echoharness;

import java.util.List;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * The faults of one connection at work. It opens the gate of each fault when its trigger is reached, asks the open gates
 * what to do with the oldest bytes, and is called when that was done. Time is {@link System#nanoTime()} and an argument,
 * and what is random comes from seeds, so that the same calls always have the same results. One event loop's thread uses
 * it.
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
    private final Observer observer;
    private final long accepted;
    private final GateProgress progress = new GateProgress();
    private final Verdict verdict = new Verdict(this);
    private boolean blocked;
    private boolean asksForMore;

    /** @param connection its number, so that no two connections draw the same from one seed */
    GateChain(List<Fault> faults, long connection, long now, Observer observer) {
        this.faults = faults.toArray(Fault[]::new);
        this.observer = observer;
        accepted = now;
        gates = new Gate[this.faults.length];
        open = new boolean[gates.length];
        moments = new long[gates.length];
        for (int i = 0; i < gates.length; i++) {
            gates[i] = EffectRow.gate(this.faults[i].effect(), connection);
        }
    }

    /** Bytes came; this many are held now. */
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

    /** The client's FIN came. */
    void inputEnded(int held, long now) {
        progress.at(now - accepted, held);
        progress.endInput();
        for (Gate gate : gates) {
            gate.inputEnded(progress.now());
        }
    }

    /** Judges what to do next. The verdict is good until the next call. Reports the faults that take effect now. */
    Verdict judge(int held, long now) {
        progress.at(now - accepted, held);
        verdict.begin();
        open(false);
        if (!holdsFin()) {
            open(true);
        }
        for (int i = 0; i < gates.length; i++) {
            if (!open[i]) {
                awaitTrigger(faults[i].trigger());
            }
        }
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
     * Whether to read at once and call {@link #idles} if nothing has come, because a gate must know whether the client has
     * sent more; as last judged, if the verdict was to wait.
     */
    boolean asksForMore() {
        return asksForMore;
    }

    /** The client has sent nothing more. */
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
            if (!open[i] && trigger instanceof Trigger.OnFin == onFin && progress.reached(trigger)) {
                open[i] = true;
                moments[i] = progress.moment();
                gates[i].opened(progress);
                observer.applying(faults[i]);
            }
        }
    }

    /** Lets pass what comes before the trigger of a gate that is not open, and no more. */
    private void awaitTrigger(Trigger trigger) {
        if (trigger instanceof Trigger.AfterReceived after) {
            verdict.stopBefore(after.bytes() - progress.consumed());
        } else if (trigger instanceof Trigger.AfterSent after) {
            verdict.atMost(after.bytes() - progress.sent());
        } else if (trigger instanceof Trigger.AfterTime after) {
            verdict.wakeAt(after.age().toNanos());
        }
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

    /** Whether an open gate has something to do before the client's FIN takes effect. */
    private boolean holdsFin() {
        for (int i = 0; i < gates.length; i++) {
            if (open[i] && gates[i].holdsFin(progress)) {
                return true;
            }
        }
        return false;
    }

    /** Alters the bytes of a verdict to send or copy. Before they are sent. */
    void alter(RingBuffer ring) {
        alter(ring, verdict.from(), verdict.count(), progress.consumed() + verdict.from());
    }

    /** Undoes this for the bytes that the ring still holds. After the bytes were sent, before {@link #done}. */
    void restore(RingBuffer ring, int taken) {
        boolean kept = verdict.kind() == Verdict.Kind.COPY;
        int first = kept ? verdict.from() : 0;
        int left = kept ? verdict.count() : verdict.count() - taken;
        alter(ring, first, left, progress.consumed() + (kept ? first : taken));
    }

    private void alter(RingBuffer ring, int index, int count, long position) {
        for (int i = 0; i < gates.length; i++) {
            if (open[i]) {
                gates[i].alter(ring, index, count, position);
            }
        }
    }

    /** The verdict was carried out, with this many bytes. */
    void done(int bytes, long now) {
        Verdict.Kind kind = verdict.kind();
        if (kind == Verdict.Kind.SEND || kind == Verdict.Kind.DISCARD) {
            progress.consume(bytes);
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

    /** The fault that the last verdict comes from, for people. */
    String reason() {
        return verdict.author() < 0 ? "" : faults[verdict.author()].toString();
    }

    /** The server's FIN was sent: from now on all bytes are dropped. */
    void outputEnded() {
        progress.endOutput();
    }

    boolean hasEndedOutput() {
        return progress.outputEnded();
    }

    /** Whether to go on as soon as the socket takes bytes. */
    boolean isBlocked() {
        return blocked;
    }

    void blocked(boolean now) {
        blocked = now;
    }

    /** Whether to read what the client sends, as last judged. */
    boolean reading() {
        return verdict.reading();
    }

    /** Nanoseconds until the next judgement is due, at least 1, or {@link Verdict#NEVER}; as last judged. */
    long untilWake(long now) {
        return verdict.wake() == Verdict.NEVER ? Verdict.NEVER : Math.max(1, verdict.wake() - (now - accepted));
    }

    /** How many of the oldest bytes were sent already. */
    int copied() {
        int most = 0;
        for (Gate gate : gates) {
            most = Math.max(most, gate.copied(progress));
        }
        return most;
    }

    /** For people. */
    @Override
    public String toString() {
        return List.of(faults).toString();
    }
}
