package org.echoharness.tls;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Finds the ServerHello among the first records of a server, and gives it a record of its own: a server of TLS 1.2 may send its
 * certificate in the same one. Messages of the handshake may be divided among records in any way (RFC 8446, section 5.1), and
 * these records are not encrypted.
 */
public final class ServerHelloScanner {

    private static final int MOST = TlsRecord.HEADER + (16 << 10) + 2048; // of a record (RFC 5246, section 6.2.3)
    private static final int SERVER_HELLO = 2;
    private static final int MESSAGE_HEADER = 4;
    private static final int RANDOM = MESSAGE_HEADER + 2;

    /** The random value of a HelloRetryRequest, which is a ServerHello otherwise (RFC 8446, section 4.1.3). */
    private static final byte[] RETRY =
            HexFormat.of().parseHex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");

    private final ByteBuffer record = ByteBuffer.allocate(MOST);
    private final byte[] message = new byte[RANDOM + RETRY.length]; // what the message in the records begins with
    private int read; // bytes of that message
    private boolean isFound;
    private ByteBuffer rest = ByteBuffer.allocate(0);

    /** Takes bytes up to the end of a record. Returns whether it has a whole one. */
    public boolean take(ByteBuffer from) {
        while (from.hasRemaining() && record.position() < length()) {
            int n = Math.min(from.remaining(), length() - record.position());
            record.put(from.slice(from.position(), n));
            from.position(from.position() + n);
        }
        return record.position() == length();
    }

    /** Returns whether it holds a part of a record. */
    public boolean holds() {
        return record.position() > 0;
    }

    private int length() {
        return record.position() < TlsRecord.HEADER
                ? TlsRecord.HEADER
                : TlsRecord.length(record.duplicate().flip());
    }

    /** Returns the record, or the part of it that ends with the ServerHello: see {@link #isFound}. The next one begins. */
    public ByteBuffer next() {
        record.flip();
        int hello = hello();
        isFound = hello > 0;
        int end = isFound ? hello : record.limit();
        ByteBuffer first = copy(0, end);
        if (end < record.limit()) {
            rest = copy(end - TlsRecord.HEADER, record.limit()).put(0, record, 0, TlsRecord.HEADER);
            setLength(first);
            setLength(rest);
        }
        record.clear();
        return first;
    }

    private ByteBuffer copy(int from, int to) {
        return ByteBuffer.wrap(Arrays.copyOfRange(record.array(), from, to));
    }

    private static void setLength(ByteBuffer record) {
        record.putShort(TlsRecord.HEADER - 2, (short) (record.limit() - TlsRecord.HEADER));
    }

    /** Returns whether the last record had the ServerHello, or its end. */
    public boolean isFound() {
        return isFound;
    }

    /** Returns what comes after the ServerHello in its record, in a record of its own; empty if nothing does. */
    public ByteBuffer rest() {
        return rest;
    }

    /** Returns where the ServerHello ends in the record; 0 if it does not. It may have begun in a record before. */
    private int hello() {
        if (TlsRecord.type(record) != TlsRecord.HANDSHAKE) {
            return 0;
        }
        for (int at = TlsRecord.HEADER; at < record.limit(); at++) {
            if (read < message.length) {
                message[read] = record.get(at);
            }
            read++;
            if (read >= MESSAGE_HEADER && read == MESSAGE_HEADER + messageLength()) {
                read = 0;
                if (message[0] == SERVER_HELLO && !isRetry()) {
                    return at + 1;
                }
            }
        }
        return 0;
    }

    private int messageLength() {
        return ByteBuffer.wrap(message).getInt() & 0xFFFFFF; // after the type, which is one byte
    }

    private boolean isRetry() {
        return Arrays.equals(message, RANDOM, message.length, RETRY, 0, RETRY.length);
    }
}
