package org.echoharness.dialogue;

import java.util.List;
import org.echoharness.script.Data;
import org.echoharness.script.Step;

/** Writes steps as people do, one on each line. {@link StepParser} reads the lines as the same steps. */
public final class StepLines {

    private static final String INDENT = "  ";
    private static final int WIDTH = 100;

    private StepLines() {}

    /**
     * Adds the lines of a step, without the last line end.
     *
     * @param depth how deep the step stands in others
     */
    public static void write(Step step, int depth, StringBuilder to) {
        String indent = INDENT.repeat(depth);
        to.append(indent);
        if (step instanceof Step.Repeat repeat) {
            to.append("repeat ").append(repeat.times() == 0 ? "" : repeat.times() + " ");
            block(repeat.steps(), depth, to);
        } else if (step instanceof Step.Answer answer) {
            to.append("answer {\n");
            for (Step.Case each : answer.cases()) {
                write(each, depth + 1, to);
                to.append('\n');
            }
            to.append(indent).append('}');
        } else if (step instanceof Step.Send send && isLong(send, depth)) {
            to.append("send {\n");
            for (Data data : send.data()) {
                to.append(indent).append(INDENT).append(data).append('\n');
            }
            to.append(indent).append('}');
        } else {
            to.append(step);
        }
    }

    private static boolean isLong(Step.Send send, int depth) {
        return send.data().size() > 1
                && depth * INDENT.length() + send.toString().length() > WIDTH;
    }

    private static void write(Step.Case each, int depth, StringBuilder to) {
        to.append(INDENT.repeat(depth)).append(each.expectation()).append(" -> ");
        if (each.steps().isEmpty()) {
            to.append("{ }");
        } else if (each.steps().size() == 1) {
            StringBuilder only = new StringBuilder();
            write(each.steps().get(0), depth, only);
            to.append(only.substring(INDENT.length() * depth));
        } else {
            block(each.steps(), depth, to);
        }
    }

    private static void block(List<Step> steps, int depth, StringBuilder to) {
        to.append("{\n");
        for (Step step : steps) {
            write(step, depth + 1, to);
            to.append('\n');
        }
        to.append(INDENT.repeat(depth)).append('}');
    }
}
