package org.echoharness.tls;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads for the slow steps of handshakes, such as signatures, so that they do not hold up the connections of an event loop.
 * All servers of the JVM share them. A thread without work ends after 5 s.
 */
public final class HandshakeThreads {

    private static final long IDLE_SECONDS = 5;

    private HandshakeThreads() {}

    /**
     * Returns what runs the tasks.
     *
     * @param mayBlock whether code of the user's takes part, such as a key manager: each task then has a thread, up to 64 at
     *     once. Otherwise there are as many threads as processors, and at least two
     */
    public static Executor executor(boolean mayBlock) {
        return mayBlock ? Blocking.POOL : Computing.POOL;
    }

    private static final class Computing {

        static final ThreadPoolExecutor POOL = pool();

        private static ThreadPoolExecutor pool() {
            int most = Math.max(2, Runtime.getRuntime().availableProcessors());
            ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    most,
                    most,
                    IDLE_SECONDS,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    new Daemons("echo handshakes "));
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }

    private static final class Blocking {

        private static final int MOST = 64;

        static final ThreadPoolExecutor POOL = pool();

        private static ThreadPoolExecutor pool() {
            Idle idle = new Idle();
            return new ThreadPoolExecutor(
                    0, MOST, IDLE_SECONDS, TimeUnit.SECONDS, idle, new Daemons("echo handshakes of users "), idle);
        }

        /** Takes a task if a thread is idle, so that the pool makes a thread otherwise; and all tasks beyond the limit. */
        private static final class Idle extends LinkedTransferQueue<Runnable> implements RejectedExecutionHandler {

            private static final long serialVersionUID = 1L;

            @Override
            public boolean offer(Runnable task) {
                return tryTransfer(task);
            }

            @Override
            public void rejectedExecution(Runnable task, ThreadPoolExecutor pool) {
                put(task);
            }
        }
    }

    private static final class Daemons implements ThreadFactory {
        private final String name;
        private final AtomicInteger count = new AtomicInteger();

        Daemons(String name) {
            this.name = name;
        }

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task, name + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }
    }
}
