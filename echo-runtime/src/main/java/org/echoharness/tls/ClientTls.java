package org.echoharness.tls;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * What a client with TLS needs. Any thread may use it.
 *
 * @param trust whom it trusts
 * @param parameters what it offers and checks; null for the defaults
 */
public record ClientTls(TlsTrust trust, @Nullable SSLParameters parameters) {

    /** The name of a server that has none, since it is at a Unix socket. */
    public static final String NAMELESS = "localhost";

    /**
     * Returns what a client needs that offers these parameters.
     *
     * @throws IllegalArgumentException if the JVM cannot use the parameters
     */
    public static ClientTls checked(TlsTrust trust, @Nullable SSLParameters parameters) {
        if (parameters != null) {
            TlsContexts.check(trust.engine(NAMELESS, -1), parameters);
        }
        return new ClientTls(trust, parameters);
    }

    /** Returns a new engine in client mode for a server, whose name it sends and checks. */
    public SSLEngine engine(String host, int port) {
        SSLEngine engine = trust.engine(host, port);
        if (parameters != null) {
            engine.setSSLParameters(parameters); // what is null in them stays
        }
        return engine;
    }
}
