package org.echoharness;

import java.time.Duration;

/**
 * One thing that happened on a recorded connection.
 *
 * @param after how long after the accept, or after the connect in what a client recorded
 * @param kind what happened
 * @param offset where its bytes begin in what was received or sent; 0 where there are none
 * @param bytes how many bytes; 0 where there are none
 * @param detail the fault that took hold, the note, or why the connection ended, at most 1,024 characters of it; else empty
 */
public record RecordedEvent(Duration after, Kind kind, long offset, int bytes, String detail) {

    /** What can happen. */
    public enum Kind {
        /** The connection was accepted: in what a server recorded. */
        ACCEPTED,
        /** The connection was made: in what a client recorded. */
        CONNECTED,
        /** It was accepted and reset, since {@code maxConnections} was reached. */
        REJECTED,
        /** Bytes came from the other end. */
        RECEIVED,
        /** Bytes were sent to the other end. */
        SENT,
        /** A fault took hold. */
        FAULT,
        /** A note that {@link Recording#note} added. */
        NOTE,
        /** The client's FIN: it came, or in what a client recorded, it was sent. */
        CLIENT_FIN,
        /** The client's RST came, or the connection was lost in another way. */
        CLIENT_RST,
        /** The server's FIN: it was sent, or in what a client recorded, it came. */
        SERVER_FIN,
        /** The server's RST: it was sent, or in what a client recorded, it came, or the connection was lost. */
        SERVER_RST
    }

    /** Whether the client did it, where this side recorded it. */
    boolean isByClient(Ending.Side recordedBy) {
        return switch (kind) {
            case ACCEPTED, CONNECTED, CLIENT_FIN, CLIENT_RST -> true;
            case REJECTED, FAULT, NOTE, SERVER_FIN, SERVER_RST -> false;
            case RECEIVED -> recordedBy == Ending.Side.SERVER;
            case SENT -> recordedBy == Ending.Side.CLIENT;
        };
    }

    /** "12.345", milliseconds since the start. */
    String millis() {
        return millis(after);
    }

    static String millis(Duration after) {
        long micros = OptionText.nanos(after) / 1_000;
        return micros / 1_000 + "." + Long.toString(1_000 + micros % 1_000).substring(1);
    }
}
