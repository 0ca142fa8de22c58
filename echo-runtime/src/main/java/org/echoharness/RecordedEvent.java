package org.echoharness;

import java.time.Duration;
import org.echoharness.text.Quantities;

/**
 * One thing that happened on a recorded connection.
 *
 * @param after the time since the accept, or in a client's recording since the connect
 * @param kind what happened
 * @param offset the position of the first byte among those received or sent; 0 if the event has no bytes
 * @param bytes the number of bytes; 0 if the event has none
 * @param detail the fault that took effect, the note, the step of the script, what was expected and seen, or why the
 *     connection ended, at most 1,024 characters; else empty
 */
public record RecordedEvent(Duration after, Kind kind, long offset, int bytes, String detail) {

    /** The kinds of events. */
    public enum Kind {
        /** The server accepted the connection. Only a server records it. */
        ACCEPTED,
        /** The client connected. Only a client records it. */
        CONNECTED,
        /** The server accepted and reset the connection, because {@code maxConnections} was reached. */
        REJECTED,
        /** Bytes came from the other end. */
        RECEIVED,
        /** Bytes were sent to the other end. */
        SENT,
        /** A fault took effect. */
        FAULT,
        /** A note that {@link Recording#note} added. */
        NOTE,
        /** A message of the client was as a step of the script expects it, or a step that does something has begun. */
        STEP,
        /** What the client did, or did not do, is not what the script expects; or a handler has failed. */
        MISMATCH,
        /** The client's FIN: the server received it, or in a client's recording the client sent it. */
        CLIENT_FIN,
        /** The client's RST: the server received it or lost the connection, or in a client's recording the client sent it. */
        CLIENT_RST,
        /** The server's FIN: the server sent it, or in a client's recording the client received it. */
        SERVER_FIN,
        /** The server's RST: the server sent it, or in a client's recording the client received it or lost the connection. */
        SERVER_RST
    }

    /** Returns whether the client caused the event, in a recording of this side. */
    boolean isByClient(Ending.Side recordedBy) {
        return switch (kind) {
            case ACCEPTED, CONNECTED, CLIENT_FIN, CLIENT_RST -> true;
            case REJECTED, FAULT, NOTE, STEP, MISMATCH, SERVER_FIN, SERVER_RST -> false;
            case RECEIVED -> recordedBy == Ending.Side.SERVER;
            case SENT -> recordedBy == Ending.Side.CLIENT;
        };
    }

    /** Returns the milliseconds since the start, such as "12.345". */
    String millis() {
        return Quantities.millis(after);
    }
}
