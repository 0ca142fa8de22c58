package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.echoharness.gates.Seeds;
import org.echoharness.text.Quantities;

/**
 * The connections that a rule of a {@link FaultPlan} is for. Connections are counted from 1, in the order in which the
 * server accepts them after the plan takes effect. Rejected connections are not counted.
 */
public sealed interface Connections {

    /**
     * Returns whether a connection is one of these. A thread of the server calls it.
     *
     * @param number the number of the connection, from 1
     * @param remote the address of the client; most clients of a Unix socket have an empty one
     * @return true if the rule is for the connection
     */
    boolean include(long number, SocketAddress remote);

    /**
     * Returns all connections that no earlier rule is for: {@code others}. If there is no earlier rule, these are all
     * connections.
     *
     * @return the connections
     */
    static Connections others() {
        return new Others();
    }

    /**
     * Returns one connection: {@code connection 3}.
     *
     * @param number the number of the connection, at least 1
     * @return the connection
     * @throws IllegalArgumentException if the number is out of range
     */
    static Connections number(long number) {
        return new Range(number, number);
    }

    /**
     * Returns consecutive connections: {@code connections 2-4}.
     *
     * @param first the number of the first connection, at least 1
     * @param last the number of the last connection, at least {@code first}; {@link Long#MAX_VALUE} for no end
     * @return the connections
     * @throws IllegalArgumentException if a number is out of range
     */
    static Connections range(long first, long last) {
        return new Range(first, last);
    }

    /**
     * Returns the first connections: {@code first 2}.
     *
     * @param count how many connections, at least 1
     * @return the connections
     * @throws IllegalArgumentException if the count is out of range
     */
    static Connections first(long count) {
        return new First(count);
    }

    /**
     * Returns the connections whose number is a multiple of the divisor: {@code every 3rd}.
     *
     * @param divisor the divisor, at least 1
     * @return the connections
     * @throws IllegalArgumentException if the divisor is out of range
     */
    static Connections every(long divisor) {
        return new Every(divisor);
    }

    /**
     * Returns a random part of all connections: {@code random 10% seed 42}. Whether a connection is one of them depends
     * only on the seed and on its number.
     *
     * @param percent the probability for each connection, over 0 and at most 100
     * @param seed the seed of the random choice
     * @return the connections
     * @throws IllegalArgumentException if the percentage is out of range
     */
    static Connections random(double percent, long seed) {
        return new Random(percent, seed);
    }

    /**
     * Returns the connections from addresses that the predicate accepts. The connections of a Unix socket, which come from no
     * host and port, are none of them. A plan with this rule cannot be written as text.
     *
     * @param remote tests the address of the client; a thread of the server calls it, so it must be quick, and an
     *     exception that it throws ends the connection
     * @return the connections
     */
    static Connections from(Predicate<InetSocketAddress> remote) {
        return new From(remote);
    }

    /** See {@link Connections#others()}. */
    record Others() implements Connections {
        @Override
        public boolean include(long number, SocketAddress remote) {
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
     * @param first the number of the first connection, at least 1
     * @param last the number of the last connection, at least {@code first}; {@link Long#MAX_VALUE} for no end
     */
    record Range(long first, long last) implements Connections {
        /**
         * Checks the range.
         *
         * @param first the number of the first connection
         * @param last the number of the last connection
         * @throws IllegalArgumentException if a number is out of range
         */
        public Range {
            Quantities.range("connections", first, last);
        }

        @Override
        public boolean include(long number, SocketAddress remote) {
            return first <= number && number <= last;
        }

        @Override
        public String toString() {
            return Quantities.rangeText("connection", first, last);
        }
    }

    /**
     * See {@link Connections#first}.
     *
     * @param count how many connections, at least 1
     */
    record First(long count) implements Connections {
        /**
         * Checks the count.
         *
         * @param count how many connections
         * @throws IllegalArgumentException if the count is out of range
         */
        public First {
            Quantities.atLeastOne("first", count);
        }

        @Override
        public boolean include(long number, SocketAddress remote) {
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
     * @param divisor the divisor, at least 1
     */
    record Every(long divisor) implements Connections {
        /**
         * Checks the divisor.
         *
         * @param divisor the divisor
         * @throws IllegalArgumentException if the divisor is out of range
         */
        public Every {
            Quantities.atLeastOne("every", divisor);
        }

        @Override
        public boolean include(long number, SocketAddress remote) {
            return number % divisor == 0;
        }

        @Override
        public String toString() {
            return "every " + Quantities.ordinal(divisor);
        }
    }

    /**
     * See {@link Connections#random}.
     *
     * @param percent the probability for each connection, over 0 and at most 100
     * @param seed the seed of the random choice
     */
    record Random(double percent, long seed) implements Connections {
        /**
         * Checks the percentage.
         *
         * @param percent the probability for each connection
         * @param seed the seed of the random choice
         * @throws IllegalArgumentException if the percentage is out of range
         */
        public Random {
            Quantities.percent("random", percent);
        }

        @Override
        public boolean include(long number, SocketAddress remote) {
            return new SplittableRandom(Seeds.mix(seed, number)).nextDouble() * 100 < percent;
        }

        @Override
        public String toString() {
            return "random " + Quantities.percentText(percent) + " seed " + seed;
        }
    }

    /**
     * See {@link Connections#from}.
     *
     * @param remote tests the address of the client
     */
    record From(Predicate<InetSocketAddress> remote) implements Connections {
        @Override
        public boolean include(long number, SocketAddress peer) {
            return peer instanceof InetSocketAddress inet && remote.test(inet);
        }

        @Override
        public String toString() {
            return "from " + remote;
        }
    }
}
