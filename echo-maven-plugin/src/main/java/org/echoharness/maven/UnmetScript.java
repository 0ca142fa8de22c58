package org.echoharness.maven;

import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.ScriptProblem;
import org.jspecify.annotations.Nullable;

/**
 * The reason that a build fails for if clients did not do what the script of a server expects, or did not begin with the
 * header that {@code proxyProtocol} asks for.
 */
final class UnmetScript {

    private UnmetScript() {}

    /**
     * Returns the first problem of a server that is closed, and how many more there were; null if the script was met. A
     * problem that a fault excuses does not count.
     */
    static @Nullable String describe(EchoServer closed) {
        List<ScriptProblem> problems = problems(closed);
        return problems.isEmpty() ? null : describe(problems, closed.scriptProblemsLeftOut());
    }

    /** Returns the same with what can be done, for a server of {@code start}. */
    static @Nullable String describeWithCure(EchoServer closed) {
        List<ScriptProblem> problems = problems(closed);
        return problems.isEmpty()
                ? null
                : describe(problems, closed.scriptProblemsLeftOut())
                        + "; correct the client or "
                        + (isHeader(problems) ? "proxyProtocol" : "the script")
                        + ", or set checkScript to false";
    }

    private static String describe(List<ScriptProblem> problems, long leftOut) {
        long more = problems.size() - 1 + leftOut;
        return (isHeader(problems) ? "a header was wrong: " : "the script was not met: ")
                + problems.get(0)
                + (more == 0 ? "" : " (and " + (leftOut == 0 ? "" : "up to ") + more + " more)");
    }

    private static List<ScriptProblem> problems(EchoServer closed) {
        return closed.scriptProblems().stream()
                .filter(problem -> !problem.isExcused())
                .toList();
    }

    private static boolean isHeader(List<ScriptProblem> problems) {
        return problems.get(0).kind() == ScriptProblem.Kind.HEADER;
    }
}
