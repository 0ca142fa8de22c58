package org.echoharness.tls;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.echoharness.sockets.NameResolver;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/**
 * Whom a client trusts: the certificates of a PEM file, any ({@code insecure}), those of the JDK ({@code system}), or a
 * context. Immutable; any thread may use it.
 */
public final class TlsTrust {

    /** The text that trusts any certificate. */
    public static final String INSECURE = "insecure";

    /** The text that trusts those that the JDK trusts. */
    public static final String SYSTEM = "system";

    /** The text of a context of the user's, which has none of its own. */
    static final String USERS = "an SSLContext";

    private static final String VALUES = "be the path of a PEM file, insecure or system";

    private final String text;
    private final SSLContext context;

    private TlsTrust(String text, SSLContext context) {
        this.text = text;
        this.context = context;
    }

    /**
     * Reads it from its text: the path of a PEM file, {@code insecure} or {@code system}. The file is read now.
     *
     * @param option the word that an error names, such as {@code upstreamTls}
     * @throws IllegalArgumentException if the file cannot be read or has no certificate
     */
    public static TlsTrust parse(String option, String text) {
        String trimmed = text.strip();
        return switch (trimmed) {
            case "" -> throw Quantities.refused(option, Escaping.escape(text), VALUES);
            case INSECURE -> new TlsTrust(trimmed, TlsContexts.insecureClient());
            case SYSTEM -> new TlsTrust(trimmed, TlsContexts.systemClient());
            default -> {
                if (CertificateKind.isKind(trimmed)) {
                    throw Quantities.refused(
                            option,
                            Escaping.cut(Escaping.escape(text)),
                            VALUES + "; a certificate is for the tls of a server");
                }
                yield new TlsTrust(trimmed, TlsContexts.client(PemFile.read(option, path(option, trimmed)), null));
            }
        };
    }

    private static Path path(String option, String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException invalid) {
            throw new IllegalArgumentException(
                    option + " (" + Escaping.escape(text) + ") cannot be used: " + invalid.getReason()
                            + "; write the path of a PEM file, insecure or system",
                    invalid);
        }
    }

    /**
     * Trusts whom a context of the user's trusts.
     *
     * @param option the word that an error names, such as {@code upstreamTls}
     * @throws IllegalArgumentException if the context makes no engine
     */
    public static TlsTrust of(String option, SSLContext context) {
        TlsContexts.engine(option, context);
        return new TlsTrust(USERS, context);
    }

    /** Returns what runs the slow steps of handshakes. */
    public Executor tasks() {
        return HandshakeThreads.executor(text.equals(USERS));
    }

    /** Returns whether it trusts any certificate. */
    boolean isInsecure() {
        return text.equals(INSECURE);
    }

    /**
     * Returns a new engine in client mode, which checks the certificate's name unless it trusts any certificate (RFC 2818,
     * section 3.1).
     *
     * @param host the name or address of the server, as the user wrote it; a name is sent to the server (RFC 6066,
     *     section 3)
     */
    public SSLEngine engine(String host, int port) {
        return named(certified(host), port);
    }

    /** Returns the host as a certificate has it: without the network interface of an address, and without the root's dot. */
    private static String certified(String host) {
        int scope = host.indexOf('%');
        int end = scope >= 0 ? scope : host.length();
        return host.substring(0, host.endsWith(".") && end > 1 ? end - 1 : end);
    }

    private SSLEngine named(String host, int port) {
        SSLEngine engine = context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        if (!isInsecure()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (!NameResolver.isNumeric(host)) { // the JDK itself sends only names with a dot in them
            try {
                parameters.setServerNames(List.of(new SNIHostName(host)));
            } catch (IllegalArgumentException notSent) {
                parameters.setServerNames(List.of()); // a name that SNI cannot have, such as a_b
            }
        }
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** Returns the text, which {@link #parse} reads unless it is a context of the user's. */
    @Override
    public String toString() {
        return text;
    }
}
