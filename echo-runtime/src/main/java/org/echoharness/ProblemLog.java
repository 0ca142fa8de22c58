package org.echoharness;

import java.util.ArrayList;
import java.util.List;
import org.echoharness.loop.Warnings;

/** The problems of the script, or of the handlers, of one server. Any thread may call it. */
final class ProblemLog {

    /**
     * How many problems are kept and reported, and as many that a fault excuses; later ones are only counted. Excused
     * ones must not use up the places of those that fail a test.
     */
    static final int MOST = 256;

    private final Warnings warnings;
    private final List<ScriptProblem> first = new ArrayList<>(); // guarded by itself, as are the next fields
    private int excused; // of them
    private long leftOut;

    ProblemLog(Warnings warnings) {
        this.warnings = warnings;
    }

    /** Keeps a problem, and then reports it as a warning. */
    void add(ScriptProblem problem) {
        String line = "";
        synchronized (first) {
            boolean isExcused = problem.isExcused();
            if ((isExcused ? excused : first.size() - excused) < MOST) {
                first.add(problem);
                excused += isExcused ? 1 : 0;
                line = problem.toString();
            } else if (leftOut++ == 0) {
                line = "further problems of the script are counted, not shown";
            }
        }
        if (!line.isEmpty()) {
            warnings.warn(line);
        }
    }

    /** Returns those that are kept, in the order in which they arose. */
    List<ScriptProblem> list() {
        synchronized (first) {
            return List.copyOf(first);
        }
    }

    /** Returns how many are not kept. */
    long leftOut() {
        synchronized (first) {
            return leftOut;
        }
    }
}
