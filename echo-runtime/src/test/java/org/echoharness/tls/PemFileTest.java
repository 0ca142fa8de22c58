package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemFileTest {

    private static final X509Certificate ROOT = CertificateAuthority.ofThisRun().root();
    private static final String NAME_A_FILE = "; name a PEM file with the certificate to trust";

    @TempDir
    Path folder;

    private static X509Certificate leaf() {
        return CertificateAuthority.ofThisRun()
                .issue(CertificateKind.parse("tls", "for a.example"), List.of(), List.of())
                .chain()[0];
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("file.pem"), content);
    }

    /** RFC 7468, section 2: lines of 64 characters. */
    @Test
    void textHasLinesOf64Characters() {
        List<String> lines = PemFile.text(ROOT).lines().toList();
        assertThat(lines.get(0)).isEqualTo("-----BEGIN CERTIFICATE-----");
        assertThat(lines.get(lines.size() - 1)).isEqualTo("-----END CERTIFICATE-----");
        assertThat(lines.subList(1, lines.size() - 2)).allMatch(line -> line.matches("[A-Za-z0-9+/]{64}"));
        assertThat(PemFile.text(ROOT)).endsWith("-----END CERTIFICATE-----\n").doesNotContain("\r");
    }

    @Test
    void readsWhatItWrote() throws Exception {
        Path file = folder.resolve("new/folder/root.pem");
        PemFile.write("certificateFile", file, ROOT);
        assertThat(file).hasContent(PemFile.text(ROOT));
        assertThat(file.getParent().toFile().list()).containsExactly("root.pem");
        assertThat(PemFile.read("upstreamTls", file)).containsExactly(ROOT);
    }

    @Test
    void replacesEmptyFileAndCertificateOfAnEarlierRun() throws Exception {
        Path file = file("");
        PemFile.write("certificateFile", file, leaf());
        PemFile.write("certificateFile", file, ROOT);
        assertThat(PemFile.read("upstreamTls", file)).containsExactly(ROOT);
        assertThat(folder.toFile().list()).containsExactly("file.pem");
    }

    @Test
    void keepsOtherFiles() throws Exception {
        for (String content : List.of(
                "mine",
                "\n",
                "-----BEGIN PRIVATE KEY-----\n",
                PemFile.text(ROOT) + "\n-----BEGIN PRIVATE KEY-----\n")) {
            Path file = file(content);
            assertThatThrownBy(() -> PemFile.write("certificateFile", file, ROOT))
                    .isInstanceOf(IOException.class)
                    .hasMessage("certificateFile (" + file + ") cannot be used:"
                            + " it exists and is no file of certificates; delete it, or name another file");
            assertThat(file).hasContent(content);
        }
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void writeNamesFileReasonAndCure() throws Exception {
        Path file = Files.writeString(folder.resolve("a.pem"), "");
        assertNotWritten(folder, "it is a folder; name a file in it");
        assertNotWritten(file.resolve("root.pem"), file + " is no folder; name a file that can be written");
        assertNotWritten(Path.of("/dev/null"), "it is no regular file; name a file that can be written");
        assertNotWritten(folder.resolve("x".repeat(250)), "File name too long; name a file that can be written");
        assertThat(folder.toFile().list()).containsExactly("a.pem");
    }

    /** The system does not say which file it is: the exception has only a reason. */
    @Test
    void writeNamesFileThatCannotBeRead() {
        Path unreadable = Path.of("/proc/self/mem");
        assumeTrue(Files.isRegularFile(unreadable));
        assertNotWritten(unreadable, "Input/output error; name a file that can be written");
        assertNotWritten(Path.of("/proc/root.pem"), "No such file or directory; name a file that can be written");
    }

    private static void assertNotWritten(Path file, String why) {
        assertThatThrownBy(() -> PemFile.write("certificateFile", file, ROOT))
                .isInstanceOf(IOException.class)
                .hasMessage("certificateFile (" + file + ") cannot be used: " + why);
    }

    @Test
    void readsCertificatesBetweenOtherText() throws Exception {
        X509Certificate leaf = leaf();
        Path file = file("subject=a é\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                + PemFile.text(leaf)
                + "between\n"
                + PemFile.text(ROOT).replace("CERTIFICATE", "X509 CERTIFICATE").replace("\n", "\r\n")
                + PemFile.text(ROOT)
                + "after");
        assertThat(PemFile.read("upstreamTls", file)).containsExactly(leaf, ROOT, ROOT);
    }

    @Test
    void readNamesFileReasonAndCure() throws Exception {
        assertRefused(folder, "it is no regular file" + NAME_A_FILE);
        assertRefused(file(""), "it has no line -----BEGIN CERTIFICATE-----" + NAME_A_FILE);
        assertRefused(file("hello"), "it has no line -----BEGIN CERTIFICATE-----" + NAME_A_FILE);
        assertRefused(
                file("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"),
                "it has a PRIVATE KEY and no CERTIFICATE" + NAME_A_FILE);
        assertRefused(
                file(PemFile.text(ROOT).replaceAll("-----END.*", "")),
                "certificate 1 has no end; write the file again");
        Path der = Files.write(folder.resolve("root.der"), ROOT.getEncoded());
        assertRefused(
                der, "it is in DER, not in PEM; convert it with: openssl x509 -inform der -in FILE -out FILE.pem");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "AA==", "*", "MIIB", "\u0001"})
    void refusesBrokenCertificate(String body) throws Exception {
        Path file = file(PemFile.text(ROOT) + "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n");
        assertThatThrownBy(() -> PemFile.read("upstreamTls", file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("upstreamTls (" + file + ") cannot be used: certificate 2 is broken (")
                .hasMessageEndingWith("); write the file again");
    }

    @Test
    void readsNoMoreThanItsLimit() throws Exception {
        Path large = folder.resolve("large.pem");
        byte[] padding = new byte[(16 << 20) + 1 - PemFile.text(ROOT).length()];
        Files.write(large, PemFile.text(ROOT).getBytes(StandardCharsets.US_ASCII));
        Files.write(large, padding, StandardOpenOption.APPEND);
        assertRefused(large, "it has more than 16 MiB" + NAME_A_FILE);
    }

    private static void assertRefused(Path file, String why) {
        assertThatThrownBy(() -> PemFile.read("upstreamTls", file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upstreamTls (" + file + ") cannot be used: " + why);
    }
}
