package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CertificateAuthorityTest {

    private static final CertificateAuthority AUTHORITY = CertificateAuthority.ofThisRun();
    private static final CertificateKind OTHER = CertificateKind.parse("tls", "for other.example");

    @TempDir
    Path folder;

    private static List<InetAddress> loopback() throws IOException {
        return List.of(
                PlainSockets.at("127.0.0.1", 0).getAddress(),
                PlainSockets.at("::1", 0).getAddress());
    }

    private static X509Certificate leaf(CertificateKind kind) throws IOException {
        return AUTHORITY.issue(kind, List.of("localhost", "my_service"), loopback())
                .chain()[0];
    }

    @Test
    void runHasOneRoot() throws Exception {
        assertThat(CertificateAuthority.ofThisRun().root()).isSameAs(AUTHORITY.root());
        ServerKey key = AUTHORITY.issue(OTHER, List.of(), List.of());
        assertThat(key.chain()).hasSize(2);
        assertThat(key.chain()[1]).isSameAs(AUTHORITY.root());
    }

    /** RFC 5280, sections 4.1 and 4.2. */
    @Test
    void rootIsAnAuthority() throws Exception {
        X509Certificate root = AUTHORITY.root();
        root.verify(root.getPublicKey());
        assertThat(root.getVersion()).isEqualTo(3);
        assertThat(root.getSigAlgName()).isEqualTo("SHA256withECDSA");
        assertThat(root.getIssuerX500Principal()).isEqualTo(root.getSubjectX500Principal());
        assertThat(root.getSubjectX500Principal().getName()).matches("CN=Echo Harness root [0-9a-f]{8},O=Echo Harness");
        assertThat(root.getBasicConstraints()).isEqualTo(Integer.MAX_VALUE);
        assertThat(usages(root)).containsExactly(5, 6); // keyCertSign, cRLSign
        assertThat(root.getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.15", "2.5.29.19");
        assertThat(keyIdentifier(root)).hasSize(40).isEqualTo(authorityKeyIdentifier(root));
    }

    @Test
    void leafIsOfAServer() throws Exception {
        X509Certificate leaf = leaf(CertificateKind.SELF_SIGNED);
        leaf.verify(AUTHORITY.root().getPublicKey());
        leaf.checkValidity();
        assertThat(leaf.getVersion()).isEqualTo(3);
        assertThat(leaf.getSigAlgName()).isEqualTo("SHA256withECDSA");
        assertThat(leaf.getIssuerX500Principal()).isEqualTo(AUTHORITY.root().getSubjectX500Principal());
        assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("CN=localhost,O=Echo Harness");
        assertThat(((ECPublicKey) leaf.getPublicKey())
                        .getParams()
                        .getCurve()
                        .getField()
                        .getFieldSize())
                .isEqualTo(256);
        assertThat(leaf.getPublicKey()).isNotEqualTo(AUTHORITY.root().getPublicKey());
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
        assertThat(usages(leaf)).containsExactly(0); // digitalSignature
        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1"); // serverAuth
        assertThat(leaf.getSubjectAlternativeNames())
                .containsExactlyInAnyOrder(
                        List.of(2, "localhost"),
                        List.of(2, "my_service"),
                        List.of(7, "127.0.0.1"),
                        List.of(7, "0:0:0:0:0:0:0:1"));
        assertThat(leaf.getCriticalExtensionOIDs()).containsExactly("2.5.29.15");
        assertThat(keyIdentifier(leaf)).hasSize(40).isNotEqualTo(keyIdentifier(AUTHORITY.root()));
        assertThat(authorityKeyIdentifier(leaf)).isEqualTo(keyIdentifier(AUTHORITY.root()));
    }

    @Test
    void clientKeyIsOfAClient() throws Exception {
        X509Certificate leaf = AUTHORITY.issueForClient().chain()[0];
        leaf.verify(AUTHORITY.root().getPublicKey());
        leaf.checkValidity();
        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2"); // clientAuth
        assertThat(leaf.getSubjectAlternativeNames()).isNull();
        assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("CN=Echo Harness client,O=Echo Harness");
    }

    @Test
    void certificateForNameHasThatNameAlone() throws Exception {
        X509Certificate leaf = leaf(OTHER);
        leaf.checkValidity();
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(2, "other.example"));
        assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("CN=other.example,O=Echo Harness");
    }

    /** RFC 5280, appendix A.1: a common name has at most 64 characters. */
    @Test
    void longNameIsNoCommonName() throws Exception {
        String label = "a".repeat(63);
        String longest = label + "." + label + "." + label + "." + label.substring(2);
        for (String name : List.of(label + ".b", longest)) {
            X509Certificate leaf = leaf(CertificateKind.parse("tls", "for " + name));
            assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("O=Echo Harness");
            assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(2, name));
        }
    }

    @Test
    void rootIsValidWheneverALeafIs() throws Exception {
        X509Certificate expired = leaf(CertificateKind.EXPIRED);
        X509Certificate early = leaf(CertificateKind.NOT_YET_VALID);
        assertThatThrownBy(expired::checkValidity).isInstanceOf(CertificateExpiredException.class);
        assertThatThrownBy(early::checkValidity).isInstanceOf(CertificateNotYetValidException.class);
        for (X509Certificate each : List.of(expired, early, leaf(CertificateKind.SELF_SIGNED))) {
            AUTHORITY.root().checkValidity(each.getNotBefore());
            AUTHORITY.root().checkValidity(each.getNotAfter());
            assertThat(Duration.between(
                            each.getNotBefore().toInstant(), each.getNotAfter().toInstant()))
                    .isEqualTo(Duration.ofDays(365));
        }
        Instant now = Instant.now();
        assertThat(expired.getNotAfter()).isBefore(now.minus(Duration.ofHours(23)));
        assertThat(early.getNotBefore()).isAfter(now.plus(Duration.ofDays(3_649)));
    }

    @Test
    void serialsArePositiveAndUnique() throws Exception {
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            X509Certificate leaf = AUTHORITY.issue(OTHER, List.of(), List.of()).chain()[0];
            assertThat(leaf.getSerialNumber()).isPositive();
            assertThat(leaf.getSerialNumber().toByteArray()).hasSize(16); // RFC 5280 allows 20
            assertThat(seen.add(leaf.getSerialNumber())).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2049-12-31T23:59:59Z", "2039-06-01T00:00:00Z", "2050-01-01T00:00:00Z"})
    void worksOnBothSidesOf2050(String time) throws Exception {
        Instant now = Instant.parse(time);
        CertificateAuthority authority = new CertificateAuthority(Clock.fixed(now, ZoneOffset.UTC));
        X509Certificate leaf = authority.issue(CertificateKind.SELF_SIGNED, List.of("localhost"), List.of())
                .chain()[0];
        assertThat(leaf.getNotBefore()).isEqualTo(now.minus(Duration.ofDays(1)));
        assertThat(leaf.getNotAfter()).isEqualTo(now.plus(Duration.ofDays(364)));
        assertThat(authority.root().getNotAfter()).isEqualTo(now.plus(Duration.ofDays(12 * 365)));
        Path root = pem("root", authority.root());
        assertThat(openssl(
                        "verify",
                        "-x509_strict",
                        "-attime",
                        "" + now.getEpochSecond(),
                        "-CAfile",
                        "" + root,
                        "" + pem("leaf", leaf)))
                .contains(": OK");
    }

    /** The errors are those of X.509 verification in openssl-verification-options(1), which users of other clients know too. */
    @Test
    void opensslAcceptsAndRefusesEachKind() throws Exception {
        Path root = pem("root.pem", AUTHORITY.root());
        Path good = pem("good.pem", leaf(CertificateKind.SELF_SIGNED));
        Path other = pem("other.pem", leaf(OTHER));
        Path expired = pem("expired.pem", leaf(CertificateKind.EXPIRED));
        Path early = pem("early.pem", leaf(CertificateKind.NOT_YET_VALID));

        assertThat(verify(root, root)).isEqualTo(root + ": OK");
        assertThat(verify(root, good, "-verify_hostname", "localhost")).isEqualTo(good + ": OK");
        assertThat(verify(root, good, "-verify_hostname", "my_service")).isEqualTo(good + ": OK");
        assertThat(verify(root, good, "-verify_ip", "127.0.0.1")).isEqualTo(good + ": OK");
        assertThat(verify(root, good, "-verify_ip", "::1")).isEqualTo(good + ": OK");
        assertThat(verify(root, other, "-verify_hostname", "other.example")).isEqualTo(other + ": OK");
        long lastWeek = Instant.now().minus(Duration.ofDays(7)).getEpochSecond();
        assertThat(verify(root, expired, "-attime", "" + lastWeek)).isEqualTo(expired + ": OK");

        assertThat(verify(root, good, "-verify_hostname", "localhost.example"))
                .contains("error 62 ", "hostname mismatch");
        assertThat(verify(root, good, "-verify_ip", "127.0.0.2")).contains("error 64 ", "IP address mismatch");
        assertThat(verify(root, other, "-verify_hostname", "localhost")).contains("error 62 ");
        assertThat(verify(root, other, "-verify_ip", "127.0.0.1")).contains("error 64 ");
        assertThat(verify(root, expired)).contains("error 10 ", "certificate has expired");
        assertThat(verify(root, early)).contains("error 9 ", "certificate is not yet valid");
        Path anotherRoot = pem("another.pem", new CertificateAuthority(Clock.systemUTC()).root());
        assertThat(verify(anotherRoot, good)).contains("error 20 ", "unable to get local issuer certificate");
    }

    @Test
    void opensslReadsEveryField() throws Exception {
        Path good = pem("good.pem", leaf(CertificateKind.SELF_SIGNED));
        assertThat(openssl("x509", "-in", "" + good, "-noout", "-text"))
                .contains("Version: 3 (0x2)", "Signature Algorithm: ecdsa-with-SHA256", "NIST CURVE: P-256")
                .contains("X509v3 Key Usage: critical", "Digital Signature", "TLS Web Server Authentication")
                .contains("DNS:localhost, DNS:my_service, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1")
                .contains("X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier");
    }

    @Test
    void keytoolReadsEachKind() throws Exception {
        StringBuilder chain = new StringBuilder(PemFile.text(AUTHORITY.root()));
        for (String kind : List.of("self-signed", "expired", "not-yet-valid", "for other.example")) {
            chain.append(PemFile.text(leaf(CertificateKind.parse("tls", kind))));
        }
        Path file = Files.writeString(folder.resolve("all.pem"), chain);
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Assumptions.assumeTrue(Files.isExecutable(keytool), "this JDK has no keytool");
        assertThat(run(List.of("" + keytool, "-J-Duser.language=en", "-printcert", "-v", "-file", "" + file)))
                .contains("Certificate[5]:", "Version: 3", "Signature algorithm name: SHA256withECDSA")
                .contains("256-bit EC (secp256r1) key", "DNSName: other.example", "IPAddress: 127.0.0.1")
                .doesNotContain("Warning", "weak", "Exception");
    }

    /** The flags are those of the default context of Python 3.13; earlier versions can have them too. */
    @Test
    void pythonAcceptsItWithStrictFlags() throws Exception {
        Assumptions.assumeTrue(
                ForkedProcess.works(List.of("python3", "-c", "import ssl")), "there is no python3 with ssl");
        ServerKey key = AUTHORITY.issue(CertificateKind.SELF_SIGNED, List.of("localhost"), loopback());
        String script = """
                import socket, ssl, sys
                context = ssl.create_default_context(cafile=sys.argv[1])
                context.verify_flags |= ssl.VERIFY_X509_STRICT | 0x80000 # X509_V_FLAG_PARTIAL_CHAIN
                for name in sys.argv[3:]:
                    with socket.create_connection(('127.0.0.1', int(sys.argv[2])), 30) as plain:
                        try:
                            with context.wrap_socket(plain, server_hostname=name) as secure:
                                print(name, secure.version(), secure.recv(1), flush=True)
                        except ssl.SSLError as error:
                            print(name, error.verify_message, flush=True)
                """;
        try (ServerSocket listener = TlsContexts.server(key)
                .getServerSocketFactory()
                .createServerSocket(0, 4, loopback().get(0))) {
            listener.setSoTimeout(30_000);
            FutureTask<Integer> served = Background.inThread("server of Python", () -> serve(listener, 4));
            assertThat(run(List.of(
                                    "python3",
                                    "-c",
                                    script,
                                    "" + pem("root.pem", AUTHORITY.root()),
                                    "" + listener.getLocalPort(),
                                    "localhost",
                                    "127.0.0.1",
                                    "::1",
                                    "other.example"))
                            .lines())
                    .containsExactly(
                            "localhost TLSv1.3 b'x'",
                            "127.0.0.1 TLSv1.3 b'x'",
                            "::1 TLSv1.3 b'x'",
                            "other.example Hostname mismatch, certificate is not valid for 'other.example'.");
            assertThat(Background.result(served)).isEqualTo(3);
        }
    }

    /** Sends a byte to each client, and returns how many have completed the handshake. */
    private static int serve(ServerSocket listener, int clients) throws IOException {
        int completed = 0;
        for (int i = 0; i < clients; i++) {
            try (Socket client = listener.accept()) {
                client.setSoTimeout(30_000);
                client.getOutputStream().write('x');
                completed += client.getInputStream().read() < 0 ? 1 : 0;
            } catch (IOException refused) {
                assertThat(refused.getMessage()).isNotBlank(); // by its alert, or since it has gone
            }
        }
        return completed;
    }

    @Test
    void issuesInManyThreads() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                try {
                    leaf(CertificateKind.SELF_SIGNED).verify(AUTHORITY.root().getPublicKey());
                } catch (Exception failed) {
                    failures.add(failed);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join(30_000);
            assertThat(thread.isAlive()).isFalse();
        }
        assertThat(failures).isEmpty();
        assertThatCode(() -> AUTHORITY.root().checkValidity()).doesNotThrowAnyException();
    }

    private static List<Integer> usages(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        List<Integer> set = new ArrayList<>();
        for (int i = 0; i < usage.length; i++) {
            if (usage[i]) {
                set.add(i);
            }
        }
        return set;
    }

    /** Returns the hex of the identifier, which stands in an OCTET STRING in the OCTET STRING of the extension. */
    private static String keyIdentifier(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue("2.5.29.14");
        return HexFormat.of().formatHex(Arrays.copyOfRange(value, 4, value.length));
    }

    /** Returns the hex of the identifier, which stands in field 0 of a SEQUENCE in the OCTET STRING of the extension. */
    private static String authorityKeyIdentifier(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue("2.5.29.35");
        return HexFormat.of().formatHex(Arrays.copyOfRange(value, 6, value.length));
    }

    private Path pem(String name, X509Certificate certificate) throws IOException {
        return Files.writeString(folder.resolve(name), PemFile.text(certificate));
    }

    private static String verify(Path root, Path leaf, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("verify", "-x509_strict", "-check_ss_sig"));
        arguments.addAll(List.of("-no-CApath", "-no-CAstore", "-CAfile", "" + root));
        arguments.addAll(List.of(options));
        arguments.add("" + leaf);
        return openssl(arguments.toArray(new String[0]));
    }

    private static String openssl(String... arguments) throws Exception {
        Assumptions.assumeTrue(ForkedProcess.works(List.of("openssl", "version")), "there is no openssl on the PATH");
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static String run(List<String> command) throws Exception {
        try (ForkedProcess process = new ForkedProcess(command)) {
            process.awaitExit();
            return process.lines().text().strip();
        }
    }
}
