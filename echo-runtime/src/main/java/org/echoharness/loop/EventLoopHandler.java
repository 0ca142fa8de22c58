package org.echoharness.loop;

/** What an event loop serves: a registered socket and, where it asked for one, an alarm. The loop's thread calls it. */
public interface EventLoopHandler {

    /** The socket is ready for what its key's interest set asks for. No exception may leave. */
    void ready();

    /** The alarm that was set for this instant or before it has gone off. No exception may leave. */
    void alarm(long now);

    /** The loop ends: the socket is closed at once, without a clean end of stream. No exception may leave. */
    void abort();

    /** Whether it is served after the other sockets that are ready. */
    default boolean comesLast() {
        return false;
    }
}
