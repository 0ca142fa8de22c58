package org.echoharness.script;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.echoharness.text.Quantities;

/** One step of a script: {@code expect line "QUIT"}, {@code send "221 bye\r\n"}, {@code close}. Immutable. */
public sealed interface Step {

    /**
     * Waits until the client has sent what is expected: {@code expect line "QUIT" within 2s}. Anything else is a mismatch.
     *
     * @param expectation what is expected
     * @param within how long the step waits, 1 ms to 365 days; zero for as long as the connection lasts
     */
    record Expect(Expectation expectation, Duration within) implements Step {
        /**
         * Checks the duration.
         *
         * @param expectation what is expected
         * @param within how long the step waits
         * @throws IllegalArgumentException if the duration is out of range
         */
        public Expect {
            if (!within.isZero()) {
                Quantities.wholeMillis("within", within);
            }
        }

        /**
         * Returns this step with a limit to its time. It begins when the step becomes the next one.
         *
         * @param time how long the step waits: whole milliseconds, 1 ms to 365 days
         * @return the step
         * @throws IllegalArgumentException if the time is out of range
         */
        public Expect within(Duration time) {
            return new Expect(expectation, Quantities.wholeMillis("within", time));
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "expect " + expectation + (within.isZero() ? "" : " within " + Quantities.text(within));
        }
    }

    /**
     * Sends data: {@code send "250 hello {host}\r\n"}.
     *
     * @param data what is sent, in order; at least one
     */
    record Send(List<Data> data) implements Step {
        /**
         * Copies the list.
         *
         * @param data what is sent
         * @throws IllegalArgumentException if there is none
         */
        public Send {
            data = List.copyOf(data);
            if (data.isEmpty()) {
                throw new IllegalArgumentException("send () must have something to send");
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "send " + joined(data, " ");
        }
    }

    /**
     * Does nothing for a time: {@code wait 50ms}.
     *
     * @param time whole milliseconds, 1 ms to 365 days
     */
    record Wait(Duration time) implements Step {
        /**
         * Checks the time.
         *
         * @param time how long
         * @throws IllegalArgumentException if the time is out of range
         */
        public Wait {
            Quantities.wholeMillis("wait", time);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "wait " + Quantities.text(time);
        }
    }

    /** Sends back all that comes, until the client's FIN: {@code echo}. */
    record Echo() implements Step {
        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "echo";
        }
    }

    /** Ends the connection with a FIN, when all was sent: {@code close}. */
    record Close() implements Step {
        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "close";
        }
    }

    /** Sends a FIN, when all was sent, and goes on reading: {@code half-close}. */
    record HalfClose() implements Step {
        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "half-close";
        }
    }

    /**
     * Changes from clear text to TLS, when all was sent: {@code start tls within 5s}. Waits until the handshake, which the
     * client begins with a ClientHello, is complete. All that follows is text within TLS. The server must have the option
     * {@code tls}. More clear text of the client before its ClientHello than was matched is a mismatch: a server that keeps
     * such bytes for after the handshake has the flaw of CVE-2011-0411.
     *
     * @param within how long the step waits until the handshake is complete, 1 ms to 365 days; zero for as long as the
     *     connection lasts
     */
    record StartTls(Duration within) implements Step {
        /**
         * Checks the duration.
         *
         * @param within how long the step waits
         * @throws IllegalArgumentException if the duration is out of range
         */
        public StartTls {
            if (!within.isZero()) {
                Quantities.wholeMillis("within", within);
            }
        }

        /**
         * Returns this step with a limit to its time. It begins when all is sent that the steps before have sent.
         *
         * @param time how long the step waits: whole milliseconds, 1 ms to 365 days
         * @return the step
         * @throws IllegalArgumentException if the time is out of range
         */
        public StartTls within(Duration time) {
            return new StartTls(Quantities.wholeMillis("within", time));
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "start tls" + (within.isZero() ? "" : " within " + Quantities.text(within));
        }
    }

    /** Ends the connection with an RST, when all was sent: {@code reset}. */
    record Reset() implements Step {
        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "reset";
        }
    }

    /**
     * Repeats steps: <code>repeat 2 { expect "A", send "B" }</code>.
     *
     * @param times how often, 1 to 1,000,000; 0 for until the client's FIN
     * @param steps the steps of one round; at least one
     */
    record Repeat(int times, List<Step> steps) implements Step {
        /**
         * Checks the number, and copies the list.
         *
         * @param times how often
         * @param steps the steps
         * @throws IllegalArgumentException if the number is out of range, or if there is no step
         */
        public Repeat {
            steps = List.copyOf(steps);
            Quantities.inRange("repeat", times, 0, MOST_ROUNDS, "");
            if (steps.isEmpty()) {
                throw new IllegalArgumentException("repeat must have a step to repeat");
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "repeat " + (times == 0 ? "" : times + " ") + "{ " + joined(steps, ", ") + " }";
        }
    }

    /**
     * Answers messages, each by the first case that matches it, until the client's FIN: <code>answer { line "PING" -&gt; send
     * "PONG\r\n", line "*" -&gt; send "?\r\n" }</code>.
     *
     * @param cases the cases in their order; at least one
     */
    record Answer(List<Case> cases) implements Step {
        /**
         * Copies the list.
         *
         * @param cases the cases
         * @throws IllegalArgumentException if there is no case
         */
        public Answer {
            cases = List.copyOf(cases);
            if (cases.isEmpty()) {
                throw new IllegalArgumentException("answer must have a case");
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "answer { " + joined(cases, ", ") + " }";
        }
    }

    /**
     * What {@link Answer} does for one kind of message: {@code line "PING" -> send "PONG\r\n"}.
     *
     * @param expectation the message
     * @param steps what follows; none to answer nothing
     */
    record Case(Expectation expectation, List<Step> steps) {
        /**
         * Copies the list.
         *
         * @param expectation the message
         * @param steps what follows
         */
        public Case {
            steps = List.copyOf(steps);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            String answer = steps.isEmpty() ? "{ }" : "{ " + joined(steps, ", ") + " }";
            return expectation + " -> " + (steps.size() == 1 ? steps.get(0) : answer);
        }
    }

    /** The greatest number of rounds of {@link Repeat}. */
    int MOST_ROUNDS = 1_000_000;

    /**
     * Returns a step that expects something, or several things one after the other.
     *
     * @param parts what is expected; at least one
     * @return the step
     */
    static Expect expect(Expectation... parts) {
        return new Expect(parts.length == 1 ? parts[0] : Expectation.sequence(parts), Duration.ZERO);
    }

    /**
     * Returns a step that expects exactly a text.
     *
     * @param literal the text, in UTF-8; nothing in it is a pattern
     * @return the step
     */
    static Expect expect(String literal) {
        return expect(Expectation.bytes(literal));
    }

    /**
     * Returns a step that expects a number of bytes, whatever they are.
     *
     * @param bytes at least 1
     * @return the step
     */
    static Expect expect(long bytes) {
        return expect(Expectation.size(bytes));
    }

    /**
     * Returns a step that sends a text.
     *
     * @param template the text, in UTF-8, with gaps for what was captured, such as <code>{host}</code>
     * @return the step
     */
    static Send send(String template) {
        return send(Data.text(template));
    }

    /**
     * Returns a step that sends bytes as they are.
     *
     * @param bytes at least one
     * @return the step
     */
    static Send send(byte[] bytes) {
        return send(Data.bytes(bytes));
    }

    /**
     * Returns a step that sends data.
     *
     * @param data what is sent, in order; at least one
     * @return the step
     */
    static Send send(Data... data) {
        return new Send(List.of(data));
    }

    /**
     * Returns a step that does nothing for a time.
     *
     * @param time whole milliseconds, 1 ms to 365 days
     * @return the step
     */
    static Wait waitFor(Duration time) {
        return new Wait(time);
    }

    /**
     * Returns a step that sends back all that comes, until the client's FIN.
     *
     * @return the step
     */
    static Echo echo() {
        return new Echo();
    }

    /**
     * Returns a step that ends the connection with a FIN.
     *
     * @return the step
     */
    static Close close() {
        return new Close();
    }

    /**
     * Returns a step that sends a FIN and goes on reading.
     *
     * @return the step
     */
    static HalfClose halfClose() {
        return new HalfClose();
    }

    /**
     * Returns a step that ends the connection with an RST.
     *
     * @return the step
     */
    static Reset reset() {
        return new Reset();
    }

    /**
     * Returns a step that changes from clear text to TLS, as {@link StartTls} describes.
     *
     * @return the step
     * @since 0.1.0
     */
    static StartTls startTls() {
        return new StartTls(Duration.ZERO);
    }

    /**
     * Returns a step that repeats steps a number of times.
     *
     * @param times how often, 1 to 1,000,000
     * @param steps the steps of one round; at least one
     * @return the step
     */
    static Repeat repeat(int times, Step... steps) {
        return new Repeat(Quantities.inRange("repeat", times, 1, MOST_ROUNDS, ""), List.of(steps));
    }

    /**
     * Returns a step that repeats steps until the client's FIN.
     *
     * @param steps the steps of one round; at least one
     * @return the step
     */
    static Repeat repeat(Step... steps) {
        return new Repeat(0, List.of(steps));
    }

    /**
     * Returns a step that answers messages, each by the first case that matches it.
     *
     * @param cases the cases; at least one
     * @return the step
     */
    static Answer answer(Case... cases) {
        return new Answer(List.of(cases));
    }

    /**
     * Returns a case of {@link #answer}.
     *
     * @param expectation the message
     * @param steps what follows; none to answer nothing
     * @return the case
     */
    static Case on(Expectation expectation, Step... steps) {
        return new Case(expectation, List.of(steps));
    }

    private static String joined(List<?> parts, String between) {
        return parts.stream().map(Object::toString).collect(Collectors.joining(between));
    }
}
