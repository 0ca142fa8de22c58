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

/** The address as system properties, for code that nothing is injected into. */
class SystemPropertiesTest {

    @BeforeEach
    @AfterEach
    void clear() {
        System.clearProperty("its.upstream.host");
        System.clearProperty("its.upstream.port");
        System.clearProperty("its.upstream.address");
    }

    private static InetSocketAddress told() {
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
            try (EchoClient client = EchoClient.connect(told())) {
                Seen.client(client);
            }
        }
    }

    @EchoTest(systemProperty = "its.upstream")
    static class OfTheClass {
        @BeforeAll
        static void begin(EchoServer server) {
            assertThat(told()).isEqualTo(server.address());
        }

        @Test
        void one(EchoServer server) {
            Seen.server(server);
            assertThat(told()).isEqualTo(server.address());
        }

        @Test
        @EchoTest(systemProperty = "its.upstream")
        void two(EchoServer another) {
            Seen.server(another);
            assertThat(told()).isEqualTo(another.address());
        }
    }

    @Test
    void theyAreThereAsLongAsTheServerLives() throws IOException {
        Run.of(NotInjected.class).passed(1);
        Run.of(OfTheClass.class).passed(2);

        assertThat(System.getProperties())
                .doesNotContainKeys("its.upstream.host", "its.upstream.port", "its.upstream.address");
    }

    @Test
    void theirValuesBeforeArePutBack() throws IOException {
        System.setProperty("its.upstream.port", "1");

        Run.of(OfTheClass.class).passed(2);

        assertThat(System.getProperties())
                .containsEntry("its.upstream.port", "1")
                .doesNotContainKeys("its.upstream.host", "its.upstream.address");
    }
}
