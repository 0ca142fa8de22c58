package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.echoharness.Connections;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers that code declares, in fields. */
class RegisteredTest {

    @ExtendWith(EchoExtension.class)
    static class ByItsClass {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @Test
    void refusesExtensionWithoutDeclaration() throws IOException {
        assertThat(Run.of(ByItsClass.class).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage(
                        "@ExtendWith(EchoExtension.class): it registers no server; put @EchoTest in its place, which"
                                + " registers the extension, or a @RegisterExtension field with"
                                + " EchoExtension.builder().build()");
    }

    private static final String HERE = RegisteredTest.class.getName() + "$";

    @ParameterizedTest(name = "{0}, {1}: {2} servers")
    @CsvSource({
        "InStaticField, PER_METHOD, 1",
        "InStaticField, PER_CLASS, 1",
        "InInstanceField, PER_METHOD, 2",
        "InInstanceField, PER_CLASS, 1",
        "ForMethod, PER_METHOD, 2",
        "ForMethod, PER_CLASS, 2",
        "Heir, PER_METHOD, 1",
        "Heir, PER_CLASS, 1"
    })
    void fieldDeterminesLifetimeOfServer(String fixture, Lifecycle lifecycle, int servers) throws Exception {
        Run.with(
                        Map.of("junit.jupiter.testinstance.lifecycle.default", lifecycle.name()),
                        Class.forName(HERE + fixture))
                .passed(2);

        assertThat(InjectedLog.servers()).hasSize(servers);
        assertThat(InjectedLog.mostRunningAtOnce()).isEqualTo(1);
    }

    @Test
    void codeSetsOptionsAnnotationsLack() throws IOException {
        ByCode.LINES.clear();
        Run.of(ByCode.class).passed(1);

        assertThat(ByCode.LINES).anyMatch(line -> line.startsWith("received 5 bytes \"hello\" from "));
    }

    @Test
    void clientHasOptionsOfBuilder() throws IOException {
        Run.of(Impatient.class).passed(1);
    }

    @Test
    void serverRunsWithoutInjection() throws IOException {
        NotInjected.LINES.clear();
        Run.of(NotInjected.class).passed(1);

        assertThat(NotInjected.LINES)
                .satisfiesExactlyInAnyOrder(
                        line -> assertThat(line).startsWith("shared: starting up on "),
                        line -> assertThat(line).startsWith("shared: waiting"),
                        line -> assertThat(line).startsWith("own: starting up on "),
                        line -> assertThat(line).startsWith("own: waiting"));
    }

    @Test
    void acceptsAnnotationsAndFieldsTogether() throws IOException {
        Run.of(Mixed.class).passed(2);

        assertThat(InjectedLog.servers()).hasSize(4); // of the class one, of each test one, of a method one
    }

    @Test
    void nestedClassesUseFieldsOfOuterClass() throws IOException {
        Run.of(Around.class).passed(1);

        assertThat(InjectedLog.servers()).hasSize(2);
    }

    @Test
    void reportsFailureOnceForSeveralExtensions() throws IOException {
        assertThat(Run.of(Failing.class).failure().getSuppressed())
                .extracting(Throwable::getMessage)
                .filteredOn(message -> message.startsWith("server \""))
                .hasSize(2)
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void builderRefusesWrongValues(EchoExtension.Builder builder, String message) {
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    static Stream<Arguments> builderRefusesWrongValues() {
        return Stream.of(
                Arguments.of(EchoExtension.builder().name(" "), "server \" \": the name must not be blank"),
                Arguments.of(
                        EchoExtension.builder().name("a").server(server -> server.bufferSize(0)),
                        "server \"a\": bufferSize (0) must be at least 1 byte"),
                Arguments.of(
                        EchoExtension.builder().client(client -> client.readTimeout(Duration.ZERO)),
                        "server \"default\": readTimeout (0s) must be at least 1ms and at most 365 days"),
                Arguments.of(
                        EchoExtension.builder().external("127.0.0.1:1"),
                        "server \"default\": external (127.0.0.1:1) names a server of another process; set source to"
                                + " EXTERNAL or EXTERNAL_OR_EMBEDDED"),
                Arguments.of(
                        EchoExtension.builder().source(Source.EXTERNAL).external("127.0.0.1:0"),
                        "server \"default\": address (127.0.0.1:0) must name the port that the server listens on; port 0"
                                + " is for servers"),
                Arguments.of(
                        EchoExtension.builder().source(Source.EXTERNAL).server(server -> server.backlog(1)),
                        "server \"default\": an EXTERNAL server takes no server(...) here; set it where the server is"
                                + " started, or set source to EXTERNAL_OR_EMBEDDED"));
    }

    @Test
    void refusesNameOfFieldAndAnnotation() throws IOException {
        assertThat(Run.of(DeclaredTwice.class).failure())
                .hasMessage("server \"a\" (@RegisterExtension on field \"field\" of " + HERE
                        + "DeclaredTwice): it is declared there twice, differently; give each a name of its own");
    }

    @Test
    void refusesWiderScopeOfInstanceField() throws IOException {
        assertThat(Run.of(Outliving.class).failure())
                .hasMessage("server \"default\" (@RegisterExtension on field \"field\" of " + HERE
                        + "Outliving): scope (RUN) is more than the instance that the field belongs to; make the field"
                        + " static");
    }

    static class InStaticField {
        @RegisterExtension
        static final EchoExtension SERVER = EchoExtension.builder().build();

        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void one(EchoServer server, EchoClient client) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client, server);
        }

        @Test
        void two(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class InInstanceField {
        @RegisterExtension
        final EchoExtension extension = EchoExtension.builder().name("a").build();

        @Echo("a")
        private EchoServer field;

        @BeforeEach
        void begin(EchoServer server) {
            InjectedLog.server(server);
            assertThat(server).isSameAs(field);
        }

        @Test
        void one(EchoServer server) {
            begin(server);
        }

        @Test
        void two(@Echo("a") EchoServer server) {
            begin(server);
        }
    }

    static class ForMethod {
        @RegisterExtension
        static final EchoExtension SERVER =
                EchoExtension.builder().scope(EchoScope.METHOD).build();

        @Test
        void one(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void two(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class Heir extends InStaticField {}

    static class ByCode {
        private static final List<String> LINES = new CopyOnWriteArrayList<>();

        @RegisterExtension
        static final EchoExtension UPSTREAM = EchoExtension.builder()
                .name("upstream")
                .server(server -> server.faults(FaultPlan.none()
                                .on(
                                        Connections.from(
                                                remote -> remote.getAddress().isLoopbackAddress()),
                                        Fault.reset().after(4)))
                        .conversation(LINES::add))
                .build();

        @Test
        void isReset(EchoClient client) {
            assertThatThrownBy(() -> client.echo("hello".getBytes(UTF_8))).isInstanceOf(SocketException.class);
        }
    }

    static class Impatient {
        @RegisterExtension
        final EchoExtension extension = EchoExtension.builder()
                .client(client -> client.readTimeout(Duration.ofMillis(20)))
                .build();

        @Test
        void givesUp(EchoClient client) {
            assertThatThrownBy(() -> client.receive(1))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageStartingWith("waited 20ms for 1 bytes from ");
        }
    }

    static class NotInjected {
        private static final List<String> LINES = new CopyOnWriteArrayList<>();

        @RegisterExtension
        static final EchoExtension SHARED = EchoExtension.builder()
                .name("shared")
                .server(server -> server.conversation(line -> LINES.add("shared: " + line)))
                .build();

        @RegisterExtension
        final EchoExtension own = EchoExtension.builder()
                .name("own")
                .server(server -> server.conversation(line -> LINES.add("own: " + line)))
                .build();

        @BeforeAll
        static void begin() {
            assertThat(LINES).isNotEmpty().allMatch(line -> line.startsWith("shared: "));
        }

        @Test
        void test() {
            assertThat(LINES).anyMatch(line -> line.startsWith("own: "));
        }
    }

    @EchoTest(name = "a")
    static class Mixed {
        @RegisterExtension
        static final EchoExtension B = EchoExtension.builder().name("b").build();

        @Echo("b")
        static EchoServer shared;

        @Test
        void one(@Echo("a") EchoServer a, @Echo("b") EchoServer b, @Echo("b") EchoClient client) throws IOException {
            InjectedLog.server(a);
            InjectedLog.server(b);
            InjectedLog.client(client, shared);
        }

        @Test
        @EchoTest(name = "c")
        void two(@Echo("a") EchoServer a, @Echo("b") EchoServer b, @Echo("c") EchoServer c) {
            InjectedLog.server(a);
            InjectedLog.server(b);
            InjectedLog.server(c);
        }
    }

    static class Around {
        @RegisterExtension
        static final EchoExtension A = EchoExtension.builder().name("a").build();

        @RegisterExtension
        final EchoExtension b = EchoExtension.builder().name("b").build();

        @Nested
        class Inner {
            @Echo("b")
            private EchoServer field;

            @Test
            void test(@Echo("a") EchoServer a, @Echo("b") EchoServer b) {
                InjectedLog.server(a);
                InjectedLog.server(b);
                assertThat(b).isSameAs(field);
            }
        }
    }

    @EchoTest(name = "a")
    static class Failing {
        @RegisterExtension
        static final EchoExtension B = EchoExtension.builder().name("b").build();

        @Test
        void fails(@Echo("a") EchoServer a) {
            throw new AssertionError("on purpose");
        }
    }

    @EchoTest(name = "a")
    static class DeclaredTwice {
        @RegisterExtension
        static final EchoExtension field = EchoExtension.builder().name("a").build();

        @Test
        void test() {}
    }

    static class Outliving {
        @RegisterExtension
        final EchoExtension field = EchoExtension.builder().scope(EchoScope.RUN).build();

        @Test
        void test() {}
    }
}
