package org.echoharness.gates;

import java.util.Arrays;

/**
 * Where in the output the triggers are reached that count the bytes and messages of the client. For an echo, a position is
 * known from the start. For a dialogue, it is the end of the output at the moment when the count is reached: what is before
 * it answers earlier messages. The dialogue pauses there until the gates have opened or closed. The triggers are known by
 * their index. The thread of the connection's event loop uses it.
 */
public final class TriggerPositions {

    private static final long UNKNOWN = Long.MAX_VALUE;

    private final boolean isDialogue;
    private final long[] bytes; // after which a trigger is reached; UNKNOWN for one that counts no bytes
    private final long[] messages; // the same
    private final long[] every; // the number of messages from one to the next for which it is reached; 0 for none
    private final boolean[] ofHandshake; // the trigger is a stage of the handshake
    private final long[] positions;
    private final boolean[] atPause; // the position is where the dialogue pauses
    private final boolean[] closes; // at the pause
    private long dealt; // bytes of the client that the dialogue has matched
    private long met; // messages of the client that the dialogue has matched
    private long pause = UNKNOWN;

    /**
     * @param count how many triggers there are
     * @param isDialogue whether it is called with what a dialogue has matched; otherwise the connection echoes
     */
    public TriggerPositions(int count, boolean isDialogue) {
        this.isDialogue = isDialogue;
        bytes = new long[count];
        messages = new long[count];
        every = new long[count];
        ofHandshake = new boolean[count];
        positions = new long[count];
        atPause = new boolean[count];
        closes = new boolean[count];
        Arrays.fill(bytes, UNKNOWN);
        Arrays.fill(messages, UNKNOWN);
        Arrays.fill(positions, UNKNOWN);
    }

    /** States that a trigger is reached after this many bytes of the client. */
    public void afterBytes(int index, long count) {
        bytes[index] = count;
        positions[index] = isDialogue ? UNKNOWN : count;
    }

    /** States that a trigger is reached after this many messages of the client. An echo never reaches it. */
    public void afterMessages(int index, long count) {
        messages[index] = count;
    }

    /** States that a trigger is reached for each message whose number is a multiple of this. An echo never reaches it. */
    public void everyMessage(int index, long count) {
        every[index] = count;
    }

    /** States that a trigger is reached at a stage of the handshake. */
    public void afterHandshake(int index) {
        ofHandshake[index] = true;
    }

    /** Called when the handshake has reached the stage of this trigger, at this end of the output. */
    public void reached(int index, long end) {
        positions[index] = end;
    }

    /** Returns whether the trigger is a position in the output, which may not be known yet. */
    public boolean counts(int index) {
        return bytes[index] != UNKNOWN || messages[index] != UNKNOWN || every[index] > 0 || ofHandshake[index];
    }

    /** Returns the position in the output at which the trigger is reached; {@link Long#MAX_VALUE} while it is unknown. */
    public long position(int index) {
        return positions[index];
    }

    /**
     * Returns whether the trigger is reached where the dialogue pauses. Its gate then waits until open gates have acted, as
     * it does if the client sends its next message only after the answer to this one.
     */
    public boolean isAtPause(int index) {
        return atPause[index];
    }

    /** Returns a number that is less for a trigger that comes first at the same position: bytes in order, then messages. */
    public long order(int index) {
        return bytes[index];
    }

    /** Called when a dialogue has matched bytes of the client, at this end of its output. */
    public void matched(int count, long end) {
        dealt += count;
        for (int i = 0; i < positions.length; i++) {
            if (positions[i] == UNKNOWN && dealt >= bytes[i]) {
                positions[i] = end;
                atPause[i] = true;
                pause = end;
            }
        }
    }

    /** Called when a dialogue is about to copy bytes of the client to this end of its output. */
    public void echoed(int count, long end) {
        for (int i = 0; i < positions.length; i++) {
            if (positions[i] == UNKNOWN && dealt + count >= bytes[i]) {
                positions[i] = end + bytes[i] - dealt;
            }
        }
        dealt += count;
    }

    /**
     * Called when a dialogue has matched a message, at this end of its output.
     *
     * @param open the gates that are open
     * @return whether the dialogue goes on; if not, it pauses
     */
    public boolean message(long end, boolean[] open) {
        met++;
        for (int i = 0; i < positions.length; i++) {
            boolean isNow = met == messages[i] || (every[i] > 0 && met % every[i] == 0);
            closes[i] = every[i] > 0 && open[i];
            if (every[i] > 0 || isNow) {
                positions[i] = isNow ? end : UNKNOWN;
                atPause[i] = isNow;
            }
            if (isNow || closes[i]) {
                pause = end;
            }
        }
        return pause == UNKNOWN;
    }

    /** Pauses at this end of the output. */
    public void pauseAt(long end) {
        pause = end;
    }

    /** Returns the position in the output at which the dialogue pauses; {@link Long#MAX_VALUE} if it does not pause. */
    public long pause() {
        return pause;
    }

    /** Ends the pause. */
    public void goOn() {
        pause = UNKNOWN;
    }

    /** Returns whether the gate is to close at the pause. */
    public boolean closes(int index) {
        return closes[index];
    }

    /** Called when the gate has closed. */
    public void closed(int index) {
        closes[index] = false;
    }
}
