package org.echoharness.tls;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;

/**
 * Signs the certificates of the servers of this JVM, so that a client trusts all of them with one root. Its key and the keys
 * that it makes are of the curve P-256, and exist only in memory. Certificates are those of RFC 5280. Any thread may call the
 * methods.
 */
final class CertificateAuthority {

    private static final int[] COMMON_NAME = {2, 5, 4, 3};
    private static final int[] ORGANIZATION = {2, 5, 4, 10};
    private static final int LONGEST_COMMON_NAME = 64; // RFC 5280, appendix A.1, ub-common-name
    private static final int[] SUBJECT_KEY_IDENTIFIER = {2, 5, 29, 14};
    private static final int[] KEY_USAGE = {2, 5, 29, 15};
    private static final int[] SUBJECT_ALTERNATIVE_NAME = {2, 5, 29, 17};
    private static final int[] BASIC_CONSTRAINTS = {2, 5, 29, 19};
    private static final int[] AUTHORITY_KEY_IDENTIFIER = {2, 5, 29, 35};
    private static final int[] EXTENDED_KEY_USAGE = {2, 5, 29, 37};
    private static final int[] SERVER_AUTH = {1, 3, 6, 1, 5, 5, 7, 3, 1};
    private static final int[] CLIENT_AUTH = {1, 3, 6, 1, 5, 5, 7, 3, 2};
    private static final int[] ECDSA_WITH_SHA256 = {1, 2, 840, 10045, 4, 3, 2};

    private static final int DIGITAL_SIGNATURE = 0x80;
    private static final int KEY_CERT_SIGN = 0x04;
    private static final int CRL_SIGN = 0x02;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;
    private static final int POINT_BYTES = 65; // an uncompressed point of P-256, at the end of an encoded key
    private static final int IDENTIFIER_BYTES = 20;
    private static final int SERIAL_BYTES = 16; // at most 20 (RFC 5280, section 4.1.2.2)

    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration YEAR =
            Duration.ofDays(365); // some clients refuse a certificate of more than 398 days

    private final Clock clock;
    private final KeyPair keys;
    private final byte[] name;
    private final byte[] keyIdentifier;
    private final X509Certificate root;

    /** Holds the one authority of a JVM. */
    private static final class OfThisRun {
        static final CertificateAuthority AUTHORITY = new CertificateAuthority(Clock.systemUTC());
    }

    CertificateAuthority(Clock clock) {
        this.clock = clock;
        try {
            Instant now = clock.instant();
            keys = newKeys();
            String number = HexFormat.of().formatHex(random(4)); // tells the roots of several runs apart
            name = DerWriter.sequence(
                    attribute(ORGANIZATION, "Echo Harness"),
                    attribute(COMMON_NAME, "Echo Harness root ".concat(number)));
            keyIdentifier = identifier(keys);
            // Valid whenever one of its certificates is, so that a client that refuses one refuses that one.
            root = sign(
                    name,
                    keys,
                    now.minus(YEAR.multipliedBy(2)),
                    now.plus(YEAR.multipliedBy(12)),
                    List.of(
                            extension(BASIC_CONSTRAINTS, true, DerWriter.sequence(DerWriter.yes())),
                            extension(KEY_USAGE, true, DerWriter.namedBits(KEY_CERT_SIGN | CRL_SIGN))));
        } catch (GeneralSecurityException failed) {
            throw unusable(failed);
        }
    }

    /** Returns the authority of this JVM. The first call makes it. */
    static CertificateAuthority ofThisRun() {
        return OfThisRun.AUTHORITY;
    }

    /** Returns the certificate that a client has to trust. */
    X509Certificate root() {
        return root;
    }

    /**
     * Makes a key and a certificate for a server.
     *
     * @param dnsNames names of the server, in ASCII; ignored for {@code for NAME}, as are {@code addresses}
     * @param addresses addresses of the server, none of them a wildcard
     */
    ServerKey issue(CertificateKind kind, Collection<String> dnsNames, Collection<InetAddress> addresses) {
        List<byte[]> names = new ArrayList<>();
        if (kind.name().isEmpty()) {
            for (String dnsName : dnsNames) {
                names.add(dnsName(dnsName));
            }
            for (InetAddress address : addresses) {
                names.add(DerWriter.primitiveField(IP_ADDRESS, address.getAddress()));
            }
        } else {
            names.add(dnsName(kind.name()));
        }
        Instant now = clock.instant();
        Instant start = switch (kind.word()) {
            case "expired" -> now.minus(DAY).minus(YEAR);
            case "not-yet-valid" -> now.plus(YEAR.multipliedBy(10));
            default -> now.minus(DAY);
        };
        return issue(kind.name().isEmpty() ? "localhost" : kind.name(), start, SERVER_AUTH, names);
    }

    /** Makes a key and a certificate for a client. */
    ServerKey issueForClient() {
        return issue("Echo Harness client", clock.instant().minus(DAY), CLIENT_AUTH, List.of());
    }

    private ServerKey issue(String commonName, Instant start, int[] usage, List<byte[]> names) {
        try {
            KeyPair pair = newKeys();
            byte[] organization = attribute(ORGANIZATION, "Echo Harness");
            byte[] subject = commonName.length() > LONGEST_COMMON_NAME
                    ? DerWriter.sequence(organization)
                    : DerWriter.sequence(organization, attribute(COMMON_NAME, commonName));
            List<byte[]> extensions = new ArrayList<>();
            extensions.add(extension(KEY_USAGE, true, DerWriter.namedBits(DIGITAL_SIGNATURE)));
            extensions.add(extension(EXTENDED_KEY_USAGE, false, DerWriter.sequence(DerWriter.oid(usage))));
            if (!names.isEmpty()) {
                extensions.add(
                        extension(SUBJECT_ALTERNATIVE_NAME, false, DerWriter.sequence(names.toArray(new byte[0][]))));
            }
            X509Certificate leaf = sign(subject, pair, start, start.plus(YEAR), extensions);
            return new ServerKey(pair.getPrivate(), new X509Certificate[] {leaf, root});
        } catch (GeneralSecurityException failed) {
            throw unusable(failed);
        }
    }

    private X509Certificate sign(byte[] subject, KeyPair pair, Instant from, Instant to, List<byte[]> extensions)
            throws GeneralSecurityException {
        byte[] algorithm = DerWriter.sequence(DerWriter.oid(ECDSA_WITH_SHA256));
        List<byte[]> all = new ArrayList<>(extensions);
        all.add(extension(SUBJECT_KEY_IDENTIFIER, false, DerWriter.octets(identifier(pair))));
        all.add(extension(
                AUTHORITY_KEY_IDENTIFIER, false, DerWriter.sequence(DerWriter.primitiveField(0, keyIdentifier))));
        byte[] content = DerWriter.sequence(
                DerWriter.field(0, DerWriter.integer(BigInteger.TWO)), // version 3
                DerWriter.integer(serial()),
                algorithm,
                name,
                DerWriter.sequence(DerWriter.time(from), DerWriter.time(to)),
                subject,
                pair.getPublic().getEncoded(),
                DerWriter.field(3, DerWriter.sequence(all.toArray(new byte[0][]))));
        byte[] signed = DerWriter.sequence(content, algorithm, DerWriter.bits(signature(keys.getPrivate(), content)));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(signed));
    }

    private static byte[] signature(PrivateKey key, byte[] content) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(content);
        return signature.sign();
    }

    private static KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /** Returns a positive number that no other certificate has: random, with the same length each time. */
    private static BigInteger serial() {
        byte[] bytes = random(SERIAL_BYTES);
        bytes[0] = (byte) ((bytes[0] & 0x7F) | 0x40);
        return new BigInteger(bytes);
    }

    private static byte[] random(int count) {
        byte[] bytes = new byte[count];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /** Returns the first 160 bits of the SHA-256 of the public key (RFC 7093, section 2, method 1). */
    private static byte[] identifier(KeyPair pair) throws GeneralSecurityException {
        byte[] encoded = pair.getPublic().getEncoded();
        byte[] point = Arrays.copyOfRange(encoded, encoded.length - POINT_BYTES, encoded.length);
        return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(point), IDENTIFIER_BYTES);
    }

    private static byte[] dnsName(String dnsName) {
        return DerWriter.primitiveField(DNS_NAME, dnsName.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] attribute(int[] type, String value) {
        return DerWriter.setOf(DerWriter.sequence(DerWriter.oid(type), DerWriter.utf8(value)));
    }

    private static byte[] extension(int[] type, boolean isCritical, byte[] value) {
        byte[] wrapped = DerWriter.octets(value);
        return isCritical
                ? DerWriter.sequence(DerWriter.oid(type), DerWriter.yes(), wrapped)
                : DerWriter.sequence(DerWriter.oid(type), wrapped);
    }

    private static IllegalStateException unusable(GeneralSecurityException failed) {
        return new IllegalStateException(
                "tls: no certificate can be made, because this JVM lacks an algorithm (" + failed.getMessage()
                        + "); add the module jdk.crypto.ec to its image, or use an SSLContext of your own",
                failed);
    }
}
