package org.echoharness.maven;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.maven.plugin.MojoExecutionException;
import org.junit.jupiter.api.Test;

/** Servers that speak TLS, and the file with what their clients have to trust. */
class TlsServersTest extends BuildFixture {

    private static Server server(String id) {
        Server server = new Server();
        server.id = id;
        return server;
    }

    private StartMojo start(String tls) {
        StartMojo start = build.start();
        start.tls = tls;
        return start;
    }

    private Path published(String id) {
        return Path.of(build.project.getProperties().getProperty("echo.server." + id + ".certificate"));
    }

    /** Echoes a text by TLS, with a client that trusts the certificate of a file alone. */
    private static String echo(int port, Path trusted, String text) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(trusted)) {
            store.setCertificateEntry(
                    "server", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        Socket plain = Build.connect(port);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", port, true)) {
            socket.startHandshake();
            socket.getOutputStream().write(text.getBytes(US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    @Test
    void publishesCertificate() throws Exception {
        start("self-signed").execute();

        assertThat(build.log.seen())
                .contains("INFO server default listens on 127.0.0.1:" + build.port("default")
                        + " with TLS (self-signed)");
        assertThat(published("default")).isEqualTo(directory.resolve("echo").resolve("default.pem"));
        assertThat(echo(build.port("default"), published("default"), "hello")).isEqualTo("hello");
        Properties list = new Properties();
        try (Reader reader = Files.newBufferedReader(build.file())) {
            list.load(reader);
        }
        assertThat(list)
                .containsEntry(
                        "echo.server.default.certificate", published("default").toString());
        Path file = published("default");
        build.stop().execute();
        assertThat(build.project.getProperties()).doesNotContainKey("echo.server.default.certificate");
        assertThat(file).exists(); // clients may read it later

        start("self-signed").execute(); // replaces it
        assertThat(echo(build.port("default"), published("default"), "again")).isEqualTo("again");
    }

    @Test
    void publishesNoCertificateWithoutTls() throws Exception {
        start("none").execute();
        assertThat(build.project.getProperties()).doesNotContainKey("echo.server.default.certificate");
        assertThat(directory.resolve("echo").resolve("default.pem")).doesNotExist();
    }

    @Test
    void writesNoFileIfNoneIsWanted() throws Exception {
        StartMojo start = start("self-signed");
        start.certificateFile = "none";
        start.execute();
        assertThat(build.project.getProperties()).doesNotContainKey("echo.server.default.certificate");
        assertThat(directory.resolve("echo").resolve("default.pem")).doesNotExist();
    }

    @Test
    void pathsBeginAtProject() throws Exception {
        build.project.setFile(directory.resolve("pom.xml").toFile());
        StartMojo start = start("self-signed");
        start.certificateFile = "sub/trusted.pem";
        start.execute();
        assertThat(published("default"))
                .isEqualTo(directory.resolve("sub").resolve("trusted.pem"))
                .exists();

        StartMojo relay = build.start();
        relay.id = "relay";
        relay.upstream = build.project.getProperties().getProperty("echo.server.default.address");
        relay.upstreamTls = "sub/trusted.pem";
        relay.execute();
        assertThat(build.port("relay")).isPositive();
    }

    @Test
    void eachServerHasTlsOfItsOwn() throws Exception {
        StartMojo start = start("self-signed");
        start.upstreamTls = "insecure"; // for those that relay
        Server wrong = server("wrong");
        wrong.tls = "expired";
        Server clear = server("clear");
        clear.tls = "none";
        Server named = server("named");
        named.certificateFile = directory.resolve("named.pem").toString();
        start.servers = List.of(server("right"), wrong, clear, named);
        start.execute();

        assertThat(echo(build.port("right"), published("right"), "hello")).isEqualTo("hello");
        assertThat(echo(build.port("right"), published("wrong"), "one root for all"))
                .isEqualTo("one root for all");
        assertThatThrownBy(() -> echo(build.port("wrong"), published("wrong"), "hello"))
                .isInstanceOf(SSLException.class);
        assertThat(Build.answer(build.port("clear"), "hello")).isEqualTo("hello");
        assertThat(build.project.getProperties()).doesNotContainKey("echo.server.clear.certificate");
        assertThat(published("named")).isEqualTo(directory.resolve("named.pem"));
    }

    @Test
    void relayMayTrustServerThatStartsBeforeIt() throws Exception {
        StartMojo start = build.start();
        Server real = server("real");
        real.addresses = List.of("127.0.0.1:0");
        real.tls = "self-signed";
        Server relay = server("relay");
        relay.upstream = "127.0.0.1:1";
        relay.upstreamTls = directory.resolve("echo").resolve("real.pem").toString();
        start.servers = List.of(real, relay);
        start.execute();
        assertThat(published("real")).exists();
        build.stop().execute();

        Files.delete(directory.resolve("echo").resolve("real.pem"));
        start.servers = List.of(relay, real);
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith("server relay did not start (execution start-it): upstreamTls ("
                        + directory.resolve("echo").resolve("real.pem") + ") cannot be used: ");
    }

    @Test
    void refusesOptionsThatDoNotGoTogether() {
        StartMojo start = build.start();
        start.certificateFile = "a.pem";
        Build.assertRefused(
                start, "certificateFile (a.pem) is given without tls; set tls, such as self-signed, or leave it out");
        start.certificateFile = null;
        start.upstreamTls = "insecure";
        Build.assertRefused(start, "upstreamTls (insecure) is given without upstream; set upstream, or leave it out");
        start.upstreamTls = "none";
        start.tls = "self-singed";
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("tls (self-singed) must be self-signed, expired, not-yet-valid, or for NAME");
        assertThat(build.log.seen()).isEmpty();
    }

    @Test
    void runSpeaksTls() throws Exception {
        Path file = directory.resolve("run.pem");
        RunMojo run = build.run("127.0.0.1:0");
        run.tls = "self-signed";
        run.certificateFile = file.toString();
        RunningGoal running = RunningGoal.start(run::execute);
        String started = build.log.await("INFO starting up on 127.0.0.1 port ");
        assertThat(started).endsWith(" with TLS (self-signed)");
        int port = Integer.parseInt(started.replaceFirst(" .*", ""));
        assertThat(echo(port, file, "hello")).isEqualTo("hello");
        running.interrupt();
        assertThat(running.await()).isTrue();
    }
}
