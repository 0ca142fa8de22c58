package org.echoharness.tls;

/** Learns what happens below the text of a {@link TlsChannel}. The thread that uses the channel calls all but {@link #tasksDone}. */
public interface TlsObserver {

    /** How far a handshake has got. */
    enum Stage {
        /** The whole ClientHello has come, and nothing was answered. */
        CLIENT_HELLO,
        /** The first record of the server was sent. */
        SERVER_HELLO,
        /** The handshake is complete, and no text was sent. */
        HANDSHAKE
    }

    /**
     * Called on a server, once for each stage.
     *
     * @return whether to go on; if not, the channel does nothing until {@link TlsChannel#resume}
     */
    default boolean reached(Stage stage) {
        return true;
    }

    /** Called when the handshake is complete. */
    default void agreed(HandshakeSummary summary) {}

    /** Called for each fatal alert, in words, such as {@code handshake_failure by the client}. */
    default void alerted(String alert) {}

    /** Called when a task of the handshake is over, so that the channel can go on. The thread of the task calls it. */
    default void tasksDone() {}
}
