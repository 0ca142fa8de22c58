package org.echoharness.dialogue;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.echoharness.dialogue.Program.Instruction;
import org.jspecify.annotations.Nullable;

/** Finds what a client still has to do if its connection ends now. */
final class RemainingSteps {

    private RemainingSteps() {}

    /**
     * Returns the step that the client should still meet, or null if the connection may end here.
     *
     * @param at the index of the next instruction
     * @param rounds how often each loop has begun
     * @param holds whether the client has sent a part of a message
     * @param endingLoop returns the loop that the client's FIN ends at an EXPECT, or null if it ends none
     */
    static @Nullable Instruction first(
            Program program,
            int at,
            int[] rounds,
            boolean holds,
            Function<Instruction, @Nullable Instruction> endingLoop) {
        Set<Integer> repeated = new HashSet<>();
        int next = at;
        while (true) {
            Instruction step = program.at(next);
            switch (step.kind) {
                case CLOSE, RESET, END -> {
                    return null;
                }
                case EXPECT -> {
                    Instruction loop = endingLoop.apply(step);
                    if (loop == null && !Objects.requireNonNull(step.matcher).isFin()) {
                        return step;
                    }
                    next = loop == null ? next + 1 : loop.exit;
                }
                case START_TLS -> {
                    return step;
                }
                case ANSWER -> {
                    if (holds && next == at) {
                        return step;
                    }
                    next = step.exit;
                }
                case REPEAT -> next = step.times == 0 ? step.exit : next + 1;
                case REPEAT_END -> {
                    Instruction begin = program.at(step.exit);
                    boolean isLast = begin.times == 0 || rounds[begin.counter] == begin.times;
                    next = isLast || !repeated.add(next) ? next + 1 : step.exit + 1;
                }
                case CASE_END -> next = step.exit;
                default -> next++;
            }
        }
    }
}
