package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests that run at the same time, repeatedly. */
class ParallelTest {

    static final Map<String, String> PARALLEL = Map.of(
            "junit.jupiter.execution.parallel.enabled", "true",
            "junit.jupiter.execution.parallel.mode.default", "concurrent",
            "junit.jupiter.execution.parallel.config.strategy", "fixed",
            "junit.jupiter.execution.parallel.config.fixed.parallelism", "4");

    private static final AtomicInteger RUNNING = new AtomicInteger();
    private static final CountDownLatch TWO_RUNNING = new CountDownLatch(1);

    @RepeatedTest(10)
    void eachTestHasOwnServersAndClients() throws IOException {
        Run.with(PARALLEL, PerMethod.class).passed(16);

        assertThat(InjectedLog.servers()).hasSize(1 + 16);
        assertThat(InjectedLog.clients()).hasSize(1 + 3 * 16);
    }

    @RepeatedTest(10)
    void testsOfClassShareServer() throws IOException {
        Run.with(PARALLEL, PerClass.class).passed(16);

        assertThat(InjectedLog.servers()).hasSize(1);
        assertThat(InjectedLog.clients()).hasSize(16);
    }

    @AfterAll
    static void someRanAtTheSameTime() {
        assertThat(TWO_RUNNING.getCount()).isZero();
    }

    /** Each test waits briefly for another until two have met: JUnit does not promise that they run in parallel. */
    private static void begin() throws InterruptedException {
        if (RUNNING.incrementAndGet() > 1) {
            TWO_RUNNING.countDown();
        }
        TWO_RUNNING.await(1, TimeUnit.SECONDS);
    }

    @EchoTest(name = "own")
    @EchoTest(name = "shared")
    static class PerMethod {
        @Echo("shared")
        static EchoServer shared;

        @Echo("shared")
        static EchoClient toShared;

        @Echo("own")
        private EchoServer own;

        @Echo("own")
        private EchoClient toOwn;

        @RepeatedTest(8)
        void each(@Echo("own") EchoServer same, @Echo("own") EchoClient another, @Echo("shared") EchoClient more)
                throws Exception {
            begin();
            assertThat(same).isSameAs(own);
            InjectedLog.server(own);
            InjectedLog.client(toOwn, own);
            InjectedLog.client(another, own);
            InjectedLog.server(shared);
            InjectedLog.client(more, shared);
            synchronized (PerMethod.class) { // the echoes of one connection must not mix
                InjectedLog.client(toShared, shared);
            }
            RUNNING.decrementAndGet();
        }

        @Nested
        class Inner {
            @RepeatedTest(8)
            void each(@Echo("own") EchoServer same, @Echo("own") EchoClient another, @Echo("shared") EchoClient more)
                    throws Exception {
                PerMethod.this.each(same, another, more);
            }
        }
    }

    /** The many loops make the start slow enough for a race to show. */
    @EchoTest(eventLoops = "64")
    @TestInstance(Lifecycle.PER_CLASS)
    static class PerClass {
        @RepeatedTest(16)
        @Execution(ExecutionMode.CONCURRENT) // which is not the default with PER_CLASS
        void each(@Echo EchoServer server, EchoClient client) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client, server);
        }
    }
}
