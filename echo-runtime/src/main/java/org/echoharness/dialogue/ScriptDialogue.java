package org.echoharness.dialogue;

import java.io.IOException;
import org.echoharness.dialogue.Program.Instruction;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** Carries out a script on one connection. It allocates nothing for a message, unless a pattern captures something. */
public final class ScriptDialogue implements Dialogue {

    /**
     * Opens the dialogues of the connections with one program.
     *
     * @param program what each of them carries out
     */
    public record Maker(Program program) implements DialogueFactory {
        @Override
        public Dialogue open(ConnectionCalls connection) {
            return new ScriptDialogue(program, connection);
        }
    }

    private static final int MOST_INSTRUCTIONS = 64;
    private static final String FIN = "the client's FIN";

    private final Program program;
    private final ConnectionCalls connection;
    private final Captures captures;
    private final int[] rounds;
    private final int[] starts;
    private final MatchState state = new MatchState();
    private final SendTemplate.Cursor cursor = new SendTemplate.Cursor();
    private int at; // the index of the next instruction
    private boolean hasBegun; // the instruction at that index
    private boolean isHalfClosed;
    private boolean isFinMet; // by a case
    private boolean isAtFin; // a step has ended with the client's FIN
    private long taken; // bytes of the client
    private final long[] takenBefore; // the present round of each loop
    private long wake = NEVER;
    private @Nullable TlsStart tls; // of the present step
    private @Nullable Mismatch mismatch;

    ScriptDialogue(Program program, ConnectionCalls connection) {
        this.program = program;
        this.connection = connection;
        captures = new Captures(program.names());
        rounds = new int[program.counters()];
        takenBefore = new long[program.counters()];
        starts = new int[program.mostParts()];
    }

    @Override
    public Next advance(RingBuffer in, boolean inputEnded, Outlet out, long now) {
        boolean isSending = hasBegun && program.at(at).kind == Program.Kind.SEND;
        Next starting = isSending ? null : connection.advanceTls(in, inputEnded, out);
        if (starting == Next.FAILED) {
            mismatch = connection.tlsMismatch();
        }
        if (starting != null) {
            return starting;
        }
        for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
            Next next = carryOut(program.at(at), in, inputEnded, out, now);
            if (next != null) {
                return next;
            }
        }
        return Next.AGAIN;
    }

    /** Carries out an instruction. Returns null if the dialogue can go on. */
    private @Nullable Next carryOut(Instruction step, RingBuffer in, boolean inputEnded, Outlet out, long now) {
        return switch (step.kind) {
            case EXPECT -> expect(step, in, inputEnded, out, now);
            case ANSWER -> answer(step, in, inputEnded, out);
            case SEND -> send(step, out);
            case WAIT -> waits(step, now);
            case ECHO -> echo(step, in, inputEnded, out);
            case CLOSE -> ends(step, out, Next.CLOSE);
            case RESET -> ends(step, out, Next.RESET);
            case START_TLS -> startTls(step, in, inputEnded, out, now);
            case HALF_CLOSE -> {
                isHalfClosed = true;
                yield ends(step, out, Next.HALF_CLOSE);
            }
            case REPEAT -> {
                repeat(step, inputEnded);
                yield null;
            }
            case REPEAT_END, CASE_END -> {
                goTo(step.exit);
                yield null;
            }
            case END -> end(step, in);
        };
    }

    private void goTo(int index) {
        at = index;
        hasBegun = false;
        wake = NEVER;
    }

    private @Nullable Next expect(Instruction step, RingBuffer in, boolean inputEnded, Outlet out, long now) {
        ExpectationMatcher matcher = matcher(step);
        Instruction loop = inputEnded ? loopThatMayEnd(step, in) : null;
        if (loop != null) {
            isAtFin = true;
            goTo(loop.exit);
            return null;
        }
        if (!hasBegun) {
            hasBegun = true;
            wake = step.nanos == 0 ? NEVER : now + step.nanos;
        }
        int bytes = match(matcher, in, inputEnded, out);
        if (bytes >= 0) {
            return met(matcher, bytes, step.label, at + 1, in, out);
        }
        if (bytes == MatchState.MORE && !inputEnded) {
            boolean isLate = wake != NEVER && now - wake >= 0;
            return isLate
                    ? fails(step, MismatchText.expected(step, matcher), MismatchText.seen(in, "", true), false)
                    : Next.MORE;
        }
        return fails(step, matcher, bytes, in);
    }

    /** Goes on with the match of a message, and drops what is skipped of it. */
    private int match(ExpectationMatcher matcher, RingBuffer in, boolean inputEnded, Outlet out) {
        while (true) {
            if (state.isCommitted && (state.isSeeking || state.skip > 0) && !skips(matcher, in, out)) {
                return MatchState.MORE;
            }
            int bytes = matcher.match(in, inputEnded, state, starts);
            if (bytes != MatchState.SKIP) {
                return bytes;
            }
            matcher.capture(in, state, starts, captures);
            drop(state.isSeeking ? in.size() : state.start, in, out);
            state.start = 0;
            state.scanned = 0;
            state.isCommitted = true;
        }
    }

    /** Drops what has come of a part that is skipped. Returns whether the part is complete. */
    private boolean skips(ExpectationMatcher matcher, RingBuffer in, Outlet out) {
        if (!state.isSeeking) {
            int count = (int) Math.min(in.size(), state.skip);
            drop(count, in, out);
            state.skip -= count;
            if (state.skip > 0) {
                return false;
            }
            state.nextPart(0);
            return true;
        }
        int end = matcher.end(in, state);
        drop(end < 0 ? in.size() : end, in, out);
        if (end >= 0) {
            state.isSeeking = false;
            state.nextPart(0);
        }
        return end >= 0;
    }

    private void drop(int count, RingBuffer in, Outlet out) {
        if (count > 0) {
            in.discard(count);
            taken += count;
            out.matched(count);
        }
    }

    /** Takes a message, and goes on after it. */
    private @Nullable Next met(
            ExpectationMatcher matcher, int bytes, String label, int then, RingBuffer in, Outlet out) {
        matcher.capture(in, state, starts, captures);
        drop(bytes, in, out);
        isAtFin |= matcher.isFin();
        state.nextMessage();
        out.step(label);
        goTo(then);
        return out.message() ? null : Next.PAUSE;
    }

    private @Nullable Next answer(Instruction step, RingBuffer in, boolean inputEnded, Outlet out) {
        if (in.isEmpty() && !state.isCommitted) {
            return inputEnded ? atFin(step, in, out) : Next.MORE;
        }
        boolean isShort = false; // a case would match with more bytes, which do not come
        while (state.candidate < step.matchers.size()) {
            ExpectationMatcher matcher = step.matchers.get(state.candidate);
            int bytes = match(matcher, in, inputEnded, out);
            if (bytes >= 0) {
                return met(matcher, bytes, step.labels.get(state.candidate), step.targets[state.candidate], in, out);
            }
            if (bytes == MatchState.MORE) {
                if (!inputEnded) {
                    return Next.MORE;
                }
                isShort = true;
            }
            if (state.isCommitted || step.matchers.size() == 1) {
                return fails(step, matcher, bytes, in);
            }
            state.nextCandidate();
        }
        return fails(
                step, MismatchText.anyOf(step.matchers), MismatchText.seen(in, isShort ? FIN : "", false), isShort);
    }

    private @Nullable Next atFin(Instruction step, RingBuffer in, Outlet out) {
        for (int i = 0; i < step.matchers.size(); i++) {
            ExpectationMatcher matcher = step.matchers.get(i);
            if (matcher.isFin() && !isFinMet) {
                isFinMet = true;
                return met(matcher, 0, step.labels.get(i), step.targets[i], in, out);
            }
        }
        isAtFin = true;
        goTo(step.exit);
        return null;
    }

    private @Nullable Next send(Instruction step, Outlet out) {
        if (!hasBegun) {
            hasBegun = true;
            out.step(step.label);
        }
        SendTemplate send = step.send;
        if (send == null) {
            throw new AssertionError(step.label);
        }
        if (isHalfClosed) {
            return fails(step, "", "nothing can be sent after half-close", false);
        }
        try {
            if (!send.put(out, captures, cursor)) {
                return Next.ROOM;
            }
        } catch (IllegalArgumentException | IllegalStateException | IOException impossible) {
            return fails(step, "", String.valueOf(impossible.getMessage()), false);
        }
        goTo(at + 1);
        return null;
    }

    private @Nullable Next waits(Instruction step, long now) {
        if (!hasBegun) {
            hasBegun = true;
            wake = now + step.nanos;
        }
        if (now - wake < 0) {
            return Next.MORE;
        }
        goTo(at + 1);
        return null;
    }

    private @Nullable Next echo(Instruction step, RingBuffer in, boolean inputEnded, Outlet out) {
        if (!hasBegun) {
            hasBegun = true;
            out.step(step.label);
        }
        int count = Math.min(in.size(), out.room());
        if (count > 0) {
            out.echo(in, count);
            taken += count;
        }
        if (!in.isEmpty()) {
            return Next.ROOM;
        }
        if (!inputEnded) {
            return Next.MORE;
        }
        isAtFin = true;
        goTo(at + 1);
        return null;
    }

    private Next ends(Instruction step, Outlet out, Next how) {
        out.step(step.label);
        goTo(at + 1);
        return how;
    }

    private @Nullable Next startTls(Instruction step, RingBuffer in, boolean inputEnded, Outlet out, long now) {
        TlsStart start = hasBegun ? tls : connection.beginTls(step.label);
        hasBegun = true;
        tls = start;
        if (start == null) {
            return fails(step, "TLS to start once", "a second start of it", false);
        }
        TlsStart.State state = start.advance(in, inputEnded, out);
        if (state == TlsStart.State.STARTED) {
            tls = null;
            goTo(at + 1);
            return null;
        }
        if (state == TlsStart.State.FAILED) {
            Mismatch failed = start.mismatch("", "");
            return fails(step, MismatchText.expectedTls(step), failed.seen(), failed.isEarlyEnd());
        }
        if (state != TlsStart.State.FLUSHES && step.nanos != 0) {
            wake = wake == NEVER ? now + step.nanos : wake;
            if (now - wake >= 0) {
                return fails(step, MismatchText.expectedTls(step), start.seenLate(), false);
            }
        }
        return start.next();
    }

    /**
     * Returns the innermost loop until the client's FIN, if the client has sent nothing in the present round. Its FIN ends
     * the loop then. If it counted only at the beginning of a round, the end would depend on when the FIN comes.
     */
    private @Nullable Instruction loopThatMayEnd(Instruction step, RingBuffer in) {
        Instruction loop = step.loop;
        boolean isUntouched = in.isEmpty() && !state.isCommitted;
        return loop != null && isUntouched && takenBefore[loop.counter] == taken ? loop : null;
    }

    private void repeat(Instruction step, boolean inputEnded) {
        boolean isOver =
                step.times == 0 ? isAtFin || (inputEnded && !step.takesInput) : rounds[step.counter] == step.times;
        if (isOver) {
            rounds[step.counter] = 0;
            goTo(step.exit);
        } else {
            takenBefore[step.counter] = taken;
            rounds[step.counter]++;
            goTo(at + 1);
        }
    }

    private Next end(Instruction step, RingBuffer in) {
        if (in.isEmpty()) {
            return Next.DONE;
        }
        String more = Escaping.bytes(in.size()) + " more: " + MismatchText.shown(in, in.size(), 0);
        return fails(step, FIN, more, false);
    }

    private Next fails(Instruction step, ExpectationMatcher matcher, int result, RingBuffer in) {
        String expected = MismatchText.expected(step, matcher);
        return result == MatchState.MORE
                ? fails(step, expected, MismatchText.seen(in, FIN, false), true)
                : fails(step, expected + state.limit, MismatchText.seen(in, state, matcher), false);
    }

    private Next fails(Instruction step, String expected, String seen, boolean isEarly) {
        mismatch = new Mismatch(step.place.text(rounds), Escaping.cut(expected), Escaping.cut(seen), isEarly);
        return Next.FAILED;
    }

    private static ExpectationMatcher matcher(Instruction step) {
        ExpectationMatcher matcher = step.matcher;
        if (matcher == null) {
            throw new AssertionError(step.label);
        }
        return matcher;
    }

    @Override
    public long wake() {
        return wake;
    }

    @Override
    public boolean readsAtWake() {
        Program.Kind kind = program.at(at).kind;
        return kind == Program.Kind.EXPECT || kind == Program.Kind.START_TLS;
    }

    @Override
    public Mismatch mismatch() {
        Mismatch failure = mismatch;
        if (failure == null) {
            throw new IllegalStateException("it has not failed");
        }
        return failure;
    }

    @Override
    public @Nullable Mismatch leftOver(RingBuffer in, String seen) {
        Mismatch starting = connection.tlsLeftOver(in, seen);
        if (starting != null) {
            return starting;
        }
        boolean holds = !in.isEmpty() || state.isCommitted;
        Instruction step = RemainingSteps.first(program, at, rounds, holds, expect -> loopThatMayEnd(expect, in));
        if (step == null) {
            return null;
        }
        String expected = switch (step.kind) {
            case ANSWER -> MismatchText.anyOf(step.matchers);
            case START_TLS -> MismatchText.expectedTls(step);
            default -> MismatchText.expected(step, matcher(step));
        };
        return new Mismatch(step.place.text(rounds), expected, MismatchText.seen(in, seen, false), true);
    }

    @Override
    public void stoodStill(long nanos) {
        if (wake != NEVER) {
            wake += nanos;
        }
    }

    @Override
    public void release() {
        captures.release();
        try {
            cursor.close();
        } catch (IOException notClosed) {
            // it was only read
        }
    }
}
