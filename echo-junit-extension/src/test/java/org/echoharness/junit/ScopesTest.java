package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.TestInstance.Lifecycle.PER_CLASS;
import static org.junit.jupiter.api.TestInstance.Lifecycle.PER_METHOD;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
import org.junit.jupiter.params.provider.ValueSource;

/** How many servers there are by the place, the lifecycle and the scope that is declared: two tests in each class. */
class ScopesTest {

    /** An injection point with each scope; one class for each scope, because the declaration is on the class. */
    private record Row(Class<?> method, Class<?> forClass, Class<?> run, boolean lastsForTest, boolean ofInstance) {}

    private static final List<Row> ROWS = List.of(
            new Row(
                    Scoped.MethodStaticField.class,
                    Scoped.ClassStaticField.class,
                    Scoped.RunStaticField.class,
                    false,
                    false),
            new Row(Scoped.MethodBeforeAll.class, Scoped.ClassBeforeAll.class, Scoped.RunBeforeAll.class, false, false),
            new Row(Scoped.MethodAfterAll.class, Scoped.ClassAfterAll.class, Scoped.RunAfterAll.class, false, false),
            new Row(
                    Scoped.MethodInstanceField.class,
                    Scoped.ClassInstanceField.class,
                    Scoped.RunInstanceField.class,
                    true,
                    true),
            new Row(
                    Scoped.MethodConstructor.class,
                    Scoped.ClassConstructor.class,
                    Scoped.RunConstructor.class,
                    true,
                    true),
            new Row(
                    Scoped.MethodBeforeEach.class,
                    Scoped.ClassBeforeEach.class,
                    Scoped.RunBeforeEach.class,
                    true,
                    false),
            new Row(Scoped.MethodTestPlace.class, Scoped.ClassTestPlace.class, Scoped.RunTestPlace.class, true, false),
            new Row(Scoped.MethodAfterEach.class, Scoped.ClassAfterEach.class, Scoped.RunAfterEach.class, true, false));

    @ParameterizedTest(name = "{0}, {1}: {2} servers")
    @MethodSource
    void serverLivesAsLongAsItsScope(Class<?> fixture, Lifecycle lifecycle, int servers) throws IOException {
        run(lifecycle, fixture).passed(2);

        assertThat(InjectedLog.servers()).hasSize(servers);
        assertThat(InjectedLog.mostRunningAtOnce())
                .as("servers running at once")
                .isEqualTo(1);
    }

    static Stream<Arguments> serverLivesAsLongAsItsScope() {
        List<Arguments> table = new ArrayList<>();
        for (Row row : ROWS) {
            for (Lifecycle lifecycle : Lifecycle.values()) {
                if (isForTest(row, lifecycle)) {
                    table.add(arguments(row.method(), lifecycle, 2));
                }
                table.add(arguments(row.forClass(), lifecycle, 1));
                table.add(arguments(row.run(), lifecycle, 1));
            }
        }
        return table.stream();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource
    void refusesMethodScopeAtClassLevel(Class<?> fixture, Lifecycle lifecycle) {
        assertThat(run(lifecycle, fixture).failures())
                .isNotEmpty()
                .allSatisfy(failure -> assertThat(failure)
                        .message()
                        .endsWith(": server \"default\" (@EchoTest on interface " + Scoped.class.getName()
                                + "$ForMethod): its scope is METHOD, and this place lasts for the class; inject it into"
                                + " parameters of test, @BeforeEach and @AfterEach methods, or set scope to CLASS"));
    }

    static Stream<Arguments> refusesMethodScopeAtClassLevel() {
        return ROWS.stream()
                .flatMap(row -> Stream.of(Lifecycle.values())
                        .filter(lifecycle -> !isForTest(row, lifecycle))
                        .map(lifecycle -> arguments(row.method(), lifecycle)));
    }

    @ParameterizedTest(name = "{0}, {1}: {2} servers")
    @MethodSource
    void classServerBelongsToDeclaringClass(Class<?> fixture, Lifecycle lifecycle, int tests, int servers)
            throws IOException {
        run(lifecycle, fixture).passed(tests);

        assertThat(InjectedLog.servers()).hasSize(servers);
    }

    static Stream<Arguments> classServerBelongsToDeclaringClass() {
        return Stream.of(Lifecycle.values())
                .flatMap(lifecycle -> Stream.of(
                        arguments(NestedAtAnyDepth.class, lifecycle, 3, 1),
                        arguments(NestedDeclaring.class, lifecycle, 2, 2),
                        arguments(ForEachInOneClass.class, lifecycle, 4, 1)));
    }

    @Test
    void eachInheritingClassHasOwnServer() throws IOException {
        Run.of(Scoped.ClassTestPlace.class, Scoped.ClassBeforeEach.class).passed(4);

        assertThat(InjectedLog.servers()).hasSize(2);
        assertThat(InjectedLog.mostRunningAtOnce()).isEqualTo(1);
    }

    private static boolean isForTest(Row row, Lifecycle lifecycle) {
        return row.lastsForTest() && !(row.ofInstance() && lifecycle == PER_CLASS);
    }

    private static Run run(Lifecycle lifecycle, Class<?> fixture) {
        assertThat(lifecycle).isIn(PER_METHOD, PER_CLASS);
        return Run.with(Map.of("junit.jupiter.testinstance.lifecycle.default", lifecycle.name()), fixture);
    }

    @EchoTest(scope = EchoScope.CLASS)
    static class NestedAtAnyDepth {
        @Nested
        class Inner {
            @Test
            void one(EchoServer server) {
                InjectedLog.server(server);
            }

            @Nested
            class Innermost {
                @Test
                void two(EchoServer server) {
                    InjectedLog.server(server);
                }
            }
        }

        @Nested
        class Another {
            @Test
            void three(EchoServer server) {
                InjectedLog.server(server);
            }
        }
    }

    static class NestedDeclaring {
        @Nested
        @EchoTest(scope = EchoScope.CLASS)
        class Inner {
            @Test
            void one(EchoServer server) {
                InjectedLog.server(server);
            }
        }

        @Nested
        @EchoTest(scope = EchoScope.CLASS)
        class Another {
            @Test
            void two(EchoServer server) {
                InjectedLog.server(server);
            }
        }
    }

    @EchoTest(scope = EchoScope.CLASS)
    static class ForEachInOneClass {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void each(int number, EchoServer server) {
            InjectedLog.server(server);
        }

        @RepeatedTest(2)
        void again(EchoServer server) {
            InjectedLog.server(server);
        }
    }
}
