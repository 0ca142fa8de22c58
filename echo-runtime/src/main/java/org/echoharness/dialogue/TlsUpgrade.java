package org.echoharness.dialogue;

import org.echoharness.memory.RingBuffer;

/** Changes one connection over from clear text to TLS. The thread of the connection's event loop uses it. */
public interface TlsUpgrade {

    /**
     * Begins the handshake. From now on, what is read from the connection and written to it is text within TLS.
     *
     * @param clear what has come and is not matched: the beginning of the client's ClientHello; all of it is taken
     */
    void start(RingBuffer clear);

    /** Returns whether the handshake that has begun is not complete. If it fails, the connection is lost. */
    boolean isHandshaking();
}
