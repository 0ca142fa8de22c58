package org.echoharness.tls;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads for the slow steps of handshakes, such as signatures, so that they do not hold up the connections of an event loop.
 * All servers of the JVM share them: as many as there are processors, and at least two. A thread without work ends after 5 s.
 */
public final class HandshakeThreads {

    private static final long IDLE_SECONDS = 5;

    private static final ThreadPoolExecutor POOL = pool();

    private HandshakeThreads() {}

    /** Returns what runs the tasks. */
    public static Executor executor() {
        return POOL;
    }

    private static ThreadPoolExecutor pool() {
        int most = Math.max(2, Runtime.getRuntime().availableProcessors());
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new Daemons());
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static final class Daemons implements ThreadFactory {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task, "echo handshakes " + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }
    }
}
