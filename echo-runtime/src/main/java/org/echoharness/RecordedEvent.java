package org.echoharness;

import java.time.Duration;

/**
 * One thing that happened on a recorded connection.
 *
 * @param after how long after the accept
 * @param kind what happened
 * @param offset where its bytes begin in what was received or sent; 0 where there are none
 * @param bytes how many bytes; 0 where there are none
 * @param detail the fault that took hold, or why the connection ended; else empty
 */
public record RecordedEvent(Duration after, Kind kind, long offset, int bytes, String detail) {

    /** What can happen. */
    public enum Kind {
        /** The connection was accepted. */
        ACCEPTED,
        /** It was accepted and reset, since {@code maxConnections} was reached. */
        REJECTED,
        /** Bytes came from the client. */
        RECEIVED,
        /** Bytes were sent to the client. */
        SENT,
        /** A fault took hold. */
        FAULT,
        /** The client's FIN came. */
        CLIENT_FIN,
        /** The client's RST came, or the connection was lost in another way. */
        CLIENT_RST,
        /** The server sent a FIN. */
        SERVER_FIN,
        /** The server sent an RST. */
        SERVER_RST
    }

    /** Whether the client did it. */
    boolean isByClient() {
        return switch (kind) {
            case ACCEPTED, RECEIVED, CLIENT_FIN, CLIENT_RST -> true;
            case REJECTED, SENT, FAULT, SERVER_FIN, SERVER_RST -> false;
        };
    }

    /** "12.345", milliseconds since the accept. */
    String millis() {
        long micros = after.toNanos() / 1_000;
        return micros / 1_000 + "." + Long.toString(1_000 + micros % 1_000).substring(1);
    }
}
