package org.echoharness.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * Writes values in DER (ITU-T X.690, section 10), as far as a certificate needs it (RFC 5280). Each method returns the
 * encoded value: tag, length and content. Any thread may call the methods.
 */
final class DerWriter {

    /** The tag of a context-specific value that is constructed; the number of the field is added to it. */
    private static final int FIELD = 0xA0;

    /** The tag of a context-specific value that is primitive. */
    private static final int PRIMITIVE_FIELD = 0x80;

    private static final int FIRST_YEAR_OF_GENERALIZED_TIME = 2050;

    private DerWriter() {}

    static byte[] sequence(byte[]... values) {
        return value(0x30, values);
    }

    /** Returns a SET OF one value, which needs no sorting. */
    static byte[] setOf(byte[] value) {
        return value(0x31, value);
    }

    static byte[] integer(BigInteger value) {
        return value(0x02, value.toByteArray());
    }

    /** Returns BOOLEAN TRUE; in DER a FALSE that is the default is left out. */
    static byte[] yes() {
        return value(0x01, new byte[] {(byte) 0xFF});
    }

    static byte[] octets(byte[] content) {
        return value(0x04, content);
    }

    /** Returns a BIT STRING of whole octets. */
    static byte[] bits(byte[] content) {
        return value(0x03, new byte[1], content);
    }

    /**
     * Returns a BIT STRING of named bits, without zeros at its end (X.690, section 11.2.2).
     *
     * @param octet bit 0 is the most significant one; not 0
     */
    static byte[] namedBits(int octet) {
        return value(0x03, new byte[] {(byte) Integer.numberOfTrailingZeros(octet), (byte) octet});
    }

    static byte[] utf8(String text) {
        return value(0x0C, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns an OBJECT IDENTIFIER. */
    static byte[] oid(int... arcs) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        base128(arcs[0] * 40 + arcs[1], content);
        for (int i = 2; i < arcs.length; i++) {
            base128(arcs[i], content);
        }
        return value(0x06, content.toByteArray());
    }

    private static void base128(int arc, ByteArrayOutputStream to) {
        for (int shift = 28; shift > 0; shift -= 7) {
            if (arc >>> shift != 0) {
                to.write(0x80 | ((arc >>> shift) & 0x7F));
            }
        }
        to.write(arc & 0x7F);
    }

    /** Returns a time in whole seconds: UTCTime through 2049, and GeneralizedTime from 2050 (RFC 5280, section 4.1.2.5). */
    static byte[] time(Instant time) {
        OffsetDateTime utc = time.atOffset(ZoneOffset.UTC);
        int year = utc.getYear();
        if (year < 1950 || year > 9999) {
            throw new IllegalArgumentException("time (" + time + ") must be in the years 1950 to 9999");
        }
        boolean isGeneralized = year >= FIRST_YEAR_OF_GENERALIZED_TIME;
        StringBuilder text = new StringBuilder(15);
        if (isGeneralized) {
            twoDigits(year / 100, text);
        }
        twoDigits(year % 100, text);
        twoDigits(utc.getMonthValue(), text);
        twoDigits(utc.getDayOfMonth(), text);
        twoDigits(utc.getHour(), text);
        twoDigits(utc.getMinute(), text);
        twoDigits(utc.getSecond(), text);
        return value(isGeneralized ? 0x18 : 0x17, text.append('Z').toString().getBytes(StandardCharsets.US_ASCII));
    }

    private static void twoDigits(int value, StringBuilder to) {
        to.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }

    /** Returns a field with an EXPLICIT tag, or a constructed one with an IMPLICIT tag. */
    static byte[] field(int number, byte[]... values) {
        return value(FIELD | number, values);
    }

    /** Returns a primitive field with an IMPLICIT tag. */
    static byte[] primitiveField(int number, byte[] content) {
        return value(PRIMITIVE_FIELD | number, content);
    }

    private static byte[] value(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + 5);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            int octets = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.write(0x80 | octets);
            for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
                out.write(length >>> shift);
            }
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
