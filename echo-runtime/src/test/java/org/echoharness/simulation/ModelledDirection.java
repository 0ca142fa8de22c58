package org.echoharness.simulation;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.echoharness.Effect;
import org.echoharness.Fault;
import org.echoharness.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * What one direction of a relay does with what its sender sends, by the rules of FAULTS.md alone: byte by byte, without
 * gates, buffers, sockets or time. It knows no fault {@code after} a time, and at most one of {@code duplicate}, {@code
 * truncate} and {@code discard}.
 */
public final class ModelledDirection {

    private final List<Fault> faults;
    private final boolean[] started;
    private final long[] moments; // when they started: how many bytes were passed on, dropped or sent by then
    private final int[] starts; // the bytes passed on or dropped by then
    private final int[] used; // of a greeting, a truncate or a duplicate
    private final StringBuilder input = new StringBuilder();
    private final StringBuilder output = new StringBuilder();
    private boolean inputEnded;
    private int moved;
    private boolean outputEnded;
    private @Nullable Fault terminal;

    public ModelledDirection(List<Fault> faults) {
        this.faults = faults;
        started = new boolean[faults.size()];
        moments = new long[faults.size()];
        starts = new int[faults.size()];
        used = new int[faults.size()];
    }

    /** What its receiver reads. */
    public String output() {
        return output.toString();
    }

    /** Whether its receiver reads a FIN after that. */
    public boolean hasFin() {
        return outputEnded;
    }

    /** The {@code reset} or {@code close} that has ended the connection, if one has. */
    public @Nullable Fault terminal() {
        return terminal;
    }

    /** Whether its sender's FIN was passed on, or would have been but for a half-close. */
    public boolean isOver() {
        return inputEnded && moved == input.length() && outputEnded && !isStalled();
    }

    /** Whether it stands still, whatever comes. */
    boolean isStalled() {
        for (int i = 0; i < started.length; i++) {
            if (started[i] && faults.get(i).effect() instanceof Effect.Stall) {
                return true;
            }
        }
        return false;
    }

    /**
     * What goes on with other faults, which count from now, at the next call of {@link #takes}. The receiver has read the output
     * of this one.
     */
    ModelledDirection with(List<Fault> others) {
        ModelledDirection next = new ModelledDirection(others);
        int from = moved;
        for (int i = 0; i < started.length; i++) {
            if (started[i] && faults.get(i).effect() instanceof Effect.Duplicate duplicate && !isCopied(i, duplicate)) {
                from = Math.max(from, starts[i] + used[i]); // what is copied so far is not sent again
            }
        }
        next.input.append(input, from, input.length());
        next.inputEnded = inputEnded;
        next.outputEnded = outputEnded;
        return next;
    }

    /** Takes bytes of the sender, and its FIN, and goes on as far as it can. */
    public void takes(byte[] bytes, boolean fin) {
        input.append(new String(bytes, StandardCharsets.ISO_8859_1));
        inputEnded |= fin;
        while (terminal == null && goesOn()) {}
    }

    /** Takes one step. Returns whether another may follow. */
    private boolean goesOn() {
        start(false);
        if (!holdsFin()) {
            start(true);
        }
        int greeting = -1;
        boolean stalls = false;
        Fault ending = null;
        for (int i = 0; i < started.length; i++) {
            Effect effect = faults.get(i).effect();
            boolean cutsOff = greeting < 0 || moments[i] > moments[greeting];
            if (started[i] && greets(i) && greeting < 0 && !stalls) {
                greeting = i;
            } else if (started[i] && effect instanceof Effect.Stall) {
                stalls = true;
                greeting = cutsOff ? -1 : greeting;
            } else if (started[i] && ends(effect) && cutsOff && ending == null) {
                ending = faults.get(i);
            }
        }
        if (ending != null) {
            outputEnded |= ending.effect() instanceof Effect.HalfClose;
            terminal = ending.effect() instanceof Effect.HalfClose ? null : ending;
            return true;
        }
        if (greeting >= 0) {
            String bytes = ((Effect.Greet) faults.get(greeting).effect()).bytes();
            output.append(bytes.charAt(used[greeting]++));
            return true;
        }
        return !stalls && moves();
    }

    private boolean greets(int index) {
        return faults.get(index).effect() instanceof Effect.Greet greet
                && used[index] < greet.bytes().length()
                && !outputEnded;
    }

    private boolean ends(Effect effect) {
        return effect instanceof Effect.Reset
                || effect instanceof Effect.Close
                || (effect instanceof Effect.HalfClose && !outputEnded);
    }

    /** Deals with the next byte, or with the FIN. */
    private boolean moves() {
        if (outputEnded) {
            boolean drops = moved < input.length();
            moved += drops ? 1 : 0;
            return drops;
        }
        for (int i = 0; i < started.length; i++) {
            Effect effect = faults.get(i).effect();
            if (started[i] && effect instanceof Effect.Duplicate duplicate && !isCopied(i, duplicate)) {
                int next = starts[i] + used[i];
                if (next >= input.length()) {
                    return false;
                }
                output.append(altered(next));
                used[i]++;
                return true;
            }
            boolean drops = effect instanceof Effect.Truncate truncate && used[i] < truncate.bytes();
            if (started[i] && (drops || effect instanceof Effect.Discard) && moved < input.length()) {
                used[i]++;
                moved++;
                return true;
            }
        }
        if (moved < input.length()) {
            output.append(altered(moved++));
            return true;
        }
        outputEnded = inputEnded;
        return false;
    }

    private boolean isCopied(int index, Effect.Duplicate duplicate) {
        return used[index] >= duplicate.bytes() || (inputEnded && starts[index] + used[index] == input.length());
    }

    private char altered(int position) {
        char b = input.charAt(position);
        for (int i = 0; i < started.length; i++) {
            long number = position - starts[i] + 1L;
            if (started[i]
                    && faults.get(i).effect() instanceof Effect.Corrupt corrupt
                    && number >= corrupt.first()
                    && number <= corrupt.last()) {
                b = (char) (b ^ 0xFF);
            }
        }
        return b;
    }

    private void start(boolean onFin) {
        for (int i = 0; i < started.length; i++) {
            Trigger trigger = faults.get(i).trigger();
            if (!started[i] && trigger instanceof Trigger.OnFin == onFin && isReached(trigger)) {
                started[i] = true;
                moments[i] = (long) moved + output.length();
                starts[i] = moved;
            }
        }
    }

    private boolean isReached(Trigger trigger) {
        if (trigger instanceof Trigger.AfterReceived after) {
            return moved >= after.bytes();
        }
        if (trigger instanceof Trigger.AfterSent after) {
            return output.length() >= after.bytes();
        }
        return trigger instanceof Trigger.AtAccept || (inputEnded && moved == input.length());
    }

    /** Faults on the FIN start last. */
    private boolean holdsFin() {
        for (int i = 0; i < started.length; i++) {
            Effect effect = faults.get(i).effect();
            if (started[i] && (greets(i) || ends(effect) || effect instanceof Effect.Stall)) {
                return true;
            }
        }
        return false;
    }
}
