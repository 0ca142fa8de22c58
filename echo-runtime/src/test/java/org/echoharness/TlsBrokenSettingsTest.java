package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contexts, parameters and key managers of users that cannot work. */
@Timeout(30)
class TlsBrokenSettingsTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    /** Makes no engine, or throws an exception instead. */
    private static class NoEngines extends SSLContextSpi {
        private final String why;

        NoEngines(String why) {
            this.why = why;
        }

        static SSLContext context(String why) {
            return new SSLContext(new NoEngines(why), null, "TLS") {};
        }

        @Override
        @SuppressWarnings("NullAway") // that is what is tested
        protected SSLEngine engineCreateSSLEngine() {
            if (why.isEmpty()) {
                return null;
            }
            throw new UnsupportedOperationException(why);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return engineCreateSSLEngine();
        }

        @Override
        protected void engineInit(
                KeyManager @Nullable [] keys, TrustManager @Nullable [] trust, @Nullable SecureRandom random) {}

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            throw new UnsupportedOperationException();
        }
    }

    /** Makes engines of another context, and counts them. */
    private static final class CountedEngines extends NoEngines {
        private final SSLContext maker;
        private final AtomicInteger count;

        CountedEngines(SSLContext maker, AtomicInteger count) {
            super("");
            this.maker = maker;
            this.count = count;
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return engineCreateSSLEngine("localhost", -1);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            count.incrementAndGet();
            return maker.createSSLEngine(host, port);
        }
    }

    /** Throws an exception when a handshake asks for a key, or has none. */
    private static final class Keys extends X509ExtendedKeyManager {
        private final @Nullable Supplier<Error> error;
        private final boolean throwsAny;

        Keys(boolean throwsAny, @Nullable Supplier<Error> error) {
            this.throwsAny = throwsAny;
            this.error = error;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
            if (error != null) {
                throw error.get();
            }
            if (throwsAny) {
                throw new IllegalStateException("no key today");
            }
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
            return null;
        }

        @Override
        public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            return null;
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }

    private static SSLContext uninitialized() throws Exception {
        return SSLContext.getInstance("TLS");
    }

    private static EchoServer.Builder server(boolean keysThrow) throws Exception {
        return server(new Keys(keysThrow, null));
    }

    private static EchoServer.Builder server(KeyManager keys) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {keys}, null, null);
        return EchoServer.builder().tls(context).recording();
    }

    private static SSLParameters protocols(String... names) {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(names);
        return parameters;
    }

    private static SSLSocket connect(EchoServer server, String protocol) throws Exception {
        SSLSocket socket =
                (SSLSocket) SSLContext.getDefault().getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(10_000);
        socket.setEnabledProtocols(new String[] {protocol});
        return socket;
    }

    private static Ending ending(EchoServer server) throws InterruptedException {
        return server.recording()
                .awaitConnections(1, SOON)
                .get(0)
                .awaitEnd(SOON)
                .ending()
                .orElseThrow();
    }

    @Test
    void contextWithoutEnginesIsRefused() throws Exception {
        String cure = "; call its method init first, so that createSSLEngine() returns an engine";
        assertThatThrownBy(() -> EchoServer.builder().tls(uninitialized()).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tls (an SSLContext) cannot be used: SSLContext is not initialized" + cure);
        assertThatThrownBy(() -> EchoServer.builder()
                        .tls(NoEngines.context("no\nengine"))
                        .tlsParameters(new SSLParameters())
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tls (an SSLContext) cannot be used: no\\nengine" + cure);
        assertThatThrownBy(() -> EchoServer.builder().tls(NoEngines.context("")).start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tls (an SSLContext) cannot be used: it makes no SSLEngine" + cure);
        assertThatThrownBy(() -> EchoServer.builder()
                        .upstream("127.0.0.1:1")
                        .upstreamTls(uninitialized())
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("upstreamTls (an SSLContext) cannot be used: SSLContext is not initialized");
        assertThatThrownBy(() -> EchoClient.builder().tls(uninitialized()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tls (an SSLContext) cannot be used: SSLContext is not initialized");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv9", "SSLv3", ""})
    void protocolThatJvmCannotUseIsRefused(String protocol) throws Exception {
        SSLParameters parameters = protocol.isEmpty() ? protocols() : protocols(protocol);
        String says = protocol.equals("TLSv9") ? "Unsupported protocol" : "No appropriate protocol";
        assertThatThrownBy(() -> EchoServer.builder()
                        .tls("self-signed")
                        .tlsParameters(parameters)
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tlsParameters cannot be used: " + says);
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").recording().start()) {
            assertThatThrownBy(() -> EchoClient.builder()
                            .address(server.address())
                            .tls("insecure")
                            .tlsParameters(parameters)
                            .connect())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("tlsParameters cannot be used: " + says);
            server.acceptPending();
            assertThat(server.recording().connections()).isEmpty();
        }
    }

    @Test
    void parametersOfClientAreCheckedOnce() throws Exception {
        AtomicInteger engines = new AtomicInteger();
        try (EchoServer server = EchoServer.builder().tls("self-signed").start()) {
            EchoClient.Builder builder = EchoClient.builder()
                    .address(server.address())
                    .tls(new SSLContext(new CountedEngines(server.sslContext(), engines), null, "TLS") {})
                    .tlsParameters(protocols("TLSv1.3"));
            builder.connect().close();
            int first = engines.getAndSet(0);
            assertThat(first).isGreaterThan(1); // with those that check context and parameters
            builder.connect().close();
            assertThat(engines).hasValue(1);
            builder.tlsParameters(protocols("TLSv9"));
            assertThatThrownBy(builder::connect).hasMessageStartingWith("tlsParameters cannot be used: ");
        }
    }

    @Test
    void recordsThatNoBufferHoldsAreRefused() {
        SSLParameters parameters = new SSLParameters();
        parameters.setMaximumPacketSize(60_000);
        assertThatThrownBy(() -> EchoServer.builder()
                        .tls("self-signed")
                        .tlsParameters(parameters)
                        .start())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tlsParameters cannot be used: the maximumPacketSize (60000) must be at most 17408 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void keyManagerThatThrowsEndsHandshake(String protocol) throws Exception {
        try (EchoServer server = server(true).start()) {
            try (SSLSocket socket = connect(server, protocol)) {
                assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
            }
            Ending ending = ending(server);
            assertThat(ending.by()).isEqualTo(Ending.Side.SERVER);
            assertThat(ending.why()).startsWith("the TLS handshake failed: ").endsWith("no key today");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void errorInKeyManagerIsNoAlert(String protocol) throws Exception {
        try (EchoServer server =
                server(new Keys(false, () -> new NoClassDefFoundError("Vault"))).start()) {
            try (SSLSocket socket = connect(server, protocol)) {
                assertThatThrownBy(socket::startHandshake).isInstanceOf(IOException.class);
            }
            assertThat(ending(server).why()).isEqualTo("the TLS handshake failed: Vault");
            assertThat(server.recording().connection(1).events())
                    .extracting(RecordedEvent::kind)
                    .doesNotContain(RecordedEvent.Kind.ALERT);
        }
    }

    @Test
    void serverNameMatcherThatThrowsEndsHandshake() throws Exception {
        SSLParameters parameters = new SSLParameters();
        parameters.setSNIMatchers(List.of(new SNIMatcher(0) {
            @Override
            public boolean matches(SNIServerName name) {
                throw new IllegalStateException("no name today");
            }
        }));
        try (EchoServer server = EchoServer.builder()
                .tls("self-signed")
                .tlsParameters(parameters)
                .recording()
                .start()) {
            try (SSLSocket socket = connect(server, "TLSv1.3")) {
                SSLParameters named = socket.getSSLParameters();
                named.setServerNames(List.of(new SNIHostName("a.example")));
                socket.setSSLParameters(named);
                assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
            }
            assertThat(ending(server).why())
                    .startsWith("the TLS handshake failed: ")
                    .endsWith("no name today");
        }
    }

    /** With TLS 1.3, the ServerHello comes first: without it, the client could not decrypt the alert. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void clientOfServerWithoutKeyReadsAlert(String protocol) throws Exception {
        try (EchoServer server = server(false).start()) {
            try (SSLSocket socket = connect(server, protocol)) {
                assertThatThrownBy(socket::startHandshake).hasMessageContaining("handshake_failure");
            }
            ending(server);
            assertThat(server.recording().connection(1).events())
                    .extracting(RecordedEvent::detail)
                    .contains("handshake_failure by the server");
        }
    }

    /** JDK 17 names no alert of its own that is encrypted; each has the name that the client reads. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void encryptedAlertIsNamed(String protocol) throws Exception {
        byte[] unreadable = new byte[40];
        System.arraycopy(new byte[] {23, 3, 3, 0, 35}, 0, unreadable, 0, 5);
        byte[] tooShort = {23, 3, 3, 0, 1, 1};
        byte[] ofNoUse = {20, 3, 3, 0, 1, 1};
        byte[] tooLong = {23, 3, 3, -1, -1};
        for (byte[] record : List.of(unreadable, tooShort, ofNoUse, tooLong)) {
            try (EchoServer server =
                    EchoServer.builder().tls("self-signed").recording().start()) {
                String read = alertOf(server, protocol, record);
                assertThat(ending(server).why()).startsWith("TLS failed: ");
                assertThat(server.recording().connection(1).events())
                        .extracting(RecordedEvent::detail)
                        .contains(read + " by the server");
            }
        }
    }

    /** Sends this record after the handshake. Returns the name of the alert that the client reads. */
    private static String alertOf(EchoServer server, String protocol, byte[] record) throws IOException {
        try (Socket socket = PlainSockets.connect(server.address())) {
            SSLSocket tls = (SSLSocket)
                    server.sslContext().getSocketFactory().createSocket(socket, "localhost", server.port(), false);
            tls.setEnabledProtocols(new String[] {protocol});
            tls.startHandshake();
            socket.getOutputStream().write(record);
            tls.getInputStream().read();
            return "no alert";
        } catch (SSLException read) {
            return String.valueOf(read.getMessage()).replaceAll(".*Received fatal alert: ", "");
        }
    }
}
