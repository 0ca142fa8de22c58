package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.LongSupplier;
import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sends what comes: reads into the ring buffer of its output. An echo sends it back; a relay has one for each direction. The
 * thread of one event loop uses it; the tests of the gates use it without a loop.
 */
final class EchoPump implements ConnectionPump, ConnectionPump.Supply {

    /** Makes pumps. Like {@link LineBuffer.DefaultWarnings}, this is a class because the first use of a lambda is slow. */
    static final class Maker implements Factory {
        @Override
        public ConnectionPump open(ByteChannel client, Terms terms) {
            return new EchoPump(client, client, terms);
        }

        @Override
        public boolean echoes() {
            return true;
        }
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private ReadableByteChannel in;
    private final GatedOutput output;
    private @Nullable ConnectionReporter reporter;
    private boolean inputEnded;
    private boolean hasReceived;

    EchoPump(ReadableByteChannel in, WritableByteChannel out, Terms terms) {
        this(in, out, terms, terms.reporter());
    }

    /** @param sender reports what is sent; the reporter of the terms reports what is received */
    EchoPump(ReadableByteChannel in, WritableByteChannel out, Terms terms, @Nullable ConnectionReporter sender) {
        this.in = in;
        reporter = terms.reporter();
        output = new GatedOutput(out, terms.rings(), sender, terms.owner());
    }

    @Override
    public boolean receive(LongSupplier clock) throws IOException {
        int most = output.mostToRead();
        RingBuffer into = output.ring();
        int n = into.readFrom(in, most);
        inputEnded |= n < 0;
        hasReceived |= n > 0;
        if (n > 0) {
            output.arrived(clock);
        } else if (n < 0) {
            output.ends(clock);
        }
        if (reporter != null && n > 0) {
            reporter.received(into.newest(n));
        } else if (reporter != null && n < 0) {
            reporter.inputEnded();
        }
        return n != 0;
    }

    @Override
    public boolean more(LongSupplier clock) throws IOException {
        return receive(clock);
    }

    @Override
    public Next pump(LongSupplier clock) throws IOException {
        return output.pump(clock, this);
    }

    @Override
    public String reason() {
        return output.reason();
    }

    @Override
    public void outputEnded() {
        output.outputEnded();
    }

    @Override
    public int rest() {
        int writes = output.rest();
        boolean reads = !inputEnded && output.takesMore();
        return writes | (reads ? SelectionKey.OP_READ : 0);
    }

    @Override
    public boolean mayWake() {
        return output.mayWake();
    }

    @Override
    public long untilWake(long now) {
        return output.untilWake(now);
    }

    @Override
    public void setFaults(List<Fault> faults, long number, long now) {
        output.setFaults(faults, number, now);
    }

    @Override
    public boolean drain() throws IOException {
        output.dropHeld();
        RingBuffer unread = output.ring();
        boolean came = false;
        for (int i = 0, n = 1; i < GatedOutput.STEPS && n > 0 && !inputEnded; i++) {
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
        return output.held();
    }

    /** Returns whether it has sent all that can be sent before more comes, as of the last {@link #pump}. */
    boolean awaitsMore() {
        return output.awaitsMore();
    }

    @Override
    public boolean inputEnded() {
        return inputEnded;
    }

    @Override
    public boolean hasSent() {
        return output.hasSent();
    }

    @Override
    public boolean hasMoved() {
        boolean moved = hasReceived;
        hasReceived = false;
        return output.hasMoved() || moved;
    }

    @Override
    public boolean isAtRest() {
        return output.isAtRest() && !inputEnded;
    }

    @Override
    public void serve(ByteChannel client, Owner connection, @Nullable ConnectionReporter ofConnection) {
        in = client;
        reporter = ofConnection;
        output.serve(client, connection, ofConnection);
        hasReceived = false;
    }

    @Override
    public void release(boolean clean, String why) {
        output.release();
    }
}
