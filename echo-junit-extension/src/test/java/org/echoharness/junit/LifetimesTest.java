package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.TestInstance.Lifecycle.PER_CLASS;
import static org.junit.jupiter.api.TestInstance.Lifecycle.PER_METHOD;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How many servers there are, and for how long, by the place of injection and the lifecycle of the test class. */
class LifetimesTest {

    @ParameterizedTest(name = "{0}, {1}: {4} servers")
    @MethodSource
    void serverLivesAsLongAsInjectionPoint(Class<?> fixture, Lifecycle lifecycle, int tests, int seen, int servers)
            throws IOException {
        Run.with(Map.of("junit.jupiter.testinstance.lifecycle.default", lifecycle.name()), fixture)
                .passed(tests);

        assertThat(InjectedLog.times()).isEqualTo(seen);
        assertThat(InjectedLog.servers()).hasSize(servers);
        assertThat(InjectedLog.mostRunningAtOnce())
                .as("servers running at once")
                .isEqualTo(1);
    }

    static Stream<Arguments> serverLivesAsLongAsInjectionPoint() {
        return Stream.of(
                arguments(Places.StaticField.class, PER_METHOD, 2, 2, 1),
                arguments(Places.StaticField.class, PER_CLASS, 2, 2, 1),
                arguments(Places.BeforeAllParameter.class, PER_METHOD, 2, 3, 1),
                arguments(Places.BeforeAllParameter.class, PER_CLASS, 2, 3, 1),
                arguments(Places.AfterAllParameter.class, PER_METHOD, 2, 1, 1),
                arguments(Places.AfterAllParameter.class, PER_CLASS, 2, 1, 1),
                arguments(Places.InstanceField.class, PER_METHOD, 2, 2, 2),
                arguments(Places.InstanceField.class, PER_CLASS, 2, 2, 1),
                arguments(Places.ConstructorParameter.class, PER_METHOD, 2, 2, 2),
                arguments(Places.ConstructorParameter.class, PER_CLASS, 2, 1, 1),
                arguments(Places.RecordComponent.class, PER_METHOD, 2, 2, 2),
                arguments(Places.RecordComponent.class, PER_CLASS, 2, 2, 1),
                arguments(Places.BeforeEachParameter.class, PER_METHOD, 2, 2, 2),
                arguments(Places.BeforeEachParameter.class, PER_CLASS, 2, 2, 1),
                arguments(Places.TestParameter.class, PER_METHOD, 2, 2, 2),
                arguments(Places.TestParameter.class, PER_CLASS, 2, 2, 1),
                arguments(Places.AfterEachParameter.class, PER_METHOD, 2, 2, 2),
                arguments(Places.AfterEachParameter.class, PER_CLASS, 2, 2, 1),
                arguments(Places.EveryTestScopedPlace.class, PER_METHOD, 2, 10, 2),
                arguments(Places.EveryTestScopedPlace.class, PER_CLASS, 2, 9, 1),
                arguments(Places.EveryPlace.class, PER_METHOD, 2, 8, 1),
                arguments(Places.EveryPlace.class, PER_CLASS, 2, 8, 1),
                arguments(Places.NestedInInstanceField.class, PER_METHOD, 2, 3, 2),
                arguments(Places.NestedInInstanceField.class, PER_CLASS, 2, 3, 1),
                arguments(Places.NestedInStaticField.class, PER_METHOD, 2, 4, 1),
                arguments(Places.NestedInStaticField.class, PER_CLASS, 2, 4, 1),
                arguments(Places.Repeated.class, PER_METHOD, 3, 3, 3),
                arguments(Places.Repeated.class, PER_CLASS, 3, 3, 1),
                arguments(Places.Parameterized.class, PER_METHOD, 2, 2, 2),
                arguments(Places.Parameterized.class, PER_CLASS, 2, 2, 1),
                arguments(Places.Dynamic.class, PER_METHOD, 2, 3, 1),
                arguments(Places.Dynamic.class, PER_CLASS, 2, 3, 1));
    }

    @Test
    void closesServerOfTestBeforeNext() throws IOException {
        Run.of(ServerOfItsOwn.class).passed(3);

        assertThat(InjectedLog.servers()).hasSize(2);
    }

    @ParameterizedTest
    @MethodSource
    void serverOfMethodLivesForTest(Lifecycle lifecycle, int servers) throws IOException {
        Run.with(Map.of("junit.jupiter.testinstance.lifecycle.default", lifecycle.name()), DeclaredOnMethod.class)
                .passed(3);

        assertThat(InjectedLog.servers()).hasSize(servers);
        assertThat(InjectedLog.mostRunningAtOnce()).isEqualTo(lifecycle == PER_CLASS ? 2 : 1);
    }

    static Stream<Arguments> serverOfMethodLivesForTest() {
        return Stream.of(arguments(PER_METHOD, 3), arguments(PER_CLASS, 3));
    }

    @Test
    void staticFieldIsNullAfterClass() throws IOException {
        Run.of(Places.StaticField.class).passed(2);
        assertThat(Places.StaticField.server).isNull();

        Run.of(Places.StaticField.class).passed(2);
    }

    @Test
    void setsInheritedStaticFieldForEachClass() throws IOException {
        Run.of(FirstHeir.class, SecondHeir.class).passed(4);

        assertThat(InjectedLog.servers()).hasSize(2);
        assertThat(InjectedLog.mostRunningAtOnce()).isEqualTo(1);
    }

    @Test
    void setsInheritedStaticFieldOnce() throws IOException {
        Run.of(OuterHeir.class).passed(4);

        assertThat(InjectedLog.servers()).hasSize(1);
    }

    static class ServerOfItsOwn {
        private static EchoServer previous;

        @RepeatedTest(2)
        void each(@Echo EchoServer server) {
            if (previous != null) {
                assertThat(previous.isRunning()).isFalse();
            }
            previous = server;
            InjectedLog.server(server);
        }

        @Test
        void needsNone() {}
    }

    @EchoTest
    static class DeclaredOnMethod {
        @Test
        void one(EchoServer server) {
            InjectedLog.server(server);
        }

        @EchoTest
        @RepeatedTest(2)
        void two(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    abstract static class Heritage {
        @Echo
        static EchoServer shared;

        @Test
        void one() {
            InjectedLog.server(shared);
        }

        @Test
        void two(@Echo EchoServer server) {
            assertSame(shared, server);
        }
    }

    static class FirstHeir extends Heritage {}

    static class SecondHeir extends Heritage {}

    static class OuterHeir extends Heritage {
        @Nested
        class Inner extends Heritage {}
    }
}
