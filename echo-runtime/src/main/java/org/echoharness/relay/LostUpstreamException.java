package org.echoharness.relay;

import java.io.IOException;

/** Thrown if the connection to the server behind a relay was lost, so that it is not taken for the client's. */
public final class LostUpstreamException extends IOException {

    private static final long serialVersionUID = 1L;

    LostUpstreamException(IOException cause) {
        super(cause.getMessage(), cause);
    }
}
