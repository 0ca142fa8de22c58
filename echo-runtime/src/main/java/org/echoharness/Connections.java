package org.echoharness;

import java.net.InetSocketAddress;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * Which connections a rule of a {@link FaultPlan} is for. Connections are counted from 1 in the order of their accept,
 * from the moment on at which the plan is in force; rejected ones do not count.
 */
public sealed interface Connections {

    /**
     * Whether a connection is one of these.
     *
     * @param number of the connection, from 1
     * @param remote where it comes from
     * @return whether it is meant
     */
    boolean include(long number, InetSocketAddress remote);

    /**
     * All connections that no earlier rule is for: {@code others}. If there is no earlier rule, all connections.
     *
     * @return the connections
     */
    static Connections others() {
        return new Others();
    }

    /**
     * One connection: {@code connection 3}.
     *
     * @param number at least 1
     * @return the connection
     * @throws IllegalArgumentException if it is out of range
     */
    static Connections number(long number) {
        return new Range(number, number);
    }

    /**
     * Some in a row: {@code connections 2-4}.
     *
     * @param first at least 1
     * @param last at least the first
     * @return the connections
     * @throws IllegalArgumentException if one is out of range
     */
    static Connections range(long first, long last) {
        return new Range(first, last);
    }

    /**
     * The first ones: {@code first 2}.
     *
     * @param count at least 1
     * @return the connections
     * @throws IllegalArgumentException if it is out of range
     */
    static Connections first(long count) {
        return new First(count);
    }

    /**
     * Each whose number can be divided by this: {@code every 3rd}.
     *
     * @param divisor at least 1
     * @return the connections
     * @throws IllegalArgumentException if it is out of range
     */
    static Connections every(long divisor) {
        return new Every(divisor);
    }

    /**
     * A part of all: {@code random 10% seed 42}. The seed and the number of a connection alone decide whether it is one
     * of them.
     *
     * @param percent how likely it is for each; over 0, at most 100
     * @param seed of what is drawn
     * @return the connections
     * @throws IllegalArgumentException if the percentage is out of range
     */
    static Connections random(double percent, long seed) {
        return new Random(percent, seed);
    }

    /**
     * Those from some addresses. There is no text for it.
     *
     * @param remote decides, on a thread of the server; it must be quick. An exception ends the connection
     * @return the connections
     */
    static Connections from(Predicate<InetSocketAddress> remote) {
        return new From(remote);
    }

    /** See {@link Connections#others()}. */
    record Others() implements Connections {
        @Override
        public boolean include(long number, InetSocketAddress remote) {
            return true;
        }

        @Override
        public String toString() {
            return "others";
        }
    }

    /**
     * See {@link Connections#range}.
     *
     * @param first at least 1
     * @param last at least the first
     */
    record Range(long first, long last) implements Connections {
        /**
         * Checks the range.
         *
         * @param first as above
         * @param last as above
         * @throws IllegalArgumentException if it is out of range
         */
        public Range {
            OptionText.range("connections", first, last);
        }

        @Override
        public boolean include(long number, InetSocketAddress remote) {
            return first <= number && number <= last;
        }

        @Override
        public String toString() {
            return OptionText.rangeText("connection", first, last);
        }
    }

    /**
     * See {@link Connections#first}.
     *
     * @param count at least 1
     */
    record First(long count) implements Connections {
        /**
         * Checks the range.
         *
         * @param count as above
         * @throws IllegalArgumentException if it is out of range
         */
        public First {
            OptionText.atLeastOne("first", count);
        }

        @Override
        public boolean include(long number, InetSocketAddress remote) {
            return number <= count;
        }

        @Override
        public String toString() {
            return "first " + count;
        }
    }

    /**
     * See {@link Connections#every}.
     *
     * @param divisor at least 1
     */
    record Every(long divisor) implements Connections {
        /**
         * Checks the range.
         *
         * @param divisor as above
         * @throws IllegalArgumentException if it is out of range
         */
        public Every {
            OptionText.atLeastOne("every", divisor);
        }

        @Override
        public boolean include(long number, InetSocketAddress remote) {
            return number % divisor == 0;
        }

        @Override
        public String toString() {
            return "every " + OptionText.ordinal(divisor);
        }
    }

    /**
     * See {@link Connections#random}.
     *
     * @param percent over 0, at most 100
     * @param seed of what is drawn
     */
    record Random(double percent, long seed) implements Connections {
        /**
         * Checks the range.
         *
         * @param percent as above
         * @param seed as above
         * @throws IllegalArgumentException if it is out of range
         */
        public Random {
            OptionText.percent("random", percent);
        }

        @Override
        public boolean include(long number, InetSocketAddress remote) {
            return new SplittableRandom(OptionText.mix(seed, number)).nextDouble() * 100 < percent;
        }

        @Override
        public String toString() {
            return "random " + OptionText.percentText(percent) + " seed " + seed;
        }
    }

    /**
     * See {@link Connections#from}.
     *
     * @param remote decides
     */
    record From(Predicate<InetSocketAddress> remote) implements Connections {
        @Override
        public boolean include(long number, InetSocketAddress peer) {
            return remote.test(peer);
        }

        @Override
        public String toString() {
            return "from " + remote;
        }
    }
}
