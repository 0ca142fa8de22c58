package org.echoharness.tls;

import java.io.IOException;
import org.echoharness.text.Escaping;
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
     * Returns the failure of a peer that has ended the connection without a close_notify.
     *
     * @param peer the client or the server
     * @param isComplete whether the handshake is
     */
    static TlsException truncated(String peer, boolean isComplete) {
        String when = isComplete
                ? " ended the connection without a close_notify, so that the text may be truncated"
                : " ended the connection during the TLS handshake";
        return new TlsException(peer + when, null, true, false);
    }

    /**
     * Returns the failure of a peer that has sent a warning of TLS 1.2, which looked like its close_notify, since it is encrypted.
     *
     * @param peer the client or the server
     */
    static TlsException warned(String peer) {
        return new TlsException(
                peer + " sent a warning alert, which is no close_notify, so that the end of its text is not known",
                null,
                true,
                false);
    }

    /**
     * Returns what an error says about a failure of the engine: the phase, and the alert of the peer or the engine's reason.
     *
     * @param peer the client or the server
     * @param isComplete whether the handshake is
     */
    static String message(String peer, boolean isComplete, Throwable failed) {
        String what = isComplete ? "TLS failed: " : "the TLS handshake failed: ";
        String received = TlsAlert.received(failed);
        if (!received.isEmpty()) {
            return what + peer + " sent the alert " + received;
        }
        return what + Escaping.cut(Escaping.escape(failed.getMessage() + ofUsersCode(failed)));
    }

    /** Returns the reason of an exception in code of the user's, such as a key manager, of which later JDKs do not tell it. */
    private static String ofUsersCode(Throwable failed) {
        for (Throwable cause = failed.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof RuntimeException) {
                return String.valueOf(failed.getMessage()).contains(String.valueOf(cause.getMessage()))
                        ? ""
                        : ": " + cause.getMessage();
            }
        }
        return "";
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
