package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Servers at Unix sockets: what is injected, where an external one is found, and what the checks see. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixServersTest {

    private static final String HERE = UnixServersTest.class.getName() + "$";

    @EchoTest(addresses = "unix:")
    static class Embedded {

        @Echo
        Path file;

        @Test
        void test(
                EchoServer server,
                EchoClient client,
                @Echo UnixDomainSocketAddress address,
                @Echo Path path,
                @Echo URI uri)
                throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client);
            client.expectEcho(new byte[] {1, 2, 3});
            assertThat(path).isEqualTo(server.path()).isEqualTo(file).exists();
            assertThat(address).isEqualTo(server.socketAddress());
            assertThat(uri).isEqualTo(URI.create("unix:" + path));
        }
    }

    @EchoTest(addresses = {"127.0.0.1:0", "unix:"})
    static class OfBothKinds {
        @Test
        void test(EchoServer server, @Echo int port, @Echo InetSocketAddress address, @Echo Path path) {
            InjectedLog.server(server);
            assertThat(port).isEqualTo(server.port());
            assertThat(address).isEqualTo(server.address());
            assertThat(path).isEqualTo(server.path());
        }
    }

    @Test
    void injectsFileOfUnixSocket() throws IOException {
        Run.of(Embedded.class).passed(1);
        Run.of(OfBothKinds.class).passed(1);
    }

    @EchoTest(addresses = "unix:")
    static class PortOfUnixSocket {
        @Test
        void test(@Echo int port) {}
    }

    @EchoTest(addresses = "unix:")
    static class InetAddressOfUnixSocket {
        @Test
        void test(@Echo InetSocketAddress address) {}
    }

    @EchoTest
    static class PathOfPort {
        @Test
        void test(@Echo Path path) {}
    }

    @Test
    void namesTypesThatFitServer() throws IOException {
        for (Class<?> fixture : new Class<?>[] {PortOfUnixSocket.class, InetAddressOfUnixSocket.class}) {
            assertThat(Run.of(fixture).failure().getMessage())
                    .contains("server \"default\" (@EchoTest on class " + fixture.getName() + "): it listens on unix:/")
                    .endsWith(
                            ", which has no host and no port; inject UnixDomainSocketAddress, Path, URI, EchoClient or"
                                    + " Supplier<EchoClient>");
        }
        assertThat(Run.of(PathOfPort.class).failure().getMessage())
                .startsWith("parameter 1 (Path) of " + HERE + "PathOfPort.test: server \"default\" (@EchoTest on class "
                        + HERE + "PathOfPort): it listens on 127.0.0.1:")
                .endsWith(
                        ", which has no path; inject InetSocketAddress, URI or int, or give the server the address unix:");
    }

    @EchoTest(source = Source.EXTERNAL)
    static class External {
        @Test
        void test(EchoClient client, @Echo Path path) throws IOException {
            InjectedLog.client(client);
            assertThat(path).exists();
        }
    }

    @Test
    void findsExternalServerInListOfBuild(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("servers.properties");
        try (EchoServer server =
                EchoServer.builder().addresses("unix:").recording().start()) {
            Files.writeString(file, "echo.server.default.address=unix:" + server.path() + "\n");

            Run.with(Map.of("echo.servers.file", file.toString()), External.class)
                    .passed(1);

            assertThat(server.recording().awaitConnections(1).get(0).awaitEnd().received())
                    .isEqualTo("hello".getBytes(StandardCharsets.US_ASCII));
        }
        assertThat(Run.with(Map.of("echo.servers.file", file.toString()), External.class)
                        .failure())
                .hasMessageContaining(
                        "No such file or directory; is a server listening there? (the address is from " + file + ")");
    }

    @EchoTest(addresses = "unix:", systemProperty = "its.unix")
    static class WithSystemProperties {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
            assertThat(System.getProperty("its.unix.path"))
                    .isEqualTo(server.path().toString());
            assertThat(System.getProperty("its.unix.address")).isEqualTo("unix:" + server.path());
            assertThat(System.getProperties()).doesNotContainKeys("its.unix.host", "its.unix.port");
        }
    }

    @Test
    void systemPropertiesHavePath() throws IOException {
        Run.of(WithSystemProperties.class).passed(1);
        assertThat(System.getProperties()).doesNotContainKeys("its.unix.path", "its.unix.address");
    }

    @EchoTest(addresses = "unix:")
    static class Leaking {
        static SocketChannel left;

        @Test
        void test(EchoServer server) throws IOException {
            InjectedLog.server(server);
            left = SocketChannel.open(server.socketAddress());
        }
    }

    @EchoTest(addresses = "unix:", faults = "close after 2")
    static class ClosedByServer {
        @Test
        void test(EchoServer server, EchoClient client) throws IOException {
            InjectedLog.server(server);
            client.send(new byte[5]);
            assertThat(client.receiveToEnd()).hasSize(2);
        }
    }

    @Test
    void leakOfUnixSocketFailsTest() throws IOException {
        Throwable failure = Run.of(Leaking.class).failure();
        Leaking.left.close();
        assertThat(failure).hasMessageContaining("connection 1 of unix:/").hasMessageContaining("open");
        Run.of(ClosedByServer.class).passed(1);
    }
}
