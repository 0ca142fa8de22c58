package org.echoharness.tls;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** TLS has failed on a connection: the message says in what phase and why. */
public final class TlsException extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean byPeer;
    private final boolean isAlert;

    /**
     * @param byPeer whether the peer gave up: by an alert, or without a close_notify
     * @param isAlert whether an alert was sent or received
     */
    TlsException(String message, @Nullable Throwable cause, boolean byPeer, boolean isAlert) {
        super(message, cause);
        this.byPeer = byPeer;
        this.isAlert = isAlert;
    }

    /**
     * Returns whether the connection may end with a FIN, because an alert says that the text is not whole, or because the
     * peer is to read it.
     */
    public boolean mayEndWithFin() {
        return isAlert;
    }

    /** Returns whether the peer gave up: by an alert, or without a close_notify. */
    public boolean isByPeer() {
        return byPeer;
    }
}
