package org.echoharness.tls;

import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.BadPaddingException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLProtocolException;

/** The names of alerts (RFC 8446, section 6, and RFC 5246, section 7.2). */
final class TlsAlert {

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(0, "close_notify"),
            Map.entry(10, "unexpected_message"),
            Map.entry(20, "bad_record_mac"),
            Map.entry(21, "decryption_failed"),
            Map.entry(22, "record_overflow"),
            Map.entry(30, "decompression_failure"),
            Map.entry(40, "handshake_failure"),
            Map.entry(41, "no_certificate"),
            Map.entry(42, "bad_certificate"),
            Map.entry(43, "unsupported_certificate"),
            Map.entry(44, "certificate_revoked"),
            Map.entry(45, "certificate_expired"),
            Map.entry(46, "certificate_unknown"),
            Map.entry(47, "illegal_parameter"),
            Map.entry(48, "unknown_ca"),
            Map.entry(49, "access_denied"),
            Map.entry(50, "decode_error"),
            Map.entry(51, "decrypt_error"),
            Map.entry(60, "export_restriction"),
            Map.entry(70, "protocol_version"),
            Map.entry(71, "insufficient_security"),
            Map.entry(80, "internal_error"),
            Map.entry(86, "inappropriate_fallback"),
            Map.entry(90, "user_canceled"),
            Map.entry(100, "no_renegotiation"),
            Map.entry(109, "missing_extension"),
            Map.entry(110, "unsupported_extension"),
            Map.entry(111, "certificate_unobtainable"),
            Map.entry(112, "unrecognized_name"),
            Map.entry(113, "bad_certificate_status_response"),
            Map.entry(114, "bad_certificate_hash_value"),
            Map.entry(115, "unknown_psk_identity"),
            Map.entry(116, "certificate_required"),
            Map.entry(120, "no_application_protocol"));

    private static final Pattern RECEIVED = Pattern.compile("Received fatal alert: (\\w+)");
    private static final Pattern SENT = Pattern.compile("^\\((\\w+)\\) ");

    /** The messages of JDK 17 whose alert is known; later ones name the alert in the message. */
    private static final Map<String, String> OF_JDK_17 = Map.of(
            "The Finished message cannot be verified.", "decrypt_error",
            "No available authentication scheme", "handshake_failure",
            "Invalid CertificateVerify signature", "handshake_failure",
            "Cannot verify CertificateVerify signature", "handshake_failure",
            "Failed to parse client certificates", "bad_certificate",
            "Failed to parse server certificates", "bad_certificate",
            "Empty client certificate chain", "bad_certificate");

    private static final int LENGTH = 2; // level and description
    private static final int ENCRYPTION = 33; // the type, the padding of the JDK and the tag (RFC 8446, section 5.2)

    private TlsAlert() {}

    /** Returns the name of the alert that the peer has sent, as an exception of the engine reports it, or an empty text. */
    static String received(Throwable failure) {
        Matcher matcher = RECEIVED.matcher(String.valueOf(failure.getMessage()));
        return matcher.find() ? matcher.group(1) : "";
    }

    /**
     * Returns the name of the alert that the engine sends because of this failure.
     *
     * @param record the record with the alert; it is encrypted once there are keys, and then only the exception may name it
     */
    static String sent(ByteBuffer record, Throwable failure) {
        String inClear = inClear(record);
        if (!inClear.isEmpty()) {
            return inClear;
        }
        String message = String.valueOf(failure.getMessage());
        Matcher matcher = SENT.matcher(message);
        return matcher.find() ? matcher.group(1) : OF_JDK_17.getOrDefault(message, ofKind(failure));
    }

    /** Returns the name of the alert that JDK 17 sends because of a failure of this kind. */
    private static String ofKind(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadPaddingException) {
                return "bad_record_mac";
            }
            if (cause instanceof CertificateException) {
                return "certificate_unknown";
            }
        }
        return failure instanceof SSLProtocolException ? "unexpected_message" : "encrypted alert";
    }

    /** Returns whether the record at the position of this buffer is an alert, or an encrypted record as short as one. */
    static boolean isOne(ByteBuffer record) {
        int most = TlsRecord.HEADER + LENGTH + ENCRYPTION;
        return TlsRecord.type(record) == TlsRecord.ALERT
                || (TlsRecord.type(record) == TlsRecord.ENCRYPTED && TlsRecord.length(record) <= most);
    }

    /** Returns the name of the alert in the record at the position of this buffer, or an empty text if that is none in clear. */
    static String inClear(ByteBuffer records) {
        boolean isAlert = TlsRecord.isWhole(records)
                && TlsRecord.type(records) == TlsRecord.ALERT
                && TlsRecord.length(records) == TlsRecord.HEADER + LENGTH;
        int code = isAlert ? records.get(records.position() + TlsRecord.HEADER + 1) & 0xff : 0;
        return isAlert ? NAMES.getOrDefault(code, String.valueOf(code)) : "";
    }

    /**
     * Returns a failure that names an alert of the peer as the engine does. A client of OpenSSL sends its alert in clear text
     * although the handshake of TLS 1.3 has keys by then; to the engine that is a record that it cannot decrypt.
     *
     * @param inClear the alert, or an empty text
     */
    static Exception named(Exception failure, String inClear) {
        if (inClear.isEmpty() || !received(failure).isEmpty()) {
            return failure;
        }
        SSLHandshakeException named = new SSLHandshakeException("Received fatal alert: " + inClear);
        named.initCause(failure);
        return named;
    }
}
