package org.echoharness.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * The private key of one end of a connection, and its certificate.
 *
 * @param key the key of the first certificate
 * @param chain the certificate, and then those that signed it up to the root; not changed
 */
@SuppressWarnings("ArrayRecordComponent") // the JDK takes an array, and nobody compares two keys
record ServerKey(PrivateKey key, X509Certificate[] chain) {}
