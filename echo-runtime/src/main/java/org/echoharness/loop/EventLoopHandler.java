package org.echoharness.loop;

/** Serves a socket registered with an event loop, and the alarms that it set. The loop's thread calls it. */
public interface EventLoopHandler {

    /** Called when the socket is ready for an operation of its key's interest set. Must not throw. */
    void ready();

    /** Called when an alarm set for this time or an earlier one goes off. Must not throw. */
    void alarm(long now);

    /** Closes the socket at once, without a clean end of stream, because the loop ends. */
    void abort();

    /** Returns whether this handler is served after the others whose sockets are ready. */
    default boolean comesLast() {
        return false;
    }
}
