package org.echoharness;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.RingPool;
import org.echoharness.script.ServedConnection;
import org.jspecify.annotations.Nullable;

/**
 * What a server does with what one client sends. Each connection has one, and calls it on the thread of its event loop;
 * the connection owns the socket, its deadlines and its end. Time is an argument, in nanoseconds as {@link
 * System#nanoTime()} gives them.
 */
interface ConnectionPump {

    /** How a connection ended that the client has reset. */
    String LOST = "a reset by the client";

    /** What the connection is to do next. */
    enum Next {
        /** Wait for the operations that {@link #rest} returns, and until {@link #untilWake}. */
        WAIT,
        /** Send a FIN and close the socket: everything is answered. */
        END,
        /** Send a FIN and close the socket, although not everything may be answered. */
        CLOSE,
        /** Send a FIN without the close_notify of TLS, and close the socket. */
        CUT,
        /** Send a FIN, call {@link #outputEnded} and then {@link #pump} again. */
        HALF_CLOSE,
        /** Send an RST, after all that was sent. */
        RESET,
        /** Send an RST at once, although the client's kernel may then drop what was sent. */
        RESET_AT_ONCE,
        /** Send an RST at once, because the code of a handler has failed. */
        FAIL
    }

    /** Gets more bytes for the output of a pump. */
    interface Supply {
        /**
         * Reads at once what has come, and answers it. It is called when a gate must know whether there is more to send.
         *
         * @return whether anything has come
         */
        boolean more(LongSupplier clock) throws IOException;
    }

    /** Makes the pump of a connection that was accepted. */
    interface Factory {
        ConnectionPump open(ByteChannel client, Terms terms);

        /** Returns whether all pumps echo, so that any of them can serve any connection. */
        default boolean echoes() {
            return false;
        }

        /** Returns whether its pumps count messages, which faults may wait for. */
        default boolean countsMessages() {
            return false;
        }

        /** Returns whether its pumps relay to a server behind this one, to which faults may apply. */
        default boolean relays() {
            return false;
        }

        /**
         * Called at the start of a server whose pumps relay, when its ports are bound.
         *
         * @param isOwn whether a connect to an address reaches the server itself
         * @throws IOException if it would relay to itself
         */
        default void check(Predicate<SocketAddress> isOwn) throws IOException {}

        /** Loads the classes that its pumps need, at the start of a server. */
        default void load(int bufferSize) {}
    }

    /** The connection that a pump belongs to. It also learns which faults take effect. */
    interface Owner extends GateChain.Observer {
        /**
         * Takes a turn, because something has changed that the socket does not report. The thread of the event loop
         * calls it.
         */
        void goOn();

        /** Returns the number of the connection, from 1. */
        long number();

        /** Returns the socket. */
        SocketChannel channel();

        /** Returns the address of the client: that of the socket's other end, unless a header of a proxy names another. */
        default SocketAddress remote() throws IOException {
            return channel().getRemoteAddress();
        }

        /** Returns the address that the client has connected to, in the same way. */
        default SocketAddress local() throws IOException {
            return channel().getLocalAddress();
        }

        /** Returns whether a proxy has connected on its own behalf, such as for a health check, and says so in its header. */
        default boolean isOfProxy() {
            return false;
        }

        /** Returns what changes the connection over from clear text to TLS, or null if it cannot. */
        default @Nullable TlsUpgrade upgrade() {
            return null;
        }
    }

    /** What serves the connection, for pumps that need more than their socket. */
    interface Serving {
        EventLoop loop();

        /** Returns what waits until the kernel of a peer has all that was sent. */
        UnsentBytes unsentBytes();

        /** Returns whether a connect to this address reaches the server itself. */
        boolean listensAt(SocketAddress address);

        /** Returns whether the connections are frozen: they neither read nor send. */
        boolean isFrozen();

        /** Passes one line to the callback of the server for warnings. */
        void warn(String line);
    }

    /**
     * What a pump works with.
     *
     * @param rings where it borrows memory for bytes
     * @param reporter null if nothing is printed or recorded
     * @param owner the connection
     * @param serving what serves the connection; null in tests of an echo
     * @param problems null if the server echoes
     */
    record Terms(
            RingPool rings,
            @Nullable ConnectionReporter reporter,
            Owner owner,
            @Nullable Serving serving,
            ScriptProblem.@Nullable Log problems) {}

    /** Reads once. Returns whether bytes or the client's FIN came. */
    boolean receive(LongSupplier clock) throws IOException;

    /** Sends what may be sent now. It stops after a few steps, so that other connections get a turn. */
    Next pump(LongSupplier clock) throws IOException;

    /** Returns in words why the last step asked for CLOSE, HALF_CLOSE, RESET or RESET_AT_ONCE. */
    String reason();

    /** Called when the connection has sent the FIN of HALF_CLOSE. */
    void outputEnded();

    /**
     * Ends the turn: gives up memory that is not needed until the next one. Returns the operations of the socket to
     * wait for.
     */
    int rest();

    /** Returns whether {@link #untilWake} may return a deadline, as of the last {@link #rest}. */
    boolean mayWake();

    /**
     * Returns the nanoseconds until the next turn is due even if nothing comes: at least 1, or {@link Verdict#NEVER}.
     */
    long untilWake(long now);

    /** Replaces the faults. The new ones also judge the bytes that are held; no byte is lost or sent twice. */
    void setFaults(List<Fault> faults, long number, long now);

    /**
     * Reads what has come and drops it. Bytes that are not read would make the kernel send an RST when the socket is
     * closed. Returns whether bytes came.
     */
    boolean drain() throws IOException;

    /** Returns whether it holds bytes of the client that are not answered yet. */
    boolean holds();

    /** Returns whether the client's FIN has come. */
    boolean inputEnded();

    /** Returns whether it has sent any byte on this connection. */
    boolean hasSent();

    /** Returns whether bytes were received or sent since the last call. */
    boolean hasMoved();

    /**
     * Returns whether it holds nothing of its connection, as of the last {@link #rest}, except {@link #hasSent}. The
     * connection then need not keep it: any pump of the loop that is at rest can take the next turn.
     */
    default boolean isAtRest() {
        return false;
    }

    /**
     * Serves another connection from now on. It is called only if {@link #isAtRest} returns true.
     *
     * @param reporter null if nothing is printed or recorded
     */
    default void serve(ByteChannel client, Owner owner, @Nullable ConnectionReporter reporter) {
        throw new IllegalStateException("this pump does not rest");
    }

    /** Returns what calls the connection from any thread, or null if this pump echoes. */
    default @Nullable ServedConnection calls() {
        return null;
    }

    /** Returns what opens when the call of the user's code that an executor runs is over, or null if there is none. */
    default @Nullable CountDownLatch running() {
        return null;
    }

    /** Returns which steps of the script are left if the client does no more, or null if there are none. */
    default @Nullable ScriptProblem unfinished() {
        return null;
    }

    /**
     * Called before {@link #release} if neither this pump nor a control ends the connection: the client has reset it, or
     * the server closes.
     *
     * @param how such as {@link #LOST}
     * @param clock if what has come is to be read before; otherwise null
     */
    default void ends(String how, @Nullable LongSupplier clock) {}

    /** Called after the server was frozen for this long. */
    default void stoodStill(long nanos) {}

    /**
     * Gives up everything, since the connection has ended. The pump does nothing after this, but {@link #ended} is called.
     * Further calls do nothing.
     *
     * @param clean whether the connection ends with a FIN; otherwise with an RST
     * @param why the reason; empty if there is none
     */
    void release(boolean clean, String why);

    /** Called when the socket is closed and the end is reported, with the reason. */
    default void ended(String why) {}
}
