package org.echoharness.stress;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits with a deadline; what is waited for here has no event to tell it. */
final class Waiting {

    static final Duration LONGEST = Duration.ofSeconds(60);

    private Waiting() {}

    /** Waits until the condition holds; the error says what was awaited and what was seen. */
    static void until(String what, BooleanSupplier holds, Supplier<?> seen) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - deadline >= 0) {
                throw new AssertionError("awaited " + what + " for " + LONGEST.toSeconds() + "s, saw " + seen.get());
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /** Lets time pass where its length is what the scenario is about. */
    static void span(Duration length) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(length.toNanos());
    }

    static double secondsSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    /** A task on a daemon thread of its own. */
    static <T> FutureTask<T> inThread(String name, java.util.concurrent.Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    static <T> T result(FutureTask<T> task) throws Exception {
        return task.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
    }
}
