package org.echoharness.stress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Random;
import java.util.StringJoiner;

/** A random script for one connection, what a client sends that follows it, and what such a client receives. */
final class RandomDialogue {

    private final Random random;
    private final StringBuilder sent = new StringBuilder();
    private final StringBuilder received = new StringBuilder();
    private final String script;
    private int names;

    RandomDialogue(long seed) {
        random = new Random(seed);
        StringJoiner steps = new StringJoiner(", ");
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            steps.add(step());
        }
        int last = random.nextInt(4);
        if (last == 0) {
            steps.add(answer());
        } else if (last == 1) {
            String echoed = word(200);
            sent.append(echoed);
            received.append(echoed);
            steps.add("echo");
        } else if (last == 2) {
            steps.add("expect fin");
        }
        script = steps.toString();
    }

    private String word(int most) {
        StringBuilder word = new StringBuilder();
        for (int i = 1 + random.nextInt(most); i > 0; i--) {
            word.append((char) ('a' + random.nextInt(26)));
        }
        return word.toString();
    }

    private String step() {
        String word = word(30);
        return switch (random.nextInt(8)) {
            case 0 -> {
                sent.append(word);
                yield "expect \"" + word + '"';
            }
            case 1 -> {
                String name = "n" + names++;
                sent.append("get ").append(word).append(random.nextBoolean() ? "\n" : "\r\n");
                received.append('<').append(word).append('>');
                yield "expect line \"get {" + name + "}\", send \"<{" + name + "}>\"";
            }
            case 2 -> {
                sent.append(word);
                yield "expect " + word.length();
            }
            case 3 -> {
                sent.append(word).append("--");
                yield "expect through \"--\"";
            }
            case 4 -> {
                sent.append((char) 0).append((char) word.length()).append(word);
                received.append((char) (word.length() + 1)).append(word);
                yield "expect frame u16 \"" + word + "\", send frame u8 minus 1 \"" + word + '"';
            }
            case 5 -> {
                int times = 1 + random.nextInt(5);
                sent.append((word + "\n").repeat(times));
                received.append("ok".repeat(times));
                yield "repeat " + times + " { expect line \"" + word + "\", send \"ok\" }";
            }
            case 6 -> "wait 1ms";
            default -> {
                String much = word(2_000);
                received.append(much);
                yield "send \"" + much + '"';
            }
        };
    }

    private String answer() {
        for (int i = random.nextInt(20); i > 0; i--) {
            String word = word(20);
            boolean isKnown = random.nextBoolean();
            sent.append(isKnown ? "echo " : "").append(word).append('\n');
            received.append(isKnown ? "[" + word + "]" : "what?");
        }
        return "answer { line \"echo {text}\" -> send \"[{text}]\", line \"*\" -> send \"what?\" }";
    }

    String script() {
        return script;
    }

    /** The bytes that the client sends before its FIN. */
    byte[] sent() {
        return sent.toString().getBytes(ISO_8859_1);
    }

    /** The bytes that the client receives before the server's FIN. */
    byte[] received() {
        return received.toString().getBytes(ISO_8859_1);
    }
}
