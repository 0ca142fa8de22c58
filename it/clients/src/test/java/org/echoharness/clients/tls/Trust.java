package org.echoharness.clients.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.echoharness.EchoServer;

/**
 * Which root a client trusts.
 *
 * @param file the root as PEM
 * @param context trusts it too
 */
record Trust(Path file, SSLContext context) {

    /** A client that trusts the server's certificate. */
    static Trust in(EchoServer server, Path certificateFile) {
        return new Trust(certificateFile, server.sslContext());
    }

    /** A client that trusts only roots of others: one of those that the JDK trusts, or all of them. */
    static Trust inOthers(Path folder) throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        X509Certificate root = Arrays.stream(factory.getTrustManagers())
                .map(X509TrustManager.class::cast)
                .flatMap(manager -> Arrays.stream(manager.getAcceptedIssuers()))
                .findFirst()
                .orElseThrow();
        return new Trust(write(folder.resolve("others.pem"), root), SSLContext.getDefault());
    }

    private static Path write(Path file, X509Certificate certificate) throws Exception {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded());
        return Files.writeString(
                file,
                "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n",
                StandardCharsets.US_ASCII);
    }
}
