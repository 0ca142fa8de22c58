package org.echoharness;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes a server that refuses connects accept them again after a time. On the thread of its first event loop. */
final class ScheduledResume implements EventLoopHandler {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ServerCore server;
    private Alarms.@Nullable Alarm alarm;
    private boolean hasWarned;

    ScheduledResume(ServerCore server) {
        this.server = server;
    }

    /** In place of what was set before. */
    void set(Duration time) {
        cancel();
        hasWarned = false;
        alarm = alarms().set(System.nanoTime() + time.toNanos(), this);
    }

    void cancel() {
        if (alarm != null) {
            alarms().cancel(alarm);
            alarm = null;
        }
    }

    /** Where an address cannot be listened on, connects to it stay refused. Loads no class: see {@link Preload}. */
    @Override
    public void alarm(long now) {
        alarm = null;
        for (ListeningPort door : server.doors()) {
            try {
                door.listen();
            } catch (IOException | RuntimeException failed) {
                alarm = alarm != null ? alarm : alarms().set(System.nanoTime() + RETRY_NANOS, this);
                warn(door, failed);
            }
        }
    }

    private void warn(ListeningPort door, Exception failed) {
        if (!hasWarned) {
            hasWarned = true;
            server.warn("cannot listen again on "
                    .concat(HostAndPort.of(door.address()).toString())
                    .concat(", trying every 100ms: ")
                    .concat(String.valueOf(failed.getMessage())));
        }
    }

    private Alarms alarms() {
        return server.loops().get(0).alarms();
    }

    /** It has no socket. */
    @Override
    public void ready() {}

    @Override
    public void abort() {}
}
