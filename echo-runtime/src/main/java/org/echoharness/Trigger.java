package org.echoharness;

import java.time.Duration;
import org.echoharness.text.Quantities;

/**
 * Decides when a {@link Fault} takes effect on its connection. Bytes and time are counted from the accept, or from the last
 * change of the plan of an open connection.
 */
public sealed interface Trigger {

    /** The fault takes effect from the start. In a plan, {@code at accept} may be left out. */
    record AtAccept() implements Trigger {
        @Override
        public String toString() {
            return "at accept";
        }
    }

    /**
     * The fault takes effect when this many bytes of the client were sent back or dropped by a fault: {@code after 300}.
     *
     * @param bytes at least 1
     */
    record AfterReceived(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterReceived {
            Quantities.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(bytes);
        }
    }

    /**
     * The fault takes effect when this many bytes were sent to the client: {@code after 300 sent}.
     *
     * @param bytes at least 1
     */
    record AfterSent(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterSent {
            Quantities.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(bytes) + " sent";
        }
    }

    /**
     * The fault takes effect when the connection has this age: {@code after 2s}.
     *
     * @param age whole milliseconds, 1 ms to 365 days
     */
    record AfterTime(Duration age) implements Trigger {
        /**
         * Checks the range.
         *
         * @param age whole milliseconds, 1 ms to 365 days
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterTime {
            Quantities.wholeMillis("after", age);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(age);
        }
    }

    /**
     * The fault takes effect when the client's FIN has come and all bytes before it were sent back or dropped: {@code on
     * fin}.
     */
    record OnFin() implements Trigger {
        @Override
        public String toString() {
            return "on fin";
        }
    }
}
