package org.echoharness.dialogue;

/** Opens the dialogues of connections. */
public interface DialogueFactory {

    /** Opens the dialogue of a connection. The thread of its event loop calls this. */
    Dialogue open(ConnectionCalls connection);

    /** Returns whether its dialogues call {@link Outlet#message}. */
    default boolean countsMessages() {
        return true;
    }
}
