package org.echoharness.tls;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.echoharness.text.Escaping;

/** The header of a record (RFC 8446, section 5.1): its type, a version and its length. */
final class TlsRecord {

    /** The bytes of the header. */
    static final int HEADER = 5;

    static final int ALERT = 21;
    static final int HANDSHAKE = 22;

    /** Also of what TLS 1.3 encrypts of the handshake and of alerts. */
    static final int ENCRYPTED = 23;

    private static final int SHOWN = 40;

    private TlsRecord() {}

    /** Returns the type of the record at the position of this buffer, which has at least one byte. */
    static int type(ByteBuffer bytes) {
        return bytes.get(bytes.position()) & 0xff;
    }

    /** Returns whether the whole of a record is at the position of this buffer. */
    static boolean isWhole(ByteBuffer bytes) {
        return bytes.remaining() >= HEADER && bytes.remaining() >= length(bytes);
    }

    /** Returns the length of the record at the position of this buffer, with its header. */
    static int length(ByteBuffer bytes) {
        int at = bytes.position();
        return HEADER + (((bytes.get(at + 3) & 0xff) << 8) | (bytes.get(at + 4) & 0xff));
    }

    /**
     * Returns whether bytes may begin a handshake: the first is the type of a handshake or an alert, or of a ClientHello in
     * the form of SSL 2.0, and the second the major version.
     */
    static boolean beginsHandshake(ByteBuffer bytes) {
        int type = type(bytes);
        if ((type & 0x80) != 0) {
            return true; // the engine judges a ClientHello in the form of SSL 2.0 (RFC 5246, appendix E.2)
        }
        boolean isType = type == HANDSHAKE || type == ALERT;
        return isType && (bytes.remaining() < 2 || bytes.get(bytes.position() + 1) == 3);
    }

    /** Returns what the bytes begin with, for messages. */
    static String beginning(ByteBuffer bytes) {
        byte[] first = new byte[Math.min(SHOWN, bytes.remaining())];
        bytes.duplicate().get(first);
        return "\"" + Escaping.escape(new String(first, StandardCharsets.ISO_8859_1)) + "\""
                + (bytes.remaining() > SHOWN ? "..." : "");
    }
}
