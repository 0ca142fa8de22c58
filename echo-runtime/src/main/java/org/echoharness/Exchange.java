package org.echoharness;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.echoharness.text.Escaping;

/** What a client sends, and what is to come back for it. The thread that calls the client uses it. */
abstract class Exchange {

    /** The most bytes of what is too much that an error shows. */
    static final int SURPLUS = 64;

    private static final int PIECE = 64 << 10;

    private boolean isSent;
    long sent; // bytes of the pieces that were handed out
    long echoed;

    /** The bytes of a message, and room for as many bytes as are expected: the caller reads them there. */
    static Exchange of(byte[] message, ByteBuffer answer, int length) {
        return new OfBytes(message, answer, length);
    }

    /** A message that is sent as it is read, and an answer that is compared as it comes. */
    static Exchange of(InputStream message, InputStream expected) {
        return new OfStreams(message, expected);
    }

    /** A message that is read once, as it comes, and that is to come back. */
    static Exchange of(MessageInput message) {
        return new OfInput(message);
    }

    /**
     * Returns the next bytes to send; none when all were handed out, or while it waits. Called when the earlier bytes
     * are sent.
     */
    final ByteBuffer outgoing() throws IOException {
        ByteBuffer next = isSent ? ByteBuffer.allocate(0) : next();
        isSent |= !next.hasRemaining() && !isWaiting();
        sent += next.remaining();
        return next;
    }

    abstract ByteBuffer next() throws IOException;

    /** Whether there will be more to send which cannot be handed out now. */
    boolean isWaiting() {
        return false;
    }

    /** Whether the peer owes nothing: it waits for the message alone. */
    boolean isIdle() {
        return false;
    }

    /** What to call when a message that it waits for goes on. */
    void onArrival(Runnable listener) {}

    /** Whether all that is expected has come. */
    abstract boolean isAnswered() throws IOException;

    /** Where to read to; the position is that before the next read. */
    abstract ByteBuffer incoming();

    /** Takes what was read. */
    abstract void received(int bytes) throws IOException;

    /** "12 of 42 bytes", as far as it is known how many are expected. */
    abstract String answered();

    /** As {@link #answered}, for the bytes that were sent; {@code unsent} bytes do not count. */
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
                    n = from.read(to); // a stream may do that, though it should not
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

        /** The most that is kept to be compared with the echo: no more is sent before some of it has come. */
        private static final long MOST_UNDER_WAY =
                Math.max(1 << 20, Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 8));

        private static final int COST = 64; // of a piece, beside its bytes

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
                    + (isFull() ? ", the most that is sent ahead of the echo of an input that is no file," : "");
        }

        @Override
        String sent(int unsent) {
            return Escaping.bytes(sent - unsent);
        }
    }
}
