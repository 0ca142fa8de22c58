package org.echoharness.proxy;

import java.io.Serial;

/** Bytes that are no header: the message says what was expected in place of them. */
final class MalformedHeaderException extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    MalformedHeaderException(String expected) {
        super(expected, null, false, false);
    }

    String expected() {
        return String.valueOf(getMessage());
    }
}
