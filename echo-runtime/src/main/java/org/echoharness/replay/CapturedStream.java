package org.echoharness.replay;

import java.util.ArrayList;
import java.util.List;

/** One direction of a captured connection: puts the segments in order, and drops what was sent again. */
final class CapturedStream {

    private final List<TcpSegment> early = new ArrayList<>(); // came before a segment that precedes them
    private boolean hasStarted;
    private int next; // the sequence number that follows
    private int fin; // the sequence number of the FIN
    private boolean hasFin;
    private boolean isFinished;
    private boolean isAcknowledged; // anything
    private int acknowledged;

    /** What a segment brings. */
    record Arrival(String bytes, boolean isFin) {}

    /** Takes the next segment of the file, and returns what is complete now. Nothing follows the FIN. */
    Arrival take(TcpSegment segment) {
        if (isFinished) {
            return new Arrival("", false);
        }
        if (!hasStarted) {
            hasStarted = true;
            next = segment.first();
        }
        int end = segment.first() + segment.payload().length();
        if (segment.has(TcpSegment.FIN)) {
            hasFin = true;
            fin = end;
        }
        StringBuilder bytes = new StringBuilder();
        if (segment.first() - next > 0) {
            if (!segment.payload().isEmpty()) {
                early.add(segment);
            }
        } else {
            append(segment, bytes);
            boolean more = true;
            while (more) {
                more = early.removeIf(each -> each.first() - next <= 0 && append(each, bytes));
            }
        }
        boolean isFin = hasFin && !isFinished && fin == next;
        isFinished |= isFin;
        return new Arrival(bytes.toString(), isFin);
    }

    /** Adds the bytes that are new. Returns true, because the segment is done with. */
    private boolean append(TcpSegment segment, StringBuilder bytes) {
        int known = next - segment.first();
        if (known >= 0 && known < segment.payload().length()) { // negative if it is half of all numbers away
            bytes.append(segment.payload(), known, segment.payload().length());
            next = segment.first() + segment.payload().length();
        }
        return true;
    }

    /** Notes up to where the other side has received. */
    void acknowledged(int number) {
        if (!isAcknowledged || number - acknowledged > 0) {
            acknowledged = number;
        }
        isAcknowledged = true;
    }

    boolean isFinished() {
        return isFinished;
    }

    /** Returns how many bytes are missing in the file at least, before bytes that are there or were acknowledged. */
    long missing() {
        long least = Long.MAX_VALUE;
        for (TcpSegment segment : early) {
            least = Math.min(least, segment.first() - next);
        }
        if (least != Long.MAX_VALUE) {
            return least;
        }
        int last = hasFin && fin - next > 0
                ? fin
                : isAcknowledged && hasStarted ? acknowledged - (isFinished ? 1 : 0) : next;
        return Math.max(0, last - next);
    }
}
