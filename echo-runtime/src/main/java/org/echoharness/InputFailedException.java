package org.echoharness;

import java.io.IOException;
import java.io.Serial;

/** What is to be sent or expected could not be read: no failure of the connection. */
final class InputFailedException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    InputFailedException(Throwable cause) {
        super("what is to be sent or expected cannot be read (" + FileErrorText.reason(cause) + ")", cause);
    }
}
