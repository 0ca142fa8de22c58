package org.echoharness;

import java.time.Duration;

/**
 * When a {@link Fault} takes effect on its connection. Bytes are counted from the accept, or from the moment at which the
 * plan of an open connection was changed; so is time.
 */
public sealed interface Trigger {

    /** From the start on. As text it is left out, or {@code at accept}. */
    record AtAccept() implements Trigger {
        @Override
        public String toString() {
            return "at accept";
        }
    }

    /**
     * When this many bytes of the client have been sent back, or dropped by a fault: {@code after 300}.
     *
     * @param bytes at least 1
     */
    record AfterReceived(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes as above
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterReceived {
            OptionText.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + OptionText.text(bytes);
        }
    }

    /**
     * When this many bytes have been sent to the client: {@code after 300 sent}.
     *
     * @param bytes at least 1
     */
    record AfterSent(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes as above
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterSent {
            OptionText.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + OptionText.text(bytes) + " sent";
        }
    }

    /**
     * When the connection has this age: {@code after 2s}.
     *
     * @param age whole milliseconds, 1 ms to 365 days
     */
    record AfterTime(Duration age) implements Trigger {
        /**
         * Checks the range.
         *
         * @param age as above
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterTime {
            OptionText.wholeMillis("after", age);
        }

        @Override
        public String toString() {
            return "after " + OptionText.text(age);
        }
    }

    /** When the client's FIN has come and all bytes before it were sent back or dropped: {@code on fin}. */
    record OnFin() implements Trigger {
        @Override
        public String toString() {
            return "on fin";
        }
    }
}
