package org.echoharness;

import java.util.ArrayList;
import java.util.List;
import org.echoharness.control.ServerView;
import org.echoharness.loop.Warnings;

/**
 * What went wrong between a script, a handler or the option {@code proxyProtocol}, and one client: {@code connection 2, step 2 of 6: expected line "EHLO
 * {host}", seen "HELO me\r\n"}.
 *
 * @param connection the number of the connection, as in {@link RecordedConnection#number()}: 1 for the first accepted
 * @param kind what kind of problem it is
 * @param where the step, the message or the method of a handler, such as {@code step 2 of 6}, {@code message 3} or {@code
 *     received()}; or {@code PROXY header}
 * @param expected what the step expects; empty if {@code kind} is {@link Kind#FAILED}
 * @param seen what the client did instead, with its bytes quoted and escaped; or what failed
 * @param afterFault whether a fault took effect on the connection before
 */
public record ScriptProblem(
        long connection, Kind kind, String where, String expected, String seen, boolean afterFault) {

    /** The kinds of problems. */
    public enum Kind {
        /** The client sent something that the script does not expect there. The server has reset the connection. */
        MISMATCH,
        /** The client or the server ended the connection, or it is open, with steps of the script left. */
        LEFT_OVER,
        /**
         * A handler, or a function or framing of {@code respond}, has thrown an exception, or a file was shorter than it was.
         * The server has reset the connection, unless it had ended before.
         */
        FAILED,
        /** The client did not begin with the header that {@code proxyProtocol} requires. The server has reset the connection. */
        HEADER
    }

    /**
     * Returns whether a fault excuses the problem: the connection ended with steps left, or is open, and a fault took
     * effect on it before. Checks leave it out, since no client can finish the script when its connection is cut.
     *
     * @return false for a client that sent something wrong, also after a fault
     */
    public boolean isExcused() {
        return afterFault && kind == Kind.LEFT_OVER;
    }

    /** {@return the line that the server reports as a warning} */
    @Override
    public String toString() {
        return "connection " + connection + ", " + what();
    }

    /** Returns the text without the connection. */
    String what() {
        return expected.isEmpty() ? where + ": " + seen : where + ": expected " + expected + ", seen " + seen;
    }

    /** Returns the problem as the HTTP interface has it. */
    ServerView.Problem view() {
        return new ServerView.Problem(
                connection, kind.name(), where, expected, seen, afterFault, isExcused(), toString());
    }

    /** The problems of the script, or of the handlers, of one server. Any thread may call it. */
    static final class Log {

        /**
         * How many problems are kept and reported, and as many that a fault excuses; later ones are only counted. Excused
         * ones must not use up the places of those that fail a test.
         */
        static final int MOST = 256;

        private final Warnings warnings;
        private final List<ScriptProblem> first = new ArrayList<>(); // guarded by itself, as are the next fields
        private int excused; // of them
        private long leftOut;

        Log(Warnings warnings) {
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
}
