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

    /** Returns the record, or the part of it that ends with the ServerHello: see {@link #isFound}. The next record begins. */
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

    /** Returns whether the last record had the ServerHello. */
    public boolean isFound() {
        return isFound;
    }

    /** Returns what comes after the ServerHello in its record, in a record of its own; empty if nothing does. */
    public ByteBuffer rest() {
        return rest;
    }

    /** Returns the end of the ServerHello in the record, or that of the record if it goes on in the next; 0 if there is none. */
    private int hello() {
        int message = TlsRecord.HEADER;
        boolean isHello = TlsRecord.type(record) == TlsRecord.HANDSHAKE
                && record.limit() >= message + RANDOM + RETRY.length
                && record.get(message) == SERVER_HELLO;
        if (!isHello || isRetry(message + RANDOM)) {
            return 0;
        }
        int length = record.getInt(message) & 0xFFFFFF; // after the type, which is one byte
        return Math.min(record.limit(), message + MESSAGE_HEADER + length);
    }

    private boolean isRetry(int at) {
        return Arrays.equals(record.array(), at, at + RETRY.length, RETRY, 0, RETRY.length);
    }
}
