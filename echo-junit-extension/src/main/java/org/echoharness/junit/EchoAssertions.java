package org.echoharness.junit;

import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.Recording;

/**
 * Assertions on recordings in the style of AssertJ. AssertJ is an optional dependency: to use this class, add it to the
 * class path.
 *
 * <pre>{@code
 * server.recording().connection(1).awaitEnd();
 * assertThat(server.recording()).hasConnections(1).connection(1).wasEndedBy(CLIENT, FIN);
 * }</pre>
 */
public final class EchoAssertions {

    private EchoAssertions() {}

    /**
     * Assertions on all that a server or a client recorded.
     *
     * @param actual the recording
     * @return its assertions
     */
    public static RecordingAssert assertThat(Recording actual) {
        return new RecordingAssert(actual);
    }

    /**
     * Assertions on one connection.
     *
     * @param actual a snapshot of the connection
     * @return its assertions
     */
    public static RecordedConnectionAssert assertThat(RecordedConnection actual) {
        return new RecordedConnectionAssert(actual);
    }

    /** Assertions on a {@link Recording}. Their errors show what was recorded. */
    public static final class RecordingAssert extends AbstractAssert<RecordingAssert, Recording> {

        private RecordingAssert(Recording actual) {
            super(actual, RecordingAssert.class);
        }

        /**
         * Checks how many connections there were, including rejected ones.
         *
         * @param count the number that is expected
         * @return this
         */
        public RecordingAssert hasConnections(int count) {
            isNotNull();
            return passes(actual.total(), count, () -> actual.assertConnections(count));
        }

        /**
         * Checks how many connections were open at the same time; a rejected one was never open.
         *
         * @param count the most that are allowed
         * @return this
         */
        public RecordingAssert hasAtMostConnections(int count) {
            isNotNull();
            return passes(actual.peak(), count, () -> actual.assertAtMostConnections(count));
        }

        /** Fails with AssertJ's description before the message, and with both values, which IDEs compare. */
        private RecordingAssert passes(long seen, long expected, Runnable assertion) {
            try {
                assertion.run();
            } catch (AssertionError failed) {
                throw failureWithActualExpected(seen, expected, "%s", failed.getMessage());
            }
            return this;
        }

        /**
         * Returns assertions on one connection, as it is now.
         *
         * @param number 1 for the first that was accepted
         * @return assertions on it
         */
        public RecordedConnectionAssert connection(long number) {
            isNotNull();
            return new RecordedConnectionAssert(actual.connection(number));
        }
    }

    /** Assertions on a {@link RecordedConnection}; their errors show the first and last lines of its transcript. */
    public static final class RecordedConnectionAssert
            extends AbstractAssert<RecordedConnectionAssert, RecordedConnection> {

        private RecordedConnectionAssert(RecordedConnection actual) {
            super(actual, RecordedConnectionAssert.class);
        }

        /**
         * Checks that neither end had ended it.
         *
         * @return this
         */
        public RecordedConnectionAssert isOpen() {
            isNotNull();
            return check(actual.ending().isEmpty(), "to be open");
        }

        /**
         * Checks which end ended it, and how.
         *
         * @param by whose FIN came first, or whose RST
         * @param how FIN or RST
         * @return this
         */
        public RecordedConnectionAssert wasEndedBy(Ending.Side by, Ending.How how) {
            isNotNull();
            boolean as = actual.ending()
                    .filter(ending -> ending.by() == by && ending.how() == how)
                    .isPresent();
            return check(as, "to be ended by " + by + " with " + how);
        }

        /**
         * Checks all that was received. It fails if the recording does not keep all bytes.
         *
         * @param bytes the bytes that must have come from the other end
         * @return this
         */
        public RecordedConnectionAssert hasReceived(byte[] bytes) {
            return passes(() -> actual.assertReceived(bytes));
        }

        /**
         * Checks all that was sent. It fails if the recording does not keep all bytes.
         *
         * @param bytes the bytes that must have gone to the other end
         * @return this
         */
        public RecordedConnectionAssert hasSent(byte[] bytes) {
            return passes(() -> actual.assertSent(bytes));
        }

        /**
         * Checks that a fault was applied.
         *
         * @param fault the fault, as it is written in a plan: {@code reset after 4}
         * @return this
         * @throws IllegalArgumentException if the text is no fault
         */
        public RecordedConnectionAssert hadFault(String fault) {
            isNotNull();
            String parsed = Fault.parse(fault).toString();
            boolean had = actual.events().stream()
                    .anyMatch(event -> event.kind() == RecordedEvent.Kind.FAULT
                            && event.detail().equals(parsed));
            return check(had, "to have had the fault " + fault + ", but it had " + faults());
        }

        private String faults() {
            String faults = actual.events().stream()
                    .filter(event -> event.kind() == RecordedEvent.Kind.FAULT)
                    .map(RecordedEvent::detail)
                    .distinct()
                    .collect(Collectors.joining(", "));
            return faults.isEmpty() ? "none" : faults;
        }

        /** Fails with AssertJ's description before the message. */
        private RecordedConnectionAssert passes(Runnable assertion) {
            isNotNull();
            try {
                assertion.run();
            } catch (AssertionError failed) {
                throw failure("%s", failed.getMessage());
            }
            return this;
        }

        private RecordedConnectionAssert check(boolean holds, String what) {
            if (!holds) {
                throw failure("expected %s %s:%n%s", actual, what, actual.excerpt());
            }
            return this;
        }
    }
}
