package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateKindTest {

    private static final String KINDS = "be self-signed, expired, not-yet-valid, or for NAME with the name of a host";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self-signed",
                "expired",
                "not-yet-valid",
                "for other.example",
                "for a",
                "for my_service",
                "for EXAMPLE.com",
                "for xn--bcher-kva.example",
                "for 1a.2b",
                "for a09z.A-Z",
                "for for"
            })
    void textIsReadAsSameKind(String text) {
        CertificateKind kind = CertificateKind.parse("tls", text);
        assertThat(kind).hasToString(text);
        assertThat(CertificateKind.parse("tls", kind.toString())).isEqualTo(kind);
    }

    @Test
    void ignoresSpaceAround() {
        assertThat(CertificateKind.parse("tls", " expired\n")).isEqualTo(CertificateKind.EXPIRED);
        assertThat(CertificateKind.parse("tls", " for \t a.example ")).hasToString("for a.example");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|be self-signed, expired, not-yet-valid, or for NAME with the name of a host",
                "for|be self-signed, expired, not-yet-valid, or for NAME with the name of a host",
                "'for '|be self-signed, expired, not-yet-valid, or for NAME with the name of a host",
                "fora.example|be self-signed, expired, not-yet-valid, or for NAME with the name of a host",
                "selfsigned|be self-signed, expired, not-yet-valid, or for NAME with the name of a host;"
                        + " did you mean self-signed?",
                "target/echo.pem|be self-signed, expired, not-yet-valid, or for NAME with the name of a host;"
                        + " a file is for certificateFile, or for the tls of a client",
                "Expired|be self-signed, expired, not-yet-valid, or for NAME with the name of a host;"
                        + " did you mean expired?",
                "for *.example|name one host, without a wildcard; for a certificate with a wildcard,"
                        + " use an SSLContext of your own",
                "for bücher.example|have the name in ASCII; write for xn--bcher-kva.example",
                "for ．|have the name in ASCII",
                "for 127.0.0.1|name a host, not an address; for a certificate of another address,"
                        + " use an SSLContext of your own",
                "for 10000|name a host, not an address; for a certificate of another address,"
                        + " use an SSLContext of your own",
                "for ::1|name a host, not an address; for a certificate of another address,"
                        + " use an SSLContext of your own",
                "for [::1]|name a host, not an address; for a certificate of another address,"
                        + " use an SSLContext of your own",
                "/echo|be self-signed, expired, not-yet-valid, or for NAME with the name of a host;"
                        + " a file is for certificateFile, or for the tls of a client",
                "for straße|have the name in ASCII",
                "for 10.0.0.9|name a host, not an address; for a certificate of another address,"
                        + " use an SSLContext of your own",
                "for a.example:443|name a host without a port",
                "for :80|name a host without a port",
                "for a.example.|have one dot between the labels of the name, and none before or after it",
                "for .a|have one dot between the labels of the name, and none before or after it",
                "for a..b|have one dot between the labels of the name, and none before or after it",
                "for -a|have no label that begins or ends with a hyphen",
                "for a-.b|have no label that begins or ends with a hyphen",
                "for a b|have a name of letters, digits, hyphens and dots",
                "for a/b|have a name of letters, digits, hyphens and dots",
                "for https://a|have a name of letters, digits, hyphens and dots",
            })
    void refusesOtherTextWithCure(String text, String cure) {
        assertThatThrownBy(() -> CertificateKind.parse("tls", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tls (" + text + ") must " + cure);
    }

    /** Also of those that are refused because of the name. */
    @ParameterizedTest
    @CsvSource({
        "self-signed, true",
        "expired, true",
        "not-yet-valid, true",
        "for a.example, true",
        "for *, true",
        "for, false",
        "fora, false",
        "target/echo.pem, false",
        "none, false"
    })
    void knowsTextsOfKinds(String text, boolean isKind) {
        assertThat(CertificateKind.isKind(text)).isEqualTo(isKind);
    }

    @Test
    void escapesTextInError() {
        assertThatThrownBy(() -> CertificateKind.parse("tls", "for a\0b\u001b"))
                .hasMessage("tls (for a\\x00b\\x1b) must have a name of letters, digits, hyphens and dots");
        assertThatThrownBy(() -> CertificateKind.parse("tls", "for a\u0080b"))
                .hasMessage("tls (for a\\xc2\\x80b) must have the name in ASCII");
        assertThatThrownBy(() -> CertificateKind.parse("tls", "self\nsigned"))
                .hasMessage("tls (self\\nsigned) must " + KINDS + "; did you mean self-signed?");
    }

    /** RFC 1035, section 2.3.4: labels of 63 octets, and names of 255 with the length octets and the root. */
    @Test
    void allowsLongestName() {
        String label = "a".repeat(63);
        String longest = label + "." + label + "." + label + "." + "b".repeat(61);
        assertThat(CertificateKind.parse("tls", "for " + longest).name()).hasSize(253);
        assertThatThrownBy(() -> CertificateKind.parse("tls", "for " + longest + "b"))
                .hasMessageEndingWith(" must have a name of at most 253 characters; this one has 254");
        assertThatThrownBy(() -> CertificateKind.parse("tls", "for " + label + "a.b"))
                .hasMessageEndingWith(" must have labels of at most 63 characters; one has 64");
    }

    @Test
    void cutsLongTextInError() {
        assertThatThrownBy(() -> CertificateKind.parse("tls", "for " + "a".repeat(100_000)))
                .satisfies(error -> assertThat(error.getMessage()).hasSizeLessThan(2_000));
    }
}
