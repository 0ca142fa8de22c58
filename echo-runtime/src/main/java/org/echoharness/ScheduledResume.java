package org.echoharness;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.loop.Warnings;
import org.jspecify.annotations.Nullable;

/** Makes a server that refuses connects accept them again after a time. The thread of its first event loop calls it. */
final class ScheduledResume implements EventLoopHandler {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Alarms alarms;
    private final List<ListeningPort> ports;
    private final Warnings warnings;
    private Alarms.@Nullable Alarm alarm;
    private boolean hasWarned;

    ScheduledResume(Alarms alarms, List<ListeningPort> ports, Warnings warnings) {
        this.alarms = alarms;
        this.ports = ports;
        this.warnings = warnings;
    }

    /** Sets the time after which the server accepts connects again. Replaces an earlier one. */
    void set(Duration time) {
        cancel();
        hasWarned = false;
        alarm = alarms.set(System.nanoTime() + time.toNanos(), this);
    }

    void cancel() {
        if (alarm != null) {
            alarms.cancel(alarm);
            alarm = null;
        }
    }

    /** Listens again. Retries an address on which that fails. Loads no class: see {@link Preload}. */
    @Override
    public void alarm(long now) {
        alarm = null;
        for (ListeningPort port : ports) {
            try {
                port.listen();
            } catch (IOException | RuntimeException failed) {
                alarm = alarm != null ? alarm : alarms.set(System.nanoTime() + RETRY_NANOS, this);
                warn(port, failed);
            }
        }
    }

    private void warn(ListeningPort port, Exception failed) {
        if (!hasWarned) {
            hasWarned = true;
            warnings.warn("cannot listen again on "
                    .concat(HostAndPort.of(port.address()).toString())
                    .concat(", trying every 100ms: ")
                    .concat(String.valueOf(failed.getMessage())));
        }
    }

    /** It has no socket. */
    @Override
    public void ready() {}

    @Override
    public void abort() {}
}
