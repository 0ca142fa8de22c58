package org.echoharness.control;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The daemon threads that answer requests, and others that wait for events. Where a thread reads from a client or writes to
 * it, the client has a time limit: then the thread is interrupted, which closes the channel of the client.
 */
final class RequestThreads implements Executor {

    /** How long event streams may take to report the end. */
    private static final long GRACE_MILLIS = 500;

    private static final long KEPT_SECONDS = 30;

    private final ControlLimits limits;
    private final ThreadPoolExecutor requests;
    private final ThreadPoolExecutor waits;
    private final ScheduledThreadPoolExecutor timer;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final ThreadLocal<ClientTime> clientTime = ThreadLocal.withInitial(ClientTime::new);
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile @Nullable Runnable last; // null as long as requests are answered
    private volatile boolean isEnding; // no thread waits for a client any more

    /** The time that a client has for what a thread waits for. */
    private final class ClientTime {
        private final Thread thread = Thread.currentThread();
        private @Nullable Future<?> alarm; // null if the thread does not wait for a client

        synchronized void begin(Duration most) {
            end();
            if (isEnding) {
                thread.interrupt();
                return;
            }
            try {
                alarm = timer.schedule(this::over, most.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException closed) {
                thread.interrupt();
            }
        }

        synchronized void end() {
            if (alarm != null) {
                alarm.cancel(false);
                alarm = null;
            }
            if (!isEnding) {
                Thread.interrupted(); // the alarm may have gone off just now
            }
        }

        synchronized void over() {
            if (alarm != null) {
                alarm = null;
                thread.interrupt();
            }
        }
    }

    /** @param name how the names of the threads begin */
    RequestThreads(String name, ControlLimits limits) {
        this.limits = limits;
        requests = new ThreadPoolExecutor(
                limits.threads(),
                limits.threads(),
                KEPT_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(limits.queue()),
                named(name + " request "));
        requests.allowCoreThreadTimeOut(true);
        waits = new ThreadPoolExecutor(
                0,
                limits.streams() + limits.waits() + limits.downloads() + limits.threads(), // some are about to be free
                KEPT_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                named(name + " wait "));
        timer = new ScheduledThreadPoolExecutor(1, named(name + " time limits "));
        timer.setRemoveOnCancelPolicy(true);
    }

    private ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + count.incrementAndGet());
            thread.setDaemon(true);
            threads.removeIf(each -> each.getState() == Thread.State.TERMINATED);
            threads.add(thread);
            return thread;
        };
    }

    /** Answers no further request; the next one runs this on the thread of the JDK's server. */
    void runAtNextRequest(Runnable task) {
        last = task;
    }

    /** Runs what reads the head of a request and calls its handler. Throws if too many requests wait. */
    @Override
    public void execute(Runnable exchange) {
        Runnable instead = last;
        if (instead != null) {
            instead.run();
            return;
        }
        requests.execute(() -> {
            clientTime.get().begin(limits.headers());
            try {
                exchange.run();
            } finally {
                clientTime.get().end();
            }
        });
    }

    /** Runs what waits for events, on a thread of its own. Throws if there are too many. */
    void waiting(Runnable task) {
        waits.execute(task);
    }

    /** Limits the time of the client until the next call, or until {@link #endClientTime}. */
    void beginClientTime(Duration most) {
        clientTime.get().begin(most);
    }

    void endClientTime() {
        clientTime.get().end();
    }

    boolean isClosing() {
        return closing.getCount() == 0;
    }

    /** Waits for a time, or until the interface closes. Returns whether it does. */
    boolean awaitClosing(Duration time) throws InterruptedException {
        return closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Tells all threads to end, and lets event streams report that. */
    void beginClose() {
        closing.countDown();
        waits.shutdown();
        if (!threads.contains(Thread.currentThread())) {
            await(waits, GRACE_MILLIS);
        }
    }

    /** Interrupts all threads and waits for them. Returns the name of one that has not ended, or an empty text. */
    String endClose(long deadlineNanos) {
        isEnding = true;
        timer.shutdownNow();
        waits.shutdownNow();
        requests.shutdownNow();
        for (Thread each : threads) {
            if (!join(each, deadlineNanos)) {
                return each.getName();
            }
        }
        return "";
    }

    private static void await(ThreadPoolExecutor pool, long millis) {
        try {
            pool.awaitTermination(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a thread, unless that is the current one, also if the current one is interrupted. */
    static boolean join(Thread thread, long deadlineNanos) {
        if (thread == Thread.currentThread()) {
            return true;
        }
        boolean interrupted = false;
        try {
            while (thread.isAlive()) {
                long left = deadlineNanos - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                try {
                    thread.join(Math.max(1, left / 1_000_000));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
