package org.echoharness;

import org.echoharness.dialogue.Mismatch;
import org.jspecify.annotations.Nullable;

/** Keeps and reports what goes wrong on one connection with a script or a handler. The thread of one event loop uses it. */
final class DialogueProblems {

    private final long connection;
    private final ScriptProblem.Log log;
    private final @Nullable ConnectionReporter reporter;
    private boolean afterFault;

    DialogueProblems(long connection, ScriptProblem.Log log, @Nullable ConnectionReporter reporter) {
        this.connection = connection;
        this.log = log;
        this.reporter = reporter;
    }

    /** Called when a fault takes effect. */
    void applying() {
        afterFault = true;
    }

    /** Keeps and reports why the dialogue has failed. */
    void failed(Mismatch why) {
        ScriptProblem.Kind early = why.isEarlyEnd() ? ScriptProblem.Kind.LEFT_OVER : ScriptProblem.Kind.MISMATCH;
        log.add(problem(why, isFailure(why) ? ScriptProblem.Kind.FAILED : early));
    }

    /** Keeps and reports what is left to do at the end of the connection. */
    void left(Mismatch steps) {
        log.add(leftOver(steps));
        record(steps.toString());
    }

    ScriptProblem leftOver(Mismatch steps) {
        return problem(steps, ScriptProblem.Kind.LEFT_OVER);
    }

    /** Returns whether the code of the user, or a file, is the cause, and not the client. */
    static boolean isFailure(Mismatch why) {
        return why.expected().isEmpty();
    }

    void record(String what) {
        if (reporter != null) {
            reporter.mismatch(what);
        }
    }

    private ScriptProblem problem(Mismatch why, ScriptProblem.Kind kind) {
        return new ScriptProblem(connection, kind, why.where(), why.expected(), why.seen(), afterFault);
    }
}
