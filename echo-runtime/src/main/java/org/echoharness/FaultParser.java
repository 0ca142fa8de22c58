package org.echoharness;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.echoharness.text.MisreadException;
import org.echoharness.text.Quantities;
import org.echoharness.text.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * Reads faults and plans from text. Words are separated by spaces, faults by commas, rules by semicolons; a colon
 * stands between connections and faults. An error names the position (from 1), the word there and what was expected.
 */
final class FaultParser {

    /** The words that connections begin with. */
    static final List<String> CONNECTIONS = List.of("connection", "connections", "first", "every", "random", "others");

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    private final Tokens tokens;
    private final String text;
    private boolean isOnWire; // the fault that is being read

    /** @param option the name of the option that has the text, for errors */
    FaultParser(String option, String text) {
        tokens = new Tokens(option, text);
        this.text = text;
    }

    Fault fault() {
        Fault fault = parseFault("", List.of());
        if (!tokens.next().isEmpty()) {
            throw tokens.expected(tokens.triedOr("the end of the fault"), tokens.tried());
        }
        return fault;
    }

    FaultPlan plan() {
        List<FaultPlan.Rule> rules = new ArrayList<>();
        if (tokens.next().equals(OptionText.NONE) && text.strip().equals(OptionText.NONE)) {
            return FaultPlan.none();
        }
        FaultPlan.TakenConnections taken = new FaultPlan.TakenConnections();
        do {
            int start = tokens.position();
            FaultPlan.Rule rule = rule();
            String unused = taken.add(rule.connections(), rule);
            if (!unused.isEmpty()) {
                throw tokens.refused(start, unused);
            }
            rules.add(rule);
        } while (tokens.take(";"));
        if (!tokens.next().isEmpty()) {
            throw tokens.expected(tokens.triedOr("the end of the plan"), tokens.tried());
        }
        return new FaultPlan(rules);
    }

    private FaultPlan.Rule rule() {
        Connections connections = connections(tokens);
        String also = " or none";
        List<String> likely = List.of(OptionText.NONE);
        if (connections == null) {
            connections = Connections.others();
            also = ", connections (" + String.join(", ", CONNECTIONS) + ") or none";
            likely = new ArrayList<>(CONNECTIONS);
            likely.add(OptionText.NONE);
        } else if (!tokens.take(":")) {
            throw tokens.expected("a colon after the connections", tokens.tried());
        }
        List<Fault> faults = new ArrayList<>();
        if (!tokens.take(OptionText.NONE)) {
            faults.add(parseFault(also, likely));
            while (tokens.take(",")) {
                faults.add(parseFault("", List.of()));
            }
        }
        return new FaultPlan.Rule(connections, faults);
    }

    /**
     * Reads a fault.
     *
     * @param also what else is allowed here, for errors
     * @param likely words that may have been meant, besides those of the effects
     */
    private Fault parseFault(String also, List<String> likely) {
        int start = tokens.position();
        Effect effect = effect(also, likely);
        isOnWire = false;
        Trigger trigger = trigger(effect);
        Fault.Direction direction = direction();
        if (!isOnWire && tokens.take("on")) {
            wire();
        }
        try {
            return new Fault(effect, trigger, direction, isOnWire ? Fault.Layer.WIRE : Fault.Layer.TEXT);
        } catch (IllegalArgumentException refused) {
            throw tokens.refused(start, String.valueOf(refused.getMessage()));
        }
    }

    /** Reads where the bytes go that the fault is about. */
    private Fault.Direction direction() {
        if (!tokens.take("to")) {
            return Fault.Direction.TO_CLIENT;
        }
        if (tokens.take("server")) {
            return Fault.Direction.TO_SERVER;
        }
        if (!tokens.take("client")) {
            throw tokens.expected("server or client", tokens.tried());
        }
        return Fault.Direction.TO_CLIENT;
    }

    private Effect effect(String also, List<String> likely) {
        String word = tokens.next();
        List<String> effects = Effect.Kind.words();
        if (!effects.contains(word)) {
            List<String> near = new ArrayList<>(effects);
            near.addAll(likely);
            throw tokens.expected("a fault (" + String.join(", ", effects) + ")" + also, near);
        }
        int start = tokens.position();
        tokens.advance();
        try {
            return EffectRow.read(word, tokens);
        } catch (MisreadException misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            throw tokens.refused(start, String.valueOf(refused.getMessage()));
        }
    }

    private Trigger trigger(Effect effect) {
        if (tokens.take("at")) {
            if (!tokens.take("accept")) {
                throw tokens.expected("accept", List.of("accept"));
            }
            return new Trigger.AtAccept();
        }
        if (!isOnWire && tokens.take("on")) {
            if (tokens.take("fin")) {
                return new Trigger.OnFin();
            }
            wire();
            return trigger(effect);
        }
        if (tokens.take("after")) {
            return after();
        }
        if (EffectRow.mayHappenAgain(effect)
                ? tokens.take("every")
                : tokens.next().equals("every")) {
            return every(effect);
        }
        if (EffectRow.isAnswerToHello(effect)) {
            return new Trigger.AfterHandshake(Trigger.HandshakeStage.CLIENT_HELLO);
        }
        return EffectRow.isAlwaysAfterFin(effect) ? new Trigger.OnFin() : new Trigger.AtAccept();
    }

    /** Reads what comes after {@code on}: the fault is about what is on the wire. */
    private void wire() {
        if (!tokens.take("the")) {
            throw tokens.expected(tokens.tried().contains("fin") ? "fin or the wire" : "the wire", tokens.tried());
        }
        if (!tokens.take("wire")) {
            throw tokens.expected("wire", tokens.tried());
        }
        isOnWire = true;
    }

    /** Reads what comes after {@code every}, which has been read unless the effect may not have this trigger. */
    private Trigger every(Effect effect) {
        if (!EffectRow.mayHappenAgain(effect)) {
            tokens.advance();
        }
        long number = tokens.ordinal("every");
        if (!tokens.take("message")) {
            throw tokens.expected("message", tokens.tried());
        }
        return new Trigger.EveryMessage(number);
    }

    private Trigger after() {
        String what =
                "a size such as 300 or 4KiB, a duration such as 2s, messages such as 3 messages, or a stage of the"
                        + " TLS handshake (client-hello, server-hello, handshake)";
        for (Trigger.HandshakeStage stage : Trigger.HandshakeStage.values()) {
            if (tokens.take(stage.word)) {
                return new Trigger.AfterHandshake(stage);
            }
        }
        if (!tokens.next().isEmpty() && Character.isLetter(tokens.next().charAt(0))) {
            throw tokens.expected(what, tokens.tried());
        }
        return tokens.reading(what, given -> {
            if (Quantities.isDuration(given)) {
                Trigger age = new Trigger.AfterTime(Quantities.duration("after", given));
                tokens.advance();
                return age;
            }
            long bytes;
            try {
                bytes = Quantities.size("after", given);
            } catch (IllegalArgumentException neither) {
                throw new NumberFormatException(); // a duration is allowed too, so the error names both
            }
            tokens.advance();
            if (tokens.take("sent")) {
                return new Trigger.AfterSent(bytes);
            }
            if (tokens.take("received")) {
                return new Trigger.AfterReceived(bytes);
            }
            boolean isNumber = DIGITS.matcher(given).matches();
            if (isNumber && (tokens.take("messages") || (bytes == 1 && tokens.take("message")))) {
                return new Trigger.AfterMessages(bytes);
            }
            return new Trigger.AfterReceived(bytes);
        });
    }

    /** Reads the connections that come next, or returns null if the next word begins none. */
    static @Nullable Connections connections(Tokens tokens) {
        return switch (tokens.next()) {
            case "connection", "connections" -> {
                tokens.advance();
                long[] range = tokens.range("connections", "a number such as 1, or a range such as 2-4");
                yield Connections.range(range[0], range[1]);
            }
            case "first" -> {
                tokens.advance();
                yield Connections.first(first(tokens));
            }
            case "every" -> {
                tokens.advance();
                yield Connections.every(tokens.ordinal("every"));
            }
            case "random" -> {
                tokens.advance();
                double percent = tokens.percent("random");
                yield Connections.random(percent, tokens.seed());
            }
            case "others" -> {
                tokens.advance();
                yield Connections.others();
            }
            default -> null;
        };
    }

    private static long first(Tokens tokens) {
        return tokens.reading("a number of connections such as 2", given -> {
            long number = Long.parseLong(given);
            Quantities.atLeastOne("first", number);
            tokens.advance();
            return number;
        });
    }
}
