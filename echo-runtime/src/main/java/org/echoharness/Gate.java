package org.echoharness;

import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;

/**
 * The state of one effect on one connection. To judge, it adds what it asks for to a verdict. A gate does not know its
 * trigger; the {@link GateChain} opens the gate when the trigger is reached. Time is an argument, in nanoseconds since
 * the accept. On the thread of the connection's event loop.
 */
abstract class Gate {

    /** Whether the client's FIN takes no effect yet because of this gate. Only when open. */
    boolean holdsFin(GateProgress progress) {
        return false;
    }

    /** The gate has just opened. */
    void opened(GateProgress progress) {}

    /** Asks for something; only when open. */
    abstract void judge(GateProgress progress, Verdict verdict);

    /** Bytes came from the client. Also when the gate is not open yet. */
    void received(GateProgress progress) {}

    /** The client's FIN came. Also when the gate is not open yet. */
    void inputEnded(long now) {}

    /** Whether it sends more after a late write, to keep its rate; it then must know when there is nothing to send. */
    boolean makesUp() {
        return false;
    }

    /** There is nothing to send now: the client has sent nothing more, or its bytes are not due yet. Only when open. */
    void idles() {}

    /** This many bytes were sent. Only when open. */
    void sent(int bytes, long now) {}

    /** What this gate asked for was done, with this many bytes. */
    void done(int bytes) {}

    /** Gives back what it took of {@link HeldMemory}. The gate is not used after this. */
    void release() {}

    /**
     * Alters bytes before they are sent. A second call with the same arguments undoes the first. Only when open.
     *
     * @param index of the first byte, counted in the ring from the oldest
     * @param position of the first byte in the client's stream
     */
    void alter(RingBuffer ring, int index, int bytes, long position) {}

    /** How many of the oldest bytes were sent already and must not be sent again once this gate is gone. */
    int copied(GateProgress progress) {
        return 0;
    }
}
