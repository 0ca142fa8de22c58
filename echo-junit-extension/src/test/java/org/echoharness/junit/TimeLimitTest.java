package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.HangingFixtures.hang;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration parameter echo.timeout: a test that hangs in a read of a plain socket ends without a @Timeout. */
class TimeLimitTest {

    private static final Map<String, String> LIMIT = Map.of("echo.timeout", "300ms");

    @EchoTest
    static class InItsTest {
        @Test
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @EchoTest
    static class InARepeatedTest {
        @RepeatedTest(1)
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @EchoTest
    static class InBeforeEach {
        @BeforeEach
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class InAfterEach {
        @AfterEach
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class InBeforeAll {
        @BeforeAll
        static void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class InAfterAll {
        @AfterAll
        static void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class InADynamicTest {
        @TestFactory
        Stream<DynamicTest> tests(EchoServer server) {
            return Stream.of(DynamicTest.dynamicTest("hangs()", () -> hang(server)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                InItsTest.class,
                InARepeatedTest.class,
                InBeforeEach.class,
                InAfterEach.class,
                InBeforeAll.class,
                InAfterAll.class,
                InADynamicTest.class
            })
    void endsHangingRead(Class<?> fixture) throws IOException {
        Throwable failure = Run.with(LIMIT, fixture).failure();

        assertThat(failure)
                .isInstanceOf(TimeoutException.class)
                .hasMessage("hangs() timed out after 0.3s (echo.timeout)")
                .hasStackTraceContaining("HangingFixtures.hang");
    }

    @Test
    void failureShowsConversation() throws IOException {
        assertThat(Run.with(LIMIT, InItsTest.class).failure().getSuppressed())
                .extracting(Throwable::getMessage)
                .anyMatch(message -> message.contains("was up, and 1 connection is aborted:"))
                .anyMatch(message -> message.contains("received 8 bytes "));
    }

    @EchoTest
    static class ByItsOwnTimeout {
        @Test
        @Timeout(value = 300, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @EchoTest
    @Timeout(value = 300, unit = TimeUnit.MILLISECONDS)
    static class ByTheTimeoutOfItsClass {
        @Test
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @Test
    void timeoutOfTestOverridesLimit() throws IOException {
        for (Class<?> fixture : List.of(ByItsOwnTimeout.class, ByTheTimeoutOfItsClass.class)) {
            assertThat(Run.with(Map.of("echo.timeout", "1ms"), fixture).failure())
                    .hasMessageEndingWith(" timed out after 300 milliseconds");
        }
    }

    @EchoTest
    static class Quick {
        @Test
        void one(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void two(EchoServer server) {
            InjectedLog.server(server);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void passesTestsThatEndInTime() throws IOException {
        Run.with(Map.of("echo.timeout", "10m"), Quick.class).passed(2);
        Run.with(Map.of("echo.timeout", "none"), Quick.class).passed(2);
    }

    @Test
    void refusesWrongLimit() throws IOException {
        assertThat(Run.with(Map.of("echo.timeout", "30"), Quick.class).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage(
                        "the configuration parameter echo.timeout (30) must be a duration with its unit (ms, s, m or h),"
                                + " such as 50ms, 2s or 1m, of at most 365 days");
    }
}
