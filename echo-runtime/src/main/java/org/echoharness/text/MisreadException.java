package org.echoharness.text;

/** Thrown for a text that cannot be read. The message contains the position in it. */
@SuppressWarnings("OverrideThrowableToString") // only the name of the type differs
public final class MisreadException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    MisreadException(String message) {
        super(message);
    }

    /** Returns what users see in a log: this type is no part of the API, and they may catch the one that it extends. */
    @Override
    public String toString() {
        return IllegalArgumentException.class.getName() + ": " + getMessage();
    }
}
