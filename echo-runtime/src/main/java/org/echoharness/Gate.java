package org.echoharness;

import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * One fault at work on one connection: asks for what it wants by adding to a verdict. Its time is nanoseconds since the
 * accept, an argument: no clock here. Called by the thread of the connection's event loop.
 */
abstract class Gate {

    private final Fault fault;
    private boolean open;
    private long moment;

    Gate(Fault fault) {
        this.fault = fault;
    }

    final Fault fault() {
        return fault;
    }

    final boolean isOpen() {
        return open;
    }

    /** Opens the gate if its trigger has been reached. Returns whether that was now. */
    final boolean opens(GateProgress flow) {
        if (open || !flow.reached(fault.trigger())) {
            return false;
        }
        open = true;
        moment = flow.moment();
        opened(flow);
        return true;
    }

    /** Before the gate is open: lets pass what comes before it, and no more. */
    final void awaitTrigger(GateProgress flow, Verdict verdict) {
        if (fault.trigger() instanceof Trigger.AfterReceived after) {
            verdict.stopBefore(after.bytes() - flow.consumed());
        } else if (fault.trigger() instanceof Trigger.AfterSent after) {
            verdict.atMost(after.bytes() - flow.sent());
        } else if (fault.trigger() instanceof Trigger.AfterTime after) {
            verdict.wakeAt(after.age().toNanos());
        }
    }

    final boolean isOnFin() {
        return fault.trigger() instanceof Trigger.OnFin;
    }

    /**
     * Whether this gate, which ends or stalls the connection, does so in the middle of what another one inserts: if its
     * trigger was reached later. At the same moment the one that comes first in the list goes first.
     */
    final boolean interrupts(Gate inserting) {
        if (fault.trigger() instanceof Trigger.AfterTime after) {
            return !after.equals(inserting.fault.trigger());
        }
        return moment > inserting.moment;
    }

    /** Whether the client's FIN takes no effect yet because of this gate. Only when open. */
    boolean holdsFin(GateProgress flow) {
        return false;
    }

    /** The gate has just opened. */
    void opened(GateProgress flow) {}

    /** Asks for something; only when open. */
    abstract void judge(GateProgress flow, Verdict verdict);

    /** Bytes came from the client. Also when the gate is not open yet. */
    void received(GateProgress flow) {}

    /** The client's FIN came. Also when the gate is not open yet. */
    void inputEnded(long now) {}

    /** Whether it makes up for late writes, so that it must know when nothing could be sent. */
    boolean makesUp() {
        return false;
    }

    /** Nothing can be sent now: the client has sent nothing more, or its bytes are not due yet. Only when open. */
    void idles() {}

    /** So many bytes were sent. Only when open. */
    void sent(int bytes, long now) {}

    /** What this gate asked for was done, with so many bytes. */
    void done(int bytes) {}

    /** Gives back what it took of {@link HeldMemory}. Nobody uses it any more. */
    void release() {}

    /**
     * Alters so many bytes, from this place in the ring and this position of the client's stream on, before they are sent.
     * To do it twice undoes it. Only when open.
     */
    void alter(RingBuffer ring, int index, int bytes, long position) {}

    /** How many of the oldest bytes were sent already and must not be sent again once this gate is gone. */
    int copied(GateProgress flow) {
        return 0;
    }
}
