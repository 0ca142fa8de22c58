package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Clock;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TlsTrustTest {

    private static final ServerTls SERVER = server("self-signed");

    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void writeRoot() throws Exception {
        root = Files.writeString(folder.resolve("root.pem"), SERVER.pem());
    }

    private static ServerTls server(String kind) {
        return ServerTls.issued(CertificateKind.parse("tls", kind), List.of(), List.of(), null);
    }

    private TlsTrust trust() {
        return TlsTrust.parse("upstreamTls", root.toString());
    }

    private static SSLSession handshake(TlsTrust trust, String host, ServerTls server) throws SSLException {
        return new EnginePair(trust.engine(host, 443), server.engine()).handshake();
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1", "::1%lo"})
    void acceptsServerOfThisMachine(String host) throws Exception {
        SSLSession session = handshake(trust(), host, SERVER);
        assertThat(session.getProtocol()).isEqualTo("TLSv1.3");
        assertThat(session.getPeerCertificates()).containsExactly(SERVER.leaf(), SERVER.certificate());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void acceptsServerByEitherProtocol(String protocol) throws Exception {
        SSLParameters parameters = new SSLParameters(null, new String[] {protocol});
        ServerTls server = ServerTls.issued(CertificateKind.SELF_SIGNED, List.of(), List.of(), parameters);
        assertThat(handshake(trust(), "localhost", server).getProtocol()).isEqualTo(protocol);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost.example, No subject alternative DNS name matching localhost.example found",
        "a_b, Illegal given domain name: a_b",
        "127.0.0.2, No subject alternative names matching IP address 127.0.0.2 found",
        "::2, No subject alternative names matching IP address ::2 found",
    })
    void refusesServerOfAnotherName(String host, String error) {
        assertThatThrownBy(() -> handshake(trust(), host, SERVER))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining(error);
    }

    @Test
    void refusesEachWrongCertificate() throws Exception {
        assertThatThrownBy(() -> handshake(trust(), "localhost", server("expired")))
                .isInstanceOf(SSLException.class)
                .hasRootCauseInstanceOf(CertificateExpiredException.class);
        assertThatThrownBy(() -> handshake(trust(), "localhost", server("not-yet-valid")))
                .isInstanceOf(SSLException.class)
                .hasRootCauseInstanceOf(CertificateNotYetValidException.class);
        ServerTls other = server("for other.example");
        assertThatThrownBy(() -> handshake(trust(), "localhost", other))
                .hasMessageContaining("matching localhost found");
        assertThat(handshake(trust(), "other.example", other).isValid()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"self-signed", "expired", "not-yet-valid", "for other.example"})
    void refusesCertificateOfServer(String kind) {
        assertThatThrownBy(() -> TlsTrust.parse("tls", kind))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tls (" + kind + ") must be the path of a PEM file, insecure or system;"
                        + " a certificate is for the tls of a server");
    }

    @Test
    void refusesServerOfAnotherAuthority() {
        TlsTrust system = TlsTrust.parse("upstreamTls", "system");
        assertThat(system.isInsecure()).isFalse();
        assertThatThrownBy(() -> handshake(system, "localhost", SERVER))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("unable to find valid certification path to requested target");
    }

    @ParameterizedTest
    @CsvSource({"self-signed, other.example", "expired, localhost", "not-yet-valid, 127.0.0.1", "for other.example, ::1"
    })
    void insecureAcceptsAnyCertificate(String kind, String host) throws Exception {
        TlsTrust insecure = TlsTrust.parse("upstreamTls", "insecure");
        assertThat(insecure.isInsecure()).isTrue();
        assertThat(handshake(insecure, host, server(kind)).isValid()).isTrue();
    }

    @Test
    void trustsOneOfSeveralCertificates() throws Exception {
        String another = PemFile.text(new CertificateAuthority(Clock.systemUTC()).root());
        Files.writeString(root, another + SERVER.pem());
        assertThat(handshake(trust(), "localhost", SERVER).isValid()).isTrue();
        Files.writeString(root, another);
        assertThatThrownBy(() -> handshake(trust(), "localhost", SERVER)).isInstanceOf(SSLException.class);
    }

    /** As with a self-signed certificate of another server, which has no root. */
    @Test
    void trustsTheCertificateItself() throws Exception {
        Files.writeString(root, PemFile.text(SERVER.leaf()));
        assertThat(handshake(trust(), "localhost", SERVER).isValid()).isTrue();
        assertThatThrownBy(() -> handshake(trust(), "localhost", server("self-signed")))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void trustsWhomAContextTrusts() throws Exception {
        TlsTrust trust = TlsTrust.of("tls", SERVER.clientContext());
        assertThat(trust.isInsecure()).isFalse();
        assertThat(handshake(trust, "localhost", SERVER).isValid()).isTrue();
        assertThatThrownBy(() -> handshake(trust, "other.example", SERVER))
                .hasMessageContaining("matching other.example found");
        assertThatThrownBy(() -> handshake(TlsTrust.of("tls", SSLContext.getDefault()), "localhost", SERVER))
                .isInstanceOf(SSLException.class);
    }

    /** RFC 6066, section 3: a name, and never an address. */
    @ParameterizedTest
    @CsvSource({
        "localhost, localhost",
        "a.example., a.example",
        "bücher.example, xn--bcher-kva.example",
        "127.0.0.1, ''",
        "::1, ''",
        "a_b, ''",
    })
    void sendsNameOfHost(String host, String sent) {
        SSLEngine engine = trust().engine(host, 443);
        assertThat(engine.getUseClientMode()).isTrue();
        assertThat(engine.getPeerPort()).isEqualTo(443);
        assertThat(engine.getSSLParameters().getEndpointIdentificationAlgorithm())
                .isEqualTo("HTTPS");
        List<SNIServerName> names = engine.getSSLParameters().getServerNames();
        assertThat(names == null ? List.of() : names)
                .isEqualTo(sent.isEmpty() ? List.of() : List.of(new SNIHostName(sent)));
    }

    @Test
    void readsFileOnce() throws Exception {
        TlsTrust trust = trust();
        Files.delete(root);
        assertThat(handshake(trust, "localhost", SERVER).isValid()).isTrue();
    }

    @Test
    void textIsThatOfTheOption() {
        assertThat(trust()).hasToString(root.toString());
        assertThat(TlsTrust.parse("tls", " insecure ")).hasToString("insecure");
        assertThat(TlsTrust.parse("tls", "system")).hasToString("system");
        assertThat(TlsTrust.of("tls", SERVER.clientContext())).hasToString("an SSLContext");
    }

    @Test
    void refusesOtherTextWithCure() {
        assertThatThrownBy(() -> TlsTrust.parse("upstreamTls", " "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upstreamTls ( ) must be the path of a PEM file, insecure or system");
        Path none = folder.resolve("none.pem");
        assertThatThrownBy(() -> TlsTrust.parse("upstreamTls", none.toString()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upstreamTls (" + none + ") cannot be used: No such file or directory;"
                        + " name a PEM file with the certificate to trust, insecure or system");
        assertThatThrownBy(() -> TlsTrust.parse("upstreamTls", "a\0b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upstreamTls (a\\x00b) cannot be used: Nul character not allowed;"
                        + " write the path of a PEM file, insecure or system");
    }

    @Test
    void namesAreThoseOfTheAddress() throws Exception {
        ServerTls server = ServerTls.issued(
                CertificateKind.SELF_SIGNED,
                List.of("echo.example", "127.0.0.3", "*", "a b", "bücher.example"),
                List.of(InetAddress.getByName("127.0.0.2")),
                null);
        for (String host :
                List.of("localhost", "127.0.0.1", "::1", "127.0.0.2", "127.0.0.3", "echo.example", "bücher.example")) {
            assertThat(handshake(trust(), host, server).isValid()).isTrue();
        }
    }
}
