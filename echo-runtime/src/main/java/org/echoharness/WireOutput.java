package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.util.List;
import java.util.function.LongSupplier;
import org.echoharness.ConnectionPump.Next;
import org.echoharness.ConnectionPump.Supply;
import org.echoharness.Trigger.HandshakeStage;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.RingPool;
import org.echoharness.tls.ServerHelloScanner;
import org.jspecify.annotations.Nullable;

/**
 * What faults of the wire put between the records of TLS and the socket: records wait in a ring until the gates let them pass.
 * Only a connection with such faults has one. The thread of its event loop uses it.
 */
final class WireOutput implements ByteChannel {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ByteChannel socket;
    private final LongSupplier clock;
    private final GatedOutput output;
    private @Nullable ServerHelloScanner hello; // while the ServerHello has not been put and a fault waits for it
    private boolean expectsHello;
    private ByteBuffer part = NOTHING; // of what the scanner has returned
    private Next asked = Next.WAIT;
    private String reason = "";
    private boolean hasPut; // since the gates have judged
    private boolean hasEnded;
    private boolean hasSent;

    /** @param observer learns which faults take effect */
    WireOutput(ByteChannel socket, RingPool rings, LongSupplier clock, GateChain.Observer observer) {
        this.socket = socket;
        this.clock = clock;
        output = new GatedOutput(socket, rings, null, observer);
    }

    /** Loads its classes, at the start of a server. */
    static void load() {
        new ServerHelloScanner().holds();
    }

    void setFaults(List<Fault> faults, long number) {
        output.setFaults(faults, number, clock.getAsLong());
    }

    /** States that the next record is the first of the server, so that the ServerHello can be found. */
    void expectHello() {
        expectsHello = true;
    }

    /** Called when the handshake has reached a stage, and all records before it were written. */
    void reached(HandshakeStage stage) {
        GateChain gates = output.gates();
        if (gates != null) {
            gates.reached(stage, output.held());
        }
    }

    /** Returns whether a fault waits for this stage, or has not taken effect since. */
    boolean awaits(HandshakeStage stage) {
        GateChain gates = output.gates();
        return gates != null && gates.awaits(stage);
    }

    /** Returns whether it passes all on, so that the socket can take its place. */
    boolean isPlain() {
        return output.gates() == null && isEmpty();
    }

    private boolean isEmpty() {
        return output.held() == 0 && !part.hasRemaining() && (hello == null || !hello.holds());
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return output.reads() ? socket.read(into) : 0;
    }

    /** Takes records, whole or in part, as far as there is room. */
    @Override
    public int write(ByteBuffer from) throws IOException {
        if (isPlain()) {
            int n = socket.write(from);
            hasSent |= n > 0;
            return n;
        }
        int before = from.position();
        if (expectsHello) {
            expectsHello = false;
            hello = awaits(HandshakeStage.SERVER_HELLO) ? new ServerHelloScanner() : null;
        }
        scan(from);
        putPart();
        if (hello == null && !part.hasRemaining()) {
            put(from);
        }
        if (output.held() > 0) {
            output.arrived(clock);
        }
        return from.position() - before;
    }

    private void scan(ByteBuffer from) {
        while (hello != null && putPart() && hello != null && hello.take(from)) {
            part = hello.next();
        }
    }

    /** Puts what the scanner has returned. Returns whether all of it was put. */
    private boolean putPart() {
        put(part);
        while (!part.hasRemaining() && hello != null && hello.isFound()) {
            reached(HandshakeStage.SERVER_HELLO);
            part = hello.rest();
            hello = null;
            put(part);
        }
        return !part.hasRemaining();
    }

    private void put(ByteBuffer from) {
        int n = Math.min(output.room(), from.remaining());
        if (n > 0) {
            output.ring().put(from.slice(from.position(), n));
            from.position(from.position() + n);
            hasPut = true;
        }
    }

    /**
     * Sends what the gates let pass.
     *
     * @param supply writes more, if there is more to write
     * @return CLOSE to send a close_notify and to close; RESET, CUT, HALF_CLOSE or WAIT
     */
    Next pump(Supply supply) throws IOException {
        if (asked != Next.WAIT) {
            return asked;
        }
        int before = part.remaining();
        putPart();
        if (part.remaining() < before) {
            output.arrived(clock);
        }
        Next next = output.pump(clock, supply);
        hasPut = false;
        if (next == Next.WAIT || next == Next.END) {
            return next;
        }
        reason = output.reason();
        GateChain gates = output.gates();
        if (next == Next.CLOSE && gates != null && gates.isAfterHandshake()) {
            gates.drop(); // the close_notify is to pass, as the other faults let it
            return Next.CLOSE;
        }
        asked = next == Next.CLOSE ? Next.CUT : next;
        return asked;
    }

    /** Called when nothing more is written. Returns whether the socket has all that was. */
    boolean sendsAll(Supply supply) throws IOException {
        if (!hasEnded && putPart()) {
            hasEnded = true;
            output.ends(clock);
        }
        return pump(supply) == Next.END;
    }

    /** Called when the FIN of HALF_CLOSE was sent: from now on all is dropped. */
    void outputEnded() {
        asked = Next.WAIT;
        output.outputEnded();
    }

    /** Returns in words why {@link #pump} has asked for an end. */
    String reason() {
        return reason;
    }

    /**
     * Ends the turn.
     *
     * @param writes whether there is more to write
     * @return OP_WRITE to have another turn as soon as the socket takes bytes
     */
    int rest(boolean writes) {
        int waits = output.rest();
        boolean hasMore = hasPut || ((writes || part.hasRemaining()) && output.room() > 0);
        return hasMore && asked == Next.WAIT ? SelectionKey.OP_WRITE : waits;
    }

    /** Returns whether the gates let the connection read, by the last verdict. */
    boolean reads() {
        return output.reads();
    }

    int held() {
        return output.held();
    }

    boolean mayWake() {
        return output.mayWake();
    }

    /** Returns the nanoseconds until a turn is due even if nothing comes: at least 1, or {@link Verdict#NEVER}. */
    long untilWake(long now) {
        return output.untilWake(now);
    }

    boolean hasSent() {
        return hasSent || output.hasSent();
    }

    boolean hasMoved() {
        return output.hasMoved();
    }

    /** Gives up everything. */
    void release() {
        output.release();
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
