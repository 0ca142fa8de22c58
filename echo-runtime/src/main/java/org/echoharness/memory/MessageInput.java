package org.echoharness.memory;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * A message that is read once, such as a pipe, and that may block or never end. Its own thread reads it, up to four pieces
 * ahead of the thread that sends them.
 */
public final class MessageInput implements AutoCloseable {

    /** Thrown if the message or the expected echo cannot be read. The connection has not failed. */
    public static final class InputFailedException extends IOException {

        @Serial
        private static final long serialVersionUID = 1L;

        public InputFailedException(Throwable cause) {
            super("the message or the expected echo cannot be read (" + FileErrorText.reason(cause) + ")", cause);
        }
    }

    private static final int PIECE = 64 << 10;
    private static final int MOST_AHEAD = 4;

    private final InputStream source;
    private final Queue<ByteBuffer> pieces = new ArrayDeque<>();
    private Runnable arrival = () -> {};
    private @Nullable Throwable failure;
    private boolean isRead; // to its end
    private boolean isClosed;

    private MessageInput(InputStream source) {
        this.source = source;
    }

    /** Begins to read. The thread that reads closes the stream. */
    public static MessageInput reading(InputStream source) {
        MessageInput input = new MessageInput(source);
        Thread reader = new Thread(input::read, "echo-client input");
        reader.setDaemon(true); // the end of the process does not wait for input
        reader.start();
        return input;
    }

    /** Sets the callback that the reading thread runs after each piece and at the end of the input. */
    public synchronized void onArrival(Runnable callback) {
        arrival = callback;
    }

    /** Returns the next piece that was read, or null if there is none yet or all were taken. */
    public synchronized @Nullable ByteBuffer poll() throws IOException {
        ByteBuffer next = pieces.poll();
        notifyAll();
        if (next == null && failure instanceof Error error) {
            throw error;
        }
        if (next == null && failure != null) {
            throw new InputFailedException(failure);
        }
        return next;
    }

    /** Returns whether the input has ended and all pieces were taken. */
    public synchronized boolean isAtEnd() {
        return isRead && pieces.isEmpty() && failure == null;
    }

    /** Ends the reading thread. If it is blocked in a read, it ends after the read. */
    @Override
    public synchronized void close() {
        isClosed = true;
        notifyAll();
    }

    private void read() {
        try (InputStream in = source) {
            byte[] piece = new byte[PIECE];
            for (int n = in.read(piece); n >= 0 && put(ByteBuffer.wrap(Arrays.copyOf(piece, n))); ) {
                n = in.read(piece);
            }
            end(null);
        } catch (IOException | RuntimeException | Error failed) {
            end(failed);
        } catch (InterruptedException neverHappens) {
            end(neverHappens);
        }
    }

    private synchronized boolean put(ByteBuffer piece) throws InterruptedException {
        while (pieces.size() >= MOST_AHEAD && !isClosed) {
            wait();
        }
        pieces.add(piece);
        arrival.run();
        return !isClosed;
    }

    private synchronized void end(@Nullable Throwable failed) {
        failure = failed;
        isRead = true;
        arrival.run();
    }
}
