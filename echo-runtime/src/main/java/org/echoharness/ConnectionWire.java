package org.echoharness;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;

/**
 * How the bytes of a connection get on and off its socket. For plain TCP there is one object without state for all
 * connections, and the pump reads and writes the socket itself. The thread of the connection's event loop calls it.
 */
interface ConnectionWire {

    /** Makes the wire of a connection that was accepted. */
    interface Factory {
        /**
         * Makes the wire of this socket.
         *
         * @param owner the connection, which takes a turn when the wire has input that the socket does not report
         */
        ConnectionWire open(SocketChannel socket, ConnectionPump.Owner owner);
    }

    /** Plain TCP: one wire for all connections. Like {@link LineBuffer.DefaultWarnings}, a class and not a lambda. */
    final class Plain implements ConnectionWire, Factory {
        @Override
        public ConnectionWire open(SocketChannel socket, ConnectionPump.Owner owner) {
            return this;
        }
    }

    /** Returns the channel that the pump reads and writes. */
    default ByteChannel bytes(SocketChannel socket) {
        return socket;
    }

    /** Ends the output with a FIN. */
    default void endOutput(SocketChannel socket) throws IOException {
        socket.shutdownOutput();
    }

    /** Returns the operations of the socket to wait for, given those that the pump waits for. */
    default int interest(int wanted) {
        return wanted;
    }

    /** Returns whether a read has a result although the socket is not ready. */
    default boolean hasInput() {
        return false;
    }
}
