package org.echoharness.tls;

import javax.net.ssl.SSLEngine;

/**
 * How far the handshake of a channel has got, and whether its observer has stopped the channel at a stage. The thread that uses
 * the channel calls it.
 */
final class HandshakeProgress {

    private final boolean isClient;
    private final TlsObserver observer;
    private boolean hasHeardHello;
    private boolean hasSaidHello;
    private boolean isComplete;
    private boolean isPaused;

    HandshakeProgress(boolean isClient, TlsObserver observer) {
        this.isClient = isClient;
        this.observer = observer;
    }

    /** Called when the first message of the peer has come. Only the first call counts. */
    void heardHello() {
        if (!hasHeardHello) {
            hasHeardHello = true;
            reached(TlsObserver.Stage.CLIENT_HELLO);
        }
    }

    /** Called when records were made for the peer. Only the first call counts. */
    void saidHello() {
        if (!hasSaidHello && !isComplete && !isPaused) {
            hasSaidHello = true;
            reached(TlsObserver.Stage.SERVER_HELLO);
        }
    }

    /** Called when the engine has finished a handshake. Only the first call counts. */
    void complete(SSLEngine engine) {
        if (!isComplete) {
            isComplete = true;
            observer.agreed(HandshakeSummary.of(engine));
            reached(TlsObserver.Stage.HANDSHAKE);
        }
    }

    private void reached(TlsObserver.Stage stage) {
        isPaused = !isClient && !observer.reached(stage);
    }

    /** Returns whether the first message of the peer has come. */
    boolean hasHeardHello() {
        return hasHeardHello;
    }

    /** Returns whether the handshake is complete. */
    boolean isComplete() {
        return isComplete;
    }

    /** Returns whether the observer has stopped the channel. */
    boolean isPaused() {
        return isPaused;
    }

    /** Goes on after the observer has stopped the channel. */
    void resume() {
        isPaused = false;
    }
}
