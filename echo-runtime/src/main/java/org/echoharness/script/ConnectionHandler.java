package org.echoharness.script;

import java.nio.ByteBuffer;

/**
 * What a server does with one connection, in Java. Each connection has a handler of its own, and its methods are called one
 * after the other: on the thread of the connection's event loop, where they must be quick, or by the executor that was given
 * with the handler. None is called while bytes that it has sent still wait for room, so a client that does not read stops
 * its handler, and then its own sending.
 *
 * <p>An exception that a method throws resets the connection. The server keeps it as a {@code ScriptProblem} and reports it
 * as a warning, and the check {@code script} fails the test.
 */
@FunctionalInterface
public interface ConnectionHandler {

    /**
     * Called when the connection was accepted.
     *
     * @param connection the connection, to send to and to end, now or later
     * @throws Exception to reset the connection
     */
    default void opened(ServedConnection connection) throws Exception {}

    /**
     * Called when bytes of the client have come. If it takes some of them and leaves others in the buffer, it is called again
     * with those. If it takes none, it is called again when more have come, with all. If it takes none and {@code bufferSize}
     * holds no more, the connection is reset.
     *
     * @param connection the connection
     * @param bytes what has come, valid until this method returns; read-only, except with an executor
     * @throws Exception to reset the connection
     */
    void received(ServedConnection connection, ByteBuffer bytes) throws Exception;

    /**
     * Called when the client's FIN has come, after its last byte. By default, this method closes the connection. Without
     * that, the server can go on sending until the handler or the test closes the connection. After {@link
     * ServedConnection#halfClose}, the connection ends when this method returns.
     *
     * @param connection the connection
     * @param left the bytes that {@link #received} has left in its buffer; they do not come again
     * @throws Exception to reset the connection
     */
    default void inputEnded(ServedConnection connection, ByteBuffer left) throws Exception {
        connection.close();
    }

    /**
     * Called when the connection has ended in another way than by {@link ServedConnection#close}, {@link
     * ServedConnection#reset} or {@link ServedConnection#halfClose}: the client has reset it, or a fault, a limit, a control
     * or the end of the server has ended it. Nothing is called after this. It is not called after a method has thrown an
     * exception, nor if the executor refuses it.
     *
     * @param connection the connection, which has ended
     * @param why the reason, such as {@code Connection reset}; empty if there is none
     * @throws Exception to report a problem
     */
    default void lost(ServedConnection connection, String why) throws Exception {}

    /**
     * Returns a handler that reads all bytes, sends none, and closes the connection after the client's FIN. With it, a test
     * sends what it wants to by {@link ServedConnection#send(byte[])}.
     *
     * @return a handler
     */
    static ConnectionHandler silent() {
        return (connection, bytes) -> bytes.position(bytes.limit());
    }
}
