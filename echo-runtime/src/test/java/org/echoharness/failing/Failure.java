package org.echoharness.failing;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One failure, of one kind, at the n-th call in which that kind can happen. Any thread may ask it. */
final class Failure {

    /** What goes wrong. */
    enum Kind {
        /** The call throws what the JDK throws when the system reports an error. */
        IO_EXCEPTION,
        /** The call throws what it is not declared to throw. */
        UNCHECKED,
        /** The call throws what the JDK throws when memory is short. */
        OUT_OF_MEMORY,
        /** A read or a write moves one byte. */
        ONE_BYTE,
        /** A read or a write moves none, as if the socket were not ready. */
        WOULD_BLOCK,
        /** The selector returns at once and has served nothing. */
        EMPTY_SELECT,
        /** The selector says of every channel that it is ready for all that is awaited. */
        FALSE_READINESS,
        /** A connect is not finished yet. */
        PENDING;

        boolean canHappenIn(Operation call) {
            return switch (this) {
                case IO_EXCEPTION -> call.isDeclaredToFail();
                case UNCHECKED, OUT_OF_MEMORY -> true;
                case ONE_BYTE, WOULD_BLOCK -> call.movesBytes();
                case EMPTY_SELECT, FALSE_READINESS -> call == Operation.SELECT;
                case PENDING -> call == Operation.FINISH_CONNECT;
            };
        }

        /** Returns whether nothing is to be lost by it. */
        boolean isHarmless() {
            return this != IO_EXCEPTION && this != UNCHECKED && this != OUT_OF_MEMORY;
        }
    }

    /** Marks what was thrown by a failure. */
    static final String MARK = "made to fail";

    /** Where it happened. */
    record Place(Operation call, @Nullable Object on, String thread, Throwable trace) {}

    private final Kind kind;
    private final long at;
    private final Map<Kind, AtomicLong> calls = new EnumMap<>(Kind.class); // by what can happen in them
    private volatile @Nullable Place place;

    /** @param at the number of the call, from 1; 0 for a failure that never happens */
    Failure(Kind kind, long at) {
        this.kind = kind;
        this.at = at;
        for (Kind each : Kind.values()) {
            calls.put(each, new AtomicLong());
        }
    }

    private AtomicLong count(Kind of) {
        return Objects.requireNonNull(calls.get(of));
    }

    Kind kind() {
        return kind;
    }

    /** Returns how many calls there were in which such a failure could have happened. */
    long calls(Kind of) {
        return count(of).get();
    }

    /** Returns where it happened, or null if it has not. */
    @Nullable
    Place place() {
        return place;
    }

    /** Counts a call. Returns whether it is the one that fails, in a way that throws nothing. */
    boolean happensIn(Operation call, @Nullable Object on) throws IOException {
        boolean isDue = false;
        for (Kind each : Kind.values()) {
            if (each.canHappenIn(call)) {
                isDue |= count(each).incrementAndGet() == at && each == kind;
            }
        }
        if (!isDue) {
            return false;
        }
        String message = MARK + ": " + call + " at call " + at;
        place = new Place(call, on, Thread.currentThread().getName(), new Throwable(message + " on " + on));
        switch (kind) {
            case IO_EXCEPTION -> throw new IOException(message);
            case UNCHECKED -> throw new IllegalStateException(message);
            case OUT_OF_MEMORY -> throw new OutOfMemoryError(message);
            default -> {
                return true;
            }
        }
    }

    /** Returns whether this was thrown because of a failure. */
    static boolean isCauseOf(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (String.valueOf(each.getMessage()).contains(MARK)) {
                return true;
            }
        }
        return false;
    }
}
