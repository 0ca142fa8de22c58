package org.echoharness.support;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Work on other threads, and how long a test waits for it. */
public final class Background {

    /** The deadline of a wait that names no other. */
    public static final Duration LONGEST = Duration.ofSeconds(60);

    private Background() {}

    /** Starts the work on a daemon thread of its own. */
    public static <T> FutureTask<T> inThread(String name, Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    public static <T> T result(FutureTask<T> task) throws Exception {
        return task.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
    }

    /** Waits until the latch opens, and fails at the deadline or if the thread is interrupted. */
    public static void await(CountDownLatch latch) {
        try {
            if (!latch.await(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("the latch did not open within " + LONGEST);
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    public static double secondsSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }
}
