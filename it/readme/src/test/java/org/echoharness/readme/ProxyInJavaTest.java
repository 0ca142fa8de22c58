package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import java.util.Optional;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What OPTIONS and RELAY show of the PROXY protocol. */
@Timeout(60)
class ProxyInJavaTest {

    @Test
    void recordingNamesClient() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .proxyProtocol("required")
                        .recording()
                        .start();
                Socket proxy = new Socket(server.address().getAddress(), server.port())) {
            proxy.getOutputStream().write("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello".getBytes(US_ASCII));
            assertEquals("hello", new String(proxy.getInputStream().readNBytes(5), US_ASCII));

            RecordedConnection connection = server.recording().connection(1);
            assertEquals("192.0.2.1", connection.remote().getHostString()); // the client
            assertEquals(443, connection.local().getPort()); // the port to which the client has connected
            assertEquals(Optional.of(proxy.getLocalSocketAddress()), connection.proxy());
        }
    }

    @Test
    void relayPassesOnClient() throws Exception {
        EchoServer server = EchoServer.builder().proxyProtocol("v2").recording().start();
        EchoServer relay = EchoServer.builder()
                .proxyProtocol("required") // from the load balancer
                .upstream("127.0.0.1:" + server.port())
                .upstreamProxyProtocol("v2") // to the real server
                .start();
        try (server;
                relay;
                Socket balancer = new Socket(relay.address().getAddress(), relay.port())) {
            balancer.getOutputStream().write("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello".getBytes(US_ASCII));
            assertEquals("hello", new String(balancer.getInputStream().readNBytes(5), US_ASCII));
            assertEquals("192.0.2.1", server.recording().connection(1).remote().getHostString());
        }
    }
}
