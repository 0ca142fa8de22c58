package org.echoharness;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.echoharness.memory.MessageInput;
import org.echoharness.text.Escaping;

/** What a client sends, and what is expected to come back. Only the thread that calls the client uses it. */
abstract class Exchange {

    /** The most surplus bytes that an error shows. */
    static final int SURPLUS = 64;

    private static final int PIECE = 64 << 10;

    private boolean isSent;
    long sent; // bytes of the pieces that were handed out
    long echoed;

    /** Sends bytes, and reads an echo of {@code length} bytes into {@code answer}, which the caller then checks. */
    static Exchange of(byte[] message, ByteBuffer answer, int length) {
        return new OfBytes(message, answer, length);
    }

    /** Sends a message as it is read, and compares the echo with {@code expected} as it comes. */
    static Exchange of(InputStream message, InputStream expected) {
        return new OfStreams(message, expected);
    }

    /** Sends a message as it is read, once, and compares the echo with it as it comes. */
    static Exchange of(MessageInput message) {
        return new OfInput(message);
    }

    /**
     * Returns the next bytes to send; none if all were handed out, or while it waits for more. It is called when the
     * bytes returned before are sent.
     */
    final ByteBuffer outgoing() throws IOException {
        ByteBuffer next = isSent ? ByteBuffer.allocate(0) : next();
        isSent |= !next.hasRemaining() && !isWaiting();
        sent += next.remaining();
        return next;
    }

    abstract ByteBuffer next() throws IOException;

    /** Returns whether there may be more to send that cannot be handed out now. */
    boolean isWaiting() {
        return false;
    }

    /** Returns whether everything sent has come back, so that only more of the message is awaited. */
    boolean isIdle() {
        return false;
    }

    /** Sets what is called when more of an awaited message can be handed out. */
    void onArrival(Runnable listener) {}

    /** Returns whether everything that is expected has come. */
    abstract boolean isAnswered() throws IOException;

    /** Returns the buffer for the next read. */
    abstract ByteBuffer incoming();

    /** Takes the bytes that were read into {@link #incoming}. */
    abstract void received(int bytes) throws IOException;

    /** Returns how much has come back: "12 of 42 bytes", or "12 bytes" if the total is not known. */
    abstract String answered();

    /**
     * Returns how much was sent, in the form of {@link #answered}.
     *
     * @param unsent how many of the bytes handed out the socket has not taken
     */
    abstract String sent(int unsent);

    private static final class OfBytes extends Exchange {
        private final byte[] message;
        private final ByteBuffer answer;
        private final int length;
        private boolean isHandedOut;

        OfBytes(byte[] message, ByteBuffer answer, int length) {
            this.message = message;
            this.answer = answer;
            this.length = length;
        }

        @Override
        ByteBuffer next() {
            ByteBuffer all = ByteBuffer.wrap(message, 0, isHandedOut ? 0 : message.length);
            isHandedOut = true;
            return all;
        }

        @Override
        boolean isAnswered() {
            return answer.position() >= length;
        }

        @Override
        ByteBuffer incoming() {
            return answer;
        }

        @Override
        void received(int bytes) {
            echoed += bytes;
        }

        @Override
        String answered() {
            return answer.position() + " of " + length + " bytes";
        }

        @Override
        String sent(int unsent) {
            return sent - unsent + " of " + message.length + " bytes";
        }
    }

    private static final class OfStreams extends Exchange {
        private final InputStream message;
        private final InputStream expected;
        private final byte[] piece = new byte[PIECE];
        private final ByteBuffer awaited = ByteBuffer.allocate(PIECE).limit(0);
        private final ByteBuffer came = ByteBuffer.allocate(PIECE);

        OfStreams(InputStream message, InputStream expected) {
            this.message = message;
            this.expected = expected;
        }

        @Override
        ByteBuffer next() throws IOException {
            return ByteBuffer.wrap(piece, 0, read(message, piece));
        }

        @Override
        boolean isAnswered() throws IOException {
            if (!awaited.hasRemaining()) {
                awaited.position(0).limit(read(expected, awaited.array()));
            }
            return !awaited.hasRemaining();
        }

        /** Reads what is available, so that a slow stream is sent as it comes. Returns 0 at its end. */
        private static int read(InputStream from, byte[] to) throws MessageInput.InputFailedException {
            try {
                int n = from.read(to);
                while (n == 0) {
                    n = from.read(to); // a stream should not return 0, but some do
                }
                return Math.max(0, n);
            } catch (IOException failed) {
                throw new MessageInput.InputFailedException(failed);
            }
        }

        @Override
        ByteBuffer incoming() {
            return came.position(0).limit(awaited.remaining());
        }

        @Override
        void received(int bytes) throws EchoMismatchException {
            ByteBuffer got = came.duplicate().flip();
            ByteBuffer due = awaited.slice(awaited.position(), bytes);
            EchoMismatchException.throwIfDifferent(due, got, echoed);
            awaited.position(awaited.position() + bytes);
            echoed += bytes;
        }

        @Override
        String answered() {
            return Escaping.bytes(echoed);
        }

        @Override
        String sent(int unsent) {
            return Escaping.bytes(sent - unsent);
        }
    }

    private static final class OfInput extends Exchange {

        /**
         * The most bytes that are kept for the comparison. If that many are kept, no more is sent until some have come
         * back.
         */
        private static final long MOST_UNDER_WAY =
                Math.max(1 << 20, Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 8));

        private static final int COST = 64; // bytes of memory for a piece, besides its content

        private final MessageInput message;
        private final Deque<ByteBuffer> underWay = new ArrayDeque<>();
        private final ByteBuffer came = ByteBuffer.allocate(PIECE);

        OfInput(MessageInput message) {
            this.message = message;
        }

        @Override
        ByteBuffer next() throws IOException {
            ByteBuffer next = isFull() ? null : message.poll();
            if (next == null) {
                return ByteBuffer.allocate(0);
            }
            underWay.add(next.duplicate());
            return next;
        }

        private boolean isFull() {
            return sent - echoed + (long) COST * underWay.size() >= MOST_UNDER_WAY;
        }

        @Override
        boolean isWaiting() {
            return !message.isAtEnd();
        }

        @Override
        boolean isIdle() {
            return underWay.isEmpty() && isWaiting();
        }

        @Override
        void onArrival(Runnable listener) {
            message.onArrival(listener);
        }

        @Override
        boolean isAnswered() {
            return underWay.isEmpty() && message.isAtEnd();
        }

        @Override
        ByteBuffer incoming() {
            return came.clear();
        }

        @Override
        void received(int bytes) throws EchoMismatchException {
            ByteBuffer got = came.duplicate().flip();
            while (got.hasRemaining()) {
                ByteBuffer due = underWay.peek();
                if (due == null) {
                    throw EchoMismatchException.more(got.remaining(), "were sent", echoed, got.limit(shown(got)));
                }
                int n = Math.min(due.remaining(), got.remaining());
                EchoMismatchException.throwIfDifferent(
                        due.slice(due.position(), n), got.slice(got.position(), n), echoed);
                got.position(got.position() + n);
                echoed += n;
                if (due.position(due.position() + n).remaining() == 0) {
                    underWay.remove();
                }
            }
        }

        private static int shown(ByteBuffer surplus) {
            return surplus.position() + Math.min(surplus.remaining(), SURPLUS);
        }

        @Override
        String answered() {
            return echoed + " of " + Escaping.bytes(sent)
                    + (isFull() ? ", the most that is sent ahead of the echo of an input that is not a file," : "");
        }

        @Override
        String sent(int unsent) {
            return Escaping.bytes(sent - unsent);
        }
    }
}
