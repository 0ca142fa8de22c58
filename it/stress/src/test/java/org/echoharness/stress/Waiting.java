package org.echoharness.stress;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.echoharness.support.Background;

/** Waits for conditions that no event reports. */
final class Waiting {

    private Waiting() {}

    /** A wait with a deadline: its condition is checked each millisecond, in the thread of the test. */
    static ConditionFactory await(String what) {
        return Awaitility.await(what)
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(Background.LONGEST);
    }

    /** Waits for a fixed time, in scenarios that are about its length. */
    static void span(Duration length) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(length.toNanos());
    }
}
