package org.echoharness;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.echoharness.support.FileDescriptors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The options of TLS, and what a server that has them offers to clients. */
@Timeout(60)
class TlsOptionsTest {

    private static final String RELAY = "127.0.0.1:9";
    private static final Duration LONGEST = Duration.ofSeconds(10);

    @TempDir
    Path folder;

    private static EchoServer.Builder tls() {
        return EchoServer.builder().tls("self-signed");
    }

    /** Sends a text, and returns what comes back after the close_notify. The host name is checked. */
    private static String echo(EchoServer server, SSLContext trust, String text) throws IOException {
        try (SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket()) {
            socket.setSoTimeout(10_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.connect(server.address(), 10_000);
            socket.startHandshake();
            socket.getOutputStream().write(text.getBytes(US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    private static Map<String, String> texts(EchoServer.Builder builder) {
        return builder.control("127.0.0.1:0").build().core().config().texts();
    }

    private static SSLContext context() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static Arguments refused(Consumer<EchoServer.Builder> options, String why) {
        return Arguments.of(options, why);
    }

    static Stream<Arguments> refusesOptionsThatDoNotGoTogether() {
        String noTls = " given without tls; set tls, such as self-signed, or leave ";
        return Stream.of(
                refused(
                        options -> options.tls("expired").tls(context()),
                        "tls (expired) and tls (an SSLContext) are both given; leave one out"),
                refused(
                        options -> options.certificateFile("a.pem").tls(context()),
                        "certificateFile (a.pem) is given with tls (an SSLContext), and the server does not know what"
                                + " clients of that have to trust; leave it out, or set tls to self-signed"),
                refused(options -> options.certificateFile("a.pem"), "certificateFile (a.pem) is" + noTls + "it out"),
                refused(
                        options -> options.tlsParameters(new SSLParameters()),
                        "tlsParameters are" + noTls + "them out"),
                refused(
                        options ->
                                options.tls("expired").certificateFile("a.pem").tls("none"),
                        "certificateFile (a.pem) is" + noTls + "it out"),
                refused(
                        options -> options.upstreamTls("insecure"),
                        "upstreamTls (insecure) is given without upstream; set upstream, or leave it out"),
                refused(
                        options -> options.upstreamTls(context()),
                        "upstreamTls (an SSLContext) is given without upstream; set upstream, or leave it out"),
                refused(
                        options -> options.upstream(RELAY).upstreamTls("/absent.pem"),
                        "upstreamTls (/absent.pem) cannot be used: No such file or directory; name a PEM file with the"
                                + " certificate to trust, insecure or system"));
    }

    @ParameterizedTest
    @MethodSource
    void refusesOptionsThatDoNotGoTogether(Consumer<EchoServer.Builder> options, String why) {
        EchoServer.Builder builder = EchoServer.builder();
        options.accept(builder);
        assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(why);
    }

    @Test
    void refusesWrongValueAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("tls", "self"))
                .withMessageStartingWith("tls (self) must be self-signed, expired, not-yet-valid, or for NAME");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().certificateFile(" "))
                .withMessage("certificateFile ( ) must be the path of a file, such as echo.pem");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().certificateFile("a\0b"))
                .withMessage("certificateFile (a\\x00b) must be the path of a file, such as echo.pem: Nul character not"
                        + " allowed");
    }

    @Test
    void noneTakesOptionsBack() {
        EchoServer.Builder builder = EchoServer.builder()
                .tls(context())
                .certificateFile("a.pem")
                .upstreamTls("insecure")
                .set("tls", "none")
                .set("certificateFile", "none")
                .set("upstreamTls", "none");
        try (EchoServer server = builder.build()) {
            assertThat(server.speaksTls()).isFalse();
        }
        assertThat(texts(builder.tls(context()).set("tls", "expired"))) // the text is in place of the context
                .containsEntry("tls", "expired");
    }

    @Test
    void showsValues() {
        assertThat(texts(tls().certificateFile("a.pem").upstream(RELAY).upstreamTls(" system ")))
                .containsEntry("tls", "self-signed")
                .containsEntry("certificateFile", "a.pem")
                .containsEntry("upstreamTls", "system");
        assertThat(texts(EchoServer.builder().tls(context())))
                .containsEntry("tls", "an SSLContext")
                .containsEntry("certificateFile", "none");
        assertThat(texts(EchoServer.builder()
                        .set("tls", "for db.example")
                        .upstream(RELAY)
                        .upstreamTls(context())))
                .containsEntry("tls", "for db.example")
                .containsEntry("upstreamTls", "an SSLContext");
    }

    @Test
    void givesClientsWhatTheyHaveToTrust() throws IOException {
        try (EchoServer server = tls().start();
                EchoServer other = tls().start()) {
            assertThat(server.speaksTls()).isTrue();
            assertThat(echo(server, server.sslContext(), "hello")).isEqualTo("hello");
            assertThat(echo(other, server.sslContext(), "the same root")).isEqualTo("the same root");
            assertThat(other.certificate()).isPresent().isEqualTo(server.certificate());
            assertThatThrownBy(() -> echo(server, context(), "not trusted")).isInstanceOf(SSLException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "not-yet-valid", "for db.example"})
    void clientsRefuseWrongCertificates(String kind) throws IOException {
        try (EchoServer server = EchoServer.builder().tls(kind).start()) {
            assertThatThrownBy(() -> echo(server, server.sslContext(), "")).isInstanceOf(SSLException.class);
            assertThat(server.certificate()).isPresent();
        }
    }

    @Test
    void hasNoCertificateBeforeStart() {
        EchoServer server = tls().build();
        assertThat(server.speaksTls()).isTrue();
        for (Consumer<EchoServer> early :
                List.<Consumer<EchoServer>>of(EchoServer::certificate, EchoServer::sslContext)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> early.accept(server))
                    .withMessage("the server has no certificate yet; call start() first");
        }
    }

    @Test
    void certificateCanBeReadAfterClose() throws IOException {
        EchoServer server = tls().start();
        X509Certificate before = server.certificate().orElseThrow();
        server.close();
        assertThat(server.certificate()).contains(before);
    }

    @Test
    void saysWhyThereIsNothingToTrust() throws Exception {
        try (EchoServer server =
                        EchoServer.builder().control("127.0.0.1:0").recording().start();
                EchoServer ofUser = EchoServer.builder()
                        .tls(context())
                        .control("127.0.0.1:0")
                        .start()) {
            for (EchoServer each : List.of(server, remote(server))) {
                assertThat(each.speaksTls()).isFalse();
                assertThat(each.certificate()).isEmpty();
                assertThatIllegalStateException()
                        .isThrownBy(each::sslContext)
                        .withMessage(
                                "the server speaks no TLS, so that clients have no certificate to trust; set its option"
                                        + " tls, such as self-signed");
            }
            for (EchoServer each : List.of(ofUser, remote(ofUser))) {
                assertThat(each.speaksTls()).isTrue();
                assertThat(each.certificate()).isEmpty();
                assertThatIllegalStateException()
                        .isThrownBy(each::sslContext)
                        .withMessage(
                                "the server was given an SSLContext, so it does not know what clients have to trust; use"
                                        + " a context of your own for clients too, or set tls to self-signed");
            }
            for (EchoServer each : List.of(server, ofUser)) {
                HttpPeer.Answer answer = new HttpPeer(each).get("/servers/default/certificate");
                assertThat(answer.status()).isEqualTo(409);
                assertThat(answer.error()).contains("clients have");
            }
        }
    }

    private static EchoServer remote(EchoServer server) throws IOException {
        return EchoServer.connect(
                server.controlUri().orElseThrow(), server.controlToken().orElseThrow());
    }

    @Test
    void certificateCanBeHadFromOutside() throws Exception {
        try (EchoServer server = tls().control("127.0.0.1:0").start();
                EchoServer remote = remote(server)) {
            assertThat(remote.speaksTls()).isTrue();
            assertThat(remote.certificate()).isPresent().isEqualTo(server.certificate());
            assertThat(echo(remote, remote.sslContext(), "hello")).isEqualTo("hello");

            HttpPeer.Answer answer = new HttpPeer(server).get("/servers/default/certificate");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.headers()).containsEntry("content-type", "application/pem-certificate-chain");
            assertThat(certificate(new ByteArrayInputStream(answer.body())))
                    .isEqualTo(server.certificate().orElseThrow());
            assertThat(new HttpPeer(server)
                            .request("POST", "/servers/default/certificate", "", new HttpPeer(server).host())
                            .status())
                    .isIn(401, 405);
        }
    }

    @Test
    void asksOtherProcessOnce() throws Exception {
        EchoServer server = tls().control("127.0.0.1:0").start();
        EchoServer remote = remote(server);
        X509Certificate known = remote.certificate().orElseThrow();
        EchoServer late = remote(server);
        URI uri = server.controlUri().orElseThrow();
        server.close();
        assertThat(remote.certificate()).contains(known);
        assertThatThrownBy(late::certificate).hasMessageContaining("the server at " + uri + " cannot be asked");
    }

    private static X509Certificate certificate(InputStream pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
    }

    @Test
    void writesCertificateBeforeItListens() throws Exception {
        Path file = folder.resolve("new").resolve("echo.pem");
        List<Boolean> isThere = new ArrayList<>();
        try (EchoServer server = tls().certificateFile(file)
                .conversation(line -> isThere.add(Files.exists(file)))
                .start()) {
            assertThat(isThere).isNotEmpty().doesNotContain(false);
            try (InputStream pem = Files.newInputStream(file)) {
                assertThat(certificate(pem)).isEqualTo(server.certificate().orElseThrow());
            }
        }
        assertThat(file).exists();
        tls().certificateFile(file).start().close(); // replaces it
    }

    @Test
    void startLineSaysThatServerSpeaksTls() throws IOException {
        assertThat(startLine(EchoServer.builder())).isEqualTo("starting up on 127.0.0.1 port PORT");
        assertThat(startLine(EchoServer.builder().tls(" for db.example ")))
                .isEqualTo("starting up on 127.0.0.1 port PORT with TLS (for db.example)");
        assertThat(startLine(EchoServer.builder().tls(context())))
                .isEqualTo("starting up on 127.0.0.1 port PORT with TLS (an SSLContext)");
        assertThat(startLine(tls().script("start tls")))
                .isEqualTo("starting up on 127.0.0.1 port PORT with STARTTLS (self-signed)");
        assertThat(startLine(tls().addresses("0.0.0.0:0").warnings(line -> {})))
                .isEqualTo("starting up on 0.0.0.0 port PORT (every interface, IPv4) with TLS (self-signed)");
    }

    private static String startLine(EchoServer.Builder builder) throws IOException {
        List<String> lines = new ArrayList<>();
        try (EchoServer server = builder.conversation(lines::add).start()) {
            return lines.get(0).replace(" port " + server.port(), " port PORT");
        }
    }

    @Test
    void listensNowhereUntilCertificateCanBeWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("taken"), "notes of a user");
        try (EchoServer server = tls().certificateFile(file).build()) {
            FileDescriptors.Snapshot before = FileDescriptors.snapshot();
            assertThatThrownBy(server::start)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("certificateFile (" + file + ") cannot be used: ");
            assertThat(file).hasContent("notes of a user");
            assertThat(server.isRunning()).isFalse();
            before.await();
            Files.delete(file);
            server.start();
            assertThat(echo(server, server.sslContext(), "hello")).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sessionSpeaksTlsOfItsOwn(boolean isRemote) throws IOException {
        try (EchoServer local = EchoServer.builder().control("127.0.0.1:0").start()) {
            EchoServer server = isRemote ? remote(local) : local;
            try (EchoServer session = server.session(Map.of("tls", "self-signed"), LONGEST)) {
                assertThat(session.speaksTls()).isTrue();
                assertThat(echo(session, session.sslContext(), "hello")).isEqualTo("hello");
                try (EchoServer wrong = session.session(Map.of("tls", "expired"), LONGEST)) {
                    assertThatThrownBy(() -> echo(wrong, wrong.sslContext(), "hello"))
                            .isInstanceOf(SSLException.class);
                }
                try (EchoServer clear = session.session(Map.of("tls", "none"), LONGEST)) {
                    assertThat(clear.speaksTls()).isFalse();
                }
            }
            assertThat(server.speaksTls()).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.session(Map.of("tls", "expired", "certificateFile", "a.pem"), LONGEST))
                    .withMessage("certificateFile (a.pem) cannot change while the server runs; leave it out");
        }
    }

    @Test
    void sessionHasTlsOfServer() throws IOException {
        Path file = folder.resolve("echo.pem");
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.2"});
        try (EchoServer server = tls().certificateFile(file)
                        .tlsParameters(parameters)
                        .control("127.0.0.1:0")
                        .start();
                EchoServer session = server.session(Map.of("bufferSize", "16"), LONGEST)) {
            assertThat(session.certificate()).isEqualTo(server.certificate());
            assertThat(echo(session, server.sslContext(), "hello")).isEqualTo("hello");
            assertThat(session.core().config().texts())
                    .containsEntry("tls", "self-signed")
                    .containsEntry("certificateFile", "none");
            try (EchoServer clear = session.session(Map.of("tls", "none"), LONGEST)) {
                assertThat(clear.speaksTls()).isFalse();
            }
        }
    }

    @Test
    void sessionWithOtherUpstreamForgetsTrust() throws IOException {
        try (EchoServer server = EchoServer.builder()
                        .upstream(RELAY)
                        .upstreamTls("insecure")
                        .control("127.0.0.1:0")
                        .warnings(line -> {})
                        .start();
                EchoServer same = server.session(Map.of("bufferSize", "16"), LONGEST)) {
            assertThat(same.core().config().texts()).containsEntry("upstreamTls", "insecure");
            try (EchoServer other = same.session(Map.of("upstream", "127.0.0.1:8"), LONGEST)) {
                assertThat(other.core().config().texts()).containsEntry("upstreamTls", "none");
            }
        }
    }

    @Test
    void warnsOfRelayThatTrustsAnyServer() throws IOException {
        List<String> warnings = new ArrayList<>();
        EchoServer.Builder relay = EchoServer.builder().upstream(RELAY).warnings(warnings::add);
        try (EchoServer server = relay.start()) {
            assertThat(warnings).isEmpty();
            server.session(Map.of("upstreamTls", "insecure"), LONGEST).close();
            assertThat(warnings).hasSize(1);
        }
        relay.upstreamTls("system").start().close();
        assertThat(warnings).hasSize(1);
        relay.upstreamTls("insecure").start().close();
        assertThat(warnings)
                .hasSize(2)
                .allMatch(line -> line.contains("upstreamTls (insecure) accepts any certificate"));
    }

    @Test
    void parametersOfUserApply() throws IOException {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.2"});
        try (EchoServer server = tls().tlsParameters(parameters).start();
                SSLSocket socket = (SSLSocket) server.sslContext()
                        .getSocketFactory()
                        .createSocket(server.address().getAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            socket.startHandshake();
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
        }
    }
}
