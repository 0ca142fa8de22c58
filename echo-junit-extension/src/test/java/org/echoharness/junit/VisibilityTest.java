package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.net.BindException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which declaration a name refers to. A fixture recognizes its servers by their bound addresses. */
class VisibilityTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void usesNearestDeclaration(Class<?> fixture, int tests, int servers) throws IOException {
        Run.of(fixture).passed(tests);

        assertThat(InjectedLog.servers()).hasSize(servers);
    }

    static Stream<Arguments> usesNearestDeclaration() {
        return Stream.of(
                Arguments.of(OnMethod.class, 3, 3),
                Arguments.of(OnInterface.class, 1, 1),
                Arguments.of(OnInterfaces.class, 1, 1),
                Arguments.of(Heir.class, 2, 3),
                Arguments.of(OnEnclosingClass.class, 4, 5),
                Arguments.of(Composed.class, 2, 3),
                Arguments.of(Unannotated.class, 1, 1),
                Arguments.of(BesideImplicit.class, 1, 2));
    }

    @EchoTest(maxConnections = "1")
    interface Plain {}

    @EchoTest(maxConnections = "2")
    interface Refined extends Plain {}

    @EchoTest(maxConnections = "2")
    interface Alike {}

    /** The refined declaration applies wherever it stands, and two equal declarations count as one. */
    static class OnInterfaces implements Plain, Refined, Alike {
        @Test
        void connectsTwice(EchoServer server, EchoClient first, EchoClient second) throws IOException {
            InjectedLog.server(server);
            first.echo(new byte[1]);
            second.echo(new byte[1]);
        }
    }

    @Test
    void startsNoServerWithoutInjection() throws IOException {
        assertThat(InjectedLog.threads()).isEmpty();

        Run.of(NotInjected.class).passed(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void startsServerOfFixedPortWithoutInjection(boolean parallel) throws IOException {
        atFixedPort(() -> Run.with(parallel ? ParallelTest.PARALLEL : Map.of(), FixedPort.class)
                .passed(4));

        assertThat(InjectedLog.servers()).hasSize(1);
        assertThat(InjectedLog.clients()).hasSize(4);
    }

    @Test
    void startsServerOfFixedPortForEachTest() throws IOException {
        atFixedPort(() -> Run.of(FixedPortForMethod.class).passed(2));

        assertThat(InjectedLog.servers()).hasSize(2);
    }

    @Test
    void refusesPortOfOuterClass() throws IOException {
        atFixedPort(() -> assertThat(Run.of(Repeating.class).failure())
                .hasMessage("server \"inner\" (@EchoTest on class " + Repeating.Inner.class.getName()
                        + "): port 10917 is in use by server \"outer\" (@EchoTest on class " + Repeating.class.getName()
                        + "), which runs for an enclosing scope; give this one another port, or leave its declaration out"
                        + " and inject that server")
                .hasCauseInstanceOf(BindException.class));
    }

    @Test
    void refusesPortOfClassOnMethod() throws IOException {
        atFixedPort(() -> assertThat(Run.of(RepeatingMethod.class).failure())
                .hasMessageContaining("port 10917 is in use by server \"default\" (@EchoTest on class "));
    }

    @Test
    void refusesPortSetByCodeInNestedClass() throws IOException {
        atFixedPort(() -> assertThat(Run.of(RepeatingByCode.class).failure())
                .hasMessageContaining(
                        "port 10917 is in use by server \"outer\" (@RegisterExtension on field \"OUTER\" of "
                                + RepeatingByCode.class.getName() + "), which runs for an enclosing scope; "));
    }

    private interface Runs {
        void run() throws IOException;
    }

    /** Other builds on this machine may run this test too. */
    private static void atFixedPort(Runs runs) throws IOException {
        Path lock = Path.of(System.getProperty("java.io.tmpdir"), "echo-harness-port-10917.lock");
        try (FileChannel file = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = file.lock()) {
            assertThat(held.isValid()).isTrue();

            runs.run();
        }
    }

    /** Checks the number of addresses, which the fixtures vary, of a running server. */
    static void addresses(int expected, EchoServer server) {
        assertEquals(expected, server.addresses().size());
        InjectedLog.server(server);
    }

    @EchoTest
    static class OnMethod {
        private EchoServer before;

        @Echo
        private EchoServer field;

        @BeforeEach
        void begin(EchoServer server) {
            before = server;
        }

        @Test
        void usesServerOfClass(EchoServer server) {
            addresses(1, server);
        }

        @Test
        @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
        void usesOwnServer(EchoServer server) {
            assertSame(before, server);
            assertSame(field, server);
            addresses(2, server);
        }

        @Test
        @EchoTest
        void usesOwnServerOfEqualDeclaration(EchoServer server, EchoClient client) throws IOException {
            InjectedLog.client(client, server);
            addresses(1, server);
        }
    }

    @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
    interface Contract {
        @Test
        default void isDeclaredHere(EchoServer server) {
            addresses(2, server);
        }
    }

    static class OnInterface implements Contract {}

    @EchoTest(name = "base")
    @EchoTest(name = "both")
    static class Base {
        @Echo("base")
        private EchoServer base;

        @Echo("both")
        private EchoServer both;

        @Test
        void usesInheritedServer() {
            addresses(1, base);
        }

        EchoServer both() {
            return both;
        }
    }

    @EchoTest(
            name = "both",
            addresses = {"127.0.0.1:0", "127.0.0.1:0"})
    static class Heir extends Base {
        @Test
        void usesOverridingServer(@Echo("base") EchoServer base, @Echo("both") EchoServer both) {
            addresses(1, base);
            addresses(2, both);
            assertSame(both(), both);
        }
    }

    @EchoTest
    static class OnEnclosingClass {
        @Echo
        static EchoServer shared;

        @Test
        void usesOwnServer() {
            addresses(1, shared);
        }

        @Nested
        class Seeing {
            @Test
            void usesServerOfEnclosingClass(EchoServer server) {
                assertSame(shared, server);
            }
        }

        @Nested
        @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
        class Declaring {
            @Echo
            static EchoServer here;

            @BeforeAll
            static void begin() {
                assertNotSame(shared, here);
            }

            @Test
            void usesServerOfNestedClass(EchoServer server) {
                assertSame(here, server);
                addresses(2, server);
            }
        }

        @Nested
        @EchoTest(name = "more")
        class Adding {
            @Echo("more")
            private EchoServer more;

            @Test
            @EchoTest(name = "most")
            @EchoTest(name = "yet another")
            void all(
                    @Echo EchoServer server,
                    @Echo("more") EchoServer more,
                    @Echo("most") EchoServer most,
                    @Echo("yet another") EchoServer another) {
                assertSame(shared, server);
                assertSame(this.more, more);
                Stream.of(more, most, another).forEach(each -> addresses(1, each));
            }
        }
    }

    @Retention(RetentionPolicy.RUNTIME)
    @EchoTest(
            name = "upstream",
            addresses = {"127.0.0.1:0", "127.0.0.1:0"})
    @EchoTest(name = "backup")
    @interface Upstreams {}

    @Retention(RetentionPolicy.RUNTIME)
    @Echo("upstream")
    @interface Upstream {}

    @Upstreams
    static class Composed {
        @Upstream
        private EchoServer upstream;

        @Test
        void one(@Upstream EchoServer server, @Echo("backup") EchoServer backup) {
            assertSame(upstream, server);
            addresses(2, server);
            addresses(1, backup);
        }

        @Test
        void two() {
            addresses(2, upstream);
        }
    }

    static class Unannotated {
        @Test
        void usesInjectedServer(@Echo EchoServer server, EchoClient client) throws IOException {
            InjectedLog.client(client, server);
            addresses(1, server);
        }
    }

    static class BesideImplicit {
        @Echo
        static EchoServer shared;

        @Nested
        @EchoTest(name = "b")
        class Inner {
            @Test
            void seesBoth(@Echo EchoServer server, @Echo("b") EchoServer b) {
                assertSame(shared, server);
                InjectedLog.server(server);
                InjectedLog.server(b);
            }
        }
    }

    @EchoTest
    static class NotInjected {
        @Test
        void one() {
            assertThat(InjectedLog.threads()).isEmpty();
        }
    }

    @EchoTest(addresses = "127.0.0.1:10917")
    static class FixedPort {
        @BeforeAll
        static void begin() throws IOException {
            answers();
        }

        @RepeatedTest(3)
        void answersEachTest() throws IOException {
            answers();
        }

        @Test
        void injectsServerOfFixedPort(EchoServer server) {
            assertEquals(10917, server.port());
            InjectedLog.server(server);
        }

        private static void answers() throws IOException {
            try (EchoClient client = EchoClient.connect("127.0.0.1:10917")) {
                InjectedLog.client(client);
            }
        }
    }

    @EchoTest(addresses = "127.0.0.1:10917", scope = EchoScope.METHOD)
    static class FixedPortForMethod {
        @RepeatedTest(2)
        void each(EchoServer server) {
            assertEquals(10917, server.port());
            InjectedLog.server(server);
        }
    }

    @EchoTest(name = "outer", addresses = "127.0.0.1:10917")
    static class Repeating {
        @Nested
        @EchoTest(name = "inner", addresses = "127.0.0.1:10917")
        class Inner {
            @Test
            void test() {}
        }
    }

    static class RepeatingByCode {
        @RegisterExtension
        static final EchoExtension OUTER = atFixedPort("outer");

        @Test
        void test() {}

        @Nested
        class Inner {
            @RegisterExtension
            static final EchoExtension INNER = atFixedPort("inner");

            @Test
            void test() {}
        }

        private static EchoExtension atFixedPort(String name) {
            return EchoExtension.builder()
                    .name(name)
                    .server(server -> server.addresses("127.0.0.1:10917"))
                    .build();
        }
    }

    @EchoTest(addresses = "127.0.0.1:10917")
    static class RepeatingMethod {
        @Test
        @EchoTest(addresses = "127.0.0.1:10917", maxConnections = "1")
        void test(EchoServer server) {}
    }
}
