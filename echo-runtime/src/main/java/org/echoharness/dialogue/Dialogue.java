package org.echoharness.dialogue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What goes out for what came in, on one connection. It knows no socket, no clock and no fault. The thread of the
 * connection's event loop uses it. Times are nanoseconds as {@link System#nanoTime()} gives them.
 */
public interface Dialogue {

    /** What a dialogue waits for or asks for. */
    enum Next {
        /** More bytes of the client, its FIN, or {@link #wake}. */
        MORE,
        /** Room in the outlet. */
        ROOM,
        /** Another call, after other connections had their turn. It can go on at once. */
        AGAIN,
        /** That all that it has put is sent. It is called again only then. */
        PAUSE,
        /** Nothing: it has ended, and answers the client's FIN. */
        DONE,
        /** A FIN, when all was sent. It is called again only then, and goes on. */
        HALF_CLOSE,
        /** A FIN and the end of the connection, when all was sent. */
        CLOSE,
        /** An RST, when all was sent. */
        RESET,
        /** An RST at once: see {@link #mismatch}. */
        FAILED
    }

    /** A deadline that never comes. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Goes on as far as it can, but not for so long that other connections wait. After DONE, CLOSE, RESET and FAILED it
     * returns the same again, except that DONE becomes FAILED if the client sends more.
     *
     * @param in the bytes of the client that are not matched yet; it discards what it has matched. A full one must hold as
     *     many bytes as the server's bufferSize.
     * @param inputEnded whether the client's FIN has come after them
     */
    Next advance(RingBuffer in, boolean inputEnded, Outlet out, long now) throws IOException;

    /** Returns when to call {@link #advance} even if nothing comes, or {@link #NEVER}. */
    default long wake() {
        return NEVER;
    }

    /** Returns whether the socket is read once more at {@link #wake} before {@link #advance}, since a step fails then. */
    default boolean readsAtWake() {
        return false;
    }

    /** Returns why it has failed. Called after FAILED. */
    Mismatch mismatch();

    /**
     * Returns what is left to do if the connection ends now, or null if it may end here.
     *
     * @param seen how the connection ends, such as {@code a reset by the client}
     */
    @Nullable
    Mismatch leftOver(RingBuffer in, String seen);

    /** Called after the server was frozen, or a fault has stalled the connection, for this long: that time does not count. */
    default void stoodStill(long nanos) {}

    /** Returns what opens when the call of the user's code that an executor runs is over, or null if there is none. */
    default @Nullable CountDownLatch running() {
        return null;
    }

    /** Gives back what it holds. Only {@link #ended} is called after this. */
    void release();

    /** Called when the connection has ended, with the reason. */
    default void ended(String why) {}
}
