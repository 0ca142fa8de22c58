package org.echoharness.gates;

import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * The state of one effect on one connection. To judge, it adds what it asks for to a verdict. A gate does not know its
 * trigger; the {@code GateChain} opens the gate when the trigger is reached. Time is an argument, in nanoseconds since
 * the accept. The thread of the connection's event loop calls it. The methods are called only while the gate is open,
 * unless stated otherwise.
 */
public abstract class Gate {

    /** Returns whether this gate keeps the client's FIN from taking effect, so that faults {@code on fin} must wait. */
    public boolean holdsFin(GateProgress progress) {
        return false;
    }

    /** Called when the gate has just opened. */
    public void opened(GateProgress progress) {}

    /** Adds to the verdict what this gate asks for. */
    public abstract void judge(GateProgress progress, Verdict verdict);

    /** Called when bytes have come into the ring, even if the gate is not open yet. */
    public void received(GateProgress progress) {}

    /** Called when the client's FIN has come and nothing more comes into the ring, even if the gate is not open yet. */
    public void inputEnded(long now) {}

    /**
     * Returns whether it sends more after a late write, to keep its rate. It must then know when it has nothing to
     * send.
     */
    public boolean makesUp() {
        return false;
    }

    /** Called when there is nothing to send now: nothing more has come, or its bytes are not due yet. */
    public void idles() {}

    /** Called when this many bytes were sent. */
    public void sent(int bytes, long now) {}

    /** Called when what this gate asked for was done, with this many bytes. */
    public void done(int bytes) {}

    /** Gives back what it took of {@link HeldMemory}, even if it is not open. The gate is not used after this. */
    public void release() {}

    /**
     * Alters bytes, or undoes that. {@code GateChain#alter} calls it before a write, for all bytes of the verdict.
     * {@code GateChain#restore} calls it after the write, for those that the ring still holds: for a copy all of them;
     * otherwise those that the socket did not take, perhaps none, with another index and position. Both call the gates
     * in the same order. So a gate may only XOR bytes; it must remember by position a change that depends on anything
     * but the position.
     *
     * @param index the index of the first byte in the ring, counted from the oldest
     * @param bytes how many bytes
     * @param position the position of the first byte in the output
     */
    public void alter(RingBuffer ring, int index, int bytes, long position) {}

    /**
     * Returns how many of the oldest bytes it has sent already, 0 if it is not open. If the faults are replaced, these
     * must not be sent again.
     */
    public int copied(GateProgress progress) {
        return 0;
    }
}
