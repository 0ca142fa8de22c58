package org.echoharness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads faults and plans from text. Words are separated by spaces, faults by commas, rules by semicolons; a colon stands
 * between connections and faults. An error names the position (from 1), what stands there and what was expected.
 */
final class FaultParser {

    private static final List<String> EFFECTS = List.of(
            "delay",
            "throttle",
            "fragment",
            "reset",
            "close",
            "half-close",
            "discard",
            "stall",
            "corrupt",
            "duplicate",
            "truncate",
            "slow-close",
            "greet");
    private static final List<String> CONNECTIONS =
            List.of("connection", "connections", "first", "every", "random", "others");
    private static final Pattern LETTERS = Pattern.compile("[a-z]+$");
    private static final Pattern PERCENT = Pattern.compile("[0-9]+(\\.[0-9]+)?%");

    private final FaultTokens words;
    private final String text;

    /** @param option the name of the option, for errors */
    FaultParser(String option, String text) {
        words = new FaultTokens(option, text);
        this.text = text;
    }

    Fault fault() {
        Fault fault = parseFault("", List.of());
        if (!words.next().isEmpty()) {
            throw words.expected(words.triedOr("the end of the fault"), words.tried());
        }
        return fault;
    }

    FaultPlan plan() {
        List<FaultPlan.Rule> rules = new ArrayList<>();
        if (words.next().equals(OptionText.NONE) && text.strip().equals(OptionText.NONE)) {
            return FaultPlan.none();
        }
        TakenConnections taken = new TakenConnections();
        do {
            int start = words.position();
            FaultPlan.Rule rule = rule();
            String unused = taken.add(rule);
            if (!unused.isEmpty()) {
                throw words.refused(start, unused);
            }
            rules.add(rule);
        } while (words.take(";"));
        if (!words.next().isEmpty()) {
            throw words.expected(words.triedOr("the end of the plan"), words.tried());
        }
        return new FaultPlan(rules);
    }

    private FaultPlan.Rule rule() {
        Connections connections = connections();
        String also = " or none";
        List<String> likely = List.of(OptionText.NONE);
        if (connections == null) {
            connections = Connections.others();
            also = ", connections (" + String.join(", ", CONNECTIONS) + ") or none";
            likely = new ArrayList<>(CONNECTIONS);
            likely.add(OptionText.NONE);
        } else if (!words.take(":")) {
            throw words.expected("a colon behind the connections", words.tried());
        }
        List<Fault> faults = new ArrayList<>();
        if (!words.take(OptionText.NONE)) {
            faults.add(parseFault(also, likely));
            while (words.take(",")) {
                faults.add(parseFault("", List.of()));
            }
        }
        return new FaultPlan.Rule(connections, faults);
    }

    private @Nullable Connections connections() {
        return switch (words.next()) {
            case "connection", "connections" -> {
                words.advance();
                long[] range = range("connections", "a number such as 1, or a range such as 2-4");
                yield Connections.range(range[0], range[1]);
            }
            case "first" -> {
                words.advance();
                yield Connections.first(first());
            }
            case "every" -> {
                words.advance();
                yield Connections.every(ordinal());
            }
            case "random" -> {
                words.advance();
                double percent = percent("random");
                yield Connections.random(percent, seed());
            }
            case "others" -> {
                words.advance();
                yield Connections.others();
            }
            default -> null;
        };
    }

    /** @param also what else may stand here, for errors; such words too */
    private Fault parseFault(String also, List<String> likely) {
        int start = words.position();
        Effect effect = effect(also, likely);
        Trigger trigger = trigger(effect);
        try {
            return new Fault(effect, trigger);
        } catch (IllegalArgumentException refused) {
            throw words.refused(start, String.valueOf(refused.getMessage()));
        }
    }

    private Effect effect(String also, List<String> likely) {
        String name = words.next();
        if (!EFFECTS.contains(name)) {
            List<String> near = new ArrayList<>(EFFECTS);
            near.addAll(likely);
            throw words.expected("a fault (" + String.join(", ", EFFECTS) + ")" + also, near);
        }
        int start = words.position();
        words.advance();
        try {
            return effect(name);
        } catch (FaultTokens.Misread misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            throw words.refused(start, String.valueOf(refused.getMessage()));
        }
    }

    private Effect effect(String name) {
        return switch (name) {
            case "delay" -> {
                Duration delay = duration(name, "how long");
                Duration jitter = words.take("jitter") ? duration("jitter", "how much") : Duration.ZERO;
                yield new Effect.Delay(delay, jitter, jitter.isZero() ? 0 : seed());
            }
            case "throttle" -> new Effect.Throttle(rate(name));
            case "fragment" -> {
                int bytes = intSize(name);
                yield new Effect.Fragment(bytes, words.take("every") ? duration("every", "how often") : Duration.ZERO);
            }
            case "reset" -> new Effect.Reset();
            case "close" -> new Effect.Close();
            case "half-close" -> new Effect.HalfClose();
            case "discard" -> new Effect.Discard();
            case "stall" -> new Effect.Stall();
            case "corrupt" -> corrupt();
            case "duplicate" -> new Effect.Duplicate(intSize(name));
            case "truncate" -> new Effect.Truncate(size(name));
            case "slow-close" -> new Effect.SlowClose(duration(name, "how long"));
            case "greet" -> new Effect.Greet(words.quoted());
            default -> throw new AssertionError(name);
        };
    }

    private Effect corrupt() {
        if (words.next().endsWith("%")) {
            double percent = percent("corrupt");
            return new Effect.CorruptAtRandom(percent, seed());
        }
        if (words.take("byte") || words.take("bytes")) {
            long[] range = range("corrupt bytes", "a position such as 5, or a range such as 5-9");
            return new Effect.Corrupt(range[0], range[1]);
        }
        return new Effect.Corrupt(1, Long.MAX_VALUE);
    }

    private Trigger trigger(Effect effect) {
        if (words.take("at")) {
            if (!words.take("accept")) {
                throw words.expected("accept", List.of("accept"));
            }
            return new Trigger.AtAccept();
        }
        if (words.take("on")) {
            if (!words.take("fin")) {
                throw words.expected("fin", List.of("fin"));
            }
            return new Trigger.OnFin();
        }
        if (words.take("after")) {
            return after();
        }
        return effect instanceof Effect.SlowClose ? new Trigger.OnFin() : new Trigger.AtAccept();
    }

    private Trigger after() {
        String what = "a size such as 300 or 4KiB, or a duration such as 2s";
        return words.reading(what, given -> {
            if (OptionText.isDuration(given)) {
                Trigger age = new Trigger.AfterTime(OptionText.duration("after", given));
                words.advance();
                return age;
            }
            long bytes;
            try {
                bytes = OptionText.longSize("after", given);
            } catch (IllegalArgumentException neither) {
                throw new NumberFormatException(); // a duration would do as well, so say both
            }
            OptionText.atLeastOne("after", bytes);
            words.advance();
            if (words.take("sent")) {
                return new Trigger.AfterSent(bytes);
            }
            words.take("received");
            return new Trigger.AfterReceived(bytes);
        });
    }

    private Duration duration(String name, String what) {
        return words.reading(what + ", such as 50ms or 2s", given -> {
            Duration duration = OptionText.duration(name, given);
            words.advance();
            return duration;
        });
    }

    private int intSize(String name) {
        return (int) size(name, Integer.MAX_VALUE);
    }

    private long size(String name) {
        return size(name, Long.MAX_VALUE);
    }

    private long size(String name, long most) {
        return words.reading("how many bytes, such as 16 or 4KiB", given -> {
            long size = OptionText.longSize(name, given);
            OptionText.atLeastOne(name, size);
            if (size > most) {
                throw new IllegalArgumentException(name + " (" + given + ") must be at most " + most + " bytes");
            }
            words.advance();
            return size;
        });
    }

    private long rate(String name) {
        return words.reading("how many bytes a second, such as 64KiB/s", given -> {
            if (!given.endsWith("/s")) {
                throw new NumberFormatException();
            }
            long size = OptionText.longSize(name, given.substring(0, given.length() - 2));
            OptionText.atLeastOne(name, size);
            words.advance();
            return size;
        });
    }

    private long first() {
        return words.reading("how many connections, such as 2", given -> {
            long number = Long.parseLong(given);
            OptionText.atLeastOne("first", number);
            words.advance();
            return number;
        });
    }

    private long ordinal() {
        String what = "which, such as 2nd or 3rd";
        return words.reading(what, given -> {
            long number = Long.parseLong(LETTERS.matcher(given).replaceFirst(""));
            if (!OptionText.ordinal(number).equals(given)) {
                throw words.expected(what, List.of(OptionText.ordinal(number)));
            }
            OptionText.atLeastOne("every", number);
            words.advance();
            return number;
        });
    }

    private long[] range(String name, String what) {
        return words.reading(what, given -> {
            int dash = given.indexOf('-', 1);
            long first = Long.parseLong(dash < 0 ? given : given.substring(0, dash));
            long last =
                    dash < 0 ? first : given.endsWith("-") ? Long.MAX_VALUE : Long.parseLong(given.substring(dash + 1));
            OptionText.range(name, first, last);
            words.advance();
            return new long[] {first, last};
        });
    }

    private double percent(String name) {
        return words.reading(
                "a percentage such as 10%",
                given -> {
                    if (!PERCENT.matcher(given).matches()) {
                        throw new NumberFormatException();
                    }
                    double percent =
                            OptionText.percent(name, Double.parseDouble(given.substring(0, given.length() - 1)));
                    words.advance();
                    return percent;
                });
    }

    private long seed() {
        if (!words.take("seed")) {
            return OptionText.drawnSeed();
        }
        return words.reading("a whole number", given -> {
            long seed = Long.parseLong(given);
            words.advance();
            return seed;
        });
    }
}
