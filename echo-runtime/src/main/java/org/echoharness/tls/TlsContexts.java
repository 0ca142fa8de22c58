package org.echoharness.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Makes contexts from keys and from the certificates that are trusted. No context uses a key store, since one takes long to
 * make and to encrypt. Any thread may call the methods.
 */
final class TlsContexts {

    private TlsContexts() {}

    /** Returns the context of a server with this key. If it asks a client for a certificate, it accepts any. */
    static SSLContext server(ServerKey key) {
        return context(new KeyManager[] {new OneKey(key)}, new TrustManager[] {new TrustsAny()});
    }

    /** Returns the context of a server that has no key yet. */
    static SSLContext withoutKey() {
        return context(new KeyManager[0], new TrustManager[] {new TrustsAny()});
    }

    /**
     * Returns the context of a client that trusts these roots alone.
     *
     * @param key what the client shows to a server that asks for a certificate; null for nothing
     */
    static SSLContext client(Collection<X509Certificate> roots, @Nullable ServerKey key) {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate root : roots) {
            anchors.add(new TrustAnchor(root, null));
        }
        try {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, null);
            parameters.setRevocationEnabled(false);
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            return context(
                    key == null ? new KeyManager[0] : new KeyManager[] {new OneKey(key)}, factory.getTrustManagers());
        } catch (GeneralSecurityException failed) {
            throw unusable(failed);
        }
    }

    /** Returns the context of a client that trusts any certificate. */
    static SSLContext insecureClient() {
        return context(new KeyManager[0], new TrustManager[] {new TrustsAny()});
    }

    /** Returns the context of a client that trusts the certificates of the JDK's trust store. */
    static SSLContext systemClient() {
        return context(new KeyManager[0], null);
    }

    private static SSLContext context(KeyManager[] keys, TrustManager @Nullable [] trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException failed) {
            throw unusable(failed);
        }
    }

    /**
     * Makes an engine with a context of the user's.
     *
     * @param option the word that an error names, such as {@code upstreamTls}
     * @throws IllegalArgumentException if the context makes none, for example because it is not initialized
     */
    static SSLEngine engine(String option, SSLContext users) {
        RuntimeException why = null;
        try {
            SSLEngine engine = users.createSSLEngine();
            if (engine != null) {
                return engine;
            }
        } catch (RuntimeException refused) {
            why = refused;
        }
        String reason = why == null ? "it makes no SSLEngine" : String.valueOf(why.getMessage());
        throw new IllegalArgumentException(
                option + " (an SSLContext) cannot be used: " + Escaping.escape(reason)
                        + "; call its method init first, so that createSSLEngine() returns an engine",
                why);
    }

    /**
     * Sets parameters of the user's, and begins a handshake, which fails if no protocol and cipher suite can be used.
     *
     * @throws IllegalArgumentException if the engine cannot use the parameters
     */
    static void check(SSLEngine engine, SSLParameters parameters) {
        int most = parameters.getMaximumPacketSize();
        if (most > TlsBuffers.RECORD) {
            throw new IllegalArgumentException("tlsParameters cannot be used: the maximumPacketSize (" + most
                    + ") must be at most " + TlsBuffers.RECORD + " bytes");
        }
        try {
            engine.setSSLParameters(parameters);
            engine.beginHandshake();
        } catch (IllegalArgumentException | SSLException unusable) {
            throw new IllegalArgumentException(
                    "tlsParameters cannot be used: " + unusable.getMessage()
                            + "; see SSLContext.getSupportedSSLParameters",
                    unusable);
        }
    }

    private static IllegalStateException unusable(GeneralSecurityException failed) {
        return new IllegalStateException("tls: this JVM cannot use TLS: " + failed.getMessage(), failed);
    }

    /** Has one key, which it offers for every name and to every peer that accepts keys of its kind. */
    private static final class OneKey extends X509ExtendedKeyManager {

        private static final String ALIAS = "echo";

        private final ServerKey key;

        OneKey(ServerKey key) {
            this.key = key;
        }

        private @Nullable String alias(String... keyTypes) {
            for (String keyType : keyTypes) {
                if (keyType.equals(key.key().getAlgorithm())) {
                    return ALIAS;
                }
            }
            return null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
            return alias(keyType);
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, Socket socket) {
            return alias(keyType);
        }

        @Override
        public @Nullable String chooseEngineClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, SSLEngine engine) {
            return alias(keyTypes);
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
            return alias(keyTypes);
        }

        @Override
        public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return alias(keyType) == null ? null : new String[] {ALIAS};
        }

        @Override
        public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return alias(keyType) == null ? null : new String[] {ALIAS};
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            return alias.equals(ALIAS) ? key.chain().clone() : null;
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return alias.equals(ALIAS) ? key.key() : null;
        }
    }

    /** Accepts any certificate. It is one of the extended kind, since the JDK adds checks of its own to the other. */
    private static final class TrustsAny extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
