package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which declaration a name means. A fixture tells its servers apart by what they are bound to. */
class VisibilityTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void nearestDeclarationCounts(Class<?> fixture, int tests, int servers) {
        Run.of(fixture).passed(tests);

        assertThat(Seen.servers()).hasSize(servers);
    }

    static Stream<Arguments> nearestDeclarationCounts() {
        return Stream.of(
                Arguments.of(OnMethod.class, 3, 3),
                Arguments.of(OnInterface.class, 1, 1),
                Arguments.of(Heir.class, 2, 3),
                Arguments.of(OnEnclosingClass.class, 4, 5),
                Arguments.of(Composed.class, 2, 3),
                Arguments.of(Unannotated.class, 1, 1),
                Arguments.of(BesideImplicit.class, 1, 2));
    }

    @Test
    void declaredAloneStartsNothing() {
        long before = threads();

        Run.of(NotInjected.class).passed(1);

        assertThat(NotInjected.threads).isEqualTo(before);
    }

    @Test
    void fixedPortIsServedWithoutInjection() {
        Class<?> fixture = Stream.of(Fixed10917.class, Fixed10918.class, Fixed10919.class)
                .filter(candidate -> isFree(FixedPort.address(candidate)))
                .findFirst()
                .orElseThrow();

        Run.of(fixture).passed(3);

        assertThat(Seen.servers()).hasSize(1);
        assertThat(isFree(FixedPort.address(fixture))).isTrue();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("echo-server"))
                .count();
    }

    private static boolean isFree(String address) {
        try (EchoServer server = EchoServer.builder().addresses(address).start()) {
            return server.isRunning();
        } catch (IOException busy) {
            return false;
        }
    }

    /** Checks the number of addresses, which the fixtures vary, of a running server. */
    static void addresses(int expected, EchoServer server) {
        assertEquals(expected, server.addresses().size());
        Seen.server(server);
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
        void ofTheClass(EchoServer server) {
            addresses(1, server);
        }

        @Test
        @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
        void ofItsOwn(EchoServer server) {
            assertSame(before, server);
            assertSame(field, server);
            addresses(2, server);
        }

        @Test
        @EchoTest
        void ofItsOwnAlike(EchoServer server, EchoClient client) throws IOException {
            Seen.client(client, server);
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
        void inherited() {
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
        void overridden(@Echo("base") EchoServer base, @Echo("both") EchoServer both) {
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
        void outer() {
            addresses(1, shared);
        }

        @Nested
        class Seeing {
            @Test
            void theSame(EchoServer server) {
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
            void another(EchoServer server) {
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
        void nextToAnnotated(@Echo EchoServer server, EchoClient client) throws IOException {
            Seen.client(client, server);
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
                Seen.server(server);
                Seen.server(b);
            }
        }
    }

    @EchoTest
    static class NotInjected {
        static long threads;

        @Test
        void one() {
            threads = threads();
        }
    }

    abstract static class FixedPort {
        static String address(Class<?> fixture) {
            return fixture.getAnnotation(EchoTest.class).addresses()[0];
        }

        @Test
        void answers() throws IOException {
            try (EchoClient client = EchoClient.connect(address(getClass()))) {
                Seen.client(client);
            }
        }

        @Test
        void answersAgain() throws IOException {
            answers();
        }

        @Test
        void isWhatIsInjected(EchoServer server) {
            assertEquals(address(getClass()), "127.0.0.1:" + server.port());
            Seen.server(server);
        }
    }

    @EchoTest(addresses = "127.0.0.1:10917")
    static class Fixed10917 extends FixedPort {}

    @EchoTest(addresses = "127.0.0.1:10918")
    static class Fixed10918 extends FixedPort {}

    @EchoTest(addresses = "127.0.0.1:10919")
    static class Fixed10919 extends FixedPort {}
}
