package org.echoharness.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.echoharness.Script;
import org.echoharness.memory.HeldMemory;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Step;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random scripts and clients that follow them, or that differ in one place. The server has little room in both directions.
 * The outcome is the same however the client's bytes are cut, and there is a mismatch exactly if the client differs in a
 * place where that matters.
 */
@Timeout(300)
class RandomScriptsTest {

    private static final int SCRIPTS = 10_000;
    private static final int BUFFER = 48;

    /** What an altered byte of the client changes. */
    private static final char MISMATCH = 'L';

    private static final char NOTHING = 'G';
    private static final char UNKNOWN = '?';

    private final Random random = new Random();
    private final StringBuilder client = new StringBuilder();
    private final StringBuilder effects = new StringBuilder(); // of altering the byte at the same index
    private final List<String> captured = new ArrayList<>();
    private int names;
    private boolean isOpen; // the client may end after some of the steps

    private String text(String alphabet, int least, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = least + random.nextInt(most - least + 1); i > 0; i--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    private String gap() {
        if (random.nextBoolean()) {
            return "*";
        }
        captured.add("n" + names++);
        return "{" + captured.get(captured.size() - 1) + "}";
    }

    private Expectation expectation() {
        switch (random.nextInt(6)) {
            case 0 -> {
                return Expectation.bytes(text("ab\r\n\0", 1, 5));
            }
            case 1 -> {
                return Expectation.line(text("ab", 0, 3) + (random.nextBoolean() ? gap() + text("ab", 0, 3) : ""));
            }
            case 2 -> {
                return Expectation.size(1 + random.nextInt(100)); // more than the ring holds
            }
            case 3 -> {
                return Expectation.through("abab");
            }
            case 4 -> {
                FrameLength[] lengths = {FrameLength.U8, FrameLength.U16.littleEndian(), FrameLength.VARINT};
                FrameLength length = lengths[random.nextInt(3)];
                return random.nextBoolean()
                        ? Expectation.frame(length)
                        : Expectation.frame(length.plus(1), text("ab", 1, 3) + gap() + text("ab", 0, 3));
            }
            default -> {
                return Expectation.sequence(Expectation.bytes(text("ab", 1, 2)), Expectation.line("a" + gap()));
            }
        }
    }

    private List<Step> steps(int depth, boolean isLast) {
        List<Step> steps = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int kind = random.nextInt(depth < 2 ? 4 : 3);
            if (kind == 0) {
                String sent = captured.isEmpty() ? "" : "{" + captured.get(random.nextInt(captured.size())) + "}";
                steps.add(Step.send(
                        Data.text("<" + sent + text("ab", 0, 60) + ">"), Data.framed(FrameLength.U16, "x" + sent)));
            } else if (kind == 3) {
                List<Step> inner = steps(depth + 1, false);
                steps.add(Step.repeat(1 + random.nextInt(3), inner.toArray(Step[]::new)));
            } else {
                steps.add(Step.expect(expectation()));
            }
        }
        if (isLast && random.nextInt(3) == 0) {
            List<Step.Case> cases = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Expectation prefix = Expectation.bytes("" + i);
                cases.add(Step.on(Expectation.sequence(prefix, part()), Step.send("[" + i + "]")));
            }
            isOpen = true;
            steps.add(Step.answer(cases.toArray(Step.Case[]::new)));
        } else if (isLast && random.nextInt(3) == 0) {
            isOpen = true;
            steps.add(Step.repeat(Step.expect("loop"), Step.send("again")));
        } else if (isLast && random.nextInt(4) == 0) {
            isOpen = true;
            steps.add(Step.echo());
        }
        return steps;
    }

    private Expectation part() {
        Expectation part = expectation();
        return part instanceof Expectation.Sequence ? Expectation.line("*") : part;
    }

    private void comes(String bytes, char effect) {
        client.append(bytes);
        effects.append(String.valueOf(effect).repeat(bytes.length()));
    }

    private void follow(List<Step> steps) {
        for (Step step : steps) {
            if (step instanceof Step.Expect expect) {
                follow(expect.expectation());
            } else if (step instanceof Step.Repeat repeat) {
                for (int i = repeat.times() == 0 ? random.nextInt(3) : repeat.times(); i > 0; i--) {
                    follow(repeat.steps());
                }
            } else if (step instanceof Step.Answer answer) {
                for (int i = random.nextInt(4); i > 0; i--) {
                    follow(answer.cases().get(random.nextInt(3)).expectation());
                }
            } else if (step instanceof Step.Echo) {
                comes(text("abc", 0, 100), NOTHING);
            }
        }
    }

    private void follow(Expectation expectation) {
        if (expectation instanceof Expectation.Sequence sequence) {
            sequence.parts().forEach(this::follow);
        } else if (expectation instanceof Expectation.Bytes bytes) {
            boolean isCase = bytes.literal().length() == 1 && bytes.literal().charAt(0) <= '2';
            comes(bytes.literal(), isCase ? UNKNOWN : MISMATCH);
        } else if (expectation instanceof Expectation.Line line) {
            followPattern(line.pattern());
            comes(random.nextBoolean() ? "\n" : "\r\n", UNKNOWN);
        } else if (expectation instanceof Expectation.Size size) {
            comes(text("cd", (int) size.bytes(), (int) size.bytes()), NOTHING);
        } else if (expectation instanceof Expectation.Through) {
            comes(text("cd", 0, 100), NOTHING);
            comes("abab", UNKNOWN);
        } else if (expectation instanceof Expectation.Frame frame) {
            int header = client.length();
            if (frame.pattern().equals("*")) {
                comes(text("cd", 0, 100), NOTHING);
            } else {
                followPattern(frame.pattern());
            }
            int length = client.length() - header - frame.length().adjust();
            String encoded = Character.toString(length) + (frame.length().kind() == FrameLength.Kind.U16 ? "\0" : "");
            client.insert(header, encoded);
            effects.insert(header, String.valueOf(UNKNOWN).repeat(encoded.length()));
        }
    }

    private void followPattern(String pattern) {
        int gap = Math.max(pattern.indexOf('*'), pattern.indexOf('{'));
        if (gap < 0) {
            comes(pattern, MISMATCH);
            return;
        }
        int end = pattern.charAt(gap) == '*' ? gap + 1 : pattern.indexOf('}') + 1;
        comes(pattern.substring(0, gap), MISMATCH);
        comes(text("cd", 0, 20), NOTHING);
        comes(pattern.substring(end), MISMATCH);
    }

    private static PlayedScript play(List<Step> steps, String bytes, Random pieces, int room) {
        PlayedScript played = new PlayedScript(steps, BUFFER, room).goOn();
        int at = 0;
        while (at < bytes.length() && !played.hasEnded()) {
            int end = Math.min(bytes.length(), at + 1 + pieces.nextInt(20));
            played.send(bytes.substring(at, end));
            at = end;
        }
        return played;
    }

    /** Returns what was sent, how it ended and at which step. What was seen may be less if TCP has cut it. */
    private static String result(PlayedScript played) {
        String reset = "";
        if (!played.hasEnded()) {
            reset = played.leftOver().replaceFirst(", seen .*", ""); // if the client resets the connection now
            played.finish();
        }
        String end = played.next == Dialogue.Next.FAILED
                ? played.mismatch().where()
                        + played.mismatch().expected()
                        + played.mismatch().isEarlyEnd()
                : played.next.toString();
        String result = reset + " | " + played.sent() + " | " + end;
        assertThat(played.held()).isLessThanOrEqualTo(BUFFER);
        played.release();
        return result;
    }

    @Tag("random")
    @Test
    void findMismatchExactlyIfClientDiffers() {
        long seed = new Random().nextLong();
        long before = HeldMemory.used();
        int mismatches = 0;
        for (int i = 0; i < SCRIPTS; i++) {
            random.setSeed(seed + i);
            client.setLength(0);
            effects.setLength(0);
            captured.clear();
            names = 0;
            isOpen = false;
            List<Step> steps = steps(0, true);
            follow(steps);
            String about = "seed " + (seed + i) + ": " + Script.of(steps.toArray(Step[]::new));

            String bytes = client.toString();
            assertThat(outcome(steps, bytes, about)).as(about).endsWith("| DONE");

            if (!bytes.isEmpty()) {
                int at = random.nextInt(bytes.length());
                String altered = bytes.substring(0, at) + 'z' + bytes.substring(at + 1);
                String outcome = outcome(steps, altered, about + ", altered at " + at);
                boolean isDone = outcome.endsWith("| DONE");
                char effect = effects.charAt(at);
                mismatches += effect == MISMATCH ? 1 : 0;
                assertThat(effect == UNKNOWN || isDone == (effect == NOTHING))
                        .as("%s, altered at %d: %s", about, at, outcome)
                        .isTrue();
                String shorter = outcome(steps, bytes.substring(0, at), about + ", ended at " + at);
                assertThat(isOpen || !shorter.endsWith("| DONE"))
                        .as("%s, ended at %d", about, at)
                        .isTrue();
            }
            if (!isOpen) {
                assertThat(outcome(steps, bytes + "z", about)).as(about).contains("| after step");
            }
            assertThat(HeldMemory.used()).as(about).isEqualTo(before);
        }
        assertThat(mismatches).isGreaterThan(SCRIPTS / 10);
    }

    private String outcome(List<Step> steps, String bytes, String about) {
        Random whole = new Random() {
            @Override
            public int nextInt(int bound) {
                return bound - 1;
            }
        };
        String outcome = result(play(steps, bytes, whole, 64 << 10));
        assertThat(result(play(steps, bytes, random, 1 + random.nextInt(30))))
                .as(about)
                .isEqualTo(outcome);
        return outcome;
    }
}
