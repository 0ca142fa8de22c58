package org.echoharness;

/**
 * How a recorded connection ended.
 *
 * @param by who ended it: whose FIN came first, or whose RST
 * @param how with what
 * @param why in words, where there is more to say: {@code idle for 2s}, {@code reset after 300}; else empty
 */
public record Ending(Side by, How how, String why) {

    /** An end of the connection. */
    public enum Side {
        /** The end that connected. */
        CLIENT,
        /** The end that accepted. */
        SERVER
    }

    /** The ways of TCP (RFC 9293, sections 3.6 and 3.5.3). */
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
