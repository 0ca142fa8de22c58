package org.echoharness.page;

import java.nio.ByteBuffer;

/**
 * One event of a connection, for the page.
 *
 * @param from the life line where it begins: 0 is the client, 1 its server or the relay, 2 the server behind the relay
 * @param to the life line where it ends; the same for an event that goes nowhere, such as a fault
 * @param after nanoseconds since the connection was accepted
 * @param offset the position of the first byte in its direction
 * @param bytes how many bytes there were
 * @param kept those of them that are kept
 * @param text the fault, the step or the reason, escaped; empty if there is none
 * @param change what a relay changed in the bytes, escaped; empty if nothing
 */
public record PageEvent(
        Kind kind, int from, int to, long after, long offset, long bytes, ByteBuffer kept, String text, String change) {

    /** What happened. */
    public enum Kind {
        CONNECT("connects", "connect"),
        BYTES("", "bytes"),
        FIN("FIN", "fin"),
        RST("RST", "rst"),
        REJECT("rejected: RST", "rst"),
        FAULT("fault", "fault"),
        STEP("", "step"),
        MISMATCH("mismatch", "mismatch"),
        HANDSHAKE("handshake", "step"),
        ALERT("alert", "mismatch"),
        NOTE("note", "note"),
        /** Events that are not kept. Their number is the text. */
        MISSING("", "missing");

        final String word;
        final String style;

        Kind(String word, String style) {
            this.word = word;
            this.style = style;
        }
    }

    /** Returns an event without bytes. */
    public static PageEvent of(Kind kind, int from, int to, long after, String text) {
        return new PageEvent(kind, from, to, after, 0, 0, ByteBuffer.allocate(0), text, "");
    }

    /** Returns whether it goes from one life line to another. */
    boolean isArrow() {
        return from != to;
    }

    boolean isToServer() {
        return from < to;
    }
}
