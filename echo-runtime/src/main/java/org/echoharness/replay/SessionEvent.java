package org.echoharness.replay;

/**
 * One thing that happened on a connection.
 *
 * @param kind what happened
 * @param bytes the bytes that are kept, one character for each (U+0000 to U+00FF); empty if the event has none
 * @param missing how many bytes came after these and are not kept
 * @param nanos the time since the connection began
 */
public record SessionEvent(Kind kind, String bytes, long missing, long nanos) {

    /** What can happen, as the server sees it. */
    public enum Kind {
        /** The client sent bytes. */
        RECEIVED,
        /** The server sent bytes. */
        SENT,
        /** A TLS handshake was complete. */
        HANDSHAKE,
        /** The client ended its stream. */
        CLIENT_FIN,
        /** The server ended its stream. */
        SERVER_FIN,
        /** The client reset the connection. */
        CLIENT_RST,
        /** The server reset the connection. */
        SERVER_RST;

        boolean hasBytes() {
            return this == RECEIVED || this == SENT;
        }

        boolean isRst() {
            return this == CLIENT_RST || this == SERVER_RST;
        }
    }
}
