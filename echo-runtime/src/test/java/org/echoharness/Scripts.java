package org.echoharness;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Step;
import org.echoharness.text.Template;

/** Random scripts that the server accepts. The same seed gives the same scripts. */
final class Scripts {

    private static final String[] NAMES = {"a", "key", "x-1", "B_2"};
    private static final byte[] SPECIAL =
            "{}*\\\"'#,;:\r\n\t\0\1\u007F-> {a}{a:2}".getBytes(StandardCharsets.ISO_8859_1);

    private final Random random;
    private final int longest; // of a literal, in bytes
    private Set<String> captured = new LinkedHashSet<>();

    Scripts(Random random, int longest) {
        this.random = random;
        this.longest = longest;
    }

    /** Returns a script with up to three rules. Only one of them is for all connections. */
    Script script() {
        Script script = Script.none();
        while (true) {
            try {
                Script made = script;
                int rules = random.nextInt(3);
                for (int i = 0; i < rules; i++) {
                    made = made.on(
                            i % 2 == 0 ? Connections.number(i + 1L) : Connections.every(2 + random.nextInt(5)), rule());
                }
                return made.on(Connections.others(), rule());
            } catch (IllegalArgumentException neverCarriedOut) {
                script = Script.none(); // drawn again, as the checks decide what is possible
            }
        }
    }

    /** Returns the steps of a rule. */
    Step[] rule() {
        while (true) {
            captured = new LinkedHashSet<>();
            Step[] steps = steps(1 + random.nextInt(6), 1).toArray(new Step[0]);
            try {
                Script.of(steps);
                return steps;
            } catch (IllegalArgumentException neverCarriedOut) {
                // drawn again
            }
        }
    }

    private List<Step> steps(int count, int depth) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            steps.add(step(depth));
        }
        return steps;
    }

    private Step step(int depth) {
        int kind = random.nextInt(depth < 4 ? 22 : 16);
        if (kind < 7) {
            Step.Expect expect = Step.expect(random.nextInt(20) == 0 ? Expectation.fin() : expectation());
            return random.nextInt(4) == 0 ? expect.within(time()) : expect;
        }
        if (kind < 13) {
            return send();
        }
        if (kind < 16) {
            return switch (random.nextInt(10)) {
                case 0 -> Step.echo();
                case 1 -> Step.close();
                case 2 -> Step.halfClose();
                case 3 -> Step.reset();
                default -> Step.waitFor(time());
            };
        }
        if (kind < 19) {
            Step[] steps = steps(1 + random.nextInt(3), depth + 1).toArray(new Step[0]);
            return random.nextInt(3) == 0 ? Step.repeat(steps) : Step.repeat(1 + random.nextInt(4), steps);
        }
        List<Step.Case> cases = new ArrayList<>();
        Set<String> before = captured;
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            captured = new LinkedHashSet<>(before);
            Expectation expectation = expectation();
            cases.add(Step.on(expectation, steps(random.nextInt(3), depth + 1).toArray(new Step[0])));
        }
        captured = before;
        return Step.answer(cases.toArray(new Step.Case[0]));
    }

    private Duration time() {
        return switch (random.nextInt(3)) {
            case 0 -> Duration.ofMillis(1 + random.nextInt(3_000));
            case 1 -> Duration.ofSeconds(1 + random.nextInt(300));
            default -> Duration.ofMinutes(1 + random.nextInt(300));
        };
    }

    private Expectation expectation() {
        if (random.nextInt(5) > 0) {
            return part();
        }
        Expectation[] parts = new Expectation[2 + random.nextInt(3)];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = part();
        }
        return Expectation.sequence(parts);
    }

    private Expectation part() {
        return switch (random.nextInt(6)) {
            case 0 -> Expectation.size(random.nextInt(8) == 0 ? 1024L << random.nextInt(4) : 1 + random.nextInt(20));
            case 1 -> new Expectation.Through(literal());
            case 2 -> Expectation.frame(length());
            case 3 -> new Expectation.Frame(length(), pattern(false));
            case 4 -> new Expectation.Line(pattern(true));
            default -> new Expectation.Bytes(literal());
        };
    }

    private FrameLength length() {
        FrameLength.Kind[] kinds = FrameLength.Kind.values();
        FrameLength.Kind kind = kinds[random.nextInt(kinds.length)];
        boolean hasOrder = kind != FrameLength.Kind.U8 && kind != FrameLength.Kind.VARINT;
        int adjust = random.nextInt(4) == 0 ? random.nextInt(9) - 4 : 0;
        return new FrameLength(kind, hasOrder && random.nextBoolean(), adjust);
    }

    private String literal() {
        StringBuilder bytes = new StringBuilder();
        int length = 1 + random.nextInt(longest);
        for (int i = 0; i < length; i++) {
            bytes.append((char) oneByte());
        }
        return bytes.toString();
    }

    private int oneByte() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt(256);
            case 1, 2 -> SPECIAL[random.nextInt(SPECIAL.length)] & 0xFF;
            default -> 'a' + random.nextInt(26);
        };
    }

    private String pattern(boolean isLine) {
        StringBuilder pattern = new StringBuilder();
        Set<String> used = new LinkedHashSet<>();
        int pieces = random.nextInt(4);
        for (int i = 0; i < pieces; i++) {
            String literal = literal();
            literal = isLine ? literal.replace("\n", "n").replace("\r", "r") : literal;
            pattern.append(Template.literally(literal, true));
            String name = NAMES[random.nextInt(NAMES.length)];
            if (random.nextInt(3) == 0) {
                pattern.append('*');
            } else if (random.nextInt(3) > 0 && used.add(name)) {
                pattern.append('{')
                        .append(name)
                        .append(random.nextInt(3) == 0 ? ":" + (1 + random.nextInt(4)) : "")
                        .append('}');
            }
        }
        captured.addAll(used);
        return pattern.toString();
    }

    private Step send() {
        Data[] data = new Data[1 + random.nextInt(3)];
        for (int i = 0; i < data.length; i++) {
            data[i] = data(1);
        }
        return Step.send(data);
    }

    private Data data(int depth) {
        if (depth < 4 && random.nextInt(5) == 0) {
            Data[] body = new Data[random.nextInt(3)];
            for (int i = 0; i < body.length; i++) {
                body[i] = data(depth + 1);
            }
            FrameLength length = length();
            return Data.framed(
                    new FrameLength(
                            FrameLength.Kind.U32, length.isLittleEndian() && depth > 1, -Math.abs(length.adjust())),
                    body);
        }
        StringBuilder template = new StringBuilder(Template.literally(literal(), false));
        for (String name : captured) {
            if (random.nextInt(3) == 0) {
                template.append('{').append(name).append('}').append(Template.literally(literal(), false));
            }
        }
        return new Data.Text(template.toString());
    }
}
