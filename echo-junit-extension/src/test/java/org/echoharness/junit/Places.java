package org.echoharness.junit;

import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fixtures: a class for each place into which a server is injected. */
final class Places {

    private Places() {}

    static class StaticField {
        @Echo
        static EchoServer server;

        @Test
        void one() {
            InjectedLog.server(server);
        }

        @Test
        void two() {
            InjectedLog.server(server);
        }
    }

    static class BeforeAllParameter {
        static EchoServer all;

        @BeforeAll
        static void begin(@Echo EchoServer server) {
            all = server;
            InjectedLog.server(server);
        }

        @Test
        void one(@Echo EchoServer server) {
            assertSame(all, server);
            InjectedLog.server(server);
        }

        @Test
        void two(@Echo EchoServer server) {
            assertSame(all, server);
            InjectedLog.server(server);
        }
    }

    static class AfterAllParameter {
        @Test
        void one() {}

        @Test
        void two() {}

        @AfterAll
        static void end(@Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class InstanceField {
        @Echo
        private EchoServer server;

        @Test
        void one() {
            InjectedLog.server(server);
        }

        @Test
        void two() {
            InjectedLog.server(server);
        }
    }

    static class ConstructorParameter {
        ConstructorParameter(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void one() {}

        @Test
        void two() {}
    }

    record RecordComponent(@Echo EchoServer server) {

        @Test
        void one() {
            InjectedLog.server(server);
        }

        @Test
        void two() {
            InjectedLog.server(server);
        }
    }

    static class BeforeEachParameter {
        @BeforeEach
        void begin(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void one() {}

        @Test
        void two() {}
    }

    static class TestParameter {
        @Test
        void one(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void two(@Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class AfterEachParameter {
        @Test
        void one() {}

        @Test
        void two() {}

        @AfterEach
        void end(@Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class EveryTestScopedPlace {
        private final EchoServer constructed;

        @Echo
        private EchoServer field;

        EveryTestScopedPlace(@Echo EchoServer server) {
            InjectedLog.server(server);
            constructed = server;
        }

        @BeforeEach
        void begin(@Echo EchoServer server) {
            seen(server);
            seen(field);
        }

        @Test
        void one(@Echo EchoServer server) {
            seen(server);
        }

        @Test
        void two(@Echo EchoServer server) {
            seen(server);
        }

        @AfterEach
        void end(@Echo EchoServer server) {
            seen(server);
        }

        private void seen(EchoServer server) {
            assertSame(constructed, server);
            InjectedLog.server(server);
        }
    }

    static class EveryPlace {
        @Echo
        static EchoServer shared;

        @Echo
        EchoServer field;

        @BeforeAll
        static void begin(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @BeforeEach
        void beginOne(@Echo EchoServer server) {
            InjectedLog.server(server);
            InjectedLog.server(field);
        }

        @Test
        void one(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void two() {}

        @AfterAll
        static void end(@Echo EchoServer server) {
            assertSame(shared, server);
            InjectedLog.server(server);
            InjectedLog.server(shared);
        }
    }

    static class NestedInInstanceField {
        @Echo
        EchoServer field;

        @Test
        void one() {
            InjectedLog.server(field);
        }

        @Nested
        class Inner {
            @Test
            void two(@Echo EchoServer server) {
                assertSame(field, server);
                InjectedLog.server(server);
                InjectedLog.server(field);
            }
        }
    }

    static class NestedInStaticField {
        @Echo
        static EchoServer shared;

        @Nested
        class Inner {
            @Echo
            EchoServer field;

            @Test
            void one(@Echo EchoServer server) {
                InjectedLog.server(server);
                InjectedLog.server(field);
            }

            @Nested
            class Innermost {
                @Test
                void two(@Echo EchoServer server) {
                    assertSame(shared, server);
                    InjectedLog.server(server);
                    InjectedLog.server(field);
                }
            }
        }
    }

    static class Repeated {
        @RepeatedTest(3)
        void each(@Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class Parameterized {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void each(int number, @Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class Dynamic {
        @TestFactory
        Stream<DynamicTest> all(@Echo EchoServer server) {
            InjectedLog.server(server);
            return Stream.of("one", "two").map(name -> DynamicTest.dynamicTest(name, () -> InjectedLog.server(server)));
        }
    }
}
