package org.echoharness.gates;

/** How far a connection has progressed, for its gates. Times are nanoseconds since the accept. */
public final class GateProgress {

    private long consumed; // bytes of the client that were sent back or dropped
    private long sent;
    private int held; // in the ring
    private boolean inputEnded;
    private boolean outputEnded;
    private long now;

    public long consumed() {
        return consumed;
    }

    public long sent() {
        return sent;
    }

    public int held() {
        return held;
    }

    public long received() {
        return consumed + held;
    }

    public long now() {
        return now;
    }

    /** Returns whether the client's FIN has come and no byte before it is left. */
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

    /** Returns a number that grows with each byte that is consumed or sent. */
    public long moment() {
        return consumed + sent;
    }

    public void at(long time, int bytesHeld) {
        now = time;
        held = bytesHeld;
    }

    public void endInput() {
        inputEnded = true;
    }

    public void consume(int bytes) {
        consumed += bytes;
        held -= bytes;
    }

    public void send(int bytes) {
        sent += bytes;
    }
}
