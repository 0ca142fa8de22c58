package org.echoharness.junit;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.ScriptProblem;

/**
 * Checks that the clients of a test, or of all tests of a class, did what the script of one embedded server expects, and
 * that no handler of it failed. It needs no recording, and runs on the thread of the test.
 */
final class ScriptCheck {

    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final long LOOK_NANOS = 2_000_000;

    private final TargetServer target;
    private final long before;
    private final boolean last;
    private int reported;

    /**
     * @param before the number of connections that the server had accepted when the test began
     * @param last whether the server ends with the test; otherwise connections may be left in the middle of a script
     */
    ScriptCheck(TargetServer target, long before, boolean last) {
        this.target = target;
        this.before = before;
        this.last = last;
    }

    /**
     * Judges what clients have done so far. Must be called after the injected clients were closed, and before a {@code
     * freeze()} or a fault is lifted: what a script does after that is not caused by the test.
     *
     * @param timeout the longest wait for clients that carry the script on or close just now
     */
    void judge(Complaints complaints, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        target.catchUp(LONGEST, complaints, Check.SCRIPT);
        List<ScriptProblem> unfinished = last ? unfinished(complaints) : List.of();
        while (!unfinished.isEmpty() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(LOOK_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            target.catchUp(LONGEST, complaints, Check.SCRIPT);
            unfinished = unfinished(complaints);
        }
        List<ScriptProblem> problems = target.scriptProblems(before);
        reported = problems.size();
        add(problems, complaints);
        add(unfinished, complaints);
        summarize(complaints);
    }

    /** Adds what clients sent wrong since then. */
    void judgeLast(Complaints complaints) throws InterruptedException {
        if (last) {
            target.catchUp(LONGEST, complaints, Check.SCRIPT);
        }
        List<ScriptProblem> problems = target.scriptProblems(before);
        add(
                problems.subList(reported, problems.size()).stream()
                        .filter(problem -> problem.kind() != ScriptProblem.Kind.LEFT_OVER)
                        .toList(),
                complaints);
        summarize(complaints);
    }

    private List<ScriptProblem> unfinished(Complaints complaints) throws InterruptedException {
        try {
            return target.unfinishedScripts(before);
        } catch (UncheckedIOException | IllegalStateException failed) {
            target.unjudged(complaints, Check.SCRIPT, failed);
            return List.of();
        }
    }

    private static void add(List<ScriptProblem> problems, Complaints complaints) {
        for (ScriptProblem problem : problems) {
            complaints.add(() -> TargetServer.scriptText(problem) + "; correct the client or "
                    + switch (problem.kind()) {
                        case FAILED -> "the handler";
                        case HEADER -> "proxyProtocol";
                        case MISMATCH, LEFT_OVER -> "the script";
                    }
                    + ", or leave script out of checks");
        }
    }

    private void summarize(Complaints complaints) {
        if (target.server().scriptProblemsLeftOut() > 0) {
            complaints.summarizeAtLeast("problem of the script", "problems of the script");
        } else {
            complaints.summarize("problem of the script", "problems of the script");
        }
    }
}
