package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.assertj.core.api.Assertions;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Java examples of the page about TLS. */
@Timeout(60)
class TlsInJavaTest {

    /** A client that checks whether the certificate is for its host, and whose waits end after 10 seconds. */
    private static SSLSocket connect(SSLContext context, InetSocketAddress address) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(10_000); // for each read, in the handshake too
        socket.connect(address, 10_000);
        return socket;
    }

    @Test
    void serverSpeaksTls() throws IOException {
        try (EchoServer server = EchoServer.builder().tls("self-signed").start();
                SSLSocket yours = connect(server.sslContext(), server.address())) { // your own client
            yours.getOutputStream().write("hello".getBytes(UTF_8));
            assertThat(yours.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        }
    }

    @Test
    @EchoTest(tls = "self-signed")
    void clientSpeaksTls(@Echo SSLContext context, @Echo InetSocketAddress address) throws IOException {
        try (SSLSocket yours = connect(context, address)) { // your own client
            yours.getOutputStream().write("hello".getBytes(UTF_8));
            assertThat(yours.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        }
    }

    @Test
    @EchoTest(tls = "expired")
    void clientRefusesExpiredCertificate(@Echo SSLContext context, @Echo InetSocketAddress address) throws IOException {
        try (SSLSocket yours = connect(context, address)) {
            Assertions.assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(yours::startHandshake);
        }
    }

    @Test
    @EchoTest(tls = "for other.example")
    void clientRefusesOtherHost(@Echo SSLContext context, @Echo InetSocketAddress address) throws IOException {
        try (SSLSocket yours = connect(context, address)) {
            Assertions.assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(yours::startHandshake);
        }
    }

    @Test
    void optionsMayBeTexts() throws IOException {
        EchoServer.Builder builder = EchoServer.builder()
                .set("tls", "for db.example.com") // the same as .tls("for db.example.com")
                .set("certificateFile", "target/db.pem");
        try (EchoServer server = builder.start()) {
            EchoClient.Builder client =
                    EchoClient.builder().address(server.address()).tls("target/db.pem");
            Assertions.assertThatIOException()
                    .isThrownBy(client::connect)
                    .withMessageContaining("the certificate of the server is for another host");
        }
    }

    @Test
    void otherProcessesReadFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("echo.pem");
        try (EchoServer server = EchoServer.builder()
                        .tls("self-signed")
                        .certificateFile(file)
                        .start();
                EchoClient client = EchoClient.builder()
                        .address(server.address())
                        .tls(file.toString())
                        .connect()) {
            client.expectEcho("hello".getBytes(UTF_8));
            assertThat(Files.readString(file)).startsWith("-----BEGIN CERTIFICATE-----");
        }
    }

    @Test
    void clientSpeaksTlsByFile() throws IOException {
        try (EchoServer server = EchoServer.builder()
                .tls("self-signed")
                .certificateFile("target/root.pem")
                .start()) {
            int port = server.port();
            try (EchoClient client = EchoClient.builder()
                    .address("localhost:" + port)
                    .tls("target/root.pem") // or system, insecure, or an SSLContext
                    .connect()) {
                client.expectEcho("hello".getBytes(UTF_8));
            }
        }
    }

    @Test
    void relayEndsTlsOnBothLegs() throws IOException {
        try (EchoServer database = EchoServer.builder()
                        .tls("self-signed")
                        .certificateFile("target/database.pem")
                        .start();
                EchoServer relay = EchoServer.builder()
                        .upstream("localhost:" + database.port())
                        .upstreamTls("target/database.pem") // whom the relay trusts
                        .tls("self-signed") // what clients of the relay see
                        .start();
                EchoClient client = EchoClient.builder()
                        .address(relay.address())
                        .tls(relay.sslContext())
                        .connect()) {
            client.expectEcho("hello".getBytes(UTF_8));
        }
    }
}
