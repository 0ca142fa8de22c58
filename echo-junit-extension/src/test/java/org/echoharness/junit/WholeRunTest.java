package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.util.Comparator;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A server for the whole run. */
class WholeRunTest {

    private static final String HERE = WholeRunTest.class.getName() + "$";

    @Test
    void classesWithEqualDeclarationShareServer() throws IOException {
        Run.of(First.class, Second.class, ByCode.class, ByCodeToo.class).passed(6);

        assertThat(InjectedLog.servers()).hasSize(2);
        assertThat(InjectedLog.clients()).hasSize(2);
    }

    @RepeatedTest(10)
    void parallelClassesShareServer() throws IOException {
        Run.with(ParallelTest.PARALLEL, Slow.class, SlowToo.class).passed(8);

        assertThat(InjectedLog.servers()).hasSize(1);
    }

    @Test
    void refusesDifferentDeclarationsOfName() throws IOException {
        assertThat(Run.with(Map.of("junit.jupiter.testclass.order.default", ByName.class.getName()), A.class, B.class)
                        .failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage("field \"server\" of " + HERE + "B: server \"shared\" (@EchoTest on class " + HERE
                        + "B): its scope is RUN, and server \"shared\" (@EchoTest on class " + HERE
                        + "A) has its name and differs; declare both alike, or give each a name of its own");
    }

    @Test
    void failedTestShowsServersOfRun() throws IOException {
        assertThat(Run.of(Failing.class).failure().getSuppressed())
                .extracting(Throwable::getMessage)
                .anyMatch(message -> message.matches("(?s)server \"shared\" at .*connection 1 .*"));
    }

    /** From JUnit 5.13 on; before, a session has no store. */
    @Test
    void serverLastsForLauncherSession() throws IOException {
        InjectedLog.reset();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(First.class))
                .build();
        try (LauncherSession session = LauncherFactory.openSession()) {
            Launcher launcher = session.getLauncher();
            launcher.execute(request);
            launcher.execute(request);
            assertThat(InjectedLog.servers()).hasSize(hasSessionStore() ? 1 : 2);
            assertThat(InjectedLog.servers().get(0).isRunning()).isEqualTo(hasSessionStore());
        }
        assertThat(InjectedLog.clients()).hasSize(2);
        InjectedLog.assertAllClosed();
    }

    @Test
    void closeNeverThrows() {
        OpenedServers scope = new OpenedServers(ScopePath.WHOLE_RUN);
        scope.keep(() -> {
            throw new IOException("on purpose");
        });

        assertThatCode(new WholeRun(scope)::close).doesNotThrowAnyException();
    }

    private static boolean hasSessionStore() {
        try {
            Class.forName("org.junit.jupiter.api.extension.ExtensionContext$StoreScope");
            return true;
        } catch (ClassNotFoundException before513) {
            return false;
        }
    }

    @EchoTest(name = "shared", scope = EchoScope.RUN)
    static class First {
        @Echo("shared")
        static EchoServer server;

        @Test
        void one(EchoClient client) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client, server);
        }
    }

    @EchoTest(name = "shared", scope = EchoScope.RUN)
    static class Second {
        @Test
        void two(EchoServer server) {
            InjectedLog.server(server);
        }

        @Nested
        class Inner {
            @Test
            void three(EchoServer server, EchoClient client) throws IOException {
                InjectedLog.server(server);
                InjectedLog.client(client, server);
            }
        }
    }

    /** Users keep one such extension in a class of their own. */
    private static final EchoExtension SHARED = EchoExtension.builder()
            .name("by code")
            .scope(EchoScope.RUN)
            .server(server -> server.bufferSize(16))
            .build();

    static class ByCode {
        @RegisterExtension
        static final EchoExtension EXTENSION = SHARED;

        @Test
        void one(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void two(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class ByCodeToo {
        @RegisterExtension
        static final EchoExtension EXTENSION = SHARED;

        @Test
        void three(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    /** The many loops make the start slow enough for a race to show. */
    @EchoTest(scope = EchoScope.RUN, eventLoops = "64")
    static class Slow {
        @RepeatedTest(4)
        void each(EchoServer server, EchoClient client) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client, server);
        }
    }

    @EchoTest(scope = EchoScope.RUN, eventLoops = "64")
    static class SlowToo extends Slow {}

    static class ByName implements ClassOrderer {
        @Override
        public void orderClasses(ClassOrdererContext context) {
            context.getClassDescriptors()
                    .sort(Comparator.comparing(
                            descriptor -> descriptor.getTestClass().getName()));
        }
    }

    @EchoTest(name = "shared", scope = EchoScope.RUN)
    static class A {
        @Echo("shared")
        static EchoServer server;

        @Test
        void test() {
            InjectedLog.server(server);
        }
    }

    @EchoTest(name = "shared", scope = EchoScope.RUN, bufferSize = "16")
    static class B {
        @Echo("shared")
        static EchoServer server;

        @Test
        void test() {}
    }

    @EchoTest(name = "shared", scope = EchoScope.RUN)
    static class Failing {
        @Test
        void test(EchoClient client) throws IOException {
            InjectedLog.client(client);
            throw new AssertionError("on purpose");
        }
    }
}
