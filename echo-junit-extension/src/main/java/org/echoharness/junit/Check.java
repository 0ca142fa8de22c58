package org.echoharness.junit;

import java.util.Locale;

/** A check at the end of a test. */
enum Check {

    /** A connection that the test opened is still open. */
    LEAKS,

    /** A connection ended with a reset that no fault asked for. */
    RESETS,

    /** A fault of the plan was never applied. */
    FAULTS,

    /** A client did not do what the script expects, or a handler failed. */
    SCRIPT;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
