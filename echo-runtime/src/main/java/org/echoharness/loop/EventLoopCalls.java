package org.echoharness.loop;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Runs tasks on event loops for other threads, which wait for them. */
public final class EventLoopCalls {

    private static final long DEADLINE_SECONDS = 10;

    private EventLoopCalls() {}

    /** Thrown if a thread of the server did not finish a task in time. A task that had begun may still finish. */
    public static final class NoAnswerException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private NoAnswerException(String message) {
            super(message);
        }
    }

    /** Throws if the thread is interrupted. Called before a task begins. */
    public static void refuseInterrupted() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted();
        }
    }

    /** Waits until all have opened, or until the deadline. */
    public static void await(List<CountDownLatch> latches, long deadlineNanos) {
        try {
            for (CountDownLatch each : latches) {
                each.await(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(interrupted());
        }
    }

    /** Waits until it has opened, but not longer than for a task. An interrupt stays for later. */
    public static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = Thread.interrupted();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        while (latch.getCount() > 0 && deadline - System.nanoTime() > 0) {
            try {
                latch.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static InterruptedIOException interrupted() {
        return new InterruptedIOException("interrupted while waiting for a thread of the server");
    }

    /** Runs the task on the loop's thread, waits for it and returns its result. On that thread, runs it at once. */
    public static <T extends @Nullable Object> T call(EventLoop loop, Callable<T> task) throws IOException {
        refuseInterrupted();
        FutureTask<T> running = new FutureTask<>(task);
        if (loop.isCurrent()) {
            running.run();
        } else {
            loop.post(running);
        }
        try {
            return running.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            running.cancel(false); // a call that failed must not take effect later
            throw new NoAnswerException("a thread of the server did not answer within " + DEADLINE_SECONDS
                    + "s; a callback that blocks it? " + loop.where());
        } catch (InterruptedException e) {
            running.cancel(false);
            Thread.currentThread().interrupt();
            throw interrupted();
        } catch (ExecutionException e) {
            if (loop.hasEnded()) {
                throw new IllegalStateException("the server is not running: it was closed", e.getCause());
            }
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            if (e.getCause() instanceof RuntimeException failed) {
                throw failed;
            }
            throw new IOException(e.getCause());
        }
    }
}
