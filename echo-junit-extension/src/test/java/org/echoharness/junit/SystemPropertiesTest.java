package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The address as system properties, for code without injection. */
class SystemPropertiesTest {

    @BeforeEach
    @AfterEach
    void clear() {
        System.clearProperty("its.upstream.host");
        System.clearProperty("its.upstream.port");
        System.clearProperty("its.upstream.address");
    }

    private static InetSocketAddress published() {
        InetSocketAddress address =
                new InetSocketAddress(System.getProperty("its.upstream.host"), Integer.getInteger("its.upstream.port"));
        assertThat(System.getProperty("its.upstream.address"))
                .isEqualTo("127.0.0.1:" + System.getProperty("its.upstream.port"));
        return address;
    }

    @EchoTest(systemProperty = "its.upstream")
    static class NotInjected {
        @Test
        void test() throws IOException {
            try (EchoClient client = EchoClient.connect(published())) {
                InjectedLog.client(client);
            }
        }
    }

    @EchoTest(systemProperty = "its.upstream")
    static class OfTheClass {
        @BeforeAll
        static void begin(EchoServer server) {
            assertThat(published()).isEqualTo(server.address());
        }

        @Test
        void one(EchoServer server) {
            InjectedLog.server(server);
            assertThat(published()).isEqualTo(server.address());
        }

        @Test
        @EchoTest(systemProperty = "its.upstream")
        void two(EchoServer another) {
            InjectedLog.server(another);
            assertThat(published()).isEqualTo(another.address());
        }
    }

    @Test
    void propertiesLastAsLongAsServer() throws IOException {
        Run.of(NotInjected.class).passed(1);
        Run.of(OfTheClass.class).passed(2);

        assertThat(System.getProperties())
                .doesNotContainKeys("its.upstream.host", "its.upstream.port", "its.upstream.address");
    }

    @Test
    void restoresEarlierValues() throws IOException {
        System.setProperty("its.upstream.port", "1");

        Run.of(OfTheClass.class).passed(2);

        assertThat(System.getProperties())
                .containsEntry("its.upstream.port", "1")
                .doesNotContainKeys("its.upstream.host", "its.upstream.address");
    }

    @EchoTest(name = "one", systemProperty = "its.upstream")
    static class AtOnce {
        @Test
        void test() throws IOException {
            Meeting.await(); // the other class begins now
            Meeting.await(); // it has failed
            try (EchoClient client = EchoClient.connect(published())) {
                InjectedLog.client(client);
            }
        }
    }

    @ExtendWith(Waits.class)
    @EchoTest(name = "two", systemProperty = "its.upstream")
    static class AtOnceToo {
        @Test
        void test() {}
    }

    /** Starts the class while the other one runs. */
    static class Waits implements BeforeAllCallback, CloseableResource, AutoCloseable {
        @Override
        public void beforeAll(ExtensionContext context) {
            Meeting.await();
            context.getStore(ExtensionContext.Namespace.create(Waits.class)).put("end", this);
        }

        @Override
        public void close() {
            Meeting.await();
        }
    }

    @Test
    void refusesPrefixInUse() throws Exception {
        assertThat(Meeting.run(ParallelTest.PARALLEL, AtOnce.class, AtOnceToo.class)
                        .failure())
                .hasMessage("server \"two\" (@EchoTest on class " + AtOnceToo.class.getName()
                        + "): systemProperty (its.upstream) is in use by server \"one\" (@EchoTest on class "
                        + AtOnce.class.getName()
                        + "), which may run at the same time; give each a prefix of its own, or put"
                        + " @ResourceLock(\"its.upstream\") on both classes");
        assertThat(InjectedLog.clients()).hasSize(1);
    }

    @Test
    void acceptsPrefixInLaterClass() throws IOException {
        Run.of(NotInjected.class, OfTheClass.class).passed(3);
        Run.with(ParallelTest.PARALLEL, LockedOne.class, LockedTwo.class).passed(2);
    }

    @ResourceLock("its.upstream")
    @EchoTest(systemProperty = "its.upstream")
    static class LockedOne {
        @Test
        void test() throws IOException {
            try (EchoClient client = EchoClient.connect(published())) {
                InjectedLog.client(client);
            }
        }
    }

    @ResourceLock("its.upstream")
    @EchoTest(systemProperty = "its.upstream")
    static class LockedTwo {
        @Test
        void test() throws IOException {
            try (EchoClient client = EchoClient.connect(published())) {
                InjectedLog.client(client);
            }
        }
    }
}
