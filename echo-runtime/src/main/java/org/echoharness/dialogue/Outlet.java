package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import org.echoharness.memory.RingBuffer;

/** Where a dialogue puts what it sends, and learns how much it may put. The thread of the connection's event loop uses it. */
public interface Outlet {

    /** Returns how many more bytes it takes now. */
    int room();

    /** Takes bytes, at most {@link #room}. */
    void put(byte[] bytes, int from, int count);

    /** Takes the remaining bytes, at most {@link #room}. */
    void put(ByteBuffer bytes);

    /** Moves the oldest bytes from the client's ring, at most {@link #room}, as an echo does. They count as matched one by one. */
    void echo(RingBuffer in, int count);

    /** Called when the dialogue has matched this number of further bytes of the client. What it puts after this answers them. */
    void matched(int bytes);

    /**
     * Called when one more message of the client was matched, before its answer is put.
     *
     * @return whether to go on now; if false, the dialogue pauses until all that it has put is sent
     */
    boolean message();

    /** Called when a step begins or is met, for the recording. */
    void step(String label);
}
