package org.echoharness;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.LongSupplier;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.gates.Verdict;
import org.echoharness.loop.EventLoop;
import org.echoharness.memory.RingPool;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

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
         * @param owner the connection, which takes a turn when the wire goes on although the socket is not ready
         * @param loop that of the connection
         * @param reporter null if nothing is printed or recorded
         */
        ConnectionWire open(
                SocketChannel socket,
                ConnectionPump.Owner owner,
                EventLoop loop,
                @Nullable ConnectionReporter reporter);

        /**
         * Called in the thread that starts the server, before its ports are bound.
         *
         * @param addresses where the server is about to listen
         * @throws IOException if something cannot be made that the wires need, with the cure
         */
        default void prepare(List<ServerAddress> addresses) throws IOException {}

        /** Returns whether the bytes of the pump are the text of TLS, so that faults of its handshake and records can act. */
        default boolean speaksTls() {
            return false;
        }
    }

    /** Plain TCP: one wire for all connections. Like {@link LineBuffer.DefaultWarnings}, a class and not a lambda. */
    final class Plain implements ConnectionWire, Factory {
        @Override
        public ConnectionWire open(
                SocketChannel socket,
                ConnectionPump.Owner owner,
                EventLoop loop,
                @Nullable ConnectionReporter reporter) {
            return this;
        }
    }

    /** Returns the channel that the pump reads and writes. */
    default ByteChannel bytes(SocketChannel socket) {
        return socket;
    }

    /** Called at the start of each turn: goes on with what no read or write of the pump asks for. */
    default void turn() throws IOException {}

    /**
     * Called before the connection ends its output, or itself. Until this method returns true, the connection waits for the
     * operations of {@link #interest} and asks again.
     *
     * @param clean whether a FIN follows; otherwise an RST
     * @return whether the socket has all that is to be sent before
     */
    default boolean mayEnd(boolean clean) throws IOException {
        return true;
    }

    /**
     * Returns whether this failure ends the connection with a FIN and not with an RST, because the client is to read what
     * the wire has sent about it. The connection then waits a while for the client's FIN.
     */
    default boolean endsWithFin(IOException failure) {
        return false;
    }

    /** Returns the side that has ended the connection, given this failure. */
    default Ending.Side by(IOException failure) {
        return Ending.Side.CLIENT;
    }

    /** Returns the reason of this failure, escaped. */
    default String why(IOException failure) {
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : Escaping.escape(message);
    }

    /**
     * Replaces the faults of the wire. The new ones also judge the bytes that are held; no byte is lost or sent twice.
     *
     * @param number that of the connection in the plan
     * @param rings where it borrows memory for bytes
     */
    default void setFaults(List<Fault> faults, long number, LongSupplier clock, RingPool rings) {}

    /**
     * Sends what its faults let pass. Called in each turn, when the pump has put what it sends.
     *
     * @return what a fault asks for: to send an RST, to close, to cut or to half-close; otherwise to wait
     */
    default ConnectionPump.Next next(LongSupplier clock) throws IOException {
        return ConnectionPump.Next.WAIT;
    }

    /** Returns in words why {@link #next} has asked for an end. */
    default String reason() {
        return "";
    }

    /** Called when the connection has sent a FIN and goes on reading. */
    default void outputEnded() {}

    /** Returns whether {@link #untilWake} may return a deadline, as of the last {@link #interest}. */
    default boolean mayWake() {
        return false;
    }

    /** Returns the nanoseconds until a turn is due even if nothing comes: at least 1, or {@link Verdict#NEVER}. */
    default long untilWake(long now) {
        return Verdict.NEVER;
    }

    /** Returns whether it has sent bytes of its own, which an RST would make the kernel discard. */
    default boolean hasSent() {
        return false;
    }

    /** Returns whether bytes have moved since the last call. */
    default boolean hasMoved() {
        return false;
    }

    /** Gives up what it holds, since the connection has ended. */
    default void release() {}

    /** Ends the output with a FIN. */
    default void endOutput(SocketChannel socket) throws IOException {
        socket.shutdownOutput();
    }

    /** Returns the operations of the socket to wait for, given those that the pump waits for. */
    default int interest(int wanted) {
        return wanted;
    }

    /** Returns what changes the connection over from clear text to TLS, or null if it cannot. */
    default @Nullable TlsUpgrade upgrade() {
        return null;
    }

    /** Returns in words how the connection was lost. */
    default String lost(IOException failure) {
        return ConnectionPump.LOST;
    }

    /** Returns whether a read has a result although the socket is not ready. */
    default boolean hasInput() {
        return false;
    }
}
