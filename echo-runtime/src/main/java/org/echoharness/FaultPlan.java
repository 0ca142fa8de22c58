package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Which connections of a server misbehave, and how. Immutable, and as text:
 *
 * <pre>
 * first 2: reset
 * connection 1: reset after 4; connection 2: delay 1s, fragment 16; others: none
 * random 10% seed 42: reset after 300
 * throttle 64KiB/s
 * </pre>
 *
 * <p>The first rule that is for a connection applies to it, with all its faults; a connection without a rule has no
 * faults. Faults without a word about connections are for all. A rule for all, {@code others} too, is the last one: a
 * rule whose connections those before it have taken is refused, as it would never apply.
 *
 * @param rules the rules in their order; none for a server that echoes well
 */
public record FaultPlan(List<Rule> rules) {

    /**
     * Which connections, and what goes wrong on them.
     *
     * @param connections those that are meant
     * @param faults any number; none for a good echo
     */
    public record Rule(Connections connections, List<Fault> faults) {
        /**
         * Copies the list.
         *
         * @param connections as above
         * @param faults as above
         */
        public Rule {
            faults = List.copyOf(faults);
        }

        @Override
        public String toString() {
            return connections + ": " + (faults.isEmpty() ? OptionText.NONE : joined(faults, ", "));
        }
    }

    /** A plan and the number that a connection has in it. */
    record Place(FaultPlan plan, long number) {

        List<Fault> faults(SocketChannel connection) throws IOException {
            return plan.faults(number, (InetSocketAddress) connection.getRemoteAddress());
        }
    }

    private static final FaultPlan NONE = new FaultPlan(List.of());

    /**
     * Copies the list.
     *
     * @param rules as above
     * @throws IllegalArgumentException if the rules before one are for all its connections, so that it would never apply
     */
    public FaultPlan {
        rules = List.copyOf(rules);
        TakenConnections taken = new TakenConnections();
        for (Rule rule : rules) {
            String unused = taken.add(rule.connections(), rule);
            if (!unused.isEmpty()) {
                throw new IllegalArgumentException("faults: " + unused);
            }
        }
    }

    /**
     * A plan without a fault.
     *
     * @return the plan; as text {@code none}
     */
    public static FaultPlan none() {
        return NONE;
    }

    /**
     * The same faults for every connection.
     *
     * @param faults any number
     * @return the plan
     */
    public static FaultPlan of(Fault... faults) {
        return faults.length == 0 ? NONE : NONE.on(Connections.others(), faults);
    }

    /**
     * This plan with one rule more, after the others: {@code FaultPlan.none().on(Connections.first(2), Fault.reset())}.
     *
     * @param connections those that are meant
     * @param faults any number; none for a good echo
     * @return another plan
     * @throws IllegalArgumentException if the rules of this plan are for all these connections, so that this one would
     *     never apply
     */
    public FaultPlan on(Connections connections, Fault... faults) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(connections, List.of(faults)));
        return new FaultPlan(more);
    }

    /**
     * Reads a plan from its text.
     *
     * @param text the plan, or {@code none}
     * @return the plan
     * @throws IllegalArgumentException if it is none; the message names the position, the word and what was expected,
     *     with the nearest valid word where one is close
     */
    public static FaultPlan parse(String text) {
        return new FaultParser("faults", text).plan();
    }

    /** The text that {@link #parse} reads, but for rules by {@link Connections#from}. */
    @Override
    public String toString() {
        if (rules.isEmpty()) {
            return OptionText.NONE;
        }
        boolean forAll = rules.size() == 1
                && rules.get(0).connections() instanceof Connections.Others
                && !rules.get(0).faults().isEmpty();
        return forAll ? joined(rules.get(0).faults(), ", ") : joined(rules, "; ");
    }

    /** The faults of one connection, in their order. */
    List<Fault> faults(long number, InetSocketAddress remote) {
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                return rule.faults();
            }
        }
        return List.of();
    }

    /** Whether a seed is part of it. */
    boolean isRandom() {
        for (Rule rule : rules) {
            boolean drawn = rule.connections() instanceof Connections.Random;
            for (Fault fault : rule.faults()) {
                drawn |= fault.isRandom();
            }
            if (drawn) {
                return true;
            }
        }
        return false;
    }

    /** This plan, for a server that holds this many bytes for each connection. */
    FaultPlan checked(int bufferSize) {
        for (Rule rule : rules) {
            for (Fault fault : rule.faults()) {
                if (EffectRow.leastBuffer(fault.effect()) > bufferSize) {
                    throw new IllegalArgumentException("faults (" + fault + ") must fit into bufferSize ("
                            + OptionText.text(bufferSize) + "); make that larger");
                }
            }
        }
        return this;
    }

    private static String joined(List<?> parts, String between) {
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            text.append(text.isEmpty() ? "" : between).append(part);
        }
        return text.toString();
    }
}
