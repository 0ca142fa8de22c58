package org.echoharness.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/** Certificates in a file as PEM (RFC 7468): reads and writes them. Any thread may call the methods. */
public final class PemFile {

    private static final String BEGIN = "-----BEGIN ";
    private static final String DASHES = "-----";
    private static final String LABEL = "CERTIFICATE";
    private static final String OLD_LABEL = "X509 CERTIFICATE"; // RFC 7468, section 5.1
    private static final int LINE_LENGTH = 64;
    private static final int MOST_REPLACED = 1 << 16;
    private static final int MOST_BYTES = 16 << 20; // a system's bundle has less than 1 MiB

    private PemFile() {}

    /** Returns a certificate as PEM, in lines that end with LF. */
    public static String text(X509Certificate certificate) {
        try {
            String body =
                    Base64.getMimeEncoder(LINE_LENGTH, new byte[] {'\n'}).encodeToString(certificate.getEncoded());
            return BEGIN + LABEL + DASHES + "\n" + body + "\n-----END " + LABEL + DASHES + "\n";
        } catch (CertificateException noEncoding) {
            throw new IllegalStateException("tls: a certificate has no encoding", noEncoding);
        }
    }

    /**
     * Writes a certificate to a file, whole or not at all. Makes the folders of the file. A file that exists is replaced if
     * it is empty or contains certificates alone.
     *
     * @param option the word that an error names, such as {@code certificateFile}
     * @throws IOException if the file cannot be written, or if it is another file; the message names option, file and cure
     */
    public static void write(String option, Path file, X509Certificate certificate) throws IOException {
        String why;
        IOException cause = null;
        try {
            why = whyKept(file);
            if (why.isEmpty()) {
                makeFolder(file);
                CompleteFile.replace(file, out -> out.write(text(certificate).getBytes(StandardCharsets.US_ASCII)));
                return;
            }
        } catch (IOException failed) {
            why = FileErrorText.reason(failed) + "; name a file that can be written";
            cause = failed;
        }
        throw new IOException(problem(option, file, why), cause);
    }

    /**
     * Returns why the file must not be replaced, or an empty text if nothing is lost with it: {@code mktemp} makes an empty
     * one, and an earlier run a certificate.
     */
    private static String whyKept(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            return "it is a folder; name a file in it";
        }
        if (!Files.exists(file)) {
            return "";
        }
        if (!Files.isRegularFile(file)) {
            return "it is no regular file; name a file that can be written";
        }
        try (InputStream in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(MOST_REPLACED), StandardCharsets.ISO_8859_1);
            boolean isReplaceable =
                    text.isEmpty() || (text.startsWith(BEGIN + LABEL + DASHES) && !text.contains("PRIVATE KEY"));
            return isReplaceable ? "" : "it exists and is no file of certificates; delete it, or name another file";
        }
    }

    private static void makeFolder(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            return;
        }
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException exists) {
            String which = Escaping.escape(String.valueOf(exists.getFile()));
            throw new FileSystemException(file.toString(), null, which + " is no folder");
        }
    }

    /**
     * Reads the certificates of a file. Other text and other kinds of PEM in it, such as keys, are ignored.
     *
     * @param option the word that an error names, such as {@code upstreamTls}
     * @return at least one certificate
     * @throws IllegalArgumentException if the file cannot be read or contains no certificate; the message names option, file
     *     and cure
     */
    public static List<X509Certificate> read(String option, Path file) {
        byte[] bytes;
        try {
            if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
                throw refused(
                        option, file, "it is no regular file; name a PEM file with the certificate to trust", null);
            }
            try (InputStream in = Files.newInputStream(file)) {
                bytes = in.readNBytes(MOST_BYTES + 1);
            }
        } catch (IOException failed) {
            throw refused(
                    option,
                    file,
                    FileErrorText.reason(failed)
                            + "; name a PEM file with the certificate to trust, insecure or system",
                    failed);
        }
        if (bytes.length > MOST_BYTES) {
            throw refused(option, file, "it has more than 16 MiB; name a PEM file with the certificate to trust", null);
        }
        return certificates(option, file, bytes);
    }

    /** Reads a certificate that another program has sent as PEM. */
    public static X509Certificate certificate(String pem) {
        try {
            return parsed(pem.getBytes(StandardCharsets.US_ASCII));
        } catch (CertificateException unreadable) {
            throw new IllegalArgumentException(
                    "a certificate cannot be read: "
                            + Escaping.cut(Escaping.escape(String.valueOf(unreadable.getMessage()))),
                    unreadable);
        }
    }

    private static List<X509Certificate> certificates(String option, Path file, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        List<X509Certificate> certificates = new ArrayList<>();
        String other = "";
        for (int begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
            int labelEnd = text.indexOf(DASHES, begin + BEGIN.length());
            String label = labelEnd < 0 ? "" : text.substring(begin + BEGIN.length(), labelEnd);
            if (!label.equals(LABEL) && !label.equals(OLD_LABEL)) {
                other = label;
                continue;
            }
            int which = certificates.size() + 1;
            int bodyEnd = text.indexOf("-----END " + label + DASHES, labelEnd);
            if (bodyEnd < 0) {
                throw refused(option, file, "certificate " + which + " has no end; write the file again", null);
            }
            certificates.add(certificate(option, file, which, text.substring(labelEnd + DASHES.length(), bodyEnd)));
        }
        if (certificates.isEmpty()) {
            throw refused(option, file, whyEmpty(bytes, other), null);
        }
        return List.copyOf(certificates);
    }

    private static X509Certificate certificate(String option, Path file, int which, String body) {
        try {
            return parsed(Base64.getMimeDecoder().decode(body));
        } catch (CertificateException | IllegalArgumentException broken) {
            String reason = Escaping.cut(Escaping.escape(String.valueOf(broken.getMessage())));
            throw refused(
                    option, file, "certificate " + which + " is broken (" + reason + "); write the file again", broken);
        }
    }

    /** @param encoded in PEM or DER */
    private static X509Certificate parsed(byte[] encoded) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }

    private static String whyEmpty(byte[] bytes, String other) {
        if (!other.isEmpty()) {
            return "it has a " + Escaping.cut(Escaping.escape(other)) + " and no CERTIFICATE;"
                    + " name a PEM file with the certificate to trust";
        }
        if (bytes.length > 0 && bytes[0] == 0x30) { // the tag of a SEQUENCE
            return "it is in DER, not in PEM; convert it with: openssl x509 -inform der -in FILE -out FILE.pem";
        }
        return "it has no line -----BEGIN CERTIFICATE-----; name a PEM file with the certificate to trust";
    }

    private static IllegalArgumentException refused(String option, Path file, String why, @Nullable Exception cause) {
        return new IllegalArgumentException(problem(option, file, why), cause);
    }

    private static String problem(String option, Path file, String why) {
        return option + " (" + Escaping.escape(file.toString()) + ") cannot be used: " + why;
    }
}
