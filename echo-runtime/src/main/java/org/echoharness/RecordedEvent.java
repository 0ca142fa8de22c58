package org.echoharness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.LongPredicate;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened on a recorded connection.
 *
 * @param after the time since the accept, or in a client's recording since the connect
 * @param kind what happened
 * @param offset the position of the first byte among those received or sent; 0 if the event has no bytes
 * @param bytes the number of bytes; 0 if the event has none
 * @param detail the fault that took effect, the note, the step of the script, what was expected and seen, or why the
 *     connection ended, at most 1,024 characters; else empty
 */
public record RecordedEvent(Duration after, Kind kind, long offset, int bytes, String detail) {

    /** The kinds of events. */
    public enum Kind {
        /** The server accepted the connection. Only a server records it. */
        ACCEPTED,
        /** The client connected. Only a client records it. */
        CONNECTED,
        /** The server accepted and reset the connection, because {@code maxConnections} was reached. */
        REJECTED,
        /** Bytes came from the other end. */
        RECEIVED,
        /** Bytes were sent to the other end. */
        SENT,
        /** A fault took effect. */
        FAULT,
        /** A note that {@link Recording#note} added, or that explains the connection, such as the header of a proxy. */
        NOTE,
        /** A message of the client was as a step of the script expects it, or a step that does something has begun. */
        STEP,
        /**
         * What the client did, or did not do, is not what the script or the option {@code proxyProtocol} expects; or a handler
         * has failed.
         */
        MISMATCH,
        /** A TLS handshake is complete: the detail says what was agreed on. */
        HANDSHAKE,
        /** A fatal alert of TLS (RFC 8446, section 6.2): the detail names it, and the side that sent it. */
        ALERT,
        /** The client's FIN: the server received it, or in a client's recording the client sent it. */
        CLIENT_FIN,
        /** The client's RST: the server received it or lost the connection, or in a client's recording the client sent it. */
        CLIENT_RST,
        /** The server's FIN: the server sent it, or in a client's recording the client received it. */
        SERVER_FIN,
        /** The server's RST: the server sent it, or in a client's recording the client received it or lost the connection. */
        SERVER_RST
    }

    /** Returns whether the client caused the event, in a recording of this side. */
    boolean isByClient(Ending.Side recordedBy) {
        return switch (kind) {
            case ACCEPTED, CONNECTED, CLIENT_FIN, CLIENT_RST -> true;
            case REJECTED, FAULT, NOTE, STEP, MISMATCH, HANDSHAKE, ALERT, SERVER_FIN, SERVER_RST -> false;
            case RECEIVED -> recordedBy == Ending.Side.SERVER;
            case SENT -> recordedBy == Ending.Side.CLIENT;
        };
    }

    /** Returns the milliseconds since the start, such as "12.345". */
    String millis() {
        return Quantities.millis(after);
    }

    /** The events of one connection, in compact arrays until they are asked for. The caller must synchronize. */
    static final class Log implements Iterable<RecordedEvent> {

        /** How many events are kept of one connection; later ones are only counted. */
        static final int MOST = 4_096;

        /** How many faults, notes and mismatches are kept after that, since they explain the events after them. */
        static final int LATE_FAULTS = 64;

        private static final int FIRST = 8;
        private static final int BYTES = 28; // one event, with two references

        private final LongPredicate memory;
        private long[] nanos;
        private int[] bytes;
        private RecordedEvent.Kind[] kinds;
        private @Nullable String[] details; // null for an empty one
        private int size;
        private int lateFaults;
        private int most = MOST;
        private long leftOut;
        private int gap; // how many were kept when the first was left out

        Log() {
            this(bytes -> true);
        }

        /** @param memory is asked for the bytes that more events need; if it refuses, no more are kept */
        Log(LongPredicate memory) {
            this.memory = memory;
            nanos = new long[FIRST];
            bytes = new int[FIRST];
            kinds = new RecordedEvent.Kind[FIRST];
            details = new String[FIRST];
        }

        /**
         * Returns a log that has these events.
         *
         * @param beforeTheGap how many of them come before the first that was left out
         */
        static Log of(List<RecordedEvent> events, int beforeTheGap, long leftOut) {
            Log log = new Log();
            log.most = Integer.MAX_VALUE;
            for (RecordedEvent each : events) {
                log.add(each.after().toNanos(), each.kind(), each.bytes(), each.detail());
            }
            log.gap = beforeTheGap;
            log.leftOut = leftOut;
            return log;
        }

        private Log(Log shared) {
            memory = shared.memory;
            nanos = shared.nanos;
            bytes = shared.bytes;
            kinds = shared.kinds;
            details = shared.details;
            size = shared.size;
            gap = shared.gap;
            leftOut = shared.leftOut;
        }

        /**
         * Returns a view of the events so far. It shares the arrays, since no event in them changes and no view is added
         * to.
         */
        Log snapshot() {
            return new Log(this);
        }

        void add(long after, RecordedEvent.Kind kind, int count, String detail) {
            if (size >= most && !isKept(kind)) {
                if (leftOut++ == 0) {
                    gap = size;
                }
                return;
            }
            if (size == nanos.length) {
                if (!memory.test((long) size * BYTES) && !isKept(kind)) {
                    most = size;
                    add(after, kind, count, detail);
                    return;
                }
                nanos = Arrays.copyOf(nanos, size * 2);
                bytes = Arrays.copyOf(bytes, size * 2);
                kinds = Arrays.copyOf(kinds, size * 2);
                details = Arrays.copyOf(details, size * 2);
            }
            nanos[size] = after;
            bytes[size] = count;
            details[size] = detail.isEmpty() ? null : detail;
            kinds[size++] = kind;
            int place = size - 1;
            int first = leftOut == 0 ? 0 : gap;
            while (place > first && kinds[place - 1] == RecordedEvent.Kind.NOTE && nanos[place - 1] > after) {
                place--;
            }
            if (place < size - 1) {
                moveTheLastTo(place);
            }
        }

        /**
         * Puts the last event before notes that another thread added between the event and its record. Copies the arrays,
         * since snapshots share the old ones.
         */
        private void moveTheLastTo(int place) {
            int last = size - 1;
            nanos = nanos.clone();
            bytes = bytes.clone();
            kinds = kinds.clone();
            details = details.clone();
            long after = nanos[last];
            int count = bytes[last];
            RecordedEvent.Kind kind = kinds[last];
            String detail = details[last];
            for (Object array : new Object[] {nanos, bytes, kinds, details}) {
                System.arraycopy(array, place, array, place + 1, last - place);
            }
            nanos[place] = after;
            bytes[place] = count;
            kinds[place] = kind;
            details[place] = detail;
        }

        /**
         * Returns whether an event is kept although the log is full: every FIN and RST, and a few faults, notes and mismatches.
         */
        private boolean isKept(RecordedEvent.Kind kind) {
            boolean explains = kind == RecordedEvent.Kind.FAULT
                    || kind == RecordedEvent.Kind.NOTE
                    || kind == RecordedEvent.Kind.MISMATCH
                    || kind == RecordedEvent.Kind.HANDSHAKE
                    || kind == RecordedEvent.Kind.ALERT;
            return kind.compareTo(RecordedEvent.Kind.CLIENT_FIN) >= 0
                    || (explains && most > 0 && lateFaults++ < LATE_FAULTS);
        }

        /** Returns the log that replaces this one when only the end of the connection is to be kept. */
        Log leaveOut() {
            Log rest = new Log();
            rest.most = 0;
            rest.leftOut = leftOut + size;
            return rest;
        }

        long leftOut() {
            return leftOut;
        }

        /** Returns how many events are kept. */
        int size() {
            return size;
        }

        /** Returns how many events come before the first that was left out. */
        int beforeTheGap() {
            return leftOut == 0 ? Integer.MAX_VALUE : gap;
        }

        List<RecordedEvent> list() {
            List<RecordedEvent> list = new ArrayList<>(size);
            forEach(list::add);
            return list;
        }

        @Override
        public Iterator<RecordedEvent> iterator() {
            return new Iterator<>() {
                private int next;
                private long received;
                private long sent;

                @Override
                public boolean hasNext() {
                    return next < size;
                }

                @Override
                public RecordedEvent next() {
                    if (next >= size) {
                        throw new NoSuchElementException();
                    }
                    int i = next++;
                    RecordedEvent.Kind kind = kinds[i];
                    long offset = 0;
                    if (kind == RecordedEvent.Kind.RECEIVED) {
                        offset = received;
                        received += bytes[i];
                    } else if (kind == RecordedEvent.Kind.SENT) {
                        offset = sent;
                        sent += bytes[i];
                    }
                    String detail = details[i];
                    return new RecordedEvent(
                            Duration.ofNanos(nanos[i]), kind, offset, bytes[i], detail == null ? "" : detail);
                }
            };
        }
    }
}
