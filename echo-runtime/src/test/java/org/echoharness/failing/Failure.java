package org.echoharness.failing;

import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
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
        /** The call and the two after it, of any thread, throw that. */
        OUT_OF_MEMORY_THRICE,
        /** A read or a write throws what the JDK throws for an error of the system, and so does every later call on the socket. */
        BROKEN_SOCKET,
        /** A read or a write moves one byte. */
        ONE_BYTE,
        /** A read or a write moves none, as if the socket were not ready. */
        WOULD_BLOCK,
        /** The selector returns at once and has served nothing. */
        EMPTY_SELECT,
        /** The selector says of every channel that it is ready for all that is awaited. */
        FALSE_READINESS,
        /** A connect is not finished yet. */
        PENDING,
        /** A connect is not finished yet, and then the call that finishes it throws what the JDK throws when memory is short. */
        PENDING_THEN_OUT_OF_MEMORY;

        boolean canHappenIn(Operation call) {
            return switch (this) {
                case IO_EXCEPTION -> call.isDeclaredToFail();
                case BROKEN_SOCKET -> call.movesBytes();
                case UNCHECKED, OUT_OF_MEMORY, OUT_OF_MEMORY_THRICE -> true;
                case ONE_BYTE, WOULD_BLOCK -> call.movesBytes();
                case EMPTY_SELECT, FALSE_READINESS -> call == Operation.SELECT;
                case PENDING, PENDING_THEN_OUT_OF_MEMORY -> call == Operation.FINISH_CONNECT;
            };
        }

        /** Returns how many calls fail, at most; 0 if that costs nobody a connection. */
        int most() {
            return switch (this) {
                case IO_EXCEPTION, UNCHECKED, OUT_OF_MEMORY, BROKEN_SOCKET, PENDING_THEN_OUT_OF_MEMORY -> 1;
                case OUT_OF_MEMORY_THRICE -> 3;
                case ONE_BYTE, WOULD_BLOCK, EMPTY_SELECT, FALSE_READINESS, PENDING -> 0;
            };
        }
    }

    /** Marks what was thrown by a failure. */
    static final String MARK = "made to fail";

    /** Where it happened. */
    record Place(Operation call, @Nullable Object on, Thread thread, Throwable trace) {}

    private final Kind kind;
    private final @Nullable Operation only;
    private final long at;
    private final Map<Kind, AtomicLong> calls = new EnumMap<>(Kind.class); // by what can happen in them
    private final List<Place> places = new CopyOnWriteArrayList<>();
    private volatile @Nullable Object broken;

    /**
     * @param only the operation whose calls count; null for all
     * @param at the number of the call, from 1; 0 for a failure that never happens
     */
    Failure(Kind kind, @Nullable Operation only, long at) {
        this.kind = kind;
        this.only = only;
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

    /** Returns where it happened first, or null if it has not. */
    @Nullable
    Place place() {
        return places.isEmpty() ? null : places.get(0);
    }

    /** Returns where it happened. */
    List<Place> places() {
        return places;
    }

    /** Counts a call. Returns whether it is one that fails, in a way that throws nothing. */
    boolean happensIn(Operation call, @Nullable Object on) throws IOException {
        long number = 0;
        boolean isCounted = false;
        for (Kind each : Kind.values()) {
            if (each.canHappenIn(call) && (only == null || only == call)) {
                long own = count(each).incrementAndGet();
                isCounted |= each == kind;
                number = each == kind ? own : number;
            }
        }
        boolean isDue = at > 0 && number >= at && number < at + Math.max(1, kind.most());
        boolean isBroken =
                on != null && on == broken && (kind == Kind.BROKEN_SOCKET ? call.isDeclaredToFail() : isCounted);
        if (!isDue && !isBroken) {
            return false;
        }
        String message = MARK + ": " + call + " at call " + number + (only == null ? "" : " of its kind");
        places.add(new Place(call, on, Thread.currentThread(), new Throwable(message + " on " + on)));
        broken = kind == Kind.BROKEN_SOCKET || (kind == Kind.PENDING_THEN_OUT_OF_MEMORY && !isBroken) ? on : null;
        switch (kind) {
            case IO_EXCEPTION, BROKEN_SOCKET -> throw new IOException(message);
            case UNCHECKED -> throw new IllegalStateException(message);
            case OUT_OF_MEMORY, OUT_OF_MEMORY_THRICE -> throw new OutOfMemoryError(message);
            default -> {
                if (isBroken) {
                    throw new OutOfMemoryError(message);
                }
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
