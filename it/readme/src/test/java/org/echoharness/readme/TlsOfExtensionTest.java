package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.echoharness.EchoClient;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What TLS shows of the extension's builder. */
@Timeout(60)
class TlsOfExtensionTest {

    @RegisterExtension
    static EchoExtension echo = EchoExtension.builder()
            .server(server -> server.tls("self-signed").tlsParameters(offering("h2")))
            .build();

    private static SSLParameters offering(String protocol) {
        SSLParameters parameters = new SSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        return parameters;
    }

    @Test
    void clientAndServerAgreeOnProtocol(@Echo SSLSocketFactory sockets, @Echo InetSocketAddress address)
            throws IOException {
        try (SSLSocket yours = (SSLSocket) sockets.createSocket(address.getHostString(), address.getPort())) {
            yours.setSoTimeout(10_000);
            yours.setSSLParameters(offering("h2"));
            yours.startHandshake();
            assertThat(yours.getApplicationProtocol()).isEqualTo("h2");
        }
    }

    @Test
    void injectedClientSpeaksTls(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
    }
}
