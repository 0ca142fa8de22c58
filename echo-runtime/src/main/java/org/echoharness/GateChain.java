package org.echoharness;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * The faults of one connection at work: judges what is to be done with the oldest bytes, and is told what was done. Time
 * is {@link System#nanoTime()} and an argument, and what is random comes from seeds, so that the same calls always have
 * the same results. One event loop's thread uses it.
 */
final class GateChain {

    private final Gate[] gates;
    private final long accepted;
    private final GateProgress flow = new GateProgress();
    private final Verdict verdict = new Verdict();
    private boolean blocked;
    private boolean asksForMore;

    /** @param connection its number, so that no two connections draw the same from one seed */
    GateChain(List<Fault> faults, long connection, long now) {
        accepted = now;
        gates = new Gate[faults.size()];
        for (int i = 0; i < gates.length; i++) {
            gates[i] = GateFactory.gate(faults.get(i), connection);
        }
    }

    /** Bytes came; so many are held now. */
    void received(int held, long now) {
        flow.at(now - accepted, held);
        for (Gate gate : gates) {
            gate.received(flow);
        }
    }

    /** Gives back what they took of {@link HeldMemory}. Nobody uses them any more. */
    void release() {
        for (Gate gate : gates) {
            gate.release();
        }
    }

    /** The client's FIN came. */
    void inputEnded(int held, long now) {
        flow.at(now - accepted, held);
        flow.endInput();
        for (Gate gate : gates) {
            gate.inputEnded(flow.now());
        }
    }

    /** What to do next. The verdict is good until the next call. Reports the faults that take effect now. */
    Verdict judge(int held, long now, Consumer<Fault> takesEffect) {
        flow.at(now - accepted, held);
        verdict.begin();
        open(false, takesEffect);
        if (!holdsFin()) {
            open(true, takesEffect);
        }
        for (Gate gate : gates) {
            if (!gate.isOpen()) {
                gate.awaitTrigger(flow, verdict);
            }
        }
        for (Gate gate : gates) {
            if (gate.isOpen()) {
                gate.judge(flow, verdict);
            }
        }
        verdict.settle(held, flow.outputEnded(), flow.inputEnded());
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
        if (held > 0 || flow.inputEnded() || !verdict.reading()) {
            idles();
            return;
        }
        for (Gate gate : gates) {
            asksForMore |= gate.isOpen() && gate.makesUp();
        }
    }

    /**
     * Whether to read at once and call {@link #idles} if nothing has come, since a gate must know whether it is the client
     * that keeps the others waiting; as last judged, if that was to wait.
     */
    boolean asksForMore() {
        return asksForMore;
    }

    /** The client has sent nothing more. */
    void idles() {
        for (Gate gate : gates) {
            if (gate.isOpen()) {
                gate.idles();
            }
        }
    }

    private void open(boolean onFin, Consumer<Fault> takesEffect) {
        for (Gate gate : gates) {
            if (gate.isOnFin() == onFin && gate.opens(flow)) {
                takesEffect.accept(gate.fault());
            }
        }
    }

    /** Whether the FIN, which may have come with the last byte, comes after what is still to be done. */
    private boolean holdsFin() {
        for (Gate gate : gates) {
            if (gate.isOpen() && gate.holdsFin(flow)) {
                return true;
            }
        }
        return false;
    }

    /** Before the bytes of a verdict to send or copy are sent. */
    void alter(RingBuffer ring) {
        alter(ring, verdict.from(), verdict.count(), flow.consumed() + verdict.from());
    }

    /** Behind them, before {@link #done}: what is still held becomes again what the client has sent. */
    void restore(RingBuffer ring, int taken) {
        boolean kept = verdict.kind() == Verdict.Kind.COPY;
        int first = kept ? verdict.from() : 0;
        int left = kept ? verdict.count() : verdict.count() - taken;
        alter(ring, first, left, flow.consumed() + (kept ? first : taken));
    }

    private void alter(RingBuffer ring, int index, int count, long position) {
        for (Gate gate : gates) {
            if (gate.isOpen()) {
                gate.alter(ring, index, count, position);
            }
        }
    }

    /** The verdict was carried out, with so many bytes. */
    void done(int bytes, long now) {
        Verdict.Kind kind = verdict.kind();
        if (kind == Verdict.Kind.SEND || kind == Verdict.Kind.DISCARD) {
            flow.consume(bytes);
        }
        if (kind != Verdict.Kind.DISCARD) {
            flow.send(bytes);
            for (Gate gate : gates) {
                if (gate.isOpen()) {
                    gate.sent(bytes, now - accepted);
                }
            }
        }
        Gate author = verdict.author();
        if (author != null) {
            author.done(bytes);
        }
    }

    /** The server's FIN was sent: from now on all bytes are dropped. */
    void outputEnded() {
        flow.endOutput();
    }

    boolean hasEndedOutput() {
        return flow.outputEnded();
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
            most = Math.max(most, gate.copied(flow));
        }
        return most;
    }

    /** For people. */
    @Override
    public String toString() {
        List<Fault> faults = new ArrayList<>();
        for (Gate gate : gates) {
            faults.add(gate.fault());
        }
        return faults.toString();
    }
}
