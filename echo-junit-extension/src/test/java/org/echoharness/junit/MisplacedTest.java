package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
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
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The extension refuses a declaration that would have no effect where it stands. */
class MisplacedTest {

    private static final String HERE = MisplacedTest.class.getName() + "$";
    private static final String NO_TEST = "): it has no effect on a method that is not a test; declare it on the test"
            + " methods that need it, or on the class";

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refusesMisplacedAnnotationBeforeTests(Class<?> fixture, String message) throws IOException {
        Run run = Run.of(fixture);

        assertThat(run.failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage(message.replace("HERE", HERE));
        assertThat(InjectedLog.times()).isZero();
    }

    static Stream<Arguments> refusesMisplacedAnnotationBeforeTests() {
        return Stream.of(
                arguments(OnBeforeEach.class, "server \"default\" (@EchoTest on HEREOnBeforeEach.begin" + NO_TEST),
                arguments(OnAfterEach.class, "server \"default\" (@EchoTest on HEREOnAfterEach.end" + NO_TEST),
                arguments(OnBeforeAll.class, "server \"default\" (@EchoTest on HEREOnBeforeAll.begin" + NO_TEST),
                arguments(OnAfterAll.class, "server \"default\" (@EchoTest on HEREOnAfterAll.end" + NO_TEST),
                arguments(OnHelper.class, "server \"default\" (@EchoTest on HEREOnHelper.helper" + NO_TEST),
                arguments(OnSource.class, "server \"default\" (@EchoTest on HEREOnSource.numbers" + NO_TEST),
                arguments(Composed.class, "server \"default\" (@EchoTest on HEREComposed.begin" + NO_TEST),
                arguments(Inherited.class, "server \"default\" (@EchoTest on HEREParent.begin" + NO_TEST),
                arguments(
                        OnItsMethodsAlone.class,
                        "server \"default\" (@EchoTest on HEREOnItsMethodsAlone.begin" + NO_TEST),
                arguments(
                        OnPrivateTest.class,
                        "server \"default\" (@EchoTest on HEREOnPrivateTest.unseen): it has no effect, since JUnit runs no"
                                + " private test method; remove private"),
                arguments(
                        OnStaticTest.class,
                        "server \"default\" (@EchoTest on HEREOnStaticTest.unseen): it has no effect, since JUnit runs no"
                                + " static test method; remove static"),
                arguments(
                        HelperParameter.class,
                        "parameter 2 (EchoServer) of HEREHelperParameter.helper: @Echo has no effect, since JUnit does not"
                                + " call the method; remove it, or make the method a test or a lifecycle method"),
                arguments(
                        Unregistered.class,
                        "field \"FORGOTTEN\" of HEREUnregistered: it has no effect unless it is registered; add"
                                + " @RegisterExtension"),
                arguments(
                        UnregisteredInInstance.class,
                        "field \"forgotten\" of HEREUnregisteredInInstance: it has no effect unless it is registered; add"
                                + " @RegisterExtension"),
                arguments(
                        StaticNested.class,
                        "@EchoTest on class HEREStaticNested$Inner: it has no effect, since JUnit runs no static class as a"
                                + " @Nested one; remove static"),
                arguments(
                        InnerWithoutNested.class,
                        "@EchoTest on class HEREInnerWithoutNested$Inner: it has no effect, since JUnit runs no inner class"
                                + " without @Nested; add @Nested"),
                arguments(
                        TrailingDot.class,
                        "server \"default\" (@EchoTest on class HERETrailingDot): systemProperty (my.upstream.) must be a"
                                + " prefix such as my.upstream, without spaces and without a dot at its ends"));
    }

    @Test
    void checksByCodeRequireRecording() {
        EchoExtension.Builder unrecorded =
                EchoExtension.builder().server(server -> unrecorded(server)).checks("leaks");
        assertThatThrownBy(unrecorded::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("checks (leaks) need a recording");
    }

    private static void unrecorded(EchoServer.Builder server) {
        server.set("recording", "none");
    }

    @Test
    void acceptsEveryKindOfTestMethod() throws IOException {
        Run.of(EveryKind.class).passed(8);
    }

    @Test
    void acceptsHelperMemberClasses() throws IOException {
        Run.of(Helpers.class).passed(2);
    }

    @Test
    void acceptsFieldOfAnyType() throws IOException {
        Run.of(AsItsInterface.class).passed(1);

        assertThat(InjectedLog.servers()).hasSize(1);
    }

    @Test
    void injectsParametersBesideArguments() throws IOException {
        Run.of(WithSource.class).passed(1);
    }

    static class UnregisteredInInstance {
        final EchoExtension forgotten = EchoExtension.builder().build();

        @Test
        void test(@Echo EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest
    static class StaticNested {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @Nested
        @EchoTest(faults = "reset")
        static class Inner {}
    }

    @EchoTest
    static class InnerWithoutNested {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @EchoTest(faults = "reset")
        class Inner {
            final Object outer = InnerWithoutNested.this;
        }
    }

    @EchoTest
    static class Helpers {
        final EchoExtension kept = EchoExtension.builder().name("kept").build();

        @RegisterExtension
        final EchoExtension registered = kept;

        @Test
        void test(@Echo("kept") EchoServer server) {
            InjectedLog.server(server);
        }

        @EchoTest(faults = "reset")
        static class RunByItself {}

        @EchoTest(name = "base")
        class Base {
            final Object outer = Helpers.this;
        }

        @Nested
        class Inner extends Base {
            @Test
            void test(@Echo("base") EchoServer server) {
                InjectedLog.server(server);
            }
        }
    }

    @EchoTest
    static class OnBeforeEach {
        @BeforeEach
        @EchoTest(faults = "reset")
        void begin() {}

        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest
    static class OnAfterEach {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @AfterEach
        @EchoTest(faults = "reset")
        void end() {}
    }

    @EchoTest
    static class OnBeforeAll {
        @BeforeAll
        @EchoTest(faults = "reset")
        static void begin() {}

        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest
    static class OnAfterAll {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @AfterAll
        @EchoTest(faults = "reset")
        static void end() {}
    }

    @EchoTest
    static class OnHelper {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
            helper();
        }

        @EchoTest(faults = "reset")
        void helper() {}
    }

    @EchoTest
    static class OnSource {
        @ParameterizedTest
        @MethodSource("numbers")
        void test(int number, EchoServer server) {
            InjectedLog.server(server);
        }

        @EchoTest(faults = "reset")
        static Stream<Integer> numbers() {
            return Stream.of(1);
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @EchoTest(faults = "reset")
    @interface Flaky {}

    @EchoTest
    static class Composed {
        @BeforeEach
        @Flaky
        void begin() {}

        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class Parent {
        @BeforeEach
        @EchoTest(faults = "reset")
        void begin() {}
    }

    @EchoTest
    static class Inherited extends Parent {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class OnItsMethodsAlone {
        @BeforeEach
        @EchoTest(faults = "reset")
        void begin() {}

        @Test
        @EchoTest
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest
    static class OnPrivateTest {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        @EchoTest(faults = "reset")
        private void unseen() {}
    }

    @EchoTest
    static class OnStaticTest {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        @EchoTest(faults = "reset")
        static void unseen() {}
    }

    @EchoTest
    static class HelperParameter {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
            helper(1, server);
        }

        void helper(int number, @Echo EchoServer server) {}
    }

    @EchoTest(name = "other")
    static class Unregistered {
        static final EchoExtension FORGOTTEN =
                EchoExtension.builder().name("forgotten").build();

        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest(systemProperty = "my.upstream.")
    static class TrailingDot {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class EveryKind {
        private static void isCorrupted(EchoServer server) throws IOException {
            assertThat(server.faults().toString()).contains("corrupt");
            try (EchoClient client = EchoClient.connect(server.address())) {
                assertThat(client.echo("hello".getBytes(UTF_8))).isNotEqualTo("hello".getBytes(UTF_8));
            }
        }

        @Test
        @EchoTest(faults = "corrupt byte 3")
        void test(EchoServer server) throws IOException {
            isCorrupted(server);
        }

        @RepeatedTest(2)
        @EchoTest(faults = "corrupt byte 3")
        void repeated(EchoServer server) throws IOException {
            isCorrupted(server);
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        @EchoTest(faults = "corrupt byte 3")
        void parameterized(int number, EchoServer server) throws IOException {
            isCorrupted(server);
        }

        @TestFactory
        @EchoTest(faults = "corrupt byte 3")
        Stream<DynamicTest> dynamic(EchoServer server) {
            return Stream.of("one", "two", "three")
                    .map(name -> DynamicTest.dynamicTest(name, () -> isCorrupted(server)));
        }
    }

    static class AsItsInterface {
        @RegisterExtension
        static final Extension UPSTREAM =
                EchoExtension.builder().name("upstream").build();

        @Test
        void test(@Echo("upstream") EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @EchoTest
    static class WithSource {
        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @ParameterizedTest
        @MethodSource("ports")
        void test(int port, EchoServer server) {
            assertThat(port).isEqualTo(server.port());
        }

        static Stream<Integer> ports(@Echo int port) {
            return Stream.of(port);
        }
    }
}
