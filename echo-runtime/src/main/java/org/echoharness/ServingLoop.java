package org.echoharness;

import java.net.SocketAddress;
import java.nio.channels.ByteChannel;
import java.util.function.LongSupplier;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.RingPool;
import org.jspecify.annotations.Nullable;

/** The pump, rings and state that the connections of one event loop share. The loop's thread calls it. */
final class ServingLoop implements ConnectionPump.Serving {

    /** Gives pumps the time. Any thread may call it. */
    static final LongSupplier CLOCK = new Clock();

    /** Like {@link LineBuffer.DefaultWarnings}, a class and not a lambda. */
    private static final class Clock implements LongSupplier {
        @Override
        public long getAsLong() {
            return System.nanoTime();
        }
    }

    private final ServerContext context;
    private final EventLoop loop;
    private final RingPool rings;
    private @Nullable ConnectionPump resting; // for the next turn of any connection
    private @Nullable UnsentBytes unsentBytes;
    private volatile boolean isFrozen; // any thread may read it
    private long frozenSince;
    private long frozenFor;

    ServingLoop(ServerContext context, EventLoop loop) {
        this.context = context;
        this.loop = loop;
        rings = new RingPool(context.config().bufferSize());
    }

    /** Any thread may call this method and the next. */
    ServerContext context() {
        return context;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    /** Returns a pump for a connection that has none. */
    ConnectionPump pump(ByteChannel client, @Nullable ConnectionReporter reporter, ConnectionPump.Owner owner) {
        ConnectionPump pump = resting;
        if (pump == null) {
            return context.config()
                    .pumps()
                    .open(client, new ConnectionPump.Terms(rings, reporter, owner, this, context.problems()));
        }
        resting = null;
        pump.serve(client, owner, reporter);
        return pump;
    }

    /** Takes back a pump at rest from its connection. Returns whether it keeps the pump for the next turn of any connection. */
    boolean takesBack(ConnectionPump pump) {
        if (context.config().pumps().echoes() && pump.isAtRest()) {
            resting = pump;
            return true;
        }
        return false;
    }

    /**
     * Releases the pump of a connection that ends. If the connection has none, the pump at rest may have served it last and
     * refer to it: drops that pump, so that the connection can be collected.
     */
    void release(@Nullable ConnectionPump pump, boolean clean, String why) {
        if (pump == null) {
            resting = null;
        } else {
            pump.release(clean, why);
        }
    }

    RingPool rings() {
        return rings;
    }

    @Override
    public UnsentBytes unsentBytes() {
        if (unsentBytes == null) {
            unsentBytes = new UnsentBytes(loop);
        }
        return unsentBytes;
    }

    @Override
    public boolean listensAt(SocketAddress address) {
        return context.server().listensAt(address);
    }

    @Override
    public boolean isFrozen() {
        return isFrozen;
    }

    @Override
    public void warn(String line) {
        context.warnings().warn(line);
    }

    /** Sets the state only. The caller then calls {@link ServerConnection#refreeze} of each connection. */
    void setFrozen(boolean frozen) {
        long now = System.nanoTime();
        frozenFor = frozen ? 0 : now - frozenSince;
        frozenSince = now;
        isFrozen = frozen;
    }

    /** Returns for how many nanoseconds the connections were frozen before they went on. */
    long frozenFor() {
        return frozenFor;
    }
}
