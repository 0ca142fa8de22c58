package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServerTlsTest {

    private static ServerTls issued(SSLParameters parameters) {
        return ServerTls.issued(CertificateKind.SELF_SIGNED, List.of(), List.of(), parameters);
    }

    private static SSLEngine client(SSLContext context) {
        return TlsTrust.of("tls", context).engine("localhost", 443);
    }

    @Test
    void serversOfARunHaveOneRootAndTheirOwnKeys() {
        ServerTls first = issued(null);
        ServerTls second = issued(null);
        assertThat(first.certificate()).isSameAs(second.certificate());
        assertThat(first.leaf().getPublicKey()).isNotEqualTo(second.leaf().getPublicKey());
    }

    @Test
    void everyConnectionHasItsOwnEngine() {
        ServerTls server = issued(null);
        assertThat(server.engine()).isNotSameAs(server.engine());
        assertThat(server.engine().getUseClientMode()).isFalse();
        assertThat(server.engine().getNeedClientAuth()).isFalse();
    }

    @Test
    void clientContextTrustsEachServerOfTheRun() throws Exception {
        ServerTls server = issued(null);
        SSLContext context = server.clientContext();
        assertThat(server.clientContext()).isSameAs(context);
        assertThat(new EnginePair(client(context), server.engine()).handshake().isValid())
                .isTrue();
        assertThat(new EnginePair(client(context), issued(null).engine())
                        .handshake()
                        .isValid())
                .isTrue();
    }

    @Test
    void certificateForWildcardAddressHasThoseOfTheMachine() throws Exception {
        ServerTls server = ServerTls.issued(
                CertificateKind.SELF_SIGNED, List.of("*"), List.of(InetAddress.getByName("0.0.0.0")), null);
        Collection<List<?>> names = server.leaf().getSubjectAlternativeNames();
        assertThat(names).contains(List.of(2, "localhost"));
        NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .limit(100)
                .forEach(address -> {
                    String numeric = address.getHostAddress().replaceAll("%.*", "");
                    assertThat(names).contains(List.of(7, numeric));
                });
        assertThat(names).doesNotContain(List.of(7, "0.0.0.0"));
    }

    @Test
    void certificateForNameIgnoresTheAddress() throws Exception {
        ServerTls server = ServerTls.issued(
                CertificateKind.parse("tls", "for a.example"),
                List.of("b.example"),
                List.of(InetAddress.getByName("127.0.0.2")),
                null);
        assertThat(server.leaf().getSubjectAlternativeNames()).containsExactly(List.of(2, "a.example"));
    }

    @Test
    void appliesParametersToEveryEngine() throws Exception {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.2"});
        parameters.setCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
        parameters.setApplicationProtocols(new String[] {"h2", "echo"});
        ServerTls server = issued(parameters);
        parameters.setProtocols(new String[] {"TLSv1.3"}); // a change after the start does nothing
        for (int i = 0; i < 2; i++) {
            SSLEngine client = client(server.clientContext());
            SSLParameters offered = client.getSSLParameters();
            offered.setApplicationProtocols(new String[] {"http/1.1", "echo"});
            client.setSSLParameters(offered);
            SSLEngine engine = server.engine();
            assertThat(new EnginePair(client, engine).handshake().getCipherSuite())
                    .isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
            assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.2");
            assertThat(engine.getApplicationProtocol()).isEqualTo("echo");
        }
    }

    @Test
    void acceptsAnyClientThatItAsksForACertificate() throws Exception {
        SSLParameters parameters = new SSLParameters();
        parameters.setNeedClientAuth(true);
        ServerTls server = issued(parameters);

        SSLEngine engine = server.engine();
        new EnginePair(client(server.clientContext()), engine).handshake();
        X509Certificate seen = (X509Certificate) engine.getSession().getPeerCertificates()[0];
        assertThat(seen.getSubjectX500Principal().getName()).isEqualTo("CN=Echo Harness client,O=Echo Harness");

        SSLContext withoutKey = TlsContexts.client(List.of(server.certificate()), null);
        assertThatThrownBy(() -> new EnginePair(client(withoutKey), server.engine()).handshake())
                .isInstanceOf(SSLException.class);

        ServerKey ofAnother = new CertificateAuthority(Clock.systemUTC()).issueForClient();
        SSLContext another = TlsContexts.client(List.of(server.certificate()), ofAnother);
        SSLEngine second = server.engine();
        new EnginePair(client(another), second).handshake();
        assertThat(second.getSession().getPeerCertificates()).containsExactly(ofAnother.chain());
    }

    @Test
    void servesClientWithoutTheCertificateThatItWants() throws Exception {
        SSLParameters parameters = new SSLParameters();
        parameters.setWantClientAuth(true);
        ServerTls server = issued(parameters);
        SSLContext withoutKey = TlsContexts.client(List.of(server.certificate()), null);
        assertThat(new EnginePair(client(withoutKey), server.engine())
                        .handshake()
                        .isValid())
                .isTrue();
    }

    @Test
    void refusesParametersThatTheJvmLacks() {
        SSLParameters parameters = new SSLParameters(new String[] {"TLS_NONE"});
        assertThatThrownBy(() -> issued(parameters))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tlsParameters cannot be used: ")
                .hasMessageContaining("TLS_NONE")
                .hasMessageEndingWith("; see SSLContext.getSupportedSSLParameters");
    }

    @Test
    void usesContextOfTheUser() throws Exception {
        ServerKey key = new CertificateAuthority(Clock.systemUTC())
                .issue(CertificateKind.SELF_SIGNED, List.of("localhost"), List.of());
        SSLContext users = TlsContexts.server(key);
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.2"});
        ServerTls server = ServerTls.of(users, parameters);
        assertThat(server.certificate()).isNull();
        assertThat(server.leaf()).isNull();
        assertThat(server.clientContext()).isSameAs(users);
        assertThatThrownBy(server::pem)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith("write the PEM file of your root yourself");
        SSLContext client = TlsContexts.client(List.of(key.chain()[1]), null);
        assertThat(new EnginePair(client(client), server.engine()).handshake().getProtocol())
                .isEqualTo("TLSv1.2");
    }
}
