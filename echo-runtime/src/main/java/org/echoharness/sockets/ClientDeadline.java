package org.echoharness.sockets;

import java.net.SocketTimeoutException;
import java.time.Duration;
import org.echoharness.text.Quantities;

/**
 * Limits how long one call of a client takes in all, and how long it waits for the peer. Each call has its own, which
 * only the calling thread uses.
 */
public final class ClientDeadline {

    private final long timeoutNanos; // of the whole call; 0 for no limit
    private final long end;
    private long mostWait;
    private long lastWait; // when all waits end; 0 if not set

    /**
     * Starts now.
     *
     * @param readTimeout the longest wait for the peer
     * @param timeoutNanos how long the call may take; 0 without a limit
     */
    public ClientDeadline(Duration readTimeout, long timeoutNanos) {
        this.timeoutNanos = timeoutNanos;
        end = timeoutNanos == 0 ? 0 : System.nanoTime() + timeoutNanos;
        mostWait = readTimeout.toNanos();
    }

    public void waitAtMost(long nanos) {
        mostWait = Math.min(mostWait, nanos);
    }

    /** Limits all waits from now on, together, to the time of one wait. */
    public void waitOnceMore() {
        if (lastWait == 0) {
            lastWait = System.nanoTime() + mostWait;
        }
    }

    /** Returns when a wait that begins now must end. The read time-out limits it only if it is for the peer. */
    public long endOfWait(boolean isForPeer) {
        long now = System.nanoTime();
        long most = isForPeer ? mostWait : Long.MAX_VALUE / 2;
        if (lastWait != 0) {
            most = Math.min(most, lastWait - now);
        }
        return now + (timeoutNanos == 0 ? most : Math.min(most, end - now));
    }

    public boolean isOver() {
        return timeoutNanos != 0 && System.nanoTime() - end >= 0;
    }

    /**
     * Returns the error for a wait that failed.
     *
     * @param seen what happened before the wait, in words
     * @param idle what the message adds if the whole call has time left
     */
    public SocketTimeoutException error(String seen, String idle) {
        return new SocketTimeoutException(
                isOver()
                        ? seen + " when timeout (" + Quantities.text(Duration.ofNanos(timeoutNanos)) + ") was over"
                        : seen + idle);
    }
}
