package org.echoharness;

import java.net.SocketTimeoutException;
import java.time.Duration;

/** How long one call of a client may take in all, and how long it waits for the peer. One for each call, on its thread. */
final class ClientDeadline {

    private final long timeoutNanos; // of the whole call; 0 without
    private final long end;
    private long mostWait;
    private long lastWait; // the end of all waits; 0 without

    /**
     * Begins now.
     *
     * @param readTimeout the longest wait for the peer
     * @param timeoutNanos how long the call may take; 0 without a limit
     */
    ClientDeadline(Duration readTimeout, long timeoutNanos) {
        this.timeoutNanos = timeoutNanos;
        end = timeoutNanos == 0 ? 0 : System.nanoTime() + timeoutNanos;
        mostWait = readTimeout.toNanos();
    }

    void waitAtMost(long nanos) {
        mostWait = Math.min(mostWait, nanos);
    }

    /** Limits all waits from now on, together, to the time of one wait. */
    void waitOnceMore() {
        if (lastWait == 0) {
            lastWait = System.nanoTime() + mostWait;
        }
    }

    /** The end of a wait that begins now: for the peer, within the read time-out. */
    long endOfWait(boolean isForPeer) {
        long now = System.nanoTime();
        long most = isForPeer ? mostWait : Long.MAX_VALUE / 2;
        if (lastWait != 0) {
            most = Math.min(most, lastWait - now);
        }
        return now + (timeoutNanos == 0 ? most : Math.min(most, end - now));
    }

    boolean isOver() {
        return timeoutNanos != 0 && System.nanoTime() - end >= 0;
    }

    /**
     * The error after a wait without success.
     *
     * @param seen what was seen
     * @param idle what the message adds if the call itself has time left
     */
    SocketTimeoutException error(String seen, String idle) {
        return new SocketTimeoutException(
                isOver()
                        ? seen + " when timeout (" + OptionText.text(Duration.ofNanos(timeoutNanos)) + ") was over"
                        : seen + idle);
    }
}
