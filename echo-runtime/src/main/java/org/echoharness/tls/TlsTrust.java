package org.echoharness.tls;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Whom a client trusts: the certificates of a PEM file, any ({@code insecure}), those of the JDK ({@code system}), or a context. */
public final class TlsTrust {

    private TlsTrust() {}

    /**
     * Reads it from its text: the path of a PEM file, {@code insecure} or {@code system}.
     *
     * @param option the word that an error names, such as {@code upstreamTls}
     * @throws IllegalArgumentException if the file cannot be read or has no certificate
     */
    public static TlsTrust parse(String option, String text) {
        throw new UnsupportedOperationException();
    }

    /** Trusts whom a context of the user's trusts. */
    public static TlsTrust of(SSLContext context) {
        throw new UnsupportedOperationException();
    }

    /** Returns whether it trusts any certificate. */
    public boolean isInsecure() {
        throw new UnsupportedOperationException();
    }

    /** Returns a new engine in client mode, which checks the certificate's name unless it trusts any certificate. */
    public SSLEngine engine(String host, int port) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
        throw new UnsupportedOperationException();
    }
}
