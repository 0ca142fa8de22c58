package org.echoharness;

/**
 * How a recorded connection ended.
 *
 * @param by the side that ended it: the one whose FIN came first, or that sent the RST
 * @param how whether it ended with a FIN or an RST
 * @param why the reason in words, such as {@code idle for 2s} or {@code reset after 300}; empty if there is none
 */
public record Ending(Side by, How how, String why) {

    /** A side of the connection. */
    public enum Side {
        /** The side that connected. */
        CLIENT,
        /** The side that accepted. */
        SERVER
    }

    /** The ways in which TCP ends a connection (RFC 9293, sections 3.6 and 3.5.3). */
    public enum How {
        /** An orderly end of the stream. */
        FIN,
        /** A reset, or a connection that was lost. */
        RST
    }

    @Override
    public String toString() {
        return by + " " + how + (why.isEmpty() ? "" : " (" + why + ")");
    }
}
