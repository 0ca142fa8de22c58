package org.echoharness.dialogue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/** Finds steps that could never be carried out as they are written. */
public final class StepChecks {

    static final int MOST_DEPTH = 16;
    static final String TOO_DEEP = "steps are nested more than " + MOST_DEPTH + " deep";

    private static final int MOST_STEPS = 10_000;
    private static final int MOST_CASES = 1_000;
    private static final int MOST_NAMES = 64;

    /**
     * What is wrong.
     *
     * @param at the step, the case or the data
     * @param why a sentence with the cure
     */
    public record Problem(Object at, String why) {}

    private final Set<String> names; // of all captures of the rule
    private int steps;
    private boolean isSecondRound;

    private StepChecks(Set<String> names) {
        this.names = names;
    }

    /** Returns the first problem of the steps of a rule, or null if there is none. */
    public static @Nullable Problem problem(List<Step> rule) {
        Step tooDeep = tooDeep(rule, 1);
        if (tooDeep != null) {
            return new Problem(tooDeep, TOO_DEEP);
        }
        Set<String> names = new HashSet<>();
        for (Step step : rule) {
            addNames(step, names);
        }
        if (names.size() > MOST_NAMES) {
            return new Problem(
                    rule.get(0), "a rule captures at most " + MOST_NAMES + " names, and this " + names.size());
        }
        StepChecks checks = new StepChecks(names);
        return checks.problem(rule, new State());
    }

    /** Returns whether one of the steps, or of those within them, starts TLS. */
    public static boolean startsTls(List<Step> steps) {
        for (Step step : steps) {
            boolean inside = step instanceof Step.Repeat repeat && startsTls(repeat.steps());
            inside |= step instanceof Step.Answer answer
                    && answer.cases().stream().anyMatch(each -> startsTls(each.steps()));
            if (inside || step instanceof Step.StartTls) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Step tooDeep(List<Step> list, int depth) {
        for (Step step : list) {
            Step found = depth > MOST_DEPTH ? step : null;
            if (found == null && step instanceof Step.Repeat repeat) {
                found = tooDeep(repeat.steps(), depth + 1);
            } else if (found == null && step instanceof Step.Answer answer) {
                for (int i = 0; i < answer.cases().size() && found == null; i++) {
                    found = tooDeep(answer.cases().get(i).steps(), depth + 1);
                }
            }
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** How far the steps have come. */
    private static final class State {
        final Set<String> captured = new HashSet<>();
        boolean isHalfClosed;
        boolean isAtFin;
        boolean isTls; // TLS has started, unless that is in a case
        boolean isRepeated;
        String end = ""; // the step that ends the connection

        State copy() {
            State copy = new State();
            copy.captured.addAll(captured);
            copy.isHalfClosed = isHalfClosed;
            copy.isAtFin = isAtFin;
            copy.isTls = isTls;
            copy.isRepeated = isRepeated;
            return copy;
        }
    }

    private @Nullable Problem problem(List<Step> list, State state) {
        for (Step step : list) {
            if (!isSecondRound && ++steps > MOST_STEPS) {
                return new Problem(step, "a rule has at most " + MOST_STEPS + " steps");
            }
            if (!state.end.isEmpty()) {
                return new Problem(
                        step,
                        text(step) + " would never be reached, because " + state.end
                                + " before it ends the connection; leave it out");
            }
            Problem problem = problem(step, state);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private @Nullable Problem problem(Step step, State state) {
        boolean sends = step instanceof Step.Send
                || step instanceof Step.Echo
                || step instanceof Step.HalfClose
                || step instanceof Step.StartTls;
        if (sends && state.isHalfClosed) {
            String once = step instanceof Step.HalfClose
                    ? "the output ends once; leave this half-close out"
                    : "nothing can be sent after half-close; write " + text(step) + " before it";
            return new Problem(
                    step,
                    isSecondRound
                            ? "the round before ends the output with half-close; write half-close after the repeat"
                            : once);
        }
        boolean receives = step instanceof Step.Echo
                || step instanceof Step.Answer
                || step instanceof Step.StartTls
                || (step instanceof Step.Expect expect && !(expect.expectation() instanceof Expectation.Fin));
        if (receives && state.isAtFin) {
            return new Problem(
                    step,
                    isSecondRound
                            ? text(step) + " would never be met again, because the round before it goes on until the"
                                    + " client's FIN; write it after the repeat, or leave the repeat out"
                            : text(step) + " would never be met, because the client's FIN has come before it; leave it"
                                    + " out");
        }
        if (step instanceof Step.StartTls && state.isTls) {
            return new Problem(
                    step,
                    isSecondRound
                            ? "TLS starts once; write start tls before the repeat"
                            : "TLS has started before; leave this start tls out");
        }
        state.isTls |= step instanceof Step.StartTls;
        if (step instanceof Step.Expect expect) {
            return expect(expect, state);
        }
        if (step instanceof Step.Send send) {
            return data(send.data(), state);
        }
        if (step instanceof Step.Repeat repeat) {
            return repeat(repeat, state);
        }
        if (step instanceof Step.Answer answer) {
            return answer(answer, state);
        }
        state.isAtFin |= step instanceof Step.Echo;
        state.isHalfClosed |= step instanceof Step.HalfClose;
        if (step instanceof Step.Close || step instanceof Step.Reset) {
            state.end = word(step);
        }
        return null;
    }

    private static @Nullable Problem expect(Step.Expect expect, State state) {
        addNames(expect.expectation(), state.captured);
        if (expect.expectation() instanceof Expectation.Fin) {
            if (state.isRepeated) {
                return new Problem(expect, "the client's FIN comes once; write expect fin after the repeat");
            }
            state.isAtFin = true;
        }
        return null;
    }

    private @Nullable Problem data(List<Data> data, State state) {
        for (Data each : data) {
            if (each instanceof Data.Frame frame) {
                Problem problem = data(frame.body(), state);
                if (problem != null) {
                    return problem;
                }
            } else if (each instanceof Data.Text text) {
                for (String name : Template.of(text.template(), false).names()) {
                    if (names.contains(name) && !state.captured.contains(name)) {
                        return new Problem(
                                each,
                                "{" + name + "} is sent before a step can have captured it; write the expect first, or"
                                        + " \\{" + name + "} for the text itself");
                    }
                }
            }
        }
        return null;
    }

    private @Nullable Problem repeat(Step.Repeat repeat, State state) {
        boolean wasRepeated = state.isRepeated;
        state.isRepeated = true;
        Problem problem = problem(repeat.steps(), state);
        String end = state.end;
        if (problem == null && repeat.times() != 1 && end.isEmpty() && !isSecondRound) {
            isSecondRound = true; // what the first round left may forbid the second
            problem = problem(repeat.steps(), state);
            isSecondRound = false;
        }
        state.isRepeated = wasRepeated;
        if (repeat.times() == 0) {
            state.end = ""; // the client's FIN may come first
            state.isAtFin = true;
        }
        return problem;
    }

    private @Nullable Problem answer(Step.Answer answer, State state) {
        if (answer.cases().size() > MOST_CASES) {
            return new Problem(
                    answer,
                    "answer has at most " + MOST_CASES + " cases, and this "
                            + answer.cases().size());
        }
        List<Step.Case> before = new ArrayList<>();
        for (Step.Case each : answer.cases()) {
            String unused = unused(each, before);
            if (!unused.isEmpty()) {
                return new Problem(
                        each, "the case (" + Escaping.cut(each.toString()) + ") would never apply, because " + unused);
            }
            before.add(each);
            addNames(each.expectation(), state.captured);
        }
        for (Step.Case each : answer.cases()) {
            State inCase = state.copy();
            inCase.isRepeated = false;
            inCase.isAtFin = each.expectation() instanceof Expectation.Fin;
            Problem problem = problem(each.steps(), inCase);
            if (problem != null) {
                return problem;
            }
            state.captured.addAll(inCase.captured);
        }
        state.isAtFin = true;
        return null;
    }

    private static String unused(Step.Case wanted, List<Step.Case> before) {
        Expectation mine = wanted.expectation();
        for (Step.Case each : before) {
            Expectation other = each.expectation();
            if (mine.equals(other)) {
                return "a case before it expects the same; leave one out";
            }
            if (mine instanceof Expectation.Line && other instanceof Expectation.Line line && isAny(line.pattern())) {
                return "the case before it (" + other + ") takes every line; write that one last";
            }
            if (mine instanceof Expectation.Bytes longer
                    && other instanceof Expectation.Bytes shorter
                    && longer.literal().startsWith(shorter.literal())) {
                return "the case before it (" + Escaping.cut(other.toString()) + ") takes the bytes first; write the"
                        + " longer one first";
            }
        }
        return "";
    }

    private static boolean isAny(String pattern) {
        Template read = Template.of(pattern, true);
        return read.parts().size() == 1 && read.parts().get(0) instanceof Template.Gap gap && gap.bytes() == 0;
    }

    private static String text(Step step) {
        return step instanceof Step.StartTls ? "start tls" : word(step);
    }

    private static String word(Step step) {
        String text = step.toString();
        int space = text.indexOf(' ');
        return space < 0 ? text : text.substring(0, space);
    }

    private static void addNames(Step step, Set<String> names) {
        if (step instanceof Step.Expect expect) {
            addNames(expect.expectation(), names);
        } else if (step instanceof Step.Repeat repeat) {
            repeat.steps().forEach(each -> addNames(each, names));
        } else if (step instanceof Step.Answer answer) {
            for (Step.Case each : answer.cases()) {
                addNames(each.expectation(), names);
                each.steps().forEach(one -> addNames(one, names));
            }
        }
    }

    private static void addNames(Expectation expectation, Set<String> names) {
        if (expectation instanceof Expectation.Line line) {
            names.addAll(Template.of(line.pattern(), true).names());
        } else if (expectation instanceof Expectation.Frame frame) {
            names.addAll(Template.of(frame.pattern(), true).names());
        } else if (expectation instanceof Expectation.Sequence sequence) {
            sequence.parts().forEach(part -> addNames(part, names));
        }
    }
}
