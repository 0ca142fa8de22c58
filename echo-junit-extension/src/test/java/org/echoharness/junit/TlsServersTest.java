package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of servers that speak TLS. */
class TlsServersTest {

    private static final String HERE = TlsServersTest.class.getName() + "$";

    private static SSLContext ofUser() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static void echoes(SSLSocketFactory sockets, int port) throws IOException {
        try (SSLSocket socket = (SSLSocket) sockets.createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            socket.getOutputStream().write("hello".getBytes(US_ASCII));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("hello");
        }
    }

    private static void echoes(EchoClient client) throws IOException {
        assertThat(client.echo("hello".getBytes(US_ASCII))).asString().isEqualTo("hello");
    }

    @EchoTest(tls = "self-signed")
    static class Parameters {
        @Test
        void test(
                EchoServer server,
                @Echo SSLContext context,
                @Echo SSLSocketFactory sockets,
                @Echo X509Certificate certificate,
                @Echo int port,
                EchoClient client,
                @Echo Supplier<EchoClient> clients)
                throws Exception {
            InjectedLog.server(server);
            assertThat(certificate).isEqualTo(server.certificate().orElseThrow());
            certificate.checkValidity();
            echoes(context.getSocketFactory(), port);
            echoes(sockets, port);
            echoes(client);
            try (EchoClient another = clients.get()) {
                echoes(another);
            }
            assertThat(server.recording().total()).isEqualTo(4);
        }
    }

    @EchoTest(tls = "self-signed")
    static class InFields {
        @Echo
        static SSLContext shared;

        @Echo
        private SSLSocketFactory sockets;

        @Echo
        private X509Certificate certificate;

        @Echo
        private int port;

        @Test
        void test(EchoServer server) throws IOException {
            InjectedLog.server(server);
            echoes(sockets, port);
            echoes(shared.getSocketFactory(), port);
            assertThat(server.certificate()).contains(certificate);
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Parameters.class, InFields.class})
    void injectsWhatClientsNeed(Class<?> fixture) throws IOException {
        Run.of(fixture).passed(1);
    }

    @EchoTest
    static class ContextWithoutTls {
        @Test
        void test(@Echo SSLContext context) {}
    }

    @EchoTest
    static class FactoryWithoutTls {
        @Echo
        SSLSocketFactory sockets;

        @Test
        void test() {}
    }

    @EchoTest
    static class CertificateWithoutTls {
        @Test
        void test(@Echo X509Certificate certificate) {}
    }

    @ParameterizedTest
    @ValueSource(classes = {ContextWithoutTls.class, FactoryWithoutTls.class, CertificateWithoutTls.class})
    void saysThatServerSpeaksNoTls(Class<?> fixture) throws IOException {
        assertThat(Run.of(fixture).failure().getMessage())
                .contains(HERE + fixture.getSimpleName())
                .endsWith("server \"default\" (@EchoTest on class " + fixture.getName()
                        + "): the server speaks no TLS, so that clients have no certificate to trust; set its option tls,"
                        + " such as self-signed");
    }

    static class WithContextOfUser {
        @RegisterExtension
        static final EchoExtension SERVER =
                EchoExtension.builder().server(options -> options.tls(ofUser())).build();

        @Test
        void test(@Echo X509Certificate certificate) {}
    }

    @Test
    void saysThatContextOfUserIsNotKnown() throws IOException {
        assertThat(Run.of(WithContextOfUser.class).failure())
                .hasMessageContaining(
                        ": the server was given an SSLContext, so it does not know what clients have to trust;");
    }

    @EchoTest(tls = "expired")
    static class Expired {
        @Test
        void test(EchoServer server, @Echo Supplier<EchoClient> clients) {
            InjectedLog.server(server);
            assertThatThrownBy(clients::get)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("expired");
        }
    }

    static class TrustingAny {
        @RegisterExtension
        static final EchoExtension SERVER = EchoExtension.builder()
                .server(options -> options.tls("expired"))
                .client(options -> options.tls("insecure"))
                .build();

        @Test
        void test(EchoServer server, EchoClient client) throws IOException {
            InjectedLog.server(server);
            echoes(client);
        }
    }

    @Test
    void clientsCheckCertificateUnlessCodeSaysOtherwise() throws IOException {
        Run.of(Expired.class).passed(1);
        Run.of(TrustingAny.class).passed(1);
    }

    @EchoTest(tls = "self-signed", script = "send '220', expect line 'STARTTLS', start tls, echo")
    static class StartsInClear {
        @Test
        void test(EchoServer server, @Echo SSLContext context, EchoClient client) throws IOException {
            InjectedLog.server(server);
            assertThat(client.receive(3)).asString().isEqualTo("220");
        }
    }

    @Test
    void clientOfServerThatStartsInClearSpeaksNoTls() throws IOException {
        Throwable failure = Run.of(StartsInClear.class).failure(); // of the script, which has steps left
        assertThat(failure).hasMessageContaining("STARTTLS");
    }

    @EchoTest(certificateFile = "a.pem")
    static class FileWithoutTls {
        @Test
        void test(EchoServer server) {}
    }

    @Test
    void refusesOptionsThatDoNotGoTogether() throws IOException {
        assertThat(Run.of(FileWithoutTls.class).failure())
                .hasMessageEndingWith(
                        "certificateFile (a.pem) is given without tls; set tls, such as self-signed, or leave"
                                + " it out");
    }

    @EchoTest(source = Source.EXTERNAL)
    static class External {
        @Test
        void test(@Echo SSLContext context, @Echo X509Certificate certificate, @Echo int port, EchoClient client)
                throws IOException {
            echoes(context.getSocketFactory(), port);
            assertThat(certificate.getSubjectX500Principal()).isNotNull();
            echoes(client);
        }
    }

    @EchoTest(source = Source.EXTERNAL, tls = "self-signed")
    static class ExternalSession {
        @Test
        void test(EchoServer server, @Echo SSLSocketFactory sockets, @Echo int port, EchoClient client)
                throws IOException {
            assertThat(server.speaksTls()).isTrue();
            echoes(sockets, port);
            echoes(client);
        }
    }

    private static void passes(Map<String, String> configuration, Class<?> fixture) {
        Run run = Run.with(configuration, fixture);
        assertThat(run.failures()).isEmpty();
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(1);
    }

    @Test
    void trustsExternalServerByItsControl() throws IOException {
        try (EchoServer server = EchoServer.builder()
                        .tls("self-signed")
                        .control("127.0.0.1:0")
                        .start();
                EchoServer clear = EchoServer.builder().control("127.0.0.1:0").start()) {
            passes(control(server), External.class);
            passes(control(clear), ExternalSession.class);
        }
    }

    private static Map<String, String> control(EchoServer server) {
        return Map.of(
                "echo.control.url",
                server.controlUri().orElseThrow() + "#token="
                        + server.controlToken().orElseThrow());
    }

    @Test
    void trustsExternalServerByFileOfBuild(@TempDir Path folder) throws IOException {
        Path list = folder.resolve("servers.properties");
        Path pem = folder.resolve("echo.pem");
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").certificateFile(pem).start()) {
            String address = "echo.server.default.address=127.0.0.1:" + server.port() + "\n";
            Files.writeString(list, address + "echo.server.default.certificate=" + pem + "\n");
            passes(Map.of("echo.servers.file", list.toString()), External.class);

            Files.writeString(list, address);
            passes(
                    Map.of("echo.servers.file", list.toString(), "echo.server.default.certificate", pem.toString()),
                    External.class);
            assertThat(Run.with(Map.of("echo.servers.file", list.toString()), External.class)
                            .failure())
                    .hasMessageEndingWith("it is external, and has neither control nor a known certificate file, so its"
                            + " SSLContext cannot be made (the address is from " + list
                            + "); start it with the options tls and"
                            + " control, or name the PEM file of the certificate by the configuration parameter"
                            + " echo.server.default.certificate");

            Files.writeString(list, address + "echo.server.default.certificate=" + folder + "/absent.pem\n");
            assertThat(Run.with(Map.of("echo.servers.file", list.toString()), External.class)
                            .failure())
                    .hasMessageContaining("the certificate that its clients have to trust cannot be read from " + folder
                            + "/absent.pem: No such file or directory (the path is from " + list + ")");
        }
    }

    @EchoTest(source = Source.EXTERNAL, certificateFile = "a.pem", tls = "self-signed")
    static class ExternalWithFile {
        @Test
        void test(EchoClient client) {}
    }

    @Test
    void externalServerTakesNoFile() throws IOException {
        assertThat(Run.of(ExternalWithFile.class).failure())
                .hasMessageContaining(
                        "an EXTERNAL server takes no certificateFile here; set it where the server is started");
    }
}
