package org.echoharness.dialogue;

import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How far one connection has come on the way from clear text to TLS, as a step of a script or a handler asks for it. It reads
 * no byte of the handshake but the first. The thread of the connection's event loop uses it.
 */
final class TlsStart {

    /** What it waits for. */
    enum State {
        /** That all is sent that was put in clear text. */
        FLUSHES,
        /** The first byte of the client's ClientHello. */
        AWAITS_HELLO,
        /** The end of the handshake. */
        HANDSHAKES,
        /** Nothing: TLS has started. */
        STARTED,
        /** Nothing: the client has sent something else, or its FIN. */
        FAILED
    }

    private static final int HANDSHAKE_RECORD = 22; // RFC 8446, section 5.1

    private static final String FIN = "the client's FIN";
    private static final String IN_CLEAR =
            " in clear text (a server that keeps this for after the handshake has the flaw of CVE-2011-0411)";

    private final TlsUpgrade upgrade;
    private final String label;
    private State state = State.FLUSHES;
    private boolean isFlushed; // at the next call
    private String seen = "";
    private boolean isEarlyEnd;

    /** @param label what the recording has when the server begins to wait for the ClientHello */
    TlsStart(TlsUpgrade upgrade, String label) {
        this.upgrade = upgrade;
        this.label = label;
    }

    /** Goes on. After FLUSHES, it is to be called again only when all is sent. */
    State advance(RingBuffer in, boolean inputEnded, Outlet out) {
        if (state == State.FLUSHES) {
            if (!isFlushed) {
                isFlushed = true;
                return state;
            }
            out.step(label);
            state = State.AWAITS_HELLO;
        }
        if (state == State.AWAITS_HELLO) {
            awaitHello(in, inputEnded);
        } else if (state == State.HANDSHAKES && !upgrade.isHandshaking()) {
            state = State.STARTED;
        } else if (state == State.HANDSHAKES && inputEnded) {
            fail(FIN, true);
        }
        return state;
    }

    private void awaitHello(RingBuffer in, boolean inputEnded) {
        if (!in.isEmpty() && in.at(0) != HANDSHAKE_RECORD) {
            fail(MismatchText.seen(in, "", false) + IN_CLEAR, false);
        } else if (inputEnded) { // TLS has no use for a beginning of which no more comes
            fail(in.isEmpty() ? FIN : "the beginning of a handshake, then " + FIN, true);
        } else if (!in.isEmpty()) {
            state = State.HANDSHAKES;
            upgrade.start(in);
        }
    }

    private void fail(String what, boolean isEarly) {
        state = State.FAILED;
        seen = what;
        isEarlyEnd = isEarly;
    }

    /** Returns what the dialogue waits for meanwhile. */
    Dialogue.Next next() {
        return switch (state) {
            case FLUSHES -> Dialogue.Next.PAUSE;
            case AWAITS_HELLO, HANDSHAKES -> Dialogue.Next.MORE;
            case STARTED -> Dialogue.Next.AGAIN;
            case FAILED -> Dialogue.Next.FAILED;
        };
    }

    /** Returns why it has failed. */
    Mismatch mismatch(String where, String expected) {
        return new Mismatch(where, expected, seen, isEarlyEnd);
    }

    /** Returns what was seen when the time was over. */
    String seenLate() {
        return state == State.HANDSHAKES ? "an incomplete handshake" : "nothing";
    }

    /**
     * Returns what is left to do if the connection ends now, or null if TLS has started.
     *
     * @param how how the connection ends, such as {@code alert certificate_unknown by the client}
     */
    @Nullable
    Mismatch leftOver(String where, String expected, RingBuffer in, String how) {
        return state == State.STARTED ? null : new Mismatch(where, expected, MismatchText.seen(in, how, false), true);
    }
}
