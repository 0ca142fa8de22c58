package org.echoharness.tls;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** TLS has failed on a connection: the message says in what phase and why. */
public final class TlsException extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean byPeer;

    /**
     * @param byPeer whether the peer gave up: by an alert, or without a close_notify
     */
    TlsException(String message, @Nullable Throwable cause, boolean byPeer) {
        super(message, cause);
        this.byPeer = byPeer;
    }

    /** Returns whether the peer gave up: by an alert, or without a close_notify. */
    public boolean isByPeer() {
        return byPeer;
    }
}
