package org.echoharness.tls;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * How a server speaks TLS to its clients. A builder collects the values, and {@link #checked} refuses those that do not go
 * together. Only a server with one of these options loads this class. Immutable.
 *
 * @param kind the certificate that the server makes for itself; null with a context of the user's
 * @param context what the user wants the server to use; null if it makes a certificate
 * @param parameters protocols, ciphers, ALPN, SNI and client authentication; null for the defaults of the JDK
 * @param certificateFile where to write the certificate that clients have to trust; null for nowhere
 * @param startsInClear whether a connection begins without TLS, until its script or handler starts it
 */
public record TlsOptions(
        @Nullable CertificateKind kind,
        @Nullable SSLContext context,
        @Nullable SSLParameters parameters,
        @Nullable Path certificateFile,
        boolean startsInClear) {

    public static final String WORD = "tls";
    public static final String FILE = "certificateFile";
    public static final String UPSTREAM = "upstreamTls";

    /** The text of {@code tls} with a context, which has none of its own. */
    public static final String CONTEXT = TlsTrust.USERS;

    private static final TlsOptions NONE = new TlsOptions(null, null, null, null, false);

    /**
     * Whom a relay trusts that speaks TLS to its upstream: one of the two is null.
     *
     * @param text is read when the server is built, because another server may write the file that it names
     */
    public record Upstream(@Nullable String text, @Nullable SSLContext context) {

        public TlsTrust trust() {
            return context == null
                    ? TlsTrust.parse(UPSTREAM, Objects.requireNonNull(text))
                    : TlsTrust.of(UPSTREAM, context);
        }

        @Override
        public String toString() {
            return text == null ? CONTEXT : Escaping.escape(text);
        }
    }

    private static TlsOptions of(@Nullable TlsOptions before) {
        return before == null ? NONE : before;
    }

    /**
     * Returns options with this certificate.
     *
     * @param before null for none
     * @param text which certificate the server makes, such as {@code self-signed}; null for none
     */
    public static TlsOptions withKind(@Nullable TlsOptions before, @Nullable String text) {
        TlsOptions own = of(before);
        CertificateKind kind = text == null ? null : CertificateKind.parse(WORD, text);
        return new TlsOptions(kind, own.context, own.parameters, own.certificateFile, own.startsInClear);
    }

    public static TlsOptions withContext(@Nullable TlsOptions before, @Nullable SSLContext context) {
        TlsOptions own = of(before);
        return new TlsOptions(own.kind, context, own.parameters, own.certificateFile, own.startsInClear);
    }

    public static TlsOptions withParameters(@Nullable TlsOptions before, SSLParameters parameters) {
        TlsOptions own = of(before);
        return new TlsOptions(own.kind, own.context, parameters, own.certificateFile, own.startsInClear);
    }

    public static TlsOptions withFile(@Nullable TlsOptions before, @Nullable Path file) {
        TlsOptions own = of(before);
        return new TlsOptions(own.kind, own.context, own.parameters, file, own.startsInClear);
    }

    /**
     * Returns these options for connections that begin in clear text.
     *
     * @param own null if the server speaks no TLS, which is refused
     * @param who what starts TLS: {@code script (start tls)} or {@code handlerStartsTls}
     */
    public static TlsOptions startingInClear(@Nullable TlsOptions own, String who) {
        if (own == null) {
            throw new IllegalArgumentException(
                    who + " is given without " + WORD + "; set " + WORD + ", such as self-signed, or leave it out");
        }
        return new TlsOptions(own.kind, own.context, own.parameters, own.certificateFile, true);
    }

    /** Reads the name of a file. */
    public static Path file(String text) {
        String cure = "be the path of a file, such as echo.pem";
        if (text.isBlank()) {
            throw Quantities.refused(FILE, Escaping.escape(text), cure);
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException malformed) {
            throw Quantities.refused(FILE, Escaping.escape(text), cure + ": " + FileErrorText.reason(malformed));
        }
    }

    /** Returns these options, or null if the server speaks no TLS. Throws if they do not go together. */
    public @Nullable TlsOptions checked() {
        if (kind != null && context != null) {
            throw new IllegalArgumentException(
                    WORD + " (" + kind + ") and " + WORD + " (" + CONTEXT + ") are both given; leave one out");
        }
        if (certificateFile != null && context != null) {
            throw new IllegalArgumentException(FILE + " (" + name(certificateFile) + ") is given with " + WORD + " ("
                    + CONTEXT + "), and the server does not know what clients of that have to trust; leave it out, or"
                    + " set " + WORD + " to self-signed");
        }
        if (kind != null || context != null) {
            return this;
        }
        if (certificateFile != null) {
            throw new IllegalArgumentException(FILE + " (" + name(certificateFile) + ") is given without " + WORD
                    + "; set " + WORD + ", such as self-signed, or leave it out");
        }
        if (parameters != null) {
            throw new IllegalArgumentException("tlsParameters are given without " + WORD + "; set " + WORD
                    + ", such as self-signed, or leave them out");
        }
        return null;
    }

    /** Returns the value of the option {@code tls}. */
    public String text() {
        return context == null ? String.valueOf(kind) : CONTEXT;
    }

    /** Returns the error of a server that needs no trust. */
    public static IllegalStateException noTls() {
        return new IllegalStateException(
                "the server speaks no TLS, so that clients have no certificate to trust; set its option tls, such as"
                        + " self-signed");
    }

    /** Returns the error of a server that cannot say what clients have to trust. */
    public static IllegalStateException unknownTrust() {
        return new IllegalStateException(
                "the server was given an SSLContext, so it does not know what clients have to trust;"
                        + " use a context of your own for clients too, or set " + WORD + " to self-signed");
    }

    private static String name(Path file) {
        return Escaping.escape(file.toString());
    }
}
