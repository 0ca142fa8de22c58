package org.echoharness.text;

/** Thrown for a text that cannot be read. The message contains the position in it. */
public final class MisreadException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    MisreadException(String message) {
        super(message);
    }
}
