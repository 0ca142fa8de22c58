package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import org.echoharness.dialogue.ConnectionCalls;
import org.echoharness.dialogue.Dialogue;
import org.echoharness.dialogue.Mismatch;
import org.echoharness.dialogue.Outlet;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.dialogue.UnreportedInput;
import org.echoharness.gates.Verdict;
import org.echoharness.loop.Warnings;
import org.echoharness.memory.BorrowedRing;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.ServedConnection;
import org.jspecify.annotations.Nullable;

/**
 * Answers what comes, by a script or a handler: reads into one ring buffer, from which its dialogue takes what it matches,
 * and sends through a {@link GatedOutput} what the dialogue puts. The thread of one event loop uses it.
 */
final class DialoguePump implements ConnectionPump, ConnectionPump.Supply, GateChain.Observer {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ReadableByteChannel client;
    private final Dialogue dialogue;
    private final ConnectionCalls calls;
    private final @Nullable ConnectionReporter reporter;
    private final Owner owner;
    private final DialogueProblems problems;
    private final GatedOutput output;
    private final Outlet outlet;
    private final BorrowedRing input;
    private @Nullable UnreportedInput unreported; // until TLS starts; null where it cannot, or nothing is reported
    private Dialogue.Next next = Dialogue.Next.MORE; // what the dialogue waits for or asks for
    private String reason = "";
    private boolean inputEnded;
    private boolean finAnswered; // or is to be, when all was sent
    private boolean hasEndedOutput;
    private boolean hasRested;
    private boolean hasReceived; // since the last turn
    private boolean hasInput; // at least a byte, ever
    private boolean goesOn; // the turn ended although more could be done
    private boolean stalls;
    private long stallsSince;
    private @Nullable Mismatch failure;
    private boolean isOver; // the server has decided to end the connection
    private boolean isReleased;

    DialoguePump(
            ReadableByteChannel in, WritableByteChannel out, Dialogue dialogue, ConnectionCalls calls, Terms terms) {
        client = in;
        this.dialogue = dialogue;
        this.calls = calls;
        input = new BorrowedRing(terms.rings(), true);
        reporter = terms.reporter();
        owner = terms.owner();
        problems = new DialogueProblems(calls.number(), Objects.requireNonNull(terms.problems()), reporter);
        calls.onFailure(problems::failed);
        output = new GatedOutput(out, terms.rings(), reporter, this);
        TlsUpgrade upgrade = owner.upgrade();
        unreported = upgrade == null || reporter == null ? null : new UnreportedInput(reporter::received);
        outlet = unreported == null ? output.outlet() : unreported.reporting(output.outlet());
        if (upgrade != null) {
            calls.upgrade(new Upgrade(upgrade));
        }
        if (reporter != null) {
            reporter.answers();
        }
    }

    /** Starts TLS, of whose handshake no byte is reported. */
    private final class Upgrade implements TlsUpgrade {
        private final TlsUpgrade wire;

        Upgrade(TlsUpgrade wire) {
            this.wire = wire;
        }

        @Override
        public void start(RingBuffer clear) {
            if (unreported != null) {
                unreported.drop();
                unreported = null;
            }
            wire.start(clear);
        }

        @Override
        public boolean isHandshaking() {
            return wire.isHandshaking();
        }
    }

    @Override
    public boolean receive(LongSupplier clock) throws IOException {
        RingBuffer into = input.ring();
        int n = into.readFrom(client, input.mostToRead(true));
        inputEnded |= n < 0;
        hasReceived |= n > 0;
        hasInput |= n > 0;
        if (unreported != null && n > 0) {
            unreported.add(into.newest(n));
        } else if (reporter != null && n > 0) {
            reporter.received(into.newest(n));
        } else if (reporter != null && n < 0) {
            reportAll();
            reporter.inputEnded();
        }
        return n != 0;
    }

    private void reportAll() {
        if (unreported != null) {
            unreported.reportAll();
        }
    }

    @Override
    public Next pump(LongSupplier clock) throws IOException {
        calls.turns(true);
        goesOn = false;
        try {
            for (int step = 0; step < GatedOutput.STEPS; step++) {
                Next asks = output.pump(clock, this);
                if (asks != Next.WAIT) {
                    reason = output.reason();
                    return asks;
                }
                stalls(!output.reads(), clock);
                boolean moved = talks(clock);
                if (failure != null) {
                    return sendsLast(failure, clock);
                }
                moved |= waitsForAll() && output.flush();
                asks = asks();
                if (asks != Next.WAIT || !moved) {
                    return asks;
                }
            }
            goesOn = true;
            return Next.WAIT;
        } finally {
            calls.turns(false);
        }
    }

    @Override
    public boolean more(LongSupplier clock) throws IOException {
        boolean came = reads() && receive(clock);
        return talks(clock) || came;
    }

    /** Notes whether a fault stalls the connection: for the dialogue, no time passes then. */
    private void stalls(boolean now, LongSupplier clock) {
        if (now != stalls) {
            stalls = now;
            long time = clock.getAsLong();
            if (!now) {
                dialogue.stoodStill(time - stallsSince);
            }
            stallsSince = time;
        }
    }

    @Override
    public void stoodStill(long nanos) {
        if (!stalls) {
            dialogue.stoodStill(nanos);
        }
    }

    /** Puts what was sent by calls, or lets the dialogue go on. Returns whether it can perhaps go on further. */
    private boolean talks(LongSupplier clock) throws IOException {
        if (stalls || failure != null || isReleased) {
            return false;
        }
        if (!calls.isEmpty()) {
            return calls.putInto(outlet);
        }
        if (!mayTalk()) {
            return false;
        }
        long now = clock.getAsLong();
        if (untilDialogueWakes(now) <= 0 && dialogue.readsAtWake() && reads()) {
            receive(clock);
        }
        return !isReleased && advance(input.ring(), now, clock);
    }

    private boolean mayTalk() {
        if (next == Dialogue.Next.ROOM) {
            return output.held() <= input.most() / 2 && outlet.room() > 0;
        }
        if (next == Dialogue.Next.PAUSE) {
            return output.isEmpty();
        }
        if (next == Dialogue.Next.HALF_CLOSE && hasEndedOutput) {
            next = Dialogue.Next.MORE; // a fault has ended it
        }
        return !ends(calls.asked()) && (next == Dialogue.Next.AGAIN || awaitsClient());
    }

    private boolean awaitsClient() {
        return next == Dialogue.Next.MORE || next == Dialogue.Next.DONE;
    }

    private boolean advance(RingBuffer in, long now, LongSupplier clock) {
        int held = in.size();
        int put = output.held();
        try {
            next = dialogue.advance(in, inputEnded, outlet, now);
        } catch (IOException broken) {
            next = Dialogue.Next.FAILED;
            fail(new Mismatch("the script", "", Warnings.text(broken)));
            return false;
        }
        if (next == Dialogue.Next.FAILED) {
            fail(dialogue.mismatch());
            return false;
        }
        boolean answersFin = next == Dialogue.Next.DONE && inputEnded && !finAnswered && calls.isEmpty();
        if (answersFin) {
            finAnswered = true;
            output.ends(clock);
        }
        boolean moved = answersFin || in.size() != held || output.held() != put;
        boolean isPauseOver = next == Dialogue.Next.PAUSE && output.isEmpty();
        return moved || isPauseOver || next == Dialogue.Next.AGAIN || !calls.isEmpty();
    }

    /** Keeps and reports what went wrong, before the client can see the reset. */
    private void fail(Mismatch mismatch) {
        reportAll();
        failure = mismatch;
        if (endsProbe(mismatch)) {
            reason = "the end of a health check";
            return;
        }
        reason = mismatch.toString();
        problems.failed(mismatch);
    }

    /** Returns whether a proxy only looks whether the server is there: it need not carry out the script. */
    private boolean isProbe() {
        return !hasInput && owner.isOfProxy();
    }

    private boolean endsProbe(Mismatch mismatch) {
        return isProbe() && mismatch.isEarlyEnd();
    }

    /** Sends what can be sent at once of what was put before the failure. The rest is lost. */
    private Next sendsLast(Mismatch why, LongSupplier clock) throws IOException {
        if (endsProbe(why)) {
            output.pump(clock, this);
            return Next.CLOSE;
        }
        try {
            output.pump(clock, this);
        } finally {
            problems.record(reason);
        }
        return DialogueProblems.isFailure(why) ? Next.FAIL : Next.RESET_AT_ONCE;
    }

    /** Returns whether nothing more is put before all is sent that was put. */
    private boolean waitsForAll() {
        Dialogue.Next asked = asked();
        boolean halfCloses = asked == Dialogue.Next.HALF_CLOSE && !hasEndedOutput;
        boolean waits = next == Dialogue.Next.PAUSE || halfCloses || ends(asked);
        return waits && calls.isEmpty() && !isReleased;
    }

    private Dialogue.Next asked() {
        return ends(next) || next == Dialogue.Next.HALF_CLOSE ? next : calls.asked();
    }

    /** Returns what the dialogue or a call asks for, once all is sent that was put before. */
    private Next asks() {
        if (isReleased || stalls || !output.isEmpty() || !calls.isEmpty()) {
            return Next.WAIT;
        }
        Dialogue.Next asked = asked();
        boolean resets = asked == Dialogue.Next.RESET;
        reason = !resets ? "" : next == Dialogue.Next.RESET ? "reset by the script" : "reset()";
        if (asked == Dialogue.Next.HALF_CLOSE && !hasEndedOutput) {
            return Next.HALF_CLOSE;
        }
        return resets ? Next.RESET : asked == Dialogue.Next.CLOSE ? Next.CLOSE : Next.WAIT;
    }

    private static boolean ends(Dialogue.Next asked) {
        return asked == Dialogue.Next.CLOSE || asked == Dialogue.Next.RESET || asked == Dialogue.Next.FAILED;
    }

    @Override
    public void applying(Fault fault) {
        problems.applying();
        owner.applying(fault);
    }

    @Override
    public String reason() {
        return reason;
    }

    @Override
    public void outputEnded() {
        hasEndedOutput = true;
        output.outputEnded();
    }

    @Override
    public int rest() {
        int writes = output.rest();
        if (unreported != null) {
            unreported.rest();
        }
        input.rest();
        hasRested = true;
        return (goesOn ? SelectionKey.OP_WRITE : writes) | (reads() ? SelectionKey.OP_READ : 0);
    }

    /** Returns whether to read. A message may need all of the ring; what comes before its turn gets half of it. */
    private boolean reads() {
        if (inputEnded || !output.reads()) {
            return false;
        }
        return ((calls.isEmpty() && awaitsClient()) || input.isHalfFree()) && input.takesMore(true);
    }

    @Override
    public boolean mayWake() {
        return !hasRested || input.lacksMemory() || output.mayWake() || dialogue.wake() != Dialogue.NEVER;
    }

    @Override
    public long untilWake(long now) {
        long left = output.untilWake(now);
        if (!stalls && awaitsClient()) {
            left = Math.min(left, Math.max(1, untilDialogueWakes(now)));
        }
        return input.lacksMemory() ? Math.min(left, BorrowedRing.LOOK_NANOS) : left;
    }

    private long untilDialogueWakes(long now) {
        long wake = dialogue.wake();
        return wake == Dialogue.NEVER ? Verdict.NEVER : wake - now;
    }

    @Override
    public void setFaults(List<Fault> faults, long number, long now) {
        output.setFaults(faults, number, now);
    }

    @Override
    public boolean drain() throws IOException {
        isOver = true;
        output.dropHeld();
        reportAll();
        boolean came = false;
        for (int i = 0, n = 1; i < GatedOutput.STEPS && n > 0 && !inputEnded; i++) {
            RingBuffer unread = input.ring();
            unread.clear();
            n = unread.readFrom(client);
            inputEnded = n < 0;
            came |= n > 0;
            if (reporter != null) {
                reporter.drained(n > 0 ? unread.newest(n) : NOTHING, n < 0);
            }
            unread.clear();
        }
        return came;
    }

    @Override
    public boolean holds() {
        return output.held() > 0 || !calls.isEmpty() || !input.isEmpty();
    }

    @Override
    public boolean inputEnded() {
        return inputEnded;
    }

    @Override
    public boolean hasSent() {
        return output.hasSent();
    }

    @Override
    public boolean hasMoved() {
        boolean moved = hasReceived;
        hasReceived = false;
        return output.hasMoved() || moved;
    }

    @Override
    public ServedConnection calls() {
        return calls;
    }

    @Override
    public @Nullable CountDownLatch running() {
        return dialogue.running();
    }

    @Override
    public void ended(String why) {
        dialogue.ended(why);
    }

    @Override
    public @Nullable ScriptProblem unfinished() {
        Mismatch left = leftOver("nothing more");
        return left == null ? null : problems.leftOver(left);
    }

    /** Returns which steps are left, or null if there are none or if the server has decided how the connection ends. */
    private @Nullable Mismatch leftOver(String seen) {
        if (failure != null || isOver || isReleased || ends(next) || isProbe()) {
            return null;
        }
        Mismatch left = dialogue.leftOver(input.ring(), seen);
        input.giveBackEmpty();
        return left;
    }

    @Override
    public void ends(String how, @Nullable LongSupplier clock) {
        String seen = how;
        try {
            boolean more = true;
            for (int step = 0; clock != null && more && step < GatedOutput.STEPS; step++) {
                more = more(clock);
            }
        } catch (IOException lost) {
            seen = LOST;
        }
        reportAll();
        Mismatch left = leftOver(seen);
        if (left != null) {
            problems.left(left);
        }
    }

    @Override
    public void release(boolean clean, String why) {
        if (!isReleased) {
            isReleased = true;
            input.drop();
            output.release();
            dialogue.release();
            calls.ended();
        }
    }
}
