package org.echoharness;

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * Says which connections of a server misbehave, and how. A plan is immutable. As text, plans look like this:
 *
 * <pre>
 * first 2: reset
 * connection 1: reset after 4; connection 2: delay 1s, fragment 16; others: none
 * random 10% seed 42: reset after 300
 * throttle 64KiB/s
 * </pre>
 *
 * <p>The first rule that is for a connection applies to it, with all its faults. A connection without a rule has no
 * faults. Faults without connections before them are for all connections. No rule may follow one for all connections,
 * such as {@code others}: a plan with a rule that would never apply, because the rules before it are for all its
 * connections, is rejected.
 *
 * @param rules the rules in their order; none for a correct echo
 */
public record FaultPlan(List<Rule> rules) {

    /**
     * Some connections, and what goes wrong on them.
     *
     * @param connections the connections that this rule is for
     * @param faults the faults of each of these connections; none for a correct echo
     */
    public record Rule(Connections connections, List<Fault> faults) {
        /**
         * Copies the list of faults.
         *
         * @param connections the connections that this rule is for
         * @param faults the faults of each of these connections
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

        List<Fault> faults(SocketAddress remote) {
            return plan.faults(number, remote);
        }
    }

    /** The connections that the rules of a plan have taken so far. A further rule for only these would never apply. */
    static final class TakenConnections {

        private record Interval(long first, long last) {
            private static final Interval ALL = new Interval(1, Long.MAX_VALUE);
        }

        private final TreeMap<Long, Long> intervals =
                new TreeMap<>(); // the last number of each by its first; no two touch
        private final List<Long> divisors = new ArrayList<>();
        private final Set<Connections> drawn = new HashSet<>();
        private @Nullable Object ofAll;

        /**
         * Adds the connections of one more rule. Returns why the rule would never apply, or an empty text.
         *
         * @param rule the rule; only an error calls its {@code toString}
         */
        String add(Connections connections, Object rule) {
            String unused = unused(connections, rule);
            Interval all = allOf(connections);
            if (all != null) {
                add(all);
            } else if (connections instanceof Connections.Every every) {
                divisors.add(every.divisor());
            } else if (connections instanceof Connections.Random) {
                drawn.add(connections);
            }
            if (all != null && all.first() == Interval.ALL.first() && all.last() == Interval.ALL.last()) {
                ofAll = rule;
            }
            return unused;
        }

        private String unused(Connections connections, Object rule) {
            Object before = ofAll;
            String cause;
            if (before != null) {
                cause = "the rule before it (" + Escaping.cut(before.toString())
                        + ") is for all connections; write that one last";
            } else if (contains(connections)) {
                cause = "the rules before it are for the same connections; write it before them, or leave it out";
            } else {
                return "";
            }
            return "the rule (" + Escaping.cut(rule.toString()) + ") would never apply, because " + cause;
        }

        private boolean contains(Connections connections) {
            Interval within = within(connections);
            Map.Entry<Long, Long> taken = intervals.floorEntry(within.first());
            boolean isDrawn = connections instanceof Connections.Random && drawn.contains(connections);
            if ((taken != null && within.last() <= taken.getValue()) || isDrawn) {
                return true;
            }
            boolean isOne = within.first() == within.last();
            long divisible =
                    connections instanceof Connections.Every every ? every.divisor() : isOne ? within.first() : 0;
            return divisible > 0 && divisors.stream().anyMatch(divisor -> divisible % divisor == 0);
        }

        /** Returns the connections as one interval, or null if they are not one. */
        private static @Nullable Interval allOf(Connections connections) {
            if (connections instanceof Connections.Range || connections instanceof Connections.First) {
                return within(connections);
            }
            boolean isAll = connections instanceof Connections.Others
                    || (connections instanceof Connections.Every every && every.divisor() == 1)
                    || (connections instanceof Connections.Random random && random.percent() >= 100);
            return isAll ? Interval.ALL : null;
        }

        /** Returns an interval that contains all of the connections. */
        private static Interval within(Connections connections) {
            if (connections instanceof Connections.Range range) {
                return new Interval(range.first(), range.last());
            }
            if (connections instanceof Connections.First first) {
                return new Interval(1, first.count());
            }
            return connections instanceof Connections.Every every
                    ? new Interval(every.divisor(), Long.MAX_VALUE)
                    : Interval.ALL;
        }

        private void add(Interval more) {
            long first = more.first();
            long last = more.last();
            Map.Entry<Long, Long> before = intervals.floorEntry(first);
            if (before != null && before.getValue() >= first - 1) {
                first = before.getKey();
                last = Math.max(last, before.getValue());
            }
            Map.Entry<Long, Long> next = intervals.higherEntry(first);
            while (next != null && next.getKey() - 1 <= last) {
                last = Math.max(last, next.getValue());
                intervals.remove(next.getKey());
                next = intervals.higherEntry(first);
            }
            intervals.put(first, last);
        }
    }

    private static final FaultPlan NONE = new FaultPlan(List.of());

    /**
     * Copies the list of rules.
     *
     * @param rules the rules in their order
     * @throws IllegalArgumentException if a rule would never apply, since the rules before it are for all its
     *     connections
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
     * Returns a plan without a fault; its text is {@code none}.
     *
     * @return the plan
     */
    public static FaultPlan none() {
        return NONE;
    }

    /**
     * Returns a plan with the same faults for every connection.
     *
     * @param faults the faults; none for a correct echo
     * @return the plan
     */
    public static FaultPlan of(Fault... faults) {
        return faults.length == 0 ? NONE : NONE.on(Connections.others(), faults);
    }

    /**
     * Returns this plan with one more rule at its end: {@code FaultPlan.none().on(Connections.first(2),
     * Fault.reset())}.
     *
     * @param connections the connections that the new rule is for
     * @param faults the faults of each of these connections; none for a correct echo
     * @return a new plan
     * @throws IllegalArgumentException if the new rule would never apply, since the rules of this plan are for all
     *     these connections
     */
    public FaultPlan on(Connections connections, Fault... faults) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(connections, List.of(faults)));
        return new FaultPlan(more);
    }

    /**
     * Reads a plan from its text.
     *
     * @param text the text of a plan, or {@code none}
     * @return the plan
     * @throws IllegalArgumentException if the text is not a plan; the message names the position, the word and what was
     *     expected, and a valid word if one is similar
     */
    public static FaultPlan parse(String text) {
        return new FaultParser("faults", text).plan();
    }

    /** Returns the text that {@link #parse} reads, unless the plan has a rule by {@link Connections#from}. */
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

    /** Returns the faults of one connection, in their order. */
    List<Fault> faults(long number, SocketAddress remote) {
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                return rule.faults();
            }
        }
        return List.of();
    }

    /** Returns whether the plan has random values. */
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

    /**
     * Returns this plan, or fails if a server cannot carry it out.
     *
     * @param hasMessages whether the server counts messages, by a script or a framing
     * @param relays whether there is a server behind it
     * @param speaksTls whether its clients do a handshake
     */
    FaultPlan checked(int bufferSize, boolean hasMessages, boolean relays, boolean speaksTls) {
        for (Rule rule : rules) {
            for (Fault fault : rule.faults()) {
                if (EffectRow.leastBuffer(fault.effect()) > bufferSize) {
                    throw new IllegalArgumentException("faults (" + fault + ") must fit into bufferSize ("
                            + Quantities.text(bufferSize) + "); raise bufferSize");
                }
                if (fault.countsMessages() && !hasMessages) {
                    throw new IllegalArgumentException("faults (" + fault + ") count messages, and this server"
                            + " counts none; give it a script, or write after SIZE");
                }
                if (fault.isToServer() && !relays) {
                    throw new IllegalArgumentException("faults (" + fault + ") are about bytes to a server behind this"
                            + " one, and there is none; set upstream, or leave out to server");
                }
                if (!speaksTls && !fault.needOfTls().isEmpty()) {
                    throw new IllegalArgumentException(
                            "faults (" + fault + ") are about TLS, and this server has none; " + fault.needOfTls());
                }
            }
        }
        return this;
    }

    /**
     * Returns this plan, or fails if a rule is for hosts and ports and no address of the server has them.
     *
     * @param isProxied whether a header names the clients
     */
    FaultPlan checked(List<ServerAddress> addresses, boolean isProxied) {
        for (Rule rule : rules) {
            if (rule.connections() instanceof Connections.From
                    && !isProxied
                    && addresses.stream().noneMatch(HostAndPort.class::isInstance)) {
                throw new IllegalArgumentException("faults (" + rule + ") would never apply, because the clients of"
                        + " a Unix socket have no host and no port; leave the rule out, or add an address with a port");
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
