package org.echoharness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The events of one connection, in 20 bytes each until somebody looks. Guarded by who has it. */
final class EventLog {

    /** Events kept of one connection; what comes later is counted. */
    static final int MOST = 4_096;

    private static final int FIRST = 8;

    private long[] nanos;
    private int[] bytes;
    private RecordedEvent.Kind[] kinds;
    private @Nullable String[] details; // null for an empty one
    private int size;
    private long leftOut;

    EventLog() {
        nanos = new long[FIRST];
        bytes = new int[FIRST];
        kinds = new RecordedEvent.Kind[FIRST];
        details = new String[FIRST];
    }

    private EventLog(EventLog shared) {
        nanos = shared.nanos;
        bytes = shared.bytes;
        kinds = shared.kinds;
        details = shared.details;
        size = shared.size;
        leftOut = shared.leftOut;
    }

    /** As it is now, in memory that it shares: what is there once never changes, and nobody adds to a snapshot. */
    EventLog snapshot() {
        return new EventLog(this);
    }

    void add(long after, RecordedEvent.Kind kind, int count, String detail) {
        if (size >= MOST && !isEnd(kind)) { // the last ones are always kept: how a connection ended
            leftOut++;
            return;
        }
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, size * 2);
            bytes = Arrays.copyOf(bytes, size * 2);
            kinds = Arrays.copyOf(kinds, size * 2);
            details = Arrays.copyOf(details, size * 2);
        }
        nanos[size] = after;
        bytes[size] = count;
        details[size] = detail.isEmpty() ? null : detail;
        kinds[size++] = kind;
    }

    private static boolean isEnd(RecordedEvent.Kind kind) {
        return kind.compareTo(RecordedEvent.Kind.CLIENT_FIN) >= 0;
    }

    long leftOut() {
        return leftOut;
    }

    List<RecordedEvent> list() {
        List<RecordedEvent> list = new ArrayList<>(size);
        long received = 0;
        long sent = 0;
        for (int i = 0; i < size; i++) {
            RecordedEvent.Kind kind = kinds[i];
            long offset = kind == RecordedEvent.Kind.RECEIVED ? received : kind == RecordedEvent.Kind.SENT ? sent : 0;
            String detail = details[i];
            list.add(new RecordedEvent(
                    Duration.ofNanos(nanos[i]), kind, offset, bytes[i], detail == null ? "" : detail));
            received += kind == RecordedEvent.Kind.RECEIVED ? bytes[i] : 0;
            sent += kind == RecordedEvent.Kind.SENT ? bytes[i] : 0;
        }
        return list;
    }
}
