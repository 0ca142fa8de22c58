package org.echoharness.junit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The PEM file with the certificate that clients of a server in another process have to trust.
 *
 * @param from where its path is from, for errors
 */
record CertificateFile(Path path, String from) {

    /** Returns the file that a configuration parameter names; null if it names none. */
    static @Nullable CertificateFile configured(String server, ExtensionContext context) {
        String parameter = "echo.server." + server + ".certificate";
        String text = context.getConfigurationParameter(parameter).orElse("");
        return text.isEmpty() ? null : of(text, "the configuration parameter " + parameter);
    }

    /** Returns the file at a path, which begins at the folder of the module if it is relative. */
    static CertificateFile of(String path, String from) {
        Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir", "")));
        try {
            return new CertificateFile(module.resolve(path.strip()), from);
        } catch (InvalidPathException malformed) {
            throw new IllegalArgumentException(
                    from + " must be the path of a PEM file: " + malformed.getMessage(), malformed);
        }
    }

    /** Reads the first certificate. */
    X509Certificate certificate() throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        } catch (IOException | CertificateException unreadable) {
            throw new IOException(
                    "the certificate that its clients have to trust cannot be read from " + path + ": "
                            + FileErrorText.reason(unreadable) + " (the path is from " + from + ")",
                    unreadable);
        }
    }

    /** Returns what trusts that certificate alone. */
    SSLContext context() throws IOException {
        X509Certificate trusted = certificate();
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("echo", trusted);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException unusable) {
            throw new IOException("this JVM cannot use TLS: " + unusable.getMessage(), unusable);
        }
    }
}
