package org.echoharness;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

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

    /** The next bytes to send; none when all were handed out. Called when those before are sent. */
    final ByteBuffer outgoing() throws IOException {
        ByteBuffer next = isSent ? ByteBuffer.allocate(0) : next();
        isSent |= !next.hasRemaining();
        sent += next.remaining();
        return next;
    }

    abstract ByteBuffer next() throws IOException;

    /** Whether all that is expected has come. */
    abstract boolean isAnswered() throws IOException;

    /** Where to read to; the position is that before the next read. */
    abstract ByteBuffer incoming();

    /** Takes what was read. */
    abstract void received(int bytes) throws IOException;

    /** "12 of 42 bytes", as far as it is known how many are expected. */
    abstract String answered();

    /** The same of what was sent, but for those bytes. */
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
            return ByteBuffer.wrap(piece, 0, message.readNBytes(piece, 0, PIECE));
        }

        @Override
        boolean isAnswered() throws IOException {
            if (!awaited.hasRemaining()) {
                awaited.position(0).limit(expected.readNBytes(awaited.array(), 0, PIECE));
            }
            return !awaited.hasRemaining();
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
            return Conversation.bytes(echoed);
        }

        @Override
        String sent(int unsent) {
            return Conversation.bytes(sent - unsent);
        }
    }
}
