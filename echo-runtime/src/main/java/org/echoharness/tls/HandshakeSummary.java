package org.echoharness.tls;

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
