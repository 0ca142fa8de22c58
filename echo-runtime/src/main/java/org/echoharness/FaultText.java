package org.echoharness;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads faults and plans from text. Words are separated by spaces, faults by commas, rules by semicolons; a colon stands
 * between connections and faults. An error names the position (from 1), what stands there and what was expected.
 */
final class FaultText {

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
    private static final String PUNCTUATION = ",;:";
    private static final Pattern LETTERS = Pattern.compile("[a-z]+$");
    private static final Pattern PERCENT = Pattern.compile("[0-9]+(\\.[0-9]+)?%");

    private final String option;
    private final String text;
    private int at; // where the next word begins, or the end of the text
    private String word = ""; // the next one; empty at the end
    private int end; // behind the next word
    private final List<String> tried = new ArrayList<>(); // words that could stand here and do not

    /** @param option the name of the option, for errors */
    FaultText(String option, String text) {
        this.option = option;
        this.text = text;
        advance();
    }

    Fault fault() {
        Fault fault = parseFault("", List.of());
        if (!word.isEmpty()) {
            throw expected(triedOr("the end of the fault"), tried);
        }
        return fault;
    }

    FaultPlan plan() {
        List<FaultPlan.Rule> rules = new ArrayList<>();
        if (word.equals(Options.NONE) && text.strip().equals(Options.NONE)) {
            return FaultPlan.none();
        }
        do {
            rules.add(rule());
        } while (take(";"));
        if (!word.isEmpty()) {
            throw expected(triedOr("the end of the plan"), tried);
        }
        return new FaultPlan(rules);
    }

    private FaultPlan.Rule rule() {
        Connections connections = connections();
        String also = " or none";
        List<String> words = List.of(Options.NONE);
        if (connections == null) {
            connections = Connections.others();
            also = ", connections (" + String.join(", ", CONNECTIONS) + ") or none";
            words = new ArrayList<>(CONNECTIONS);
            words.add(Options.NONE);
        } else if (!take(":")) {
            throw expected("a colon behind the connections", tried);
        }
        List<Fault> faults = new ArrayList<>();
        if (!take(Options.NONE)) {
            faults.add(parseFault(also, words));
            while (take(",")) {
                faults.add(parseFault("", List.of()));
            }
        }
        return new FaultPlan.Rule(connections, faults);
    }

    private @Nullable Connections connections() {
        return switch (word) {
            case "connection", "connections" -> {
                advance();
                long[] range = range("connections", "a number such as 1, or a range such as 2-4");
                yield Connections.range(range[0], range[1]);
            }
            case "first" -> {
                advance();
                yield Connections.first(first());
            }
            case "every" -> {
                advance();
                yield Connections.every(ordinal());
            }
            case "random" -> {
                advance();
                double percent = percent("random");
                yield Connections.random(percent, seed());
            }
            case "others" -> {
                advance();
                yield Connections.others();
            }
            default -> null;
        };
    }

    /** @param also what else may stand here, for errors; such words too */
    private Fault parseFault(String also, List<String> words) {
        int start = at;
        Effect effect = effect(also, words);
        Trigger trigger = trigger(effect);
        try {
            return new Fault(effect, trigger);
        } catch (IllegalArgumentException refused) {
            throw refused(start, String.valueOf(refused.getMessage()));
        }
    }

    private Effect effect(String also, List<String> words) {
        String name = word;
        if (!EFFECTS.contains(name)) {
            List<String> near = new ArrayList<>(EFFECTS);
            near.addAll(words);
            throw expected("a fault (" + String.join(", ", EFFECTS) + ")" + also, near);
        }
        int start = at;
        advance();
        try {
            return effect(name);
        } catch (Misread misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            throw refused(start, String.valueOf(refused.getMessage()));
        }
    }

    private Effect effect(String name) {
        return switch (name) {
            case "delay" -> {
                Duration delay = duration(name, "how long");
                Duration jitter = take("jitter") ? duration("jitter", "how much") : Duration.ZERO;
                yield new Effect.Delay(delay, jitter, jitter.isZero() ? 0 : seed());
            }
            case "throttle" -> new Effect.Throttle(rate(name));
            case "fragment" -> {
                int bytes = intSize(name);
                yield new Effect.Fragment(bytes, take("every") ? duration("every", "how often") : Duration.ZERO);
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
            case "greet" -> new Effect.Greet(quoted());
            default -> throw new AssertionError(name);
        };
    }

    private Effect corrupt() {
        if (word.endsWith("%")) {
            double percent = percent("corrupt");
            return new Effect.CorruptAtRandom(percent, seed());
        }
        if (take("byte") || take("bytes")) {
            long[] range = range("corrupt bytes", "a position such as 5, or a range such as 5-9");
            return new Effect.Corrupt(range[0], range[1]);
        }
        return new Effect.Corrupt(1, Long.MAX_VALUE);
    }

    private Trigger trigger(Effect effect) {
        if (take("at")) {
            if (!take("accept")) {
                throw expected("accept", List.of("accept"));
            }
            return new Trigger.AtAccept();
        }
        if (take("on")) {
            if (!take("fin")) {
                throw expected("fin", List.of("fin"));
            }
            return new Trigger.OnFin();
        }
        if (take("after")) {
            return after();
        }
        return effect instanceof Effect.SlowClose ? new Trigger.OnFin() : new Trigger.AtAccept();
    }

    private Trigger after() {
        String what = "a size such as 300 or 4KiB, or a duration such as 2s";
        return reading(what, given -> {
            if (Options.isDuration(given)) {
                Trigger age = new Trigger.AfterTime(Options.duration("after", given));
                advance();
                return age;
            }
            long bytes;
            try {
                bytes = Options.longSize("after", given);
            } catch (IllegalArgumentException neither) {
                throw new NumberFormatException(); // a duration would do as well, so say both
            }
            Options.atLeastOne("after", bytes);
            advance();
            if (take("sent")) {
                return new Trigger.AfterSent(bytes);
            }
            take("received");
            return new Trigger.AfterReceived(bytes);
        });
    }

    private Duration duration(String name, String what) {
        return reading(what + ", such as 50ms or 2s", given -> {
            Duration duration = Options.duration(name, given);
            advance();
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
        return reading("how many bytes, such as 16 or 4KiB", given -> {
            long size = Options.longSize(name, given);
            Options.atLeastOne(name, size);
            if (size > most) {
                throw new IllegalArgumentException(name + " (" + given + ") must be at most " + most + " bytes");
            }
            advance();
            return size;
        });
    }

    private long rate(String name) {
        return reading("how many bytes a second, such as 64KiB/s", given -> {
            if (!given.endsWith("/s")) {
                throw new NumberFormatException();
            }
            long size = Options.longSize(name, given.substring(0, given.length() - 2));
            Options.atLeastOne(name, size);
            advance();
            return size;
        });
    }

    private long first() {
        return reading("how many connections, such as 2", given -> {
            long number = Long.parseLong(given);
            Options.atLeastOne("first", number);
            advance();
            return number;
        });
    }

    private long ordinal() {
        String what = "which, such as 2nd or 3rd";
        return reading(what, given -> {
            long number = Long.parseLong(LETTERS.matcher(given).replaceFirst(""));
            if (!Options.ordinal(number).equals(given)) {
                throw expected(what, List.of(Options.ordinal(number)));
            }
            Options.atLeastOne("every", number);
            advance();
            return number;
        });
    }

    private long[] range(String name, String what) {
        return reading(what, given -> {
            int dash = given.indexOf('-', 1);
            long first = Long.parseLong(dash < 0 ? given : given.substring(0, dash));
            long last =
                    dash < 0 ? first : given.endsWith("-") ? Long.MAX_VALUE : Long.parseLong(given.substring(dash + 1));
            Options.range(name, first, last);
            advance();
            return new long[] {first, last};
        });
    }

    private double percent(String name) {
        return reading(
                "a percentage such as 10%",
                given -> {
                    if (!PERCENT.matcher(given).matches()) {
                        throw new NumberFormatException();
                    }
                    double percent = Options.percent(name, Double.parseDouble(given.substring(0, given.length() - 1)));
                    advance();
                    return percent;
                });
    }

    private long seed() {
        if (!take("seed")) {
            return Options.drawnSeed();
        }
        return reading("a whole number", given -> {
            long seed = Long.parseLong(given);
            advance();
            return seed;
        });
    }

    private String quoted() {
        if (word.isEmpty() || (word.charAt(0) != '"' && word.charAt(0) != '\'')) {
            throw expected("the bytes in quotes, such as \"220 ready\\r\\n\"", List.of());
        }
        String bytes = unescaped(at + 1, end - 1);
        advance();
        return bytes;
    }

    private String unescaped(int from, int to) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                int next = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, next).getBytes(StandardCharsets.UTF_8));
                i = next - 1;
                continue;
            }
            char escape = text.charAt(++i); // there is one: a quote behind a backslash does not end the text
            switch (escape) {
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case '0' -> bytes.write(0);
                case '"', '\'', '\\' -> bytes.write(escape);
                case 'x' -> {
                    int high = i + 2 < to ? Character.digit(text.charAt(i + 1), 16) : -1;
                    int low = i + 2 < to + 1 ? Character.digit(text.charAt(Math.min(i + 2, to - 1)), 16) : -1;
                    if (high < 0 || low < 0) {
                        throw refused(i - 1, "\\x needs two hexadecimal digits behind it, such as \\x00");
                    }
                    bytes.write(high << 4 | low);
                    i += 2;
                }
                default ->
                    throw refused(
                            i - 1,
                            "\\" + Text.escape(text.substring(i, text.offsetByCodePoints(i, 1)))
                                    + " is no escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\");
            }
        }
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private interface Reading<T> {
        T read(String word);
    }

    /** Reads the next word as what is expected there; on refusal says so, or what is wrong with a value. */
    private <T> T reading(String what, Reading<T> reading) {
        int start = at;
        String given = word;
        try {
            return reading.read(given);
        } catch (Misread misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            boolean isValue = !(refused instanceof NumberFormatException)
                    && !given.isEmpty()
                    && Character.isDigit(given.charAt(0));
            throw misread(start, given, isValue ? String.valueOf(refused.getMessage()) : "expected " + what);
        }
    }

    private boolean take(String expected) {
        if (!word.equals(expected)) {
            tried.add(expected);
            return false;
        }
        advance();
        return true;
    }

    private void advance() {
        tried.clear();
        at = end;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        end = at;
        if (at == text.length()) {
            word = "";
            return;
        }
        char first = text.charAt(at);
        if (first == '"' || first == '\'') {
            end = endOfQuoted(first);
        } else if (PUNCTUATION.indexOf(first) >= 0) {
            end = at + 1;
        } else {
            while (end < text.length()
                    && !Character.isWhitespace(text.charAt(end))
                    && PUNCTUATION.indexOf(text.charAt(end)) < 0) {
                end++;
            }
        }
        word = text.substring(at, end);
    }

    private int endOfQuoted(char quote) {
        for (int i = at + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i + 1;
            }
        }
        throw refused(at, "the quote that begins here has no end; put a " + quote + " behind the bytes");
    }

    /** An error of this parser, which must not be told twice. */
    private static final class Misread extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        Misread(String message) {
            super(message);
        }
    }

    private Misread expected(String what, Iterable<String> words) {
        String near = nearest(word, words);
        return misread(at, word, "expected " + what + (near.isEmpty() ? "" : "; did you mean " + near + "?"));
    }

    private Misread misread(int position, String given, String why) {
        String here = given.isEmpty() ? "the end" : Text.quote(given);
        return new Misread(option + ": " + here + " at position " + (position + 1) + ": " + why);
    }

    /** What could stand here instead, for an error. */
    private String triedOr(String last) {
        StringBuilder all = new StringBuilder();
        for (String one : tried) {
            all.append(all.isEmpty() ? "" : ", ");
            all.append(one.equals(",") ? "a comma" : one.equals(";") ? "a semicolon" : one);
        }
        return all.append(all.isEmpty() ? "" : " or ").append(last).toString();
    }

    private Misread refused(int position, String why) {
        return new Misread(option + ": at position " + (position + 1) + ": " + why);
    }

    /** The word that is at most two letters away (inserted, left out, changed), or an empty text. */
    private static String nearest(String given, Iterable<String> words) {
        String best = "";
        int least = Math.min(3, given.length()); // of one letter everything is near
        for (String candidate : words) {
            if (Math.abs(given.length() - candidate.length()) >= least) {
                continue;
            }
            int distance = distance(given.toLowerCase(java.util.Locale.ROOT), candidate);
            if (distance < Math.min(least, candidate.length())) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
