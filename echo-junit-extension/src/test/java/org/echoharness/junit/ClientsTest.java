package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Injected clients and addresses: each injection point has its own connection, to the named server. */
class ClientsTest {

    @ParameterizedTest
    @EnumSource
    void eachInjectionPointHasOwnConnection(Lifecycle lifecycle) throws IOException {
        Run.with(Map.of("junit.jupiter.testinstance.lifecycle.default", lifecycle.name()), EveryPlace.class)
                .passed(2);

        // of the class: static field, before and after all; of each test: two parameters, before and after each
        int ofInstance = lifecycle == Lifecycle.PER_CLASS ? 2 : 4; // field and constructor
        assertThat(InjectedLog.clients()).hasSize(3 + ofInstance + 2 * 4);
    }

    @Test
    void closesClientWithItsTestOrInstance() throws IOException {
        Run.with(Map.of("junit.jupiter.testinstance.lifecycle.default", "PER_CLASS"), OneAfterTheOther.class)
                .passed(2);
    }

    @Test
    void clientConnectsToServerOfItsName() throws IOException {
        Run.of(Named.class).passed(2);

        assertThat(InjectedLog.servers()).hasSize(4);
    }

    @Test
    void injectsAddressOfServer() throws IOException {
        Run.of(Addressed.class).passed(2);
    }

    @Test
    void clientHasReadTimeoutOfDeclaration() throws IOException {
        Run.of(Impatient.class).passed(1);
    }

    @Test
    void clientHasTimeoutOfDeclaration() throws IOException {
        Run.of(Hurried.class).passed(1);
    }

    static class EveryPlace {
        @Echo
        static EchoClient shared;

        @Echo
        private EchoClient field;

        EveryPlace(@Echo EchoClient client) throws IOException {
            InjectedLog.client(client);
        }

        @BeforeAll
        static void begin(@Echo EchoClient client) throws IOException {
            InjectedLog.client(client);
            InjectedLog.client(shared);
        }

        @BeforeEach
        void beginOne(@Echo EchoClient client) throws IOException {
            InjectedLog.client(client);
            InjectedLog.client(field);
        }

        @Test
        void one(@Echo EchoServer server, @Echo EchoClient first, EchoClient second) throws IOException {
            InjectedLog.client(first, server);
            InjectedLog.client(second, server);
        }

        @Test
        void two(@Echo EchoServer server, EchoClient first, EchoClient second) throws IOException {
            InjectedLog.client(first, server);
            InjectedLog.client(second, server);
        }

        @AfterEach
        void endOne(@Echo EchoClient client) throws IOException {
            InjectedLog.client(client);
        }

        @AfterAll
        static void end(@Echo EchoClient client) throws IOException {
            InjectedLog.client(client);
            InjectedLog.client(shared);
        }
    }

    static class OneAfterTheOther {
        private EchoClient previous;

        @Echo
        private EchoClient field;

        @Test
        void one(EchoServer server, EchoClient client) throws IOException {
            check(server, client);
        }

        @Test
        void two(EchoServer server, EchoClient client) throws IOException {
            check(server, client);
        }

        private void check(EchoServer server, EchoClient client) throws IOException {
            if (previous != null) {
                InjectedLog.assertClosed(previous);
            }
            previous = client;
            InjectedLog.client(client, server);
            InjectedLog.client(field, server);
        }
    }

    @EchoTest(name = "a")
    @EchoTest(name = "b")
    static class Named {
        @Echo("a")
        private EchoClient ofA;

        @Test
        void one(@Echo("a") EchoServer a, @Echo("b") EchoServer b, @Echo("b") EchoClient ofB) throws IOException {
            assertThat(a).isNotSameAs(b);
            InjectedLog.server(a);
            InjectedLog.server(b);
            InjectedLog.client(ofA, a);
            InjectedLog.client(ofB, b);
        }

        @Test
        void injectsClientBeforeServers(@Echo("b") EchoClient ofB, @Echo("b") EchoServer b, @Echo("a") EchoServer a)
                throws IOException {
            InjectedLog.server(a);
            InjectedLog.server(b);
            InjectedLog.client(ofA, a);
            InjectedLog.client(ofB, b);
        }
    }

    static class Addressed {
        @Test
        void injectsAddressOfListeningServer(@Echo EchoServer server, @Echo InetSocketAddress address) {
            assertThat(address).isEqualTo(server.address());
            assertThat(address.getHostString()).isEqualTo("127.0.0.1");
        }

        @Test
        @EchoTest(addresses = "*:0")
        void connectsToServerOnEveryInterface(
                @Echo EchoServer server, @Echo InetSocketAddress address, EchoClient client) throws IOException {
            assertThat(server.address().getAddress().isAnyLocalAddress()).isTrue();
            assertThat(address.getAddress().isLoopbackAddress()).isTrue();
            assertThat(address.getPort()).isEqualTo(server.port());
            InjectedLog.client(client);
        }
    }

    @EchoTest(readTimeout = "20ms")
    static class Impatient {
        @Test
        void givesUp(EchoClient client) {
            assertThatThrownBy(() -> client.receive(1))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageStartingWith("waited 20ms for 1 bytes from ");
        }
    }

    @EchoTest(timeout = "300ms", faults = "fragment 1 every 100ms")
    static class Hurried {
        @Test
        void givesUpWhileBytesMove(EchoClient client) {
            assertThatThrownBy(() -> client.echo(new byte[1_000]))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageEndingWith(" when timeout (300ms) was over");
        }
    }
}
