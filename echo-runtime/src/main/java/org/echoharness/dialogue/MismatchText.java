package org.echoharness.dialogue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.echoharness.dialogue.Program.Instruction;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/** What was expected and what was seen, for the error of a script. */
final class MismatchText {

    /** What a step expects that starts TLS. */
    static final String HANDSHAKE = "a TLS handshake";

    private static final int MOST_CASES_SHOWN = 8;
    private static final int MOST_SHOWN = 64; // bytes that an error shows whole
    private static final int LONG_LITERAL = 16;

    private MismatchText() {}

    /** Returns the bytes that do not match, or what the matcher says was seen. */
    static String seen(RingBuffer in, MatchState state, ExpectationMatcher matcher) {
        if (!state.seen.isEmpty()) {
            return state.seen;
        }
        int count = message(in, state);
        String first = state.difference > 0 && count <= MOST_SHOWN && matcher.leastHeld() > LONG_LITERAL
                ? " (first difference at offset " + state.difference + ")"
                : "";
        return shown(in, count, state.difference) + first;
    }

    static String expected(Instruction step, ExpectationMatcher matcher) {
        return matcher.text() + within(step);
    }

    /** Returns what a step that starts TLS expects. */
    static String expectedTls(Instruction step) {
        return HANDSHAKE + within(step);
    }

    private static String within(Instruction step) {
        return step.nanos == 0 ? "" : " within " + Quantities.text(Duration.ofNanos(step.nanos));
    }

    /** Returns how many of the bytes an error shows: up to the end of the line in which they differ. */
    private static int message(RingBuffer in, MatchState state) {
        int end = in.indexOf((byte) '\n', Math.min(state.difference, in.size()));
        return end < 0 ? in.size() : end + 1;
    }

    /** Returns the bytes that have come, and then how they ended. */
    static String seen(RingBuffer in, String end, boolean isLate) {
        if (in.isEmpty()) {
            return isLate ? "nothing" : end;
        }
        String bytes = shown(in, in.size(), 0);
        return end.isEmpty() ? bytes : bytes + ", then " + end;
    }

    static String shown(RingBuffer in, int count, int difference) {
        ByteBuffer bytes = in.copy(0, count);
        if (count <= MOST_SHOWN) {
            return Escaping.quote(bytes);
        }
        String excerpt = Escaping.excerpt(bytes, Math.min(difference, count));
        return excerpt + (difference > 0 ? " at offset " + difference : " of " + count + " bytes");
    }

    static String anyOf(List<ExpectationMatcher> cases) {
        StringBuilder text = new StringBuilder(cases.size() == 1 ? "" : "one of ");
        int shown = Math.min(cases.size(), MOST_CASES_SHOWN);
        for (int i = 0; i < shown; i++) {
            boolean isLast = i == cases.size() - 1;
            text.append(i == 0 ? "" : isLast ? " or " : ", ")
                    .append(cases.get(i).text());
        }
        int more = cases.size() - shown;
        return more == 0 ? text.toString() : text + " and " + more + " more";
    }
}
