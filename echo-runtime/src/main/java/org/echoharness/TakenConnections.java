package org.echoharness;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** The connections that the rules of a plan have taken so far. A further rule for only these would never apply. */
final class TakenConnections {

    private record Interval(long first, long last) {
        private static final Interval ALL = new Interval(1, Long.MAX_VALUE);
    }

    private final TreeMap<Long, Long> intervals = new TreeMap<>(); // the last number of each by its first; no two touch
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
        long divisible = connections instanceof Connections.Every every ? every.divisor() : isOne ? within.first() : 0;
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
