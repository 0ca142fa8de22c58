package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients whose certificate is broken, at a server that asks for one and checks it. */
@Timeout(30)
class ClientCertificateTest {

    private static final CertificateAuthority AUTHORITY = CertificateAuthority.ofThisRun();

    /** Made two years ago: it is still valid, and the certificates of its clients are not. */
    private static final CertificateAuthority OLD =
            new CertificateAuthority(Clock.offset(Clock.systemUTC(), Duration.ofDays(-2 * 365)));

    /** Trusts both authorities. */
    private static EchoServer start(boolean isNeeded) throws IOException {
        ServerKey key = AUTHORITY.issue(CertificateKind.SELF_SIGNED, List.of("localhost"), List.of());
        SSLParameters asks = new SSLParameters();
        asks.setNeedClientAuth(isNeeded);
        if (!isNeeded) {
            asks.setWantClientAuth(true);
        }
        return EchoServer.builder()
                .tls(TlsContexts.client(List.of(AUTHORITY.root(), OLD.root()), key))
                .tlsParameters(asks)
                .recording()
                .start();
    }

    private static @Nullable ServerKey key(String shown) {
        ServerKey valid = AUTHORITY.issueForClient();
        return switch (shown) {
            case "valid" -> valid;
            case "expired" -> OLD.issueForClient();
            case "of another authority" -> new CertificateAuthority(Clock.systemUTC()).issueForClient();
            case "signed with another key" ->
                new ServerKey(AUTHORITY.issueForClient().key(), valid.chain());
            default -> null;
        };
    }

    private static SSLContext context(String shown) {
        return TlsContexts.client(List.of(AUTHORITY.root()), key(shown));
    }

    private static SSLSocket connect(EchoServer server, String shown, String protocol) throws IOException {
        SSLSocket socket = (SSLSocket) context(shown).getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        socket.setEnabledProtocols(new String[] {protocol});
        return socket;
    }

    private static RecordedConnection ended(EchoServer server, int count) throws InterruptedException {
        Duration soon = Duration.ofSeconds(10);
        return server.recording().awaitConnections(count, soon).get(count - 1).awaitEnd(soon);
    }

    private static void assertFailed(RecordedConnection recorded, String alert, String why) {
        Ending ending = recorded.ending().orElseThrow();
        assertThat(ending.by() + " " + ending.how()).isEqualTo("SERVER FIN");
        assertThat(ending.why()).startsWith("the TLS handshake failed: ").contains(why);
        assertThat(recorded.events())
                .filteredOn(event -> event.kind() == RecordedEvent.Kind.ALERT)
                .extracting(RecordedEvent::detail)
                .containsExactly(alert + " by the server");
        assertThat(recorded.received()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                expired                 | certificate_unknown | validity check failed
                of another authority    | certificate_unknown | unable to find valid certification path
                signed with another key | handshake_failure   | Invalid CertificateVerify signature
                none                    | *                   | Empty client certificate chain
                """)
    void brokenCertificateIsRefused(String shown, String expected, String why) throws Exception {
        for (String protocol : List.of(TlsPeers.V12, TlsPeers.V13)) {
            try (EchoServer server = start(true);
                    SSLSocket other = connect(server, "valid", protocol)) {
                PlainSockets.echoes(other, "before");
                FileDescriptors.Snapshot before = FileDescriptors.snapshot();
                String alert = alertOf(server, shown, protocol);
                assertFailed(ended(server, 2), alert, why);
                if (!expected.equals("*")) {
                    assertThat(alert).as(protocol).isEqualTo(expected);
                }
                PlainSockets.echoes(other, "others go on");
                assertThat(server.recording().openConnections()).hasSize(1);
                before.await();
            }
        }
    }

    /** Returns the alert that the client reads. */
    private static String alertOf(EchoServer server, String shown, String protocol) throws IOException {
        try (SSLSocket socket = connect(server, shown, protocol)) {
            socket.startHandshake();
            return "none, but " + socket.getInputStream().read(); // with TLS 1.3, the alert comes after the handshake
        } catch (SSLHandshakeException refused) {
            return String.valueOf(refused.getMessage()).replaceAll(".*Received fatal alert: ", "");
        }
    }

    /** A certificate that is only wanted may be missing, but one that is shown is checked. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void wantedCertificateIsChecked(String protocol) throws Exception {
        try (EchoServer server = start(false)) {
            assertThat(alertOf(server, "expired", protocol)).isEqualTo("certificate_unknown");
            assertFailed(ended(server, 1), "certificate_unknown", "validity check failed");
            try (SSLSocket socket = connect(server, "none", protocol)) {
                PlainSockets.echoes(socket, "without one");
            }
        }
    }

    /** With TLS 1.2, the certificate is in clear text, so that a test can change it. */
    @Test
    void certificateThatIsNoneIsRefused() throws Exception {
        ServerKey key = AUTHORITY.issueForClient();
        try (EchoServer server = start(true);
                Socket socket = PlainSockets.connect(server.address())) {
            SSLEngine engine =
                    TlsContexts.client(List.of(AUTHORITY.root()), key).createSSLEngine("localhost", 1);
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {TlsPeers.V12});
            engine.beginHandshake();
            while (!sendsGarbage(engine, socket, key.chain()[0])) {
                if (engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP) {
                    ByteBuffer in = ByteBuffer.wrap(TlsPeers.record(socket));
                    engine.unwrap(in, ByteBuffer.allocate(0));
                }
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            }
            assertThat(TlsPeers.record(socket)).isEqualTo(new byte[] {21, 3, 3, 0, 2, 2, 42});
            socket.shutdownOutput();
            assertFailed(ended(server, 1), "bad_certificate", "Failed to parse client certificates");
        }
    }

    /** Sends the next record, if there is one. Returns whether it was that of the certificate, which it has broken. */
    private static boolean sendsGarbage(SSLEngine engine, Socket socket, X509Certificate certificate) throws Exception {
        if (engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
            return false;
        }
        ByteBuffer record = ByteBuffer.allocate(32 << 10);
        engine.wrap(ByteBuffer.allocate(0), record);
        record.flip();
        ByteBuffer wanted = ByteBuffer.wrap(certificate.getEncoded());
        boolean isBroken = false;
        for (int at = 0; at + wanted.limit() <= record.limit() && !isBroken; at++) {
            isBroken = record.slice(at, wanted.limit()).equals(wanted);
            if (isBroken) {
                record.put(at, (byte) 1);
            }
        }
        socket.getOutputStream().write(record.array(), 0, record.limit());
        return isBroken;
    }

    /** JDK 17 names no alert that is encrypted, and neither does its message. */
    @Test
    void encryptedAlertHasName() {
        ByteBuffer encrypted = ByteBuffer.wrap(new byte[] {23, 3, 3, 0, 19}).limit(5);
        SSLHandshakeException unreadable = new SSLHandshakeException("Failed to parse client certificates");
        unreadable.initCause(new CertificateException("no DER"));
        assertThat(TlsAlert.sent(encrypted, unreadable)).isEqualTo("bad_certificate");
    }
}
