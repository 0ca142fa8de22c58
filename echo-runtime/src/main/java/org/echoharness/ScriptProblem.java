package org.echoharness;

/**
 * What went wrong between a script, or a handler, and one client: {@code connection 2, step 2 of 6: expected line "EHLO
 * {host}", seen "HELO me\r\n"}.
 *
 * @param connection the number of the connection, as in {@link RecordedConnection#number()}: 1 for the first accepted
 * @param kind what kind of problem it is
 * @param where the step, the message or the method of a handler, such as {@code step 2 of 6}, {@code message 3} or {@code
 *     received()}
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
        FAILED
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
}
