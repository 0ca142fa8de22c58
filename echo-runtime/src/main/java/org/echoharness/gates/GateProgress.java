package org.echoharness.gates;

/**
 * How far a connection has progressed, for its gates. Positions are those of the output: for an echo, the client's stream;
 * otherwise what a dialogue has produced. Times are nanoseconds since the accept.
 */
public final class GateProgress {

    private long moved; // bytes of the output that were sent or dropped, without greetings and duplicates
    private long sent;
    private int held; // in the ring
    private boolean inputEnded;
    private boolean outputEnded;
    private long now;

    public long moved() {
        return moved;
    }

    public long sent() {
        return sent;
    }

    /** Returns how long the output is so far. */
    public long produced() {
        return moved + held;
    }

    public long now() {
        return now;
    }

    /** Returns whether the client's FIN is to be answered and no byte before it is left. */
    public boolean isAtFin() {
        return inputEnded && held == 0;
    }

    public boolean inputEnded() {
        return inputEnded;
    }

    public boolean outputEnded() {
        return outputEnded;
    }

    public void endOutput() {
        outputEnded = true;
    }

    /** Returns a number that grows with each byte that is moved or sent. */
    public long moment() {
        return moved + sent;
    }

    public void at(long time, int bytesHeld) {
        now = time;
        held = bytesHeld;
    }

    public void endInput() {
        inputEnded = true;
    }

    public void move(int bytes) {
        moved += bytes;
        held -= bytes;
    }

    public void send(int bytes) {
        sent += bytes;
    }
}
