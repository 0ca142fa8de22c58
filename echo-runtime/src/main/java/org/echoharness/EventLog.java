package org.echoharness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The events of one connection, in 16 bytes each until somebody looks. Guarded by who has it. */
final class EventLog {

    /** Events kept of one connection; what comes later is counted. */
    static final int MOST = 4_096;

    private long[] nanos = new long[8];
    private int[] bytes = new int[8];
    private RecordedEvent.Kind[] kinds = new RecordedEvent.Kind[8];
    private int size;
    private long leftOut;
    private final List<String> details = new ArrayList<>(0); // of the kinds that have one, in their order

    private static boolean hasDetail(RecordedEvent.Kind kind) {
        return kind != RecordedEvent.Kind.RECEIVED && kind != RecordedEvent.Kind.SENT;
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
        }
        nanos[size] = after;
        bytes[size] = count;
        kinds[size++] = kind;
        if (hasDetail(kind)) {
            details.add(detail);
        }
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
        int detailed = 0;
        for (int i = 0; i < size; i++) {
            RecordedEvent.Kind kind = kinds[i];
            long offset = kind == RecordedEvent.Kind.RECEIVED ? received : kind == RecordedEvent.Kind.SENT ? sent : 0;
            String detail = hasDetail(kind) ? details.get(detailed++) : "";
            list.add(new RecordedEvent(Duration.ofNanos(nanos[i]), kind, offset, bytes[i], detail));
            received += kind == RecordedEvent.Kind.RECEIVED ? bytes[i] : 0;
            sent += kind == RecordedEvent.Kind.SENT ? bytes[i] : 0;
        }
        return list;
    }
}
