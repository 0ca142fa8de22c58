package org.echoharness.maven;

import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.ScriptProblem;
import org.jspecify.annotations.Nullable;

/** The reason that a build fails for if clients did not do what the script of a server expects. */
final class UnmetScript {

    private UnmetScript() {}

    /**
     * Returns the first problem of a server that is closed, and how many more there were; null if the script was met. A
     * problem that a fault excuses does not count.
     */
    static @Nullable String describe(EchoServer closed) {
        List<ScriptProblem> problems = closed.scriptProblems().stream()
                .filter(problem -> !problem.isExcused())
                .toList();
        if (problems.isEmpty()) {
            return null;
        }
        long leftOut = closed.scriptProblemsLeftOut();
        long more = problems.size() - 1 + leftOut;
        boolean isHeader = problems.get(0).kind() == ScriptProblem.Kind.HEADER;
        return (isHeader ? "a header was wrong: " : "the script was not met: ")
                + problems.get(0)
                + (more == 0 ? "" : " (and " + (leftOut == 0 ? "" : "up to ") + more + " more)");
    }
}
