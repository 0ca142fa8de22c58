package org.echoharness;

import org.echoharness.loop.EventLoop;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.RingPool;
import org.jspecify.annotations.Nullable;

/** What the connections of one event loop of a server share. The loop's thread calls it. */
final class ServingLoop {

    private final ServerContext context;
    private final EventLoop loop;
    private final RingPool rings;
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
