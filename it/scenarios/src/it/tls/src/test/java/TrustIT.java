import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.echoharness.junit.Source;
import org.junit.jupiter.api.Test;

@EchoTest(source = Source.EXTERNAL)
@EchoTest(name = "wrong", source = Source.EXTERNAL)
@EchoTest(name = "clear", source = Source.EXTERNAL)
class TrustIT {

    private static String echo(SSLSocketFactory sockets, InetSocketAddress address) throws IOException {
        try (SSLSocket socket = (SSLSocket) sockets.createSocket(address.getHostString(), address.getPort())) {
            socket.setSoTimeout(30_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            socket.getOutputStream().write("hello".getBytes(US_ASCII));
            return new String(socket.getInputStream().readNBytes(5), US_ASCII);
        }
    }

    @Test
    void trustsServerOfBuild(
            @Echo("default") SSLContext context,
            @Echo("default") SSLSocketFactory sockets,
            @Echo("default") InetSocketAddress address,
            @Echo("default") EchoClient client)
            throws IOException {
        assertEquals("hello", echo(context.getSocketFactory(), address));
        assertEquals("hello", echo(sockets, address));
        client.expectEcho("hello".getBytes(US_ASCII));
    }

    @Test
    void injectedCertificateIsInPublishedFile(@Echo("default") X509Certificate certificate) throws Exception {
        try (InputStream in = Files.newInputStream(Path.of(System.getProperty("my.certificate")))) {
            assertEquals(CertificateFactory.getInstance("X.509").generateCertificate(in), certificate);
        }
    }

    @Test
    void refusesCertificateForAnotherHost(@Echo("wrong") SSLContext context, @Echo("wrong") InetSocketAddress address) {
        SSLException refused = assertThrows(SSLException.class, () -> echo(context.getSocketFactory(), address));
        assertTrue(refused.getMessage().contains("No subject alternative names"), refused.getMessage());
    }

    @Test
    @EchoTest(name = "clear", source = Source.EXTERNAL, tls = "self-signed")
    void serverSpeaksTlsForOneTest(@Echo("clear") EchoServer server, @Echo("clear") EchoClient client)
            throws IOException {
        assertTrue(server.speaksTls());
        client.expectEcho("hello".getBytes(US_ASCII));
    }

    @Test
    void serverInClearTextSpeaksNoTls(@Echo("clear") EchoServer server) {
        assertFalse(server.speaksTls());
    }
}
