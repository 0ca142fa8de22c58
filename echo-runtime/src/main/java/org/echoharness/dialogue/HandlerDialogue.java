package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** Calls a handler of the user with what the client does. */
public final class HandlerDialogue implements Dialogue {

    /**
     * Opens the dialogues of the connections with handlers of one kind.
     *
     * @param handlers makes the handler of a connection
     * @param executor what runs the handlers; null for the threads of the event loops
     */
    public record Maker(
            Supplier<? extends ConnectionHandler> handlers,
            @Nullable Executor executor) implements DialogueFactory {
        @Override
        public Dialogue open(ConnectionCalls connection) {
            return new HandlerDialogue(connection, handlers, executor);
        }

        @Override
        public boolean countsMessages() {
            return false;
        }
    }

    /** A call of one of the handler's methods. */
    private record MethodCall(String where, Body body) implements HandlerCalls.Call {
        interface Body {
            void run() throws Exception;
        }

        @Override
        public void run() throws Exception {
            body.run();
        }

        @Override
        public String what() {
            return "the handler";
        }
    }

    private final ConnectionCalls connection;
    private final Supplier<? extends ConnectionHandler> handlers;
    private final HandlerCalls calls;
    private @Nullable ConnectionHandler handler;
    private boolean isOpened;
    private boolean isFinPassed;
    private @Nullable ByteBuffer passed; // to the call that runs, or has just run
    private int left; // how many bytes the handler has left without taking one

    private HandlerDialogue(
            ConnectionCalls connection, Supplier<? extends ConnectionHandler> handlers, @Nullable Executor executor) {
        this.connection = connection;
        this.handlers = handlers;
        calls = new HandlerCalls(connection, executor);
    }

    /** Makes one call at most, so that what it has sent is put before the next one. */
    @Override
    public Next advance(RingBuffer in, boolean inputEnded, Outlet out, long now) {
        if (!calls.mayCall()) {
            return Next.MORE;
        }
        takeBack(in, out); // after a call by an executor
        Next starting = calls.failure() == null ? calls.advanceTls(in, inputEnded, out) : null;
        if (starting != null) {
            left = 0; // the handshake takes what is left
            return starting;
        }
        if (calls.failure() == null && connection.asked() == Next.DONE) {
            return Next.DONE;
        }
        if (calls.failure() == null && !calls(in, inputEnded)) {
            return Next.MORE;
        }
        if (calls.running() != null) {
            return Next.MORE;
        }
        takeBack(in, out);
        return calls.failure() == null ? Next.AGAIN : Next.FAILED;
    }

    /** Begins the next call. Returns false if there is none to make. */
    private boolean calls(RingBuffer in, boolean inputEnded) {
        if (!isOpened) {
            isOpened = true;
            call("opened()", () -> {
                ConnectionHandler made = Objects.requireNonNull(handlers.get(), "the supplier of handlers gave null");
                handler = made;
                made.opened(connection);
            });
        } else if (in.size() > left) {
            ByteBuffer bytes = pass(in);
            call("received()", () -> handler().received(connection, bytes));
        } else if (inputEnded && !isFinPassed) {
            isFinPassed = true;
            connection.passesFin();
            ByteBuffer bytes = pass(in);
            call("inputEnded()", () -> handler().inputEnded(connection, bytes));
        } else {
            return false;
        }
        return true;
    }

    private void call(String method, MethodCall.Body body) {
        calls.call(new MethodCall(method, body));
    }

    private ConnectionHandler handler() {
        return Objects.requireNonNull(handler);
    }

    /** Returns what has come: a view for a call on this thread, a copy for an executor. */
    private ByteBuffer pass(RingBuffer in) {
        ByteBuffer bytes = calls.isDirect() ? in.view(0, in.size()) : in.copy(0, in.size());
        if (!calls.isDirect()) {
            HeldMemory.take(bytes.capacity());
        }
        passed = bytes;
        return bytes;
    }

    /** Drops what the handler has taken. After the client's FIN that is all. */
    private void takeBack(RingBuffer in, Outlet out) {
        ByteBuffer bytes = passed;
        if (bytes == null) {
            return;
        }
        giveBack();
        int taken = isFinPassed ? in.size() : bytes.position();
        in.discard(taken);
        out.matched(taken);
        left = taken == 0 ? bytes.capacity() : 0; // more may have come during the call
        if (left == in.size() && !in.hasRoom() && calls.failure() == null) {
            calls.fail(new Mismatch(
                    "received()",
                    "",
                    "the handler has left all " + Escaping.bytes(left)
                            + ", and bufferSize holds no more; take some, or raise bufferSize"));
        }
    }

    private void giveBack() {
        if (passed != null && !calls.isDirect()) {
            HeldMemory.release(passed.capacity());
        }
        passed = null;
    }

    @Override
    public Mismatch mismatch() {
        return Objects.requireNonNull(calls.failure());
    }

    /** A handler decides by itself whether a connection may end, unless it has begun to start TLS. */
    @Override
    public @Nullable Mismatch leftOver(RingBuffer in, String seen) {
        return connection.tlsLeftOver(in, seen);
    }

    @Override
    public @Nullable CountDownLatch running() {
        return calls.running();
    }

    @Override
    public void release() {
        calls.ended();
        giveBack();
    }

    @Override
    public void ended(String why) {
        if (isOpened && !connection.isEnding()) {
            calls.last(() -> call("lost()", () -> {
                if (handler != null) {
                    handler.lost(connection, why);
                }
            }));
        }
    }
}
