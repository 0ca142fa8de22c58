package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class DerWriterTest {

    private static String hex(byte[] encoded) {
        return HexFormat.of().formatHex(encoded);
    }

    @Test
    void writesIntegersInFewestOctets() {
        assertThat(hex(DerWriter.integer(BigInteger.ZERO))).isEqualTo("020100");
        assertThat(hex(DerWriter.integer(BigInteger.valueOf(127)))).isEqualTo("02017f");
        assertThat(hex(DerWriter.integer(BigInteger.valueOf(128)))).isEqualTo("02020080");
        assertThat(hex(DerWriter.integer(BigInteger.valueOf(-128)))).isEqualTo("020180");
    }

    @Test
    void writesLengthsInFewestOctets() {
        assertThat(hex(DerWriter.octets(new byte[0]))).isEqualTo("0400");
        assertThat(hex(DerWriter.octets(new byte[127]))).startsWith("047f00").hasSize(2 * 129);
        assertThat(hex(DerWriter.octets(new byte[128]))).startsWith("04818000").hasSize(2 * 131);
        assertThat(hex(DerWriter.octets(new byte[255]))).startsWith("0481ff00").hasSize(2 * 258);
        assertThat(hex(DerWriter.octets(new byte[256])))
                .startsWith("0482010000")
                .hasSize(2 * 260);
        assertThat(hex(DerWriter.octets(new byte[65_535]))).startsWith("0482ffff00");
        assertThat(hex(DerWriter.octets(new byte[65_536]))).startsWith("048301000000");
    }

    @Test
    void writesObjectIdentifiers() {
        assertThat(hex(DerWriter.oid(2, 5, 29, 17))).isEqualTo("0603551d11");
        assertThat(hex(DerWriter.oid(1, 2, 840, 10045, 4, 3, 2))).isEqualTo("06082a8648ce3d040302");
        assertThat(hex(DerWriter.oid(1, 3, 6, 1, 5, 5, 7, 3, 1))).isEqualTo("06082b06010505070301");
        assertThat(hex(DerWriter.oid(2, 999, 0, Integer.MAX_VALUE))).isEqualTo("06088837008" + "7ffffff7f");
    }

    @Test
    void writesBits() {
        assertThat(hex(DerWriter.bits(new byte[] {1, 2}))).isEqualTo("0303000102");
        assertThat(hex(DerWriter.namedBits(0x80))).isEqualTo("03020780");
        assertThat(hex(DerWriter.namedBits(0x06))).isEqualTo("03020106");
    }

    @Test
    void writesTextAndTruth() {
        assertThat(hex(DerWriter.utf8("é"))).isEqualTo("0c02c3a9");
        assertThat(hex(DerWriter.yes())).isEqualTo("0101ff");
    }

    @Test
    void nestsValues() {
        assertThat(hex(DerWriter.sequence())).isEqualTo("3000");
        assertThat(hex(DerWriter.sequence(DerWriter.yes(), DerWriter.utf8("a"))))
                .isEqualTo("30060101ff0c0161");
        assertThat(hex(DerWriter.setOf(DerWriter.yes()))).isEqualTo("31030101ff");
        assertThat(hex(DerWriter.field(3, DerWriter.yes()))).isEqualTo("a3030101ff");
        assertThat(hex(DerWriter.primitiveField(2, "a".getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo("820161");
    }

    /** RFC 5280, section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both with seconds and Z. */
    @Test
    void writesTimesOfBothKinds() {
        assertThat(timeText("1950-01-01T00:00:00Z")).isEqualTo("17 500101000000Z");
        assertThat(timeText("1999-12-31T23:59:59.999Z")).isEqualTo("17 991231235959Z");
        assertThat(timeText("2000-01-01T00:00:00Z")).isEqualTo("17 000101000000Z");
        assertThat(timeText("2049-12-31T23:59:59Z")).isEqualTo("17 491231235959Z");
        assertThat(timeText("2050-01-01T00:00:00Z")).isEqualTo("18 20500101000000Z");
        assertThat(timeText("9999-12-31T23:59:59Z")).isEqualTo("18 99991231235959Z");
    }

    @Test
    void refusesTimesThatCertificatesCannotHave() {
        for (String time : new String[] {"1949-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"}) {
            assertThatThrownBy(() -> DerWriter.time(Instant.parse(time)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("time (" + time + ") must be in the years 1950 to 9999");
        }
    }

    private static String timeText(String time) {
        byte[] encoded = DerWriter.time(Instant.parse(time));
        assertThat(encoded[1]).isEqualTo((byte) (encoded.length - 2));
        return Integer.toHexString(encoded[0]) + " "
                + new String(encoded, 2, encoded.length - 2, StandardCharsets.US_ASCII);
    }
}
