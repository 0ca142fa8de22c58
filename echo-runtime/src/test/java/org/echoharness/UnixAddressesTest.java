package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The addresses of Unix sockets: in texts, in recordings and beside addresses of TCP. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixAddressesTest {

    @TempDir
    private Path folder;

    @Test
    void accessorsOfTcpSayWhatToCall() throws Exception {
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("x"));
            String unix = "since it is a Unix socket (unix:" + server.path() + ")";
            assertThatThrownBy(server::port)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the address of the server has no host and no port, " + unix
                            + "; call socketAddress() or path()");
            assertThatThrownBy(server::address).hasMessageContaining(unix);
            assertThatThrownBy(server::addresses).hasMessageContaining(unix);
            assertThatThrownBy(client::remoteAddress)
                    .hasMessage("the client has no host and no port, " + unix + "; call remoteSocketAddress()");
            RecordedConnection connection = server.recording().connection(1);
            assertThatThrownBy(connection::local)
                    .hasMessage("connection 1 has no host and no port, " + unix + "; call localSocketAddress()");
            assertThatThrownBy(connection::remote).hasMessageContaining("call remoteSocketAddress()");
            assertThat(connection.localSocketAddress()).isEqualTo(server.socketAddress());
            assertThat(connection.remoteSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            assertThat(client.family()).isEqualTo(StandardProtocolFamily.UNIX);
            assertThat(client).hasToString("EchoClient an unnamed socket -> unix:" + server.path());
        }
        try (EchoServer server = EchoServer.builder().start()) {
            assertThatThrownBy(server::path)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the server has no path, since it listens on 127.0.0.1:" + server.port()
                            + "; give it an address such as unix: or call address()");
        }
    }

    @Test
    void serverOfBothKindsServesBoth() throws Exception {
        FaultPlan fromPort = new FaultPlan(List.of(new FaultPlan.Rule(
                Connections.from(remote -> true), List.of(Fault.close().after(2)))));
        try (EchoServer server = EchoServer.builder()
                .addresses("unix:", "127.0.0.1:0")
                .faults(fromPort)
                .recording()
                .start()) {
            try (EchoClient unix = UnixSockets.connect(server);
                    EchoClient tcp = EchoClient.connect(server.address())) {
                unix.expectEcho(UnixSockets.ascii("no rule is for me"));
                tcp.send(UnixSockets.ascii("hello"));
                assertThat(tcp.receiveToEnd()).isEqualTo(UnixSockets.ascii("he"));
            }
            assertThat(server.addresses()).containsExactly(server.address());
            server.refuse();
            assertThatThrownBy(() -> UnixSockets.connect(server)).hasMessageContaining("refused");
            assertThatThrownBy(() -> EchoClient.connect(server.address())).hasMessageContaining("refused");
            server.resume();
            UnixSockets.connect(server).close();
            EchoClient.connect(server.address()).close();
        }
    }

    @Test
    void ruleForHostsIsRefusedWithoutPorts() throws Exception {
        FaultPlan plan = FaultPlan.none().on(Connections.from(remote -> true), Fault.reset());
        String error =
                "would never apply, because the clients of a Unix socket have no host and no port; leave the rule"
                        + " out, or add an address with a port";
        assertThatThrownBy(() ->
                        EchoServer.builder().addresses("unix:").faults(plan).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(error);
        try (EchoServer server = UnixSockets.start(folder)) {
            assertThatThrownBy(() -> server.setFaults(plan)).hasMessageEndingWith(error);
            assertThatThrownBy(() -> server.setFaultsOfAll(plan)).hasMessageEndingWith(error);
        }
    }

    @Test
    void recordingNamesClientByItsNumber() throws Exception {
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = EchoClient.builder()
                        .address(server.socketAddress())
                        .recording()
                        .connect()) {
            client.expectEcho(UnixSockets.ascii("hello"));
            client.expectEnd();
            String path = server.path().toString();
            RecordedConnection atServer = server.recording().connection(1).awaitEnd(Background.LONGEST);
            RecordedConnection atClient = client.recording().connection(1);
            assertThat(atServer.transcript())
                    .contains("connection from client 1 of unix:" + path)
                    .contains("received 5 bytes \"hello\" from client 1 of unix:" + path);
            assertThat(atClient.transcript()).contains("connected to unix:" + path + " from an unnamed socket");
            RecordingComparison.of(atClient, atServer).assertSame();
            assertThat(RecordingComparison.of(atClient, atServer).toString()).contains("server unix:" + path);
        }
    }

    /** The packets need addresses, and a Unix socket has none. */
    @Test
    void packetsHaveStandInAddresses() throws Exception {
        Path file = folder.resolve("p.pcapng");
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient first = UnixSockets.connect(server);
                EchoClient second = UnixSockets.connect(server)) {
            first.expectEcho(UnixSockets.ascii("hello"));
            second.expectEcho(UnixSockets.ascii("world"));
            server.recording().writePcapng(file);
            List<PcapFile.Segment> segments = PcapFile.read(file).segments();
            assertThat(segments.get(0).comment())
                    .isEqualTo("connection 1; both addresses stand for the Unix socket unix:" + server.path());
            assertThat(segments.stream().filter(segment -> segment.is(PcapFile.SYN) && !segment.is(PcapFile.ACK)))
                    .extracting(segment -> segment.from() + " -> " + segment.to())
                    .containsExactly("/192.0.2.2:49153 -> /192.0.2.1:49152", "/192.0.2.2:49154 -> /192.0.2.1:49152");
        }
    }

    @Test
    void clientMayBindItsSocket() throws Exception {
        Path own = folder.resolve("client");
        try (EchoServer server = UnixSockets.start(folder);
                SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.bind(UnixDomainSocketAddress.of(own));
            client.connect(server.socketAddress());
            server.recording().awaitConnections(1, Background.LONGEST);
            assertThat(server.recording().connection(1).remoteSocketAddress())
                    .isEqualTo(UnixDomainSocketAddress.of(own));
            assertThat(server.recording().connection(1).transcript()).contains("connection from unix:" + own);
        }
    }

    @Test
    void escapesNameOfClient() throws Exception {
        Path own = folder.resolve("a\u001b[31m\n");
        try (EchoServer server = UnixSockets.start(folder);
                SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.bind(UnixDomainSocketAddress.of(own));
            client.connect(server.socketAddress());
            RecordedConnection connection =
                    server.recording().awaitConnections(1, Background.LONGEST).get(0);
            assertThat(connection.transcript()).contains("connection from unix:" + folder + "/a\\x1b[31m\\n");
            assertThat(connection.remoteSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(own));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\u001b[31m", "a\u202eb", "a\u00a0b", "a /", "a\t/"})
    void refusesPathThatIsNotShownAsItIs(String path) {
        assumeThatCode(() -> Path.of(path))
                .as("the system's encoding has the path")
                .doesNotThrowAnyException();
        String cure = " is not usable: take a path whose characters are all visible, without a space at its end";
        assertThatThrownBy(() -> ServerAddress.parse("unix:" + path)).hasMessageEndingWith(cure);
        assertThatThrownBy(() -> EchoServer.builder().upstream("unix:" + path)).hasMessageEndingWith(cure);
        assertThatThrownBy(() -> new ServerAddress.Unix(Path.of("\u001b"))).hasMessage("address (unix:\\x1b)" + cure);
    }

    @Test
    void usesNoRoomForUnusualTexts() {
        assertThatThrownBy(() -> ServerAddress.parse("unix:///tmp/x"))
                .hasMessage(
                        "address (unix:///tmp/x) is not usable: leave out the two slashes, as in unix:/tmp/echo.sock");
        assertThatThrownBy(() -> ServerAddress.parse("unix:a\0b")).hasMessageContaining("it is no path");
        assertThatThrownBy(() -> EchoClient.builder().address("unix:"))
                .hasMessage(
                        "address (unix:) must name the file that the server listens on; unix: alone is for servers");
        assertThatThrownBy(() -> EchoServer.builder().addresses("unix:/tmp/x", "unix:/tmp/x"))
                .hasMessage("addresses: unix:/tmp/x is given twice; leave one out");
        assertThatThrownBy(() -> EchoClient.builder().address("unix:/tmp/x").resolve())
                .hasMessage("address (unix:/tmp/x) has no name to resolve, since it is a Unix socket");
        assertThat(ServerAddress.parse(" unix:/tmp/x ")).isEqualTo(new ServerAddress.Unix(Path.of("/tmp/x")));
        assertThat(ServerAddress.parse("localhost", 7)).isEqualTo(new HostAndPort("localhost", 7));
    }
}
