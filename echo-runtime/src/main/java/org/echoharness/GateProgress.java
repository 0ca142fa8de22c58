package org.echoharness;

/** How far a connection has progressed, for its gates. Times are nanoseconds since the accept. */
final class GateProgress {

    private long consumed; // bytes of the client that were sent back or dropped
    private long sent;
    private int held; // in the ring
    private boolean inputEnded;
    private boolean outputEnded;
    private long now;

    long consumed() {
        return consumed;
    }

    long sent() {
        return sent;
    }

    int held() {
        return held;
    }

    long received() {
        return consumed + held;
    }

    long now() {
        return now;
    }

    /** Returns whether the client's FIN has come and no byte before it is left. */
    boolean isAtFin() {
        return inputEnded && held == 0;
    }

    boolean inputEnded() {
        return inputEnded;
    }

    boolean outputEnded() {
        return outputEnded;
    }

    void endOutput() {
        outputEnded = true;
    }

    /** Returns a number that grows with each byte that is consumed or sent. */
    long moment() {
        return consumed + sent;
    }

    void at(long time, int bytesHeld) {
        now = time;
        held = bytesHeld;
    }

    void endInput() {
        inputEnded = true;
    }

    void consume(int bytes) {
        consumed += bytes;
        held -= bytes;
    }

    void send(int bytes) {
        sent += bytes;
    }

    boolean reached(Trigger trigger) {
        if (trigger instanceof Trigger.AfterReceived after) {
            return consumed >= after.bytes();
        }
        if (trigger instanceof Trigger.AfterSent after) {
            return sent >= after.bytes();
        }
        if (trigger instanceof Trigger.AfterTime after) {
            return now >= after.age().toNanos();
        }
        return trigger instanceof Trigger.AtAccept || isAtFin();
    }
}
