package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.WritableByteChannel;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.memory.RingPool;
import org.jspecify.annotations.Nullable;

/**
 * Sends back what comes: reads into a ring buffer, and writes from it what the gates let pass. It has a ring only while
 * it holds bytes, and it has gates only if there are faults. The thread of one event loop uses it; the tests of the
 * gates use it without a loop.
 */
final class EchoPump implements ConnectionPump {

    /** Makes pumps. Like {@link DefaultWarnings}, this is a class because the first use of a lambda is slow. */
    static final class Maker implements Factory {
        @Override
        public ConnectionPump open(ByteChannel client, Terms terms) {
            return new EchoPump(client, client, terms);
        }
    }

    /** How many steps a connection with faults takes before other connections get a turn. */
    private static final int STEPS = 16;

    private static final long LOOK_FOR_MEMORY_NANOS = 500_000_000;

    /** A map, since a switch loads a class at its first use, when perhaps no file descriptor is left. */
    private static final Map<Verdict.Kind, Next> ENDS = new EnumMap<>(Map.of(
            Verdict.Kind.END, Next.END,
            Verdict.Kind.CLOSE, Next.CLOSE,
            Verdict.Kind.HALF_CLOSE, Next.HALF_CLOSE,
            Verdict.Kind.RESET, Next.RESET));

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private ReadableByteChannel in;
    private WritableByteChannel out;
    private Owner owner;
    private final RingPool rings;
    private final @Nullable ConnectionReporter reporter;
    private @Nullable RingBuffer ring; // only while it holds bytes
    private @Nullable GateChain gates;
    private boolean inputEnded;
    private boolean lacksMemory; // if true, it does not read, and tries again later
    private boolean hasSent;
    private boolean hasMoved;
    private boolean isReleased;

    EchoPump(ReadableByteChannel in, WritableByteChannel out, Terms terms) {
        this.in = in;
        this.out = out;
        rings = terms.rings();
        reporter = terms.reporter();
        owner = terms.owner();
    }

    @Override
    public boolean receive(LongSupplier clock) throws IOException {
        RingBuffer into = ring;
        int most = rings.bufferSize();
        if (into == null) {
            into = rings.borrow();
            ring = into;
            most = HeldMemory.room(most, false, gates != null);
        }
        int n = into.readFrom(in, most);
        inputEnded |= n < 0;
        hasMoved |= n > 0;
        if (gates != null && n > 0) {
            gates.received(into.size(), clock.getAsLong());
        } else if (gates != null && n < 0) {
            gates.inputEnded(into.size(), clock.getAsLong());
        }
        if (reporter != null && n > 0) {
            reporter.received(into.newest(n));
        } else if (reporter != null && n < 0) {
            reporter.inputEnded();
        }
        return n != 0;
    }

    @Override
    public Next pump(LongSupplier clock) throws IOException {
        if (gates != null) {
            return obey(gates, clock);
        }
        RingBuffer from = ring;
        if (from != null && !from.isEmpty()) {
            send(from, from.size());
        }
        return inputEnded && !isReleased && !holds() ? Next.END : Next.WAIT;
    }

    /**
     * Does what the gates ask for, until they ask to wait, the socket takes no more, or the turn ends after some steps.
     */
    private Next obey(GateChain judges, LongSupplier clock) throws IOException {
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
                if (!judges.asksForMore() || !receivesMore(judges, clock)) {
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
                judges.blocked(true);
                return Next.WAIT;
            }
        }
        judges.blocked(true);
        return Next.WAIT;
    }

    /** Reads again, and returns whether bytes or the client's FIN have come since the last read. */
    private boolean receivesMore(GateChain judges, LongSupplier clock) throws IOException {
        giveBackEmpty();
        boolean came = receive(clock);
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
        RingBuffer from = ring;
        if (from == null) {
            throw new AssertionError("no bytes for " + verdict.kind());
        }
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
        if (reporter == null) {
            return NOTHING;
        }
        reporter.sending();
        int wanted = Math.min(count, reporter.wants());
        return wanted == 0 ? NOTHING : from.copy(offset, wanted);
    }

    private void sent(ByteBuffer bytes, int count) {
        hasMoved |= count > 0;
        hasSent |= count > 0;
        if (reporter != null) {
            reporter.sent(bytes, count);
        }
    }

    @Override
    public String reason() {
        return gates == null ? "" : gates.reason();
    }

    @Override
    public void outputEnded() {
        if (gates != null) {
            gates.outputEnded();
        }
    }

    @Override
    public int rest() {
        giveBackEmpty();
        if (ring != null) {
            ring = rings.held(ring);
        }
        lacksMemory = false;
        return (reads() ? SelectionKey.OP_READ : 0) | (writes() ? SelectionKey.OP_WRITE : 0);
    }

    private void giveBackEmpty() {
        if (ring != null && ring.isEmpty()) {
            rings.giveBack(ring);
            ring = null;
        }
    }

    private boolean reads() {
        if (inputEnded) {
            return false;
        }
        if (ring == null) {
            return gates == null || gates.reading();
        }
        boolean wants = gates == null ? ring.isHalfFree() : gates.reading() && ring.hasRoom();
        int lack = wants ? ring.lacks() : 0;
        lacksMemory = lack > 0 && HeldMemory.room(lack, true, gates != null) < lack;
        return wants && !lacksMemory;
    }

    private boolean writes() {
        return gates == null ? ring != null : gates.isBlocked();
    }

    @Override
    public boolean mayWake() {
        return lacksMemory || gates != null;
    }

    @Override
    public long untilWake(long now) {
        long left = gates == null ? Verdict.NEVER : gates.untilWake(now);
        return lacksMemory ? Math.min(left, LOOK_FOR_MEMORY_NANOS) : left;
    }

    @Override
    public void setFaults(List<Fault> faults, long number, long now) {
        boolean outputEnded = gates != null && gates.hasEndedOutput();
        if (gates != null && ring != null) {
            ring.discard(gates.copied());
        }
        releaseGates();
        gates = faults.isEmpty() && !outputEnded ? null : restarted(faults, number, now, outputEnded);
    }

    private GateChain restarted(List<Fault> faults, long number, long now, boolean outputEnded) {
        GateChain restarted = new GateChain(faults, number, now, owner);
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

    @Override
    public boolean drain() throws IOException {
        if (ring != null) {
            rings.giveBack(ring); // it may be smaller than a borrowed one
        }
        RingBuffer unread = rings.borrow();
        ring = unread;
        boolean came = false;
        for (int i = 0, n = 1; i < STEPS && n > 0 && !inputEnded; i++) {
            unread.clear();
            n = unread.readFrom(in);
            inputEnded = n < 0;
            came |= n > 0;
            if (reporter != null) {
                reporter.drained(n > 0 ? unread.newest(n) : NOTHING, n < 0);
            }
        }
        unread.clear();
        return came;
    }

    @Override
    public boolean holds() {
        return held() > 0;
    }

    /** Returns how many bytes it holds. */
    int held() {
        return ring == null ? 0 : ring.size();
    }

    @Override
    public boolean inputEnded() {
        return inputEnded;
    }

    @Override
    public boolean hasSent() {
        return hasSent;
    }

    @Override
    public boolean hasMoved() {
        boolean moved = hasMoved;
        hasMoved = false;
        return moved;
    }

    @Override
    public boolean isAtRest() {
        return ring == null && gates == null && reporter == null && !inputEnded && !isReleased;
    }

    @Override
    public void serve(ByteChannel client, Owner connection) {
        in = client;
        out = client;
        owner = connection;
        hasSent = false;
        hasMoved = false;
    }

    @Override
    public void release() {
        isReleased = true;
        if (ring != null) {
            rings.giveBack(ring);
            ring = null;
        }
        releaseGates();
    }

    private void releaseGates() {
        if (gates != null) {
            gates.release();
            gates = null;
        }
    }
}
