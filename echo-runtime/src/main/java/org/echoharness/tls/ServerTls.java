package org.echoharness.tls;

import java.net.InetAddress;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** What a server with TLS needs: its key and certificate, and what clients trust. Immutable; any thread may use it. */
public final class ServerTls {

    private ServerTls() {}

    /**
     * Makes a certificate, signed by the authority of this run.
     *
     * @param hostNames the names, and {@code addresses} the addresses, that it is for besides localhost and loopback
     * @param parameters protocols, ciphers, ALPN, client authentication; null for the defaults
     */
    public static ServerTls issued(
            CertificateKind kind,
            Collection<String> hostNames,
            Collection<InetAddress> addresses,
            @Nullable SSLParameters parameters) {
        throw new UnsupportedOperationException();
    }

    /** Uses a context of the user's. */
    public static ServerTls of(SSLContext context, @Nullable SSLParameters parameters) {
        throw new UnsupportedOperationException();
    }

    /** Returns a new engine in server mode. */
    public SSLEngine engine() {
        throw new UnsupportedOperationException();
    }

    /** Returns the root that a client has to trust; null with a context of the user's. */
    public @Nullable X509Certificate certificate() {
        throw new UnsupportedOperationException();
    }

    /** Returns the root as PEM (RFC 7468). */
    public String pem() {
        throw new UnsupportedOperationException();
    }

    /** Returns a context for clients that trusts the root alone. */
    public SSLContext clientContext() {
        throw new UnsupportedOperationException();
    }
}
