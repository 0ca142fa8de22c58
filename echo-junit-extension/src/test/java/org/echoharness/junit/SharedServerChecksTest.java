package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.CLOSE_IT;
import static org.echoharness.junit.LeakyFixtures.READ_ALL;
import static org.echoharness.junit.LeakyFixtures.RESET_UNASKED;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.leak;
import static org.echoharness.junit.LeakyFixtures.on;
import static org.echoharness.junit.LeakyFixtures.reset;

import java.io.IOException;
import java.net.Socket;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The checks of servers that outlive the test. */
class SharedServerChecksTest {

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    @EchoTest(readTimeout = "200ms")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Shared {
        static Socket pool;

        @BeforeAll
        static void begin(EchoServer server, EchoClient injected) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(injected);
            pool = connect(server);
        }

        @Test
        void one(EchoServer server) throws IOException {
            keepOpen(connect(server));
            echoes(pool);
        }

        @Test
        void two(EchoServer server) throws Exception {
            leak(server);
            reset(server);
        }

        @AfterAll
        static void end() throws IOException {
            pool.close();
        }
    }

    @EchoTest(readTimeout = "200ms", checks = "all", faults = "none")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class SharedAndAsked extends Shared {}

    @EchoTest(readTimeout = "200ms", checks = "all")
    @TestInstance(Lifecycle.PER_CLASS)
    static class PerClass {
        @Nested
        class Inner {
            @Test
            void leaves(EchoServer server) throws IOException {
                leak(server);
            }

            @Test
            void closesSocket(EchoServer server) throws IOException {
                try (Socket socket = connect(server)) {
                    echoes(socket);
                }
            }
        }
    }

    @Test
    void checksServerThatOutlivesTestIfEnabled() throws IOException {
        Run.of(Shared.class).passed(2);

        assertThat(Run.of(SharedAndAsked.class).failures())
                .extracting(LeakyFixtures::text)
                .containsExactly(
                        on(SharedAndAsked.class) + "the test left connection 3 from HOST:PORT open; it sent nothing"
                                + CLOSE_IT,
                        on(SharedAndAsked.class) + "connection 5 from HOST:PORT was reset by the client"
                                + ", which no fault asked for; it last sent 5 bytes \"hello\""
                                + READ_ALL + "\n" + on(SharedAndAsked.class)
                                + "the test left connection 4 from HOST:PORT open; it last sent 5 bytes \"hello\""
                                + CLOSE_IT);
        assertThat(complaint(Run.of(PerClass.class))).contains("open; it last sent 5 bytes \"hello\"");
    }

    @EchoTest(readTimeout = "200ms", checks = "all", scope = EchoScope.RUN, faults = "connection 99: stall")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class OfTheRun {
        @Test
        void leaves(EchoServer server) throws IOException {
            leak(server);
        }

        @Test
        void resets(EchoServer server) throws IOException {
            reset(server);
        }
    }

    @Test
    void checksEachTestOnServerOfRun() throws IOException {
        assertThat(Run.of(OfTheRun.class).failures())
                .extracting(LeakyFixtures::text)
                .containsExactly(
                        on(OfTheRun.class)
                                + "the test left connection 1 from HOST:PORT open; it last sent 5 bytes \"hello\""
                                + CLOSE_IT,
                        on(OfTheRun.class) + "connection 2" + RESET_UNASKED);
    }

    @EchoTest(checks = "faults", faults = "connection 2: fragment 1; connection 3: stall")
    static class ConsumedByAnotherTest {
        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @RepeatedTest(2)
        void each(EchoClient client) throws IOException {
            InjectedLog.client(client);
        }
    }

    @Test
    void checksFaultsAtEndOfSharedServer() throws IOException {
        assertThat(complaint(Run.of(ConsumedByAnotherTest.class)))
                .isEqualTo(on(ConsumedByAnotherTest.class)
                        + "the fault \"stall\" was never applied, of the plan \"connection 2: fragment 1; connection 3:"
                        + " stall\", on 2 connections; let the test get there, or leave faults out of checks");
    }

    @EchoTest(readTimeout = "200ms", checks = "leaks")
    @Execution(ExecutionMode.CONCURRENT)
    static class AtTheSameTime {
        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @RepeatedTest(2)
        void each(EchoServer server) throws IOException {
            Meeting.await();
            leak(server);
            Meeting.await();
        }
    }

    @Test
    void failsClassForTestsInParallel() throws Exception {
        Run run = Meeting.run(
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.config.strategy", "fixed",
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "4"),
                AtTheSameTime.class);

        assertThat(complaint(run)).contains("left connection 1 from", "left connection 2 from");
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(2);
    }
}
