package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.X509ExtendedKeyManager;
import org.echoharness.support.PlainSockets;
import org.echoharness.tls.HandshakeThreads;
import org.echoharness.tls.ServerTls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handshakes that are slow, cut or without success, and what controls and options do in the meantime. */
@Timeout(20)
class TlsHandshakeTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static EchoServer.Builder tls() {
        return EchoServer.builder().tls("self-signed").recording();
    }

    private static SSLSocket connect(EchoServer server, String... protocols) throws IOException {
        return connect(server, server.sslContext(), protocols);
    }

    private static SSLSocket connect(EchoServer server, SSLContext context, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        return socket;
    }

    private static RecordedConnection ended(EchoServer server, int count) throws InterruptedException {
        return server.recording().awaitConnections(count, SOON).get(count - 1).awaitEnd(SOON);
    }

    private static byte[] clientHello(SSLContext context) throws IOException {
        SSLEngine engine = context.createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        SSLParameters names = engine.getSSLParameters();
        names.setServerNames(List.of(new SNIHostName("localhost"))); // the JDK sends no name without a dot by itself
        engine.setSSLParameters(names);
        ByteBuffer hello = ByteBuffer.allocate(32 << 10);
        engine.wrap(ByteBuffer.allocate(0), hello);
        return Arrays.copyOf(hello.array(), hello.position());
    }

    @Test
    void clientMayLeaveAtEveryByteOfItsHello() throws Exception {
        try (EchoServer server = tls().start()) {
            byte[] hello = clientHello(server.sslContext());
            for (int cut = 0; cut < hello.length; cut++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    socket.getOutputStream().write(hello, 0, cut);
                    socket.shutdownOutput();
                    String why = ended(server, cut + 1).ending().orElseThrow().why();
                    assertThat(why)
                            .as("after " + cut + " bytes")
                            .isEqualTo(cut == 0 ? "" : "the client ended the connection during the TLS handshake");
                }
            }
            try (SSLSocket socket = connect(server)) {
                PlainSockets.echoes(socket, "others are served");
            }
        }
    }

    /** An RST would reach the client before it reads. */
    @Test
    void clientThatStillWritesReadsAlert() throws Exception {
        try (EchoServer server = tls().start();
                Socket socket = PlainSockets.connect(server.address())) {
            byte[] noise = new byte[64 << 10];
            for (int i = 0; i < 16; i++) {
                socket.getOutputStream().write(noise);
            }
            assertThat(socket.getInputStream().readNBytes(7)).startsWith(21, 3);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.getOutputStream().write(noise);
            socket.shutdownOutput();
            Ending ending = ended(server, 1).ending().orElseThrow();
            assertThat(ending.how()).isEqualTo(Ending.How.FIN);
            assertThat(ending.why()).startsWith("the client does not speak TLS: it sent ");
        }
    }

    /** As clients of OpenSSL do in TLS 1.3, although the handshake has keys by then. */
    @Test
    void alertInClearTextIsRecorded() throws Exception {
        try (EchoServer server = tls().start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(clientHello(server.sslContext()));
            assertThat(socket.getInputStream().read()).isEqualTo(22); // the ServerHello
            socket.getOutputStream().write(new byte[] {21, 3, 3, 0, 2, 2, 48});
            socket.shutdownOutput();
            RecordedConnection recorded = ended(server, 1);
            assertThat(recorded.events()).anySatisfy(event -> {
                assertThat(event.kind()).isEqualTo(RecordedEvent.Kind.ALERT);
                assertThat(event.detail()).isEqualTo("unknown_ca by the client");
            });
            assertThat(recorded.ending().orElseThrow().why())
                    .isEqualTo("the TLS handshake failed: the client sent the alert unknown_ca");
        }
    }

    @Test
    void slowTaskOfOneHandshakeLeavesOtherConnections() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        SSLContext slow = SSLContext.getInstance("TLS");
        slow.init(new KeyManager[] {new SlowKeys(begun, goesOn)}, null, null);
        try (EchoServer server = EchoServer.builder().tls(slow).recording().start();
                Socket handshaking = PlainSockets.connect(server.address());
                Socket other = PlainSockets.connect(server.address())) {
            handshaking.getOutputStream().write(clientHello(SSLContext.getDefault()));
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            other.shutdownOutput(); // the loop serves it although the task runs
            assertThat(PlainSockets.nextRead(other)).isEqualTo("end of stream");
            assertThat(server.recording().connections().get(0).ending()).isEmpty();
            goesOn.countDown();
            handshaking.shutdownOutput(); // the server waits for it
            assertThat(ended(server, 1).ending().orElseThrow().why()).startsWith("the TLS handshake failed: ");
        } finally {
            goesOn.countDown();
        }
    }

    @Test
    void matcherOfTheUserThatBlocksLeavesOtherConnections() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        SSLParameters slow = new SSLParameters();
        slow.setSNIMatchers(List.of(new SNIMatcher(StandardConstants.SNI_HOST_NAME) {
            @Override
            public boolean matches(SNIServerName name) {
                begun.countDown();
                SlowKeys.blockUntil(goesOn);
                return true;
            }
        }));
        try (EchoServer server = tls().tlsParameters(slow).start();
                Socket handshaking = PlainSockets.connect(server.address())) {
            handshaking.getOutputStream().write(clientHello(SSLContext.getDefault()));
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            try (SSLSocket other = connect(server)) {
                PlainSockets.echoes(other, "hello");
            }
        } finally {
            goesOn.countDown();
        }
    }

    /** A change of thread would cost more than it could save. */
    @Test
    void onlyConnectionOfALoopMakesItsHandshakeThere() throws Exception {
        ThreadPoolExecutor others = (ThreadPoolExecutor) HandshakeThreads.executor(false);
        try (EchoServer server = tls().start()) {
            long before = others.getTaskCount();
            try (SSLSocket first = connect(server)) {
                PlainSockets.echoes(first, "alone");
                assertThat(others.getTaskCount()).isEqualTo(before);
                try (SSLSocket second = connect(server)) {
                    PlainSockets.echoes(second, "not alone");
                    assertThat(others.getTaskCount()).isEqualTo(before + 1);
                }
            }
        }
    }

    /** More than there are processors. */
    @Test
    void tasksThatBlockLeaveOtherHandshakes() throws Exception {
        int count = Runtime.getRuntime().availableProcessors() + 3;
        CountDownLatch begun = new CountDownLatch(count);
        CountDownLatch goesOn = new CountDownLatch(1);
        SSLContext slow = SSLContext.getInstance("TLS");
        slow.init(new KeyManager[] {new SlowKeys(begun, goesOn)}, null, null);
        List<Socket> handshaking = new ArrayList<>();
        try (EchoServer blocked = EchoServer.builder().tls(slow).start();
                EchoServer server = tls().start()) {
            for (int i = 0; i < count; i++) {
                Socket socket = PlainSockets.connect(blocked.address());
                handshaking.add(socket);
                socket.getOutputStream().write(clientHello(SSLContext.getDefault()));
            }
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            try (SSLSocket other = connect(server)) {
                PlainSockets.echoes(other, "hello");
            }
        } finally {
            goesOn.countDown();
            for (Socket each : handshaking) {
                each.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void clientWithoutCertificateIsRefusedWhereOneIsNeeded(String protocol) throws Exception {
        SSLParameters needs = new SSLParameters();
        needs.setNeedClientAuth(true);
        try (EchoServer server = tls().tlsParameters(needs).start();
                SSLSocket socket = connect(server, withoutKey(server), protocol)) {
            assertThatThrownBy(() -> {
                        socket.getOutputStream().write(1);
                        socket.getInputStream().read();
                    })
                    .isInstanceOf(IOException.class);
            RecordedConnection recorded = ended(server, 1);
            assertThat(recorded.events()).extracting(RecordedEvent::kind).contains(RecordedEvent.Kind.ALERT);
            assertThat(recorded.ending().orElseThrow().by()).isEqualTo(Ending.Side.SERVER);
        }
    }

    @Test
    void wantedClientCertificateMayBeMissing() throws Exception {
        SSLParameters wants = new SSLParameters();
        wants.setWantClientAuth(true);
        try (EchoServer server = tls().tlsParameters(wants).start();
                SSLSocket socket = connect(server, withoutKey(server))) {
            PlainSockets.echoes(socket, "without a certificate");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void subjectOfClientCertificateIsRecorded(String protocol) throws Exception {
        SSLParameters needs = new SSLParameters();
        needs.setNeedClientAuth(true);
        try (EchoServer server = tls().tlsParameters(needs).start();
                SSLSocket socket = connect(server, protocol)) {
            PlainSockets.echoes(socket, "with a certificate");
            socket.shutdownOutput();
            assertThat(ended(server, 1).events().get(1).detail())
                    .endsWith(", client certificate CN=Echo Harness client,O=Echo Harness");
        }
    }

    private static SSLContext withoutKey(EchoServer server) {
        return ServerTls.clientContext(server.certificate().orElseThrow());
    }

    @Test
    void commonProtocolIsMissing() throws Exception {
        SSLParameters old = new SSLParameters();
        old.setProtocols(new String[] {"TLSv1.2"});
        try (EchoServer server = tls().tlsParameters(old).start();
                SSLSocket socket = connect(server, "TLSv1.3")) {
            assertThatThrownBy(socket::startHandshake).hasMessageContaining("protocol_version");
            assertThat(ended(server, 1).events())
                    .extracting(RecordedEvent::detail)
                    .contains("protocol_version by the server");
        }
    }

    @Test
    void idleTimeoutEndsHandshakeThatStandsStill() throws Exception {
        try (EchoServer server = tls().idleTimeout(Duration.ofMillis(50)).start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.getOutputStream().write(22);
            assertThat(PlainSockets.nextRead(socket)).isEqualTo("reset");
            assertThat(ended(server, 1).ending().orElseThrow().why()).isEqualTo("idle for 50ms");
        }
    }

    @Test
    void closeConnectionsEndsHandshakes() throws Exception {
        try (EchoServer server = tls().start();
                Socket socket = PlainSockets.connect(server.address())) {
            server.recording().awaitConnections(1, SOON);
            server.closeConnections();
            assertThat(PlainSockets.nextRead(socket)).isEqualTo("end of stream");
        }
    }

    @Test
    void closeConnectionsSendsCloseNotify() throws Exception {
        try (EchoServer server = tls().start();
                SSLSocket socket = connect(server)) {
            PlainSockets.echoes(socket, "before");
            server.closeConnections();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void frozenServerGoesOnWithHandshakeWhenUnfrozen() throws Exception {
        try (EchoServer server = tls().start()) {
            server.freeze();
            try (SSLSocket socket = connect(server)) {
                server.recording().awaitConnections(1, SOON);
                server.unfreeze();
                PlainSockets.echoes(socket, "after the freeze");
            }
        }
    }

    @Test
    void scriptGreetsFirst() throws Exception {
        try (EchoServer server = tls().script(
                                "send \"220 hi\\r\\n\", expect line \"QUIT\", send \"221 bye\\r\\n\", close")
                        .start();
                SSLSocket socket = connect(server)) {
            assertThat(socket.getInputStream().readNBytes(8)).asString().isEqualTo("220 hi\r\n");
            socket.getOutputStream().write("QUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("221 bye\r\n");
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void faultsOfTextActOnText(String protocol) throws Exception {
        try (EchoServer server = tls().faults(
                        "connection 1: close after 4; connection 2: reset after 4; others: fragment 3")
                .start()) {
            try (SSLSocket closed = connect(server, protocol)) {
                closed.getOutputStream().write("abcdefgh".getBytes(StandardCharsets.US_ASCII));
                assertThat(closed.getInputStream().readAllBytes()).asString().isEqualTo("abcd");
            }
            try (SSLSocket reset = connect(server, protocol)) {
                reset.getOutputStream().write("abcdefgh".getBytes(StandardCharsets.US_ASCII));
                assertThat(reset.getInputStream().readNBytes(4)).asString().isEqualTo("abcd");
                assertThatThrownBy(() -> reset.getInputStream().read()).isInstanceOf(IOException.class);
            }
            try (SSLSocket whole = connect(server, protocol)) {
                PlainSockets.echoes(whole, "abcdefgh");
            }
        }
    }

    /** Waits when the engine asks for a key, and has none. */
    private static final class SlowKeys extends X509ExtendedKeyManager {
        private final CountDownLatch begun;
        private final CountDownLatch goesOn;

        SlowKeys(CountDownLatch begun, CountDownLatch goesOn) {
            this.begun = begun;
            this.goesOn = goesOn;
        }

        @Override
        public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
            begun.countDown();
            blockUntil(goesOn);
            return null;
        }

        static void blockUntil(CountDownLatch goesOn) {
            try {
                assertThat(goesOn.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return null;
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }
}
