package org.echoharness.script;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * One connection of a server with a script or a handler. Any thread may call it. It stays usable after the end of the
 * connection, and {@link #isOpen} returns false then.
 */
public interface ServedConnection {

    /** {@return the number of the connection, from 1 in the order of the accepts of the server} */
    long number();

    /**
     * Returns the address of the client.
     *
     * @return its host and port
     * @throws IllegalStateException if the client has connected to a Unix socket; {@link #remoteSocketAddress} then returns
     *     its address
     */
    default InetSocketAddress remote() {
        if (remoteSocketAddress() instanceof InetSocketAddress inet) {
            return inet;
        }
        throw new IllegalStateException("connection " + number()
                + " came over a Unix socket, so its client has no host and no port; call remoteSocketAddress()");
    }

    /**
     * Returns the address of the client.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress} whose path is empty unless the
     *     client has bound its socket
     */
    SocketAddress remoteSocketAddress();

    /** {@return whether the connection has not ended} */
    boolean isOpen();

    /**
     * Sends bytes after all that was sent before. On a thread of an event loop, where handlers without an executor are
     * called, it returns at once. On any other thread it returns when the last byte is handed to the faults and the
     * socket, and waits for room as long as bytes leave.
     *
     * @param bytes the bytes
     * @throws IllegalStateException if the connection or its output has ended, or if for 10 seconds no byte could leave
     */
    default void send(byte[] bytes) {
        send(ByteBuffer.wrap(bytes));
    }

    /**
     * Sends the remaining bytes of a buffer, as {@link #send(byte[])} does, and takes them from it.
     *
     * @param bytes the bytes
     * @throws IllegalStateException if the connection or its output has ended, or if for 10 seconds no byte could leave
     */
    void send(ByteBuffer bytes);

    /**
     * Changes from clear text to TLS, once the bytes of all earlier calls are sent. The server then waits for the client's
     * ClientHello. This method does not wait for the handshake. Bytes that are sent after this call, and the next calls of a
     * handler, wait until the handshake is complete; meanwhile, {@link #send} returns at once. The server must have the option
     * {@code tls}, and its connections must begin in clear text, as {@code handlerStartsTls()} of its builder says. If the
     * client has sent more clear text before its ClientHello than was taken, the server resets the connection and reports a
     * problem of the script: a server that keeps such bytes for after the handshake has the flaw of CVE-2011-0411. This method
     * does nothing if the connection or its output has ended.
     *
     * @throws IllegalStateException if the connection cannot start TLS, or if TLS was started on it before
     * @since 0.1.0
     */
    void startTls();

    /** Ends the connection with a FIN, when all was sent. Does nothing if it has ended. */
    void close();

    /**
     * Sends a FIN, when all was sent, and goes on reading. The connection ends when a handler gets the client's FIN. Does
     * nothing if the output has ended.
     */
    void halfClose();

    /** Ends the connection with an RST, when all was sent. Does nothing if it has ended. */
    void reset();
}
