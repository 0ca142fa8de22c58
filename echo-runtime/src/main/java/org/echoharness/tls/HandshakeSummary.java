package org.echoharness.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.echoharness.text.Escaping;

/**
 * What a handshake has agreed on.
 *
 * @param protocol such as {@code TLSv1.3}
 * @param cipher the cipher suite
 * @param serverName the name that the client asked for (RFC 6066, section 3); empty if none
 * @param applicationProtocol by ALPN (RFC 7301); empty if none
 * @param clientSubject the subject of the client's certificate; empty if it has sent none
 */
public record HandshakeSummary(
        String protocol, String cipher, String serverName, String applicationProtocol, String clientSubject) {

    /** Returns what an engine has agreed on whose handshake is complete, with the texts of the peer escaped. */
    static HandshakeSummary of(SSLEngine engine) {
        SSLSession session = engine.getSession();
        String protocol = engine.getApplicationProtocol();
        return new HandshakeSummary(
                session.getProtocol(),
                session.getCipherSuite(),
                Escaping.escape(serverName(session)),
                Escaping.escape(protocol == null ? "" : protocol),
                hasAsked(engine) ? Escaping.escape(subject(session)) : "");
    }

    /** Returns whether the peer was asked for a certificate; without that, the session would make an exception to say so. */
    private static boolean hasAsked(SSLEngine engine) {
        return !engine.getUseClientMode() && (engine.getNeedClientAuth() || engine.getWantClientAuth());
    }

    private static String serverName(SSLSession session) {
        if (session instanceof ExtendedSSLSession extended) {
            List<SNIServerName> names = extended.getRequestedServerNames();
            if (!names.isEmpty() && names.get(0) instanceof SNIHostName host) {
                return host.getAsciiName();
            }
        }
        return "";
    }

    private static String subject(SSLSession session) {
        try {
            return session.getPeerCertificates()[0] instanceof X509Certificate first
                    ? first.getSubjectX500Principal().getName()
                    : "";
        } catch (SSLPeerUnverifiedException none) {
            return "";
        }
    }

    /** Returns it for a recording, such as {@code TLSv1.3 TLS_AES_256_GCM_SHA384, SNI localhost, ALPN h2}. */
    @Override
    public String toString() {
        return protocol + " " + cipher + optional("SNI", serverName) + optional("ALPN", applicationProtocol)
                + optional("client certificate", clientSubject);
    }

    private static String optional(String what, String value) {
        return value.isEmpty() ? "" : ", " + what + " " + value;
    }
}
