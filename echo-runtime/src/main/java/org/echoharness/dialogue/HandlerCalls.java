package org.echoharness.dialogue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.Warnings;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Calls the code of a user for one connection, one call after the other: on the thread of the connection's event loop, or by
 * an executor. The thread of the event loop uses it.
 */
final class HandlerCalls {

    /** A call of the user's code. */
    interface Call {
        void run() throws Exception;

        /** Returns the method or the message, such as {@code message 3}. */
        String where();

        /** Returns the code that is called, such as {@code the handler}. */
        String what();
    }

    private final ConnectionCalls connection;
    private final @Nullable Executor executor;
    private @Nullable CountDownLatch running;
    private @Nullable Mismatch failure;
    private @Nullable Runnable last; // to run after the call that runs
    private boolean isRunningHere;
    private boolean hasEnded;

    HandlerCalls(ConnectionCalls connection, @Nullable Executor executor) {
        this.connection = connection;
        this.executor = executor;
    }

    /** Returns whether calls run on the thread of the loop, so that each is over when {@link #call} returns. */
    boolean isDirect() {
        return executor == null;
    }

    /** Returns what opens when the call that an executor runs is over, or null if there is none. */
    @Nullable
    CountDownLatch running() {
        return running;
    }

    /** Returns whether no call runs, and the connection has not ended. A call that closes the server ends it meanwhile. */
    boolean mayCall() {
        return running == null && !isRunningHere && !hasEnded;
    }

    /** Returns why a call has failed, or null. */
    @Nullable
    Mismatch failure() {
        return failure;
    }

    void fail(Mismatch why) {
        failure = why;
    }

    /** Goes on with the start of TLS, if a call has asked for that. Returns null if there is none, or if TLS has started. */
    Dialogue.@Nullable Next advanceTls(RingBuffer in, boolean inputEnded, Outlet out) {
        Dialogue.Next next = connection.advanceTls(in, inputEnded, out);
        if (next == Dialogue.Next.FAILED) {
            failure = connection.tlsMismatch();
        }
        return next;
    }

    /** Returns that the start of TLS is not complete, or null. */
    @Nullable
    Mismatch tlsLeftOver(RingBuffer in, String seen) {
        return connection.tlsLeftOver(in, seen);
    }

    /** Runs the call, or gives it to the executor. The connection takes a turn when that has run it. */
    void call(Call call) {
        if (executor == null) {
            callHere(call);
            return;
        }
        CountDownLatch over = new CountDownLatch(1);
        running = over;
        try {
            executor.execute(() -> {
                Mismatch failed = run(call);
                connection.post(() -> {
                    running = null;
                    ends(failed);
                    connection.takeTurn(); // so that the next call is made before this one counts as over
                    over.countDown();
                });
            });
        } catch (Throwable refused) {
            running = null;
            // An executor that was shut down need not learn of the end.
            ends(hasEnded ? null : new Mismatch(call.where(), "", "the executor refused the call: " + text(refused)));
        }
    }

    /** Runs the call on the thread of the loop. */
    void callHere(Call call) {
        isRunningHere = true;
        Mismatch failed = run(call);
        isRunningHere = false;
        ends(failed);
    }

    private void ends(@Nullable Mismatch failed) {
        failure = failed;
        if (hasEnded && failed != null) {
            connection.fail(failed);
        }
        Runnable then = last;
        last = null;
        if (then != null && failed == null) {
            then.run();
        }
    }

    /** Called when the connection has ended. From now on, a failure is reported at once. */
    void ended() {
        hasEnded = true;
    }

    /** Runs the action if no call has failed: now, or after the call that runs. */
    void last(Runnable action) {
        if (running != null || isRunningHere) {
            last = action;
        } else if (failure == null) {
            action.run();
        }
    }

    private @Nullable Mismatch run(Call call) {
        try {
            call.run();
            return null;
        } catch (Throwable failed) {
            if (failed instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            if (failed instanceof ConnectionCalls.EndedException ended && ended.isOf(connection)) {
                return null; // the client or a fault has ended the connection meanwhile
            }
            return new Mismatch(call.where(), "", call.what() + " failed: " + text(failed));
        }
    }

    /** Returns the text of an exception, and the line that threw it. */
    private static String text(Throwable thrown) {
        String line = line(thrown);
        String what = Escaping.escape(Warnings.text(thrown)).replace("\\\"", "\""); // no quotes are around it
        return Escaping.cut(what) + (line.isEmpty() ? "" : ", at " + line);
    }

    private static String line(Throwable thrown) {
        try {
            return EventLoop.innermost(thrown.getStackTrace());
        } catch (Throwable unknown) { // the class of the exception is the user's, too
            return "";
        }
    }
}
