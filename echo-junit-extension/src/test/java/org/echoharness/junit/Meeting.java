package org.echoharness.junit;

import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs fixtures of which two tests are to run at the same time, and lets these wait for each other. JUnit permits tests to
 * run at the same time and does not promise it: on JDK 17 a {@link java.util.concurrent.ForkJoinPool} now and then leaves
 * the second test to the thread that runs the first. A run in which the two did not meet proves nothing and is
 * repeated.
 */
final class Meeting {

    private static final int MOST_RUNS = 20;

    private static volatile Meeting current = new Meeting();

    private volatile boolean hasBegun;
    private final CyclicBarrier both = new CyclicBarrier(2, () -> hasBegun = true);

    private Meeting() {}

    /** The first run in which two called {@link #await} at the same time. */
    static Run run(Map<String, String> configuration, Class<?>... fixtures) throws Exception {
        for (int i = 0; i < MOST_RUNS; i++) {
            current = new Meeting();
            Run run = Run.with(configuration, fixtures);
            if (current.hasBegun) {
                return run;
            }
            LeakyFixtures.closeAll();
        }
        throw new AssertionError("no two tests ran at the same time in " + MOST_RUNS + " runs");
    }

    /** Waits for the other test. The first wait is short, because JUnit may run the other test later. */
    static void await() {
        Meeting meeting = current;
        try {
            meeting.both.await(meeting.hasBegun ? 50 : 5, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException alone) {
            throw new IllegalStateException(alone);
        }
    }
}
