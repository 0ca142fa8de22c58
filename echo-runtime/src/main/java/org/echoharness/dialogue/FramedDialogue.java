package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.Framing;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Answers each message of the client by a function of the user.
 *
 * @param <M> the type of a message
 */
public final class FramedDialogue<M> implements Dialogue {

    /**
     * Opens the dialogues of the connections with one function.
     *
     * @param framing cuts the stream into messages
     * @param function makes the answer to a message, or null for none
     * @param executor what runs the function; null for the threads of the event loops
     */
    public record Maker<M>(
            Framing<M> framing,
            Function<? super M, ? extends @Nullable M> function,
            @Nullable Executor executor) implements DialogueFactory {
        @Override
        public Dialogue open(ConnectionCalls connection) {
            return new FramedDialogue<>(this, new HandlerCalls(connection, executor));
        }
    }

    private static final int MOST_MESSAGES = 64;
    private static final String FIN = "the client's FIN";

    private final Maker<M> maker;
    private final HandlerCalls calls;
    private final HandlerCalls.Call reading = new Reading();
    private final HandlerCalls.Call answering = new Answering();
    private @Nullable ByteBuffer unread; // what the framing reads
    private @Nullable M message; // to be answered
    private @Nullable M inAnswer; // to which the function makes an answer
    private @Nullable ByteBuffer answer; // to be put
    private long count; // of the messages
    private int tried; // how many bytes are no whole message
    private int held; // of memory, by an answer that waits for room

    /** Cuts the next message out of the stream. */
    private final class Reading implements HandlerCalls.Call {
        @Override
        public void run() {
            message = maker.framing().read(Objects.requireNonNull(unread));
        }

        @Override
        public String where() {
            return "message " + (count + 1);
        }

        @Override
        public String what() {
            return "the framing";
        }
    }

    /** Makes the answer to a message. An executor may run it. */
    private final class Answering implements HandlerCalls.Call {
        @Override
        public void run() {
            M made = maker.function().apply(Objects.requireNonNull(inAnswer));
            answer = made == null ? null : ByteBuffer.wrap(written(made));
        }

        @Override
        public String where() {
            return "message " + count;
        }

        @Override
        public String what() {
            return "the function of respond";
        }
    }

    private byte[] written(M made) {
        return Objects.requireNonNull(maker.framing().write(made), "write() of the framing returned null");
    }

    private FramedDialogue(Maker<M> maker, HandlerCalls calls) {
        this.maker = maker;
        this.calls = calls;
    }

    @Override
    public Next advance(RingBuffer in, boolean inputEnded, Outlet out, long now) {
        for (int i = 0; i < MOST_MESSAGES; i++) {
            if (!calls.mayCall()) {
                return Next.MORE;
            }
            if (calls.failure() != null) {
                return Next.FAILED;
            }
            if (!puts(out)) {
                return Next.ROOM;
            }
            Next starting = message == null ? calls.advanceTls(in, inputEnded, out) : null;
            if (starting != null) {
                tried = 0; // the handshake takes what is left
                return starting;
            }
            M unanswered = message;
            if (unanswered != null) {
                message = null;
                inAnswer = unanswered;
                calls.call(answering);
            } else if (in.isEmpty()) {
                return inputEnded ? Next.DONE : Next.MORE;
            } else if (in.size() == tried && !inputEnded) {
                return Next.MORE;
            } else if (takes(in, out)) {
                if (!out.message()) {
                    return Next.PAUSE;
                }
            } else if (calls.failure() == null) {
                Mismatch left = inputEnded ? leftOver(in, FIN) : null;
                if (left == null) {
                    return Next.MORE;
                }
                calls.fail(left);
            }
        }
        return Next.AGAIN;
    }

    /** Puts the answer, as far as there is room. Returns whether none is left. */
    private boolean puts(Outlet out) {
        ByteBuffer bytes = answer;
        if (bytes == null) {
            return true;
        }
        int part = Math.min(out.room(), bytes.remaining());
        out.put(bytes.slice(bytes.position(), part));
        bytes.position(bytes.position() + part);
        if (bytes.hasRemaining()) {
            if (held == 0) {
                held = bytes.capacity();
                HeldMemory.take(held);
            }
            return false;
        }
        giveBack();
        return true;
    }

    /** Takes the next message. Returns false if there is no whole one, or if that fails. */
    private boolean takes(RingBuffer in, Outlet out) {
        ByteBuffer bytes = in.view(0, in.size());
        unread = bytes;
        calls.callHere(reading);
        unread = null;
        if (calls.failure() != null || !calls.mayCall()) {
            return false;
        }
        int taken = bytes.position();
        if (message == null) {
            tried = in.size();
            if (!in.hasRoom()) {
                calls.fail(new Mismatch(
                        reading.where(),
                        "",
                        "no whole message in " + Escaping.bytes(tried)
                                + ", and bufferSize holds no more; raise bufferSize"));
            }
            return false;
        }
        if (taken == 0) {
            calls.fail(
                    new Mismatch(reading.where(), "", "the framing has returned a message and taken no byte for it"));
            return false;
        }
        count++;
        tried = 0;
        in.discard(taken);
        out.matched(taken);
        return true;
    }

    private void giveBack() {
        HeldMemory.release(held);
        held = 0;
        answer = null;
    }

    @Override
    public Mismatch mismatch() {
        return Objects.requireNonNull(calls.failure());
    }

    /** Returns the beginning of a message, if that is all that has come. */
    @Override
    public @Nullable Mismatch leftOver(RingBuffer in, String seen) {
        Mismatch starting = calls.tlsLeftOver(in, seen);
        if (starting != null) {
            return starting;
        }
        return tried == 0 || in.size() != tried
                ? null
                : new Mismatch(reading.where(), "a whole message", MismatchText.seen(in, seen, false), true);
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
}
