package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.WritableByteChannel;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.echoharness.ConnectionPump.Next;
import org.echoharness.ConnectionPump.Supply;
import org.echoharness.dialogue.Outlet;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.BorrowedRing;
import org.echoharness.memory.RingBuffer;
import org.echoharness.memory.RingPool;
import org.jspecify.annotations.Nullable;

/**
 * The output of one connection: bytes wait in its ring buffer until the gates let them pass and the socket takes them. It
 * has a ring only while it holds bytes, and it has gates only if there are faults. An echo reads what comes into {@link
 * #ring}; a dialogue puts what it sends into {@link #outlet}. The thread of one event loop uses it.
 */
final class GatedOutput {

    /** How many steps a connection with faults takes before other connections get a turn. */
    static final int STEPS = 16;

    private static final long LOOK_FOR_MEMORY_NANOS = 500_000_000;

    /** A map, since a switch loads a class at its first use, when perhaps no file descriptor is left. */
    private static final Map<Verdict.Kind, Next> ENDS = new EnumMap<>(Map.of(
            Verdict.Kind.END, Next.END,
            Verdict.Kind.CLOSE, Next.CLOSE,
            Verdict.Kind.CUT, Next.CUT,
            Verdict.Kind.HALF_CLOSE, Next.HALF_CLOSE,
            Verdict.Kind.RESET, Next.RESET));

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private WritableByteChannel out;
    private GateChain.Observer observer;
    private @Nullable ConnectionReporter reporter;
    private final BorrowedRing ring;
    private @Nullable GateChain gates;
    private boolean isDialogue;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean hasPut; // since a delay last began to count
    private boolean hasSent;
    private boolean hasMoved;
    private boolean isReleased;

    /** @param observer learns which faults take effect */
    GatedOutput(
            WritableByteChannel out,
            RingPool rings,
            @Nullable ConnectionReporter reporter,
            GateChain.Observer observer) {
        this.out = out;
        ring = new BorrowedRing(rings, false);
        this.reporter = reporter;
        this.observer = observer;
    }

    /** Returns the ring that holds what is not sent yet. Borrows one if nothing is held. */
    RingBuffer ring() {
        return ring.ring();
    }

    /** Returns how many bytes are held that are not sent yet. */
    int held() {
        return ring.size();
    }

    /**
     * Returns whether all that a dialogue has put was sent or dropped, and every fault that starts here has acted, as of the
     * last {@link #pump}.
     */
    boolean isEmpty() {
        return held() == 0 && (gates == null || gates.isSettled());
    }

    /**
     * Called when a dialogue waits until {@link #isEmpty}. Without this call, a fault may hold bytes back until others come
     * after them. Returns whether {@link #pump} is to be called again for that.
     */
    boolean flush() {
        return gates != null && gates.flush(held());
    }

    /** Returns how many bytes may be put into {@link #ring} now. */
    int room() {
        return ring.room(gates != null);
    }

    /** Returns the chain of gates; null if there are no faults. */
    @Nullable
    GateChain gates() {
        return gates;
    }

    /** Returns how many bytes a read into {@link #ring} may take. */
    int mostToRead() {
        return ring.mostToRead(gates != null);
    }

    /** Called when bytes have come into {@link #ring}. A delay counts from this call. */
    void arrived(LongSupplier clock) {
        hasPut = false;
        if (gates != null) {
            gates.received(held(), clock.getAsLong());
        }
    }

    private void markArrived(LongSupplier clock) {
        if (hasPut) {
            arrived(clock);
        }
    }

    /** Called when nothing more comes and the client's FIN is to be answered, once all that is held was sent. */
    void ends(LongSupplier clock) {
        markArrived(clock);
        inputEnded = true;
        if (gates != null) {
            gates.inputEnded(held(), clock.getAsLong());
        }
    }

    /** Sends what may be sent now. It stops after a few steps, so that other connections get a turn. */
    Next pump(LongSupplier clock, Supply supply) throws IOException {
        markArrived(clock);
        if (gates != null) {
            return obey(gates, clock, supply);
        }
        if (!ring.isEmpty()) {
            send(ring(), held());
        }
        return inputEnded && !isReleased && held() == 0 ? Next.END : Next.WAIT;
    }

    /** Does what the gates ask for, until they wait, the socket takes no more, or the turn ends after some steps. */
    private Next obey(GateChain judges, LongSupplier clock, Supply supply) throws IOException {
        judges.blocked(false);
        for (int step = 0; step < STEPS; step++) {
            Verdict verdict = judges.judge(held(), clock.getAsLong());
            if (isReleased) {
                return Next.WAIT;
            }
            Next end = ENDS.get(verdict.kind());
            if (end != null) {
                return end;
            }
            if (verdict.kind() == Verdict.Kind.WAIT) {
                if (!judges.asksForMore() || !receivesMore(judges, clock, supply)) {
                    return Next.WAIT;
                }
                continue;
            }
            int wanted = verdict.count();
            int done = act(judges, verdict);
            judges.done(done, clock.getAsLong());
            if (isReleased) {
                return Next.WAIT;
            }
            if (done < wanted) {
                break;
            }
        }
        judges.blocked(true);
        return Next.WAIT;
    }

    /** Asks for more, and returns whether bytes or the client's FIN have come since the last read. */
    private boolean receivesMore(GateChain judges, LongSupplier clock, Supply supply) throws IOException {
        ring.giveBackEmpty();
        boolean came = supply.more(clock);
        markArrived(clock);
        if (!came) {
            judges.idles();
        }
        return came && !isReleased;
    }

    private int act(GateChain judges, Verdict verdict) throws IOException {
        int count = verdict.count();
        if (verdict.kind() == Verdict.Kind.INSERT) {
            return insert(verdict.extra(), count);
        }
        RingBuffer from = ring();
        if (verdict.kind() == Verdict.Kind.DISCARD) {
            from.discard(count);
            return count;
        }
        judges.alter(from);
        int taken;
        if (verdict.kind() == Verdict.Kind.SEND) {
            taken = send(from, count);
        } else {
            ByteBuffer copy = copied(from, verdict.from(), count);
            taken = from.copyTo(out, verdict.from(), count);
            sent(copy, taken);
        }
        judges.restore(from, taken);
        return taken;
    }

    private int insert(ByteBuffer extra, int count) throws IOException {
        int limit = extra.limit();
        ByteBuffer recorded = extra.duplicate();
        if (reporter != null) {
            reporter.sending();
        }
        int taken = out.write(extra.limit(extra.position() + count));
        extra.limit(limit);
        sent(recorded, taken);
        return taken;
    }

    private int send(RingBuffer from, int most) throws IOException {
        ByteBuffer copy = copied(from, 0, most);
        int taken = from.writeTo(out, most);
        sent(copy, taken);
        return taken;
    }

    /** Returns a copy of those of these bytes that the reporter keeps, since the ring drops them when they are sent. */
    private ByteBuffer copied(RingBuffer from, int offset, int count) {
        return reporter == null ? NOTHING : reporter.sending(from, offset, count);
    }

    private void sent(ByteBuffer bytes, int count) {
        hasMoved |= count > 0;
        hasSent |= count > 0;
        if (reporter != null) {
            reporter.sent(bytes, count);
        }
    }

    /** Returns in words why the last step asked for CLOSE, HALF_CLOSE or RESET; empty if no fault did. */
    String reason() {
        return gates == null ? "" : gates.reason();
    }

    /** Called when the server's FIN was sent: from now on all bytes are dropped. */
    void outputEnded() {
        outputEnded = true;
        if (gates != null) {
            gates.outputEnded();
        } else if (!inputEnded || held() > 0) {
            gates = restarted(List.of(), 0, 0); // it drops what comes
        }
    }

    /** Ends the turn: gives up memory that is not needed until the next one. Returns OP_WRITE if it waits for that. */
    int rest() {
        ring.rest();
        boolean writes = gates == null ? !ring.isEmpty() : gates.isBlocked();
        return writes ? SelectionKey.OP_WRITE : 0;
    }

    /** Returns whether nothing is held but what waits for more bytes, as of the last {@link #pump}. */
    boolean awaitsMore() {
        return held() == 0 || (gates != null && gates.awaitsMore());
    }

    /** Drops all that is held. */
    void dropHeld() {
        ring.drop();
    }

    /** Returns whether the gates let the connection read, by the last verdict. */
    boolean reads() {
        return gates == null || gates.reading();
    }

    /** Returns whether to read into {@link #ring}, as of the last {@link #rest}. If memory lacks, it asks again later. */
    boolean takesMore() {
        boolean wants = gates == null ? ring.isHalfFree() : gates.reading();
        return wants && ring.takesMore(gates != null);
    }

    /** Returns whether {@link #untilWake} may return a deadline, as of the last {@link #rest}. */
    boolean mayWake() {
        return ring.lacksMemory() || gates != null;
    }

    /** Returns the nanoseconds until a turn is due even if nothing comes: at least 1, or {@link Verdict#NEVER}. */
    long untilWake(long now) {
        long left = gates == null ? Verdict.NEVER : gates.untilWake(now);
        return ring.lacksMemory() ? Math.min(left, LOOK_FOR_MEMORY_NANOS) : left;
    }

    /** Replaces the faults. The new ones also judge the bytes that are held; no byte is lost or sent twice. */
    void setFaults(List<Fault> faults, long number, long now) {
        if (gates != null && !ring.isEmpty()) {
            ring().discard(gates.copied());
        }
        releaseGates();
        gates = faults.isEmpty() && !outputEnded ? null : restarted(faults, number, now);
    }

    private GateChain restarted(List<Fault> faults, long number, long now) {
        GateChain restarted = new GateChain(faults, number, now, isDialogue, observer);
        if (outputEnded) {
            restarted.outputEnded();
        }
        if (held() > 0) {
            restarted.received(held(), now);
        }
        if (inputEnded) {
            restarted.inputEnded(held(), now);
        }
        return restarted;
    }

    /** Returns whether it has sent any byte on this connection. */
    boolean hasSent() {
        return hasSent;
    }

    /** Returns whether bytes were sent since the last call. */
    boolean hasMoved() {
        boolean moved = hasMoved;
        hasMoved = false;
        return moved;
    }

    /** Returns whether it holds nothing of its connection, as of the last {@link #rest}. */
    boolean isAtRest() {
        return ring.isEmpty() && gates == null && !inputEnded && !isReleased;
    }

    /** Serves another connection from now on. It is called only if {@link #isAtRest} returns true. */
    void serve(WritableByteChannel client, GateChain.Observer connection, @Nullable ConnectionReporter ofConnection) {
        out = client;
        observer = connection;
        reporter = ofConnection;
        hasSent = false;
        hasMoved = false;
    }

    /** Gives up everything. It does nothing after this. Further calls do nothing. */
    void release() {
        isReleased = true;
        dropHeld();
        releaseGates();
    }

    private void releaseGates() {
        if (gates != null) {
            gates.release();
            gates = null;
        }
    }

    /** Returns where a dialogue puts what it sends. Called at most once, before anything else. */
    Outlet outlet() {
        isDialogue = true;
        return Puts.into(this);
    }

    /** Puts into the ring. A class of its own, so that an echo loads no class of a dialogue. */
    private record Puts(GatedOutput output) implements Outlet {
        /** Has the type of the interface: where a class is returned as one, the verifier loads the interface. */
        static Outlet into(GatedOutput output) {
            return new Puts(output);
        }

        @Override
        public int room() {
            return output.room();
        }

        @Override
        public void put(byte[] bytes, int from, int count) {
            output.ring().put(bytes, from, count);
            output.hasPut = true;
        }

        @Override
        public void put(ByteBuffer bytes) {
            output.ring().put(bytes);
            output.hasPut = true;
        }

        @Override
        public void echo(RingBuffer in, int count) {
            if (output.gates != null) {
                output.gates.echoed(count, output.held());
            }
            output.ring().take(in, count);
            output.hasPut = true;
        }

        @Override
        public void matched(int bytes) {
            if (output.gates != null) {
                output.gates.matched(bytes, output.held());
            }
        }

        @Override
        public boolean message() {
            return output.gates == null || output.gates.message(output.held());
        }

        @Override
        public void step(String label) {
            if (output.reporter != null) {
                output.reporter.step(label);
            }
        }
    }
}
