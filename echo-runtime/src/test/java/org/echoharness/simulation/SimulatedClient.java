package org.echoharness.simulation;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.echoharness.simulation.ModelledConnection.End;
import org.jspecify.annotations.Nullable;

/** A client whose socket does not block. It compares what it reads with the model at once. */
final class SimulatedClient {

    private static final ByteBuffer READ = ByteBuffer.allocate(64 << 10); // all clients have one thread

    private final int number;
    private final SocketChannel socket;
    private final SelectionKey key;
    private final ClientWire wire;
    private final @Nullable ModelledConnection model; // null if the server rejects the connection
    private final boolean isUnix;
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private ByteBuffer pending = ByteBuffer.allocate(0); // what it is to send
    private int written; // bytes that it was to send so far
    private int seen;
    private @Nullable End end;
    private boolean isPaused;
    private boolean wantsFin;
    private boolean hasSentFin;
    private boolean isBroken; // a write has failed
    private boolean isClosed; // by itself

    SimulatedClient(
            int number,
            SocketChannel socket,
            Selector selector,
            ClientWire wire,
            @Nullable ModelledConnection model,
            boolean isUnix)
            throws IOException {
        this.number = number;
        this.socket = socket;
        this.wire = wire;
        this.model = model;
        this.isUnix = isUnix;
        key = socket.register(selector, SelectionKey.OP_READ, this);
    }

    int number() {
        return number;
    }

    @Nullable
    ModelledConnection model() {
        return model;
    }

    @Nullable
    End end() {
        return end;
    }

    boolean isClosed() {
        return isClosed;
    }

    boolean isOfUnixSocket() {
        return isUnix;
    }

    boolean hasSentFin() {
        return hasSentFin;
    }

    /** Whether it goes on: it has not seen the end, and has not closed its socket. */
    boolean isOpen() {
        return end == null && !isClosed;
    }

    /** What the kernel, or TLS, has taken. */
    byte[] sent() {
        return sent.toByteArray();
    }

    int seen() {
        return seen;
    }

    /** Each byte depends on the client and on its position, so that a byte at a wrong place is seen. */
    void write(int count) throws IOException {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            int position = written + i;
            bytes[i] = (byte) (((position * 0x9E3779B1) >>> 13) ^ (number * 41) ^ position);
        }
        write(bytes);
    }

    void write(byte[] bytes) throws IOException {
        if (wantsFin || isClosed) {
            return;
        }
        written += bytes.length;
        byte[] all = Arrays.copyOfRange(pending.array(), pending.position(), pending.limit() + bytes.length);
        System.arraycopy(bytes, 0, all, pending.remaining(), bytes.length);
        pending = ByteBuffer.wrap(all);
        push();
    }

    void pause(boolean paused) {
        isPaused = paused;
    }

    void halfClose() throws IOException {
        wantsFin = true;
        push();
    }

    void close(boolean reset) throws IOException {
        isClosed = true;
        if (reset && !isUnix) {
            socket.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        socket.close();
    }

    /** Sends what it can. */
    private void push() throws IOException {
        if (isBroken || isClosed || hasSentFin) {
            return;
        }
        try {
            int from = pending.position();
            try {
                wire.write(pending);
            } finally {
                took(pending.position() - from);
            }
            if (wantsFin && !pending.hasRemaining() && wire.shutdownOutput()) {
                hasSentFin = true;
                if (model != null) {
                    model.takes(new byte[0], true);
                }
            }
        } catch (IOException broken) {
            isBroken = true;
        }
    }

    private void took(int count) {
        byte[] bytes = Arrays.copyOfRange(pending.array(), pending.position() - count, pending.position());
        sent.writeBytes(bytes);
        if (model != null && count > 0) {
            model.takes(bytes, false);
        }
    }

    /** Does what its socket lets it do, and says what it waits for. */
    void turn() throws IOException {
        push();
        if (!isPaused) {
            read();
        }
        if (isOpen()) {
            boolean hasMore = wire.mayTake() && (pending.hasRemaining() || wantsFin);
            boolean writes = !isBroken && !hasSentFin && (wire.holds() || hasMore);
            key.interestOps((isPaused ? 0 : SelectionKey.OP_READ) | (writes ? SelectionKey.OP_WRITE : 0));
        } else if (key.isValid()) {
            key.interestOps(0);
        }
    }

    private void read() throws IOException {
        while (isOpen()) {
            READ.clear();
            try {
                int n = wire.read(READ);
                if (n == 0) {
                    return;
                }
                if (n > 0) {
                    compare(READ.flip());
                } else {
                    ends(isBroken ? End.BROKEN : End.FIN);
                }
            } catch (EOFException cut) {
                boolean isBeforeHandshake = !wire.mayTake(); // then there is no close_notify
                ends(isBroken ? End.BROKEN : isBeforeHandshake ? End.FIN : End.CUT);
            } catch (IOException reset) {
                ends(isBroken || wire.isBroken() ? End.BROKEN : End.RST);
            }
        }
    }

    private void compare(ByteBuffer bytes) {
        String output = model == null ? "" : model.output();
        while (bytes.hasRemaining()) {
            int b = bytes.get() & 0xFF;
            if (seen >= output.length() || output.charAt(seen) != b) {
                throw new AssertionError("the client reads " + b + " at " + seen + ", where the model has "
                        + (seen >= output.length() ? "nothing more" : "" + (int) output.charAt(seen)));
            }
            seen++;
        }
    }

    private void ends(End how) {
        end = how;
        if (model != null) {
            model.check(how, seen, isUnix);
        } else if (how == End.FIN && !isUnix) {
            throw new AssertionError("the client reads a FIN, though the connection was to be rejected");
        }
    }

    /** Whether it has seen all that it can see by now. */
    boolean isSettled() {
        if (!isOpen()) {
            return true;
        }
        if (model == null) {
            return false;
        }
        boolean isWaiting = model.isStalled() || (!pending.hasRemaining() && !wire.holds() && wantsFin == hasSentFin);
        return isWaiting
                && !model.wasEnded()
                && model.naturalEnds().isEmpty()
                && seen == model.output().length();
    }

    @Override
    public String toString() {
        return "client " + number + ": sent " + sent.size() + " of " + written + (hasSentFin ? " and FIN" : "")
                + ", seen " + seen + (end == null ? "" : " and " + end) + (isClosed ? ", closed" : "")
                + (isPaused ? ", paused" : "")
                + (model == null
                        ? ", to be rejected"
                        : ", connection " + model.number() + " with " + model.faults() + ", model: "
                                + model.output().length() + " bytes and " + model.naturalEnds() + ", early "
                                + model.earlyEnds());
    }
}
