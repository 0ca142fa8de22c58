package org.echoharness.dialogue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** The steps of a rule as a list of instructions, made once for all connections. Immutable; any thread may use it. */
public final class Program {

    /** What an instruction does. */
    enum Kind {
        EXPECT,
        SEND,
        WAIT,
        ECHO,
        CLOSE,
        HALF_CLOSE,
        RESET,
        START_TLS,
        REPEAT,
        REPEAT_END,
        ANSWER,
        CASE_END,
        END
    }

    /** Where a step stands: its number among its siblings, and the step that contains it. */
    record Place(@Nullable Place parent, String part, int counter, int times) {

        /** Returns the place with the rounds, such as {@code step 1 of 1, round 2 of 3, step 1 of 1}. */
        String text(int[] rounds) {
            Place outer = parent;
            String before = outer == null ? "" : outer.text(rounds) + ", ";
            String round = "";
            if (counter >= 0) {
                round = ", round " + rounds[counter] + (times == 0 ? "" : " of " + times);
            }
            return before + part + round;
        }

        /** Returns the place without the rounds. */
        String label() {
            Place outer = parent;
            return outer == null ? part : outer.label() + ", " + part;
        }
    }

    /** One instruction. The fields that its kind has no use for are zero, empty or null. */
    static final class Instruction {
        final Kind kind;
        final Place place;
        String label = "";
        long nanos; // of wait, or within; 0 for none

        @Nullable
        ExpectationMatcher matcher;

        List<ExpectationMatcher> matchers = List.of(); // of the cases
        List<String> labels = List.of();
        int[] targets = {}; // where the cases begin

        @Nullable
        SendTemplate send;

        int counter; // of rounds
        int times;
        int exit; // where it goes on after the last round or answer; of an end, where the loop begins
        boolean takesInput; // of a loop: whether each round needs bytes of the client, or its FIN

        @Nullable
        Instruction loop; // the innermost loop until the client's FIN that it stands in

        Instruction(Kind kind, Place place) {
            this.kind = kind;
            this.place = place;
        }
    }

    private static final int MOST_OF_TEXT = 2_048; // bytes of an expectation, whose text an error cuts

    private final List<Instruction> code = new ArrayList<>();
    private final Map<String, Integer> names = new LinkedHashMap<>();
    private final DataSource.Finder finder;
    private int counters;
    private int mostParts = 1;
    private int leastBuffer;
    private @Nullable Expectation largest;

    /**
     * Makes the program of a rule.
     *
     * @param finder finds the files that the steps send
     * @throws IllegalArgumentException if a file is not found
     */
    public Program(List<Step> steps, DataSource.Finder finder) {
        this.finder = finder;
        steps.forEach(this::addNames);
        add(steps, null);
        Place last = new Place(null, "after step " + steps.size() + " of " + steps.size(), -1, 0);
        code.add(new Instruction(Kind.END, last));
    }

    /** Fails if the program needs a larger bufferSize than this. */
    public void check(int bufferSize) {
        if (leastBuffer > bufferSize) {
            throw new IllegalArgumentException("script (" + Escaping.cut("expect " + largest)
                    + ") must fit into bufferSize (" + Quantities.text(bufferSize) + "); raise bufferSize");
        }
    }

    Instruction at(int index) {
        return code.get(index);
    }

    int names() {
        return names.size();
    }

    int counters() {
        return counters;
    }

    int mostParts() {
        return mostParts;
    }

    private void addNames(Step step) {
        if (step instanceof Step.Expect expect) {
            matcher(expect.expectation());
        } else if (step instanceof Step.Repeat repeat) {
            repeat.steps().forEach(this::addNames);
        } else if (step instanceof Step.Answer answer) {
            for (Step.Case each : answer.cases()) {
                matcher(each.expectation());
                each.steps().forEach(this::addNames);
            }
        }
    }

    private ExpectationMatcher matcher(Expectation expectation) {
        ToIntFunction<String> numbers = name -> names.computeIfAbsent(name, added -> names.size());
        ExpectationMatcher matcher = new ExpectationMatcher(expectation, numbers);
        mostParts = Math.max(mostParts, matcher.parts());
        if (matcher.leastHeld() > leastBuffer) {
            leastBuffer = matcher.leastHeld();
            largest = expectation;
        }
        return matcher;
    }

    /** Returns the text of an expectation, cut if it is long. Only what is needed is made of it. */
    private static String text(Expectation expectation) {
        return Escaping.cut(beginning(expectation).toString());
    }

    /** Returns the expectation, or one whose text begins in the same way and is long enough to be cut. */
    private static Expectation beginning(Expectation expectation) {
        if (expectation instanceof Expectation.Bytes bytes && bytes.literal().length() > MOST_OF_TEXT) {
            return new Expectation.Bytes(bytes.literal().substring(0, MOST_OF_TEXT));
        }
        if (!(expectation instanceof Expectation.Sequence sequence)) {
            return expectation;
        }
        List<Expectation> parts = new ArrayList<>();
        int least = 0; // characters of the text
        for (int i = 0; i < sequence.parts().size() && least < MOST_OF_TEXT; i++) {
            parts.add(beginning(sequence.parts().get(i)));
            least += sequence.parts().get(i) instanceof Expectation.Bytes bytes
                    ? bytes.literal().length()
                    : 1;
        }
        return parts.size() == 1 ? parts.get(0) : new Expectation.Sequence(parts);
    }

    private void add(List<Step> steps, @Nullable Place parent) {
        for (int i = 0; i < steps.size(); i++) {
            add(steps.get(i), parent, "step " + (i + 1) + " of " + steps.size());
        }
    }

    private void add(Step step, @Nullable Place parent, String part) {
        if (step instanceof Step.Repeat repeat) {
            addRepeat(repeat, parent, part);
            return;
        }
        Place place = new Place(parent, part, -1, 0);
        if (step instanceof Step.Answer answer) {
            addAnswer(answer, place);
            return;
        }
        Instruction added = new Instruction(kind(step), place);
        code.add(added);
        if (step instanceof Step.Expect expect) {
            added.matcher = matcher(expect.expectation());
            added.nanos = expect.within().toNanos();
            added.label = place.label() + ": " + text(expect.expectation());
            return;
        }
        if (step instanceof Step.Send send) {
            added.send = template(send.data());
        } else if (step instanceof Step.Wait wait) {
            added.nanos = wait.time().toNanos();
        } else if (step instanceof Step.StartTls start) {
            added.nanos = start.within().toNanos();
        }
        added.label = place.label() + ": " + (step instanceof Step.Send ? "send" : step.toString());
    }

    private SendTemplate template(List<Data> data) {
        return new SendTemplate(data, name -> names.getOrDefault(name, SendTemplate.UNKNOWN), finder);
    }

    private void addRepeat(Step.Repeat repeat, @Nullable Place parent, String part) {
        Place place = new Place(parent, part, counters++, repeat.times());
        Instruction begin = new Instruction(Kind.REPEAT, place);
        begin.counter = place.counter();
        begin.times = repeat.times();
        int start = code.size();
        code.add(begin);
        add(repeat.steps(), place);
        Instruction end = new Instruction(Kind.REPEAT_END, place);
        end.exit = start;
        code.add(end);
        begin.exit = code.size();
        for (Instruction inner : code.subList(start + 1, code.size())) {
            begin.takesInput |= inner.kind == Kind.EXPECT || inner.kind == Kind.ECHO || inner.kind == Kind.ANSWER;
            if (repeat.times() == 0 && inner.loop == null) {
                inner.loop = begin;
            }
        }
    }

    private void addAnswer(Step.Answer answer, Place place) {
        Instruction begin = new Instruction(Kind.ANSWER, place);
        int start = code.size();
        code.add(begin);
        int count = answer.cases().size();
        List<ExpectationMatcher> matchers = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        begin.targets = new int[count];
        for (int i = 0; i < count; i++) {
            Step.Case each = answer.cases().get(i);
            matchers.add(matcher(each.expectation()));
            labels.add(place.label() + ", case " + (i + 1) + ": " + text(each.expectation()));
            begin.targets[i] = code.size();
            add(each.steps(), new Place(place, "case " + (i + 1) + " of " + count, -1, 0));
            Instruction end = new Instruction(Kind.CASE_END, place);
            end.exit = start;
            code.add(end);
        }
        begin.matchers = List.copyOf(matchers);
        begin.labels = List.copyOf(labels);
        begin.exit = code.size();
    }

    private static Kind kind(Step step) {
        if (step instanceof Step.Expect) {
            return Kind.EXPECT;
        }
        if (step instanceof Step.Send) {
            return Kind.SEND;
        }
        if (step instanceof Step.Wait) {
            return Kind.WAIT;
        }
        if (step instanceof Step.Echo) {
            return Kind.ECHO;
        }
        if (step instanceof Step.Close) {
            return Kind.CLOSE;
        }
        if (step instanceof Step.StartTls) {
            return Kind.START_TLS;
        }
        return step instanceof Step.HalfClose ? Kind.HALF_CLOSE : Kind.RESET;
    }
}
