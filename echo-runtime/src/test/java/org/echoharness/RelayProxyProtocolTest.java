package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.HexFormat;
import org.echoharness.support.PlainSockets;
import org.echoharness.tls.TlsPeers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay that names its clients to the server behind it by a header. */
@Timeout(60)
class RelayProxyProtocolTest {

    private static final String V1 = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 56_324);

    @RegisterExtension
    final ServerBehind behind = new ServerBehind();

    /** The bytes of version 2 for these two sockets of 127.0.0.1. */
    private static String binary(int from, int to) {
        String hex = "0D0A0D0A000D0A515549540A" + "2111000C" + "7F000001" + "7F000001" + "%04x%04x";
        return new String(HexFormat.of().parseHex(hex.formatted(from, to)), ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2"})
    void serverGetsAddressesOfClientFirst(String version) throws Exception {
        try (EchoServer relay = behind.relay().upstreamProxyProtocol(version).start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            int from = client.getLocalPort();
            String header = version.equals("v1")
                    ? "PROXY TCP4 127.0.0.1 127.0.0.1 " + from + " " + relay.port() + "\r\n"
                    : binary(from, relay.port());
            receives(server, header); // also to a client that sends nothing
            send(client, "hello");
            receives(server, "hello");
            send(server, "back");
            receives(client, "back");
            client.shutdownOutput();
            PlainSockets.finish(server);
            assertEnd(client);

            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            RecordedConnection upstream = connection.upstream().orElseThrow();
            upstream.assertSent("hello".getBytes(ISO_8859_1));
            assertThat(connection.proxy()).isEmpty();
            assertThat(upstream.events())
                    .filteredOn(event -> event.kind() == RecordedEvent.Kind.NOTE)
                    .extracting(RecordedEvent::detail)
                    .containsExactly("PROXY header, version " + version.charAt(1) + ", TCP4 127.0.0.1:" + from
                            + " to 127.0.0.1:" + relay.port() + ", sent");
        }
    }

    @ParameterizedTest
    @CsvSource({"v1, required", "v2, v2", "v1, v1", "v2, required"})
    void serverOfOursRecordsClient(String version, String required) throws Exception {
        try (EchoServer server =
                        EchoServer.builder().proxyProtocol(required).recording().start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + server.port())
                        .upstreamProxyProtocol(version)
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            PlainSockets.echoes(client, "hello");

            RecordedConnection connection = server.recording().connection(1);
            assertThat(connection.remote()).isEqualTo(client.getLocalSocketAddress());
            assertThat(connection.local()).isEqualTo(relay.address());
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"v1", "v2"})
    void headerThatWasAcceptedGoesOn(String version) throws Exception {
        try (EchoServer server =
                        EchoServer.builder().proxyProtocol(version).recording().start();
                EchoServer relay = EchoServer.builder()
                        .proxyProtocol("required")
                        .upstream("127.0.0.1:" + server.port())
                        .upstreamProxyProtocol(version)
                        .recording()
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            send(client, V1 + "hello");
            receives(client, "hello");

            assertThat(server.recording().connection(1).remote()).isEqualTo(CLIENT);
            assertThat(server.recording().connection(1).local()).isEqualTo(new InetSocketAddress("198.51.100.7", 443));
            RecordedConnection connection = relay.recording().connection(1);
            assertThat(connection.remote()).isEqualTo(CLIENT);
            connection.assertReceived("hello".getBytes(ISO_8859_1));
            assertThat(server.recording().connection(1).proxy())
                    .contains(connection.upstream().orElseThrow().local());
        }
    }

    @Test
    void relayConnectsOnlyWhenHeaderHasCome() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoServer relay = EchoServer.builder()
                        .proxyProtocol("required")
                        .upstream("127.0.0.1:" + server.port())
                        .start();
                Socket probe = PlainSockets.connect(relay.address());
                Socket client = PlainSockets.connect(relay.address())) {
            probe.shutdownOutput();
            assertEnd(probe);
            send(client, V1 + "hello");
            receives(client, "hello");
            assertThat(server.counters().accepted()).isEqualTo(1);
        }
    }

    @Test
    void headerComesBeforeHandshakeOnBothSides() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .proxyProtocol("required")
                        .tls("self-signed")
                        .recording()
                        .start();
                EchoServer relay = EchoServer.builder()
                        .proxyProtocol("v1")
                        .tls("self-signed")
                        .upstream("localhost:" + server.port())
                        .upstreamTls(TlsPeers.trusting())
                        .upstreamProxyProtocol("v2")
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            send(client, V1);
            try (Socket tls =
                    relay.sslContext().getSocketFactory().createSocket(client, "localhost", relay.port(), true)) {
                PlainSockets.echoes(tls, "hello");
                assertThat(server.recording().connection(1).remote()).isEqualTo(CLIENT);
            }
        }
    }

    @Test
    void faultsCountBytesAfterHeader() throws Exception {
        try (EchoServer relay = behind.relay()
                        .upstreamProxyProtocol("v1")
                        .faults("corrupt after 2 to server")
                        .start();
                Socket client = PlainSockets.connect(relay.address());
                Socket server = behind.accept()) {
            send(client, "\0\0\0");
            receives(server, "PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " " + relay.port() + "\r\n");
            receives(server, "\0\0\u00FF");
        }
    }

    @Test
    void clientOfUnixSocketHasNoAddress(@TempDir Path folder) throws Exception {
        try (EchoServer relay = behind.relay()
                        .addresses("unix:" + folder.resolve("s"))
                        .upstreamProxyProtocol("v1")
                        .start();
                EchoClient client = UnixSockets.connect(relay);
                Socket server = behind.accept()) {
            receives(server, "PROXY UNKNOWN\r\n");
            client.send("hello".getBytes(ISO_8859_1));
            receives(server, "hello");
        }
    }

    @Test
    void serverThatExpectsNoHeaderGetsItAsBytes() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + server.port())
                        .upstreamProxyProtocol("v1")
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            receives(client, "PROXY TCP4 127.0.0.1 127.0.0.1 " + client.getLocalPort() + " " + relay.port() + "\r\n");
        }
    }

    @Test
    void refusesHeaderWithoutUpstream() {
        assertThatThrownBy(
                        () -> EchoServer.builder().upstreamProxyProtocol("v2").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upstreamProxyProtocol (v2) is given without upstream; set upstream, or leave it out");
        assertThatThrownBy(() -> EchoServer.builder().upstreamProxyProtocol("required"))
                .hasMessage("upstreamProxyProtocol (required) must be none, v1 or v2");
    }
}
