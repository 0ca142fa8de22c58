package org.echoharness;

import java.nio.channels.ByteChannel;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.RingPool;
import org.jspecify.annotations.Nullable;

/** What the connections of one event loop of a server share. The loop's thread calls it. */
final class ServingLoop {

    private final ServerContext context;
    private final EventLoop loop;
    private final RingPool rings;
    private @Nullable ConnectionPump resting; // for the next turn of any connection
    private @Nullable UnsentBytes unsentBytes;
    private boolean isFrozen;

    ServingLoop(ServerContext context, EventLoop loop) {
        this.context = context;
        this.loop = loop;
        rings = new RingPool(context.config().bufferSize());
    }

    /** Any thread, as the next. */
    ServerContext context() {
        return context;
    }

    EventLoop loop() {
        return loop;
    }

    /** A pump for a connection that has none. */
    ConnectionPump pump(ByteChannel client, @Nullable ConnectionReporter reporter, ConnectionPump.Owner owner) {
        ConnectionPump pump = resting;
        if (pump == null || reporter != null) {
            return context.config().pumps().open(client, new ConnectionPump.Terms(rings, reporter, owner));
        }
        resting = null;
        pump.serve(client, owner);
        return pump;
    }

    /** A pump at rest, which its connection does not keep. */
    void rests(ConnectionPump pump) {
        resting = pump;
    }

    RingPool rings() {
        return rings;
    }

    UnsentBytes unsentBytes() {
        if (unsentBytes == null) {
            unsentBytes = new UnsentBytes(loop);
        }
        return unsentBytes;
    }

    /** Whether its connections neither read nor send. */
    boolean isFrozen() {
        return isFrozen;
    }

    /** The connections learn it by their own {@code refreeze}. */
    void setFrozen(boolean frozen) {
        isFrozen = frozen;
    }
}
