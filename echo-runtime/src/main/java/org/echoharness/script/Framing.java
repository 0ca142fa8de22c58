package org.echoharness.script;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How messages are cut out of a stream of bytes, and how answers are written to it. All connections of a server share one
 * framing, so it has no state. {@link Framings} has those of many protocols. The thread of an event loop calls {@link #read}; {@link #write} is called by the thread that
 * has made the answer.
 *
 * @param <M> the type of a message
 */
public interface Framing<M> {

    /**
     * Takes the next message out of the buffer. If it is not complete, this method is called again when more bytes have
     * come, and the buffer then begins with the same bytes.
     *
     * @param bytes what has come of the client, at most {@code bufferSize}; read-only, the most significant byte first
     * @return the message, whose bytes are taken; or null if it is not complete
     */
    @Nullable
    M read(ByteBuffer bytes);

    /**
     * Returns the bytes of an answer.
     *
     * @param message the answer
     * @return its bytes
     * @throws IllegalArgumentException if this framing cannot write such an answer
     */
    byte[] write(M message);
}
