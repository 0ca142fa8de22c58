package org.echoharness.replay;

/**
 * One TCP segment of a capture.
 *
 * @param packet the number of its packet in the file, from 1
 * @param source address and port of the sender
 * @param target address and port of the receiver
 * @param sourcePort the port of the sender
 * @param targetPort the port of the receiver
 * @param sequence the sequence number
 * @param acknowledged the acknowledgment number
 * @param flags the flags of the header
 * @param payload the bytes, one character for each
 * @param nanos the time since 1970
 */
record TcpSegment(
        int packet,
        String source,
        String target,
        int sourcePort,
        int targetPort,
        int sequence,
        int acknowledged,
        int flags,
        String payload,
        long nanos) {

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int ACK = 16;

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Returns the sequence number of the first byte. */
    int first() {
        return sequence + (has(SYN) ? 1 : 0);
    }
}
