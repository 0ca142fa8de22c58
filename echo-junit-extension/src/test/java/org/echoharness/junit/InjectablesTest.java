package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Recording;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The types that can be injected besides servers and clients; all of them belong to one server. */
class InjectablesTest {

    private static final String HERE = InjectablesTest.class.getName() + "$";

    @ParameterizedTest
    @ValueSource(classes = {Fields.class, StaticFields.class, Constructed.class, Parameters.class, Outer.class})
    void allTypesBelongToOneServer(Class<?> fixture) throws IOException {
        Run.of(fixture).passed(1);

        assertThat(InjectedLog.servers()).hasSize(1);
        assertThat(InjectedLog.clients()).hasSize(2);
    }

    @Test
    void clearsStaticFieldsAfterClass() throws IOException {
        for (int i = 0; i < 2; i++) {
            Run.of(StaticFields.class).passed(1);
            assertThat(StaticFields.port).isZero();
            assertThat(StaticFields.uri).isNull();
        }
    }

    @Test
    void uriOfIpv6AddressHasBrackets() throws IOException {
        Run.of(Ipv6.class).passed(1);
    }

    @Test
    void closesSuppliedClientsWithTest() throws IOException {
        Run.of(OneAfterTheOther.class).passed(2);

        assertThat(InjectedLog.clients()).hasSize(4);
    }

    @Test
    void supplierDoesNotConnectAfterTest() throws IOException {
        Run.of(Kept.class).passed(1);
    }

    @Test
    void supplierNamesUnreachableServer() throws IOException {
        assertThat(Run.of(Unreachable.class).failure())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("server \"default\" (@EchoTest on class " + HERE
                        + "Unreachable): cannot connect to 127.0.0.1:1; ")
                .hasMessageEndingWith(" (the address is from @EchoTest(external))");
    }

    static void check(
            EchoServer server,
            InetSocketAddress address,
            URI uri,
            int port,
            Recording recording,
            Supplier<EchoClient> clients)
            throws IOException {
        InjectedLog.server(server);
        assertThat(address).isEqualTo(server.address());
        assertThat(uri).hasToString("tcp://127.0.0.1:" + server.port());
        assertThat(port).isEqualTo(server.port());
        for (int i = 0; i < 2; i++) {
            InjectedLog.client(clients.get(), server);
        }
        assertThat(recording.total()).isEqualTo(2);
    }

    static class Fields {
        @Echo
        private EchoServer server;

        @Echo
        private InetSocketAddress address;

        @Echo
        private URI uri;

        @Echo
        private int port;

        @Echo
        private Recording recording;

        @Echo
        private Supplier<EchoClient> clients;

        @Test
        void test() throws IOException {
            check(server, address, uri, port, recording, clients);
        }
    }

    static class StaticFields {
        @Echo
        static EchoServer server;

        @Echo
        static InetSocketAddress address;

        @Echo
        static URI uri;

        @Echo
        static int port;

        @Echo
        static Recording recording;

        @Echo
        static Supplier<EchoClient> clients;

        @Test
        void test() throws IOException {
            check(server, address, uri, port, recording, clients);
        }
    }

    record Constructed(
            @Echo EchoServer server,
            @Echo InetSocketAddress address,
            @Echo URI uri,
            @Echo int port,
            @Echo Recording recording,
            @Echo Supplier<EchoClient> clients) {
        @Test
        void test() throws IOException {
            check(server, address, uri, port, recording, clients);
        }
    }

    @EchoTest
    static class Parameters {
        @Test
        void test(
                EchoServer server,
                @Echo InetSocketAddress address,
                @Echo URI uri,
                @Echo int port,
                Recording recording,
                @Echo Supplier<EchoClient> clients)
                throws IOException {
            check(server, address, uri, port, recording, clients);
        }
    }

    static class Outer {
        @Nested
        class Inner {
            private final Supplier<EchoClient> clients;

            Inner(@Echo Supplier<EchoClient> clients) {
                this.clients = clients;
            }

            @Test
            void test(
                    EchoServer server,
                    @Echo InetSocketAddress address,
                    @Echo URI uri,
                    @Echo int port,
                    Recording recording)
                    throws IOException {
                check(server, address, uri, port, recording, clients);
            }
        }
    }

    @EchoTest(addresses = "[::1]:0")
    static class Ipv6 {
        @Test
        void test(EchoServer server, @Echo URI uri) {
            InjectedLog.server(server);
            assertThat(uri).hasToString("tcp://[::1]:" + server.port());
            assertThat(uri.getHost()).isEqualTo("[::1]");
            assertThat(uri.getPort()).isEqualTo(server.port());
        }
    }

    @TestInstance(Lifecycle.PER_CLASS)
    static class OneAfterTheOther {
        private List<EchoClient> previous = List.of();

        @RepeatedTest(2)
        void each(@Echo Supplier<EchoClient> clients) throws IOException {
            previous.forEach(InjectedLog::assertClosed);
            previous = List.of(clients.get(), clients.get());
            for (EchoClient client : previous) {
                InjectedLog.client(client);
            }
        }
    }

    @EchoTest
    static class Kept {
        @Echo
        static EchoServer server; // outlives the tests

        private static Supplier<EchoClient> supplier;

        @Test
        void test(@Echo Supplier<EchoClient> clients) throws IOException {
            supplier = clients;
            InjectedLog.client(clients.get(), server);
        }

        @AfterAll
        static void end() {
            assertThatThrownBy(supplier::get)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("server \"default\" (@EchoTest on class " + HERE
                            + "Kept): the class or test that it was injected into is over; connect before its end");
        }
    }

    @EchoTest(source = Source.EXTERNAL, external = "127.0.0.1:1")
    static class Unreachable {
        @Test
        void test(@Echo Supplier<EchoClient> clients) throws IOException {
            InjectedLog.client(clients.get());
        }
    }
}
